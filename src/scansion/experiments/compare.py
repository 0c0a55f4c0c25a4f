"""Compare what is there already: two variants of a run, two runs, two columns of a results table. Nothing is asked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from scansion.data import Dataset, DataSpec, Row, open_dataset
from scansion.errors import InputError, ProgramError
from scansion.experiments.figures import Figures, VariantInfo, read_figures, read_totals
from scansion.experiments.lab import Lab
from scansion.experiments.results import Comparison, RunResult, VariantResult, known_sum
from scansion.experiments.store.runs import RunRecord, group_label
from scansion.experiments.summary import Rules, example_cost, figures_result, head_of, rules_head, variant_result
from scansion.experiments.variants import find_variant, pair_with_baseline
from scansion.experiments.verdicts import Sides, compare_pairs, pair
from scansion.scorers import Scorer, build_scorer
from scansion.types import Output

__all__ = ["Terms", "compare_runs", "compare_table", "compare_variants"]

_TRUE, _FALSE = (
    {"true", "yes", "right", "correct", "pass", "passed"},
    {"false", "no", "wrong", "incorrect", "fail", "failed"},
)


def compare_variants(lab: Lab, run: str | None, a: str, b: str, *, margin: float | None = None) -> RunResult:
    """The verdict on variant `b` against variant `a` of one run (the last unless named)."""
    record = lab.run_table.find(run)
    infos = VariantInfo.of(record)
    return _between(lab, [((record, find_variant(a, infos)), (record, find_variant(b, infos)))], margin)


def compare_runs(lab: Lab, a: str, b: str, *, margin: float | None = None) -> RunResult:
    """The verdicts on run `b` against run `a`, paired by example: of the variants whose names they share, or else of
    their baselines.

    Raises InputError if the runs were scored differently or share no example.
    """
    first, second = lab.run_table.find(a), lab.run_table.find(b)
    for rule in ("no_answer", "truncated", "pass_mark"):
        if first.plan[rule] != second.plan[rule]:
            said = f"{rule}: {first.plan[rule]} in {first.label}, {second.plan[rule]} in {second.label}"
            raise InputError(f"the runs count differently ({said}); run one of them again as the other was")
    shared = [
        ((first, one), (second, two))
        for one in VariantInfo.of(first)
        for two in VariantInfo.of(second)
        if one.name == two.name
    ]
    return _between(lab, shared or [((first, _main(first)), (second, _main(second)))], margin)


def _main(run: RunRecord) -> VariantInfo:
    """The variant that stands for a run: its baseline, which for a run of one variant is that."""
    infos = VariantInfo.of(run)
    pairs = pair_with_baseline(run.plan["baseline"], infos)
    return infos[pairs[0][0]] if pairs else infos[0]


_Place = tuple[RunRecord, VariantInfo]


def _between(lab: Lab, couples: list[tuple[_Place, _Place]], margin: float | None) -> RunResult:
    """The verdicts on couples of variants, the runs of all couples being the same two."""
    runs = (couples[0][0][0], couples[0][1][0])
    scorers = [run.context["scorers"][:1] for run in runs]
    if scorers[0] != scorers[1] or not scorers[0]:
        names = [s[0]["name"] if s else "no scorer" for s in scorers]
        raise InputError(
            f"{runs[0].label} is scored by {names[0]} and {runs[1].label} by {names[1]}; "
            "score one of them anew with `scansion score RUN -s SCORER`"
        )
    sides, variants = [], []
    for couple in couples:
        side, results = _side(lab, couple)
        sides.append(side)
        variants += results
    rules = Rules.of(runs[0])
    verdicts = compare_pairs(sides, alpha=rules.alpha, margin=margin, seed=rules.seed)
    label = runs[0].label if runs[0].id == runs[1].id else f"{runs[0].label}, {runs[1].label}"
    return _document(label, variants, verdicts, runs[0])


def _side(lab: Lab, couple: tuple[_Place, _Place]) -> tuple[Sides, list[VariantResult]]:
    """Two variants paired by row, or where the runs are over different data by the example's id."""
    runs = (couple[0][0], couple[1][0])
    read = [
        (read_figures(lab, run, info.index, id), read_totals(lab, run, info.index, id))
        for run, info in couple
        for id in run.context["scorer_ids"][:1]
    ]
    figures = [f for f, _ in read]
    if runs[0].dataset != runs[1].dataset:
        figures = _by_example(lab, runs, figures)
    names = [info.name for _, info in couple]
    if names[0] == names[1]:
        names = [f"{name} ({run.label})" for name, run in zip(names, runs, strict=True)]
    pairs = pair(figures[0], figures[1])
    if not pairs.rows:
        raise InputError(f"{runs[0].label} and {runs[1].label} share no example: no id of the one is in the other")
    cost = known_sum(example_cost(t, f) for f, t in read)
    variants = [
        structs.replace(variant_result(lab, run, info, run.planned or int(f.row.size), (f, t)), name=name)
        for (run, info), (f, t), name in zip(couple, read, names, strict=True)
    ]
    return Sides(names[0], names[1], pairs, cost), variants


def _document(label: str, variants: list[VariantResult], verdicts: list[Comparison], run: RunRecord) -> RunResult:
    return RunResult(
        run=label,
        variants=variants,
        comparisons=verdicts,
        name=run.name,
        data=run.context["data"],
        scorers=run.plan["scorers"][:1],
        baseline=verdicts[0].a,
        level=1 - run.plan["alpha"],
        head=head_of(run),
    )


def _by_example(lab: Lab, runs: tuple[RunRecord, RunRecord], figures: list[Figures]) -> list[Figures]:
    """The figures with rows numbered by the example's id, so that runs on two versions of a file pair."""
    import numpy as np

    numbers: dict[str, int] = {}
    found = []
    for run, figure in zip(runs, figures, strict=True):
        ids = dict(lab.db.execute("SELECT row, id FROM rows WHERE dataset = ?", (run.dataset,)).fetchall())
        rows = np.array([numbers.setdefault(ids[int(r)], len(numbers)) for r in figure.row], dtype=np.int64)
        order = np.lexsort((figure.trial, rows))
        _, first = np.unique(rows[order] << 16 | figure.trial[order], return_index=True)
        keep = order[first]
        weight = figure.weight[keep] if figure.weight is not None else None
        found.append(
            Figures(
                rows[keep],
                figure.trial[keep],
                figure.state[keep],
                figure.value[keep],
                figure.request[keep],
                figure.group[keep] if figure.group is not None else None,
                weight,
            )
        )
    return found


class Terms(Struct, frozen=True):
    """What a comparison is made under: a plan's `margin`, `alpha` and `no_answer`."""

    margin: float | None = None
    alpha: float = 0.05
    no_answer: Literal["unscored", "wrong"] = "unscored"


def compare_table(
    table: str | Path | DataSpec, a: str, b: str, *, scorer: str | None = None, terms: Terms | None = None
) -> RunResult:
    """The verdict on column `b` against column `a` of a table of results; a DataSpec names its target and group.

    Rows are taken as independent but for those of one group: a table does not say what was asked. With a scorer the
    columns hold outputs, which it scores against the target; without one they hold marks (numbers,
    true/false, right/wrong). An empty cell is an error: the output is not there. Raises InputError.
    """
    terms = terms or Terms()
    data = open_dataset(table)
    path = data.label
    columns = [data.match([name])[name] for name in (a, b)]
    if columns[0] == columns[1]:
        raise InputError(f"{path}: --a and --b name the same column {columns[0]!r}; name two")
    built = build_scorer(scorer) if scorer is not None else None
    if built is not None and built.uses_model:
        raise InputError(f"scorer {built.name!r} asks a model, and this comparison makes no calls; run it instead")
    figures = _table_figures(data, columns, built, lenient=terms.no_answer == "wrong")
    rules = Rules(alpha=terms.alpha, seed=0, pass_mark=built.pass_mark if built else 1.0)
    sides = Sides(columns[0], columns[1], pair(*figures))
    [verdict] = compare_pairs([sides], alpha=terms.alpha, margin=terms.margin, seed=0)
    if not figures[0].row.size:
        raise InputError(f"{path}: there is no row to compare")
    return RunResult(
        run="",
        variants=[figures_result(name, f, rules) for name, f in zip(columns, figures, strict=True)],
        comparisons=[verdict],
        data=path,
        scorers=[built.name] if built else [],
        baseline=columns[0],
        level=1 - terms.alpha,
        complete=not any(2 in f.state for f in figures),
        head=rules_head(terms.no_answer),
    )


def _table_figures(data: Dataset, columns: list[str], scorer: Scorer | None, *, lenient: bool) -> list[Figures]:
    import numpy as np

    marks: list[list[tuple[int, float]]] = [[], []]
    groups: list[int] = []
    weights: list[float] = []
    for row in data.rows():
        for side, column in zip(marks, columns, strict=True):
            side.append(_mark(row, column, scorer, data, lenient=lenient))
        groups.append(group_label(row.example.group))
        weights.append(row.example.weight)
    rows = np.arange(len(groups), dtype=np.int64)
    weight = np.array(weights) if weights and min(weights) != max(weights) else None
    return [
        Figures(
            row=rows,
            trial=np.zeros(len(groups), dtype=np.int64),
            state=np.array([state for state, _ in side], dtype=np.int64),
            value=np.array([value for _, value in side], dtype=np.float64),
            request=np.zeros(len(groups), dtype=np.int64),
            group=np.array(groups, dtype=np.int64),
            weight=weight,
        )
        for side in marks
    ]


def _mark(row: Row, column: str, scorer: Scorer | None, data: Dataset, *, lenient: bool) -> tuple[int, float]:
    """What a cell counts as (0 scored, 1 unscored, 2 error) and its value."""
    cell = data.pick(row, {column: column})[column]
    if cell is None or cell == "" or cell != cell:  # the last is NaN
        return 2, 0.0
    if scorer is None:
        return 0, _number(cell, data, row, column)
    try:
        score = scorer.score(Output(text=cell if isinstance(cell, str) else str(cell)), row.example)
    except ProgramError as error:
        raise InputError(f"{data.label}:{row.line}: {column}: {error}") from None
    if score is None:
        raise InputError(f"scorer {scorer.name!r} must be awaited and cannot score a table; run it instead")
    if score.value is None:
        return (0, 0.0) if lenient and score.unscored == "no answer" else (1, 0.0)
    if not math.isfinite(score.value):
        raise InputError(f"{data.label}:{row.line}: {column}: the scorer gave {score.value}")
    return 0, score.value


def _number(cell: Any, data: Dataset, row: Row, column: str) -> float:
    text = str(cell).strip().casefold()
    if text in _TRUE or text in _FALSE:
        return float(text in _TRUE)
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if math.isfinite(number):
        return number
    raise InputError(
        f"{data.label}:{row.line}: {column} holds {str(cell)[:40]!r}, which is no mark; "
        "name a scorer with -s if the columns hold outputs"
    )
