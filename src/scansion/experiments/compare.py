"""Compare what is there already: two variants of a run, two runs, two columns of a results table. Nothing is asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from scansion.data import Dataset, DataSpec, Row, open_dataset
from scansion.errors import InputError, ProgramError, Unscored, fault
from scansion.experiments.companions import Place, on_both_sides
from scansion.experiments.figures import (
    Figures,
    Totals,
    VariantInfo,
    by_example,
    example_cost,
    read_figures,
    read_totals,
)
from scansion.experiments.lab import Lab
from scansion.experiments.looks import looks_of
from scansion.experiments.only import warned
from scansion.experiments.people.corrections import corrections_note
from scansion.experiments.people.targets import check_targets, same_value
from scansion.experiments.results import Comparison, Looks, RunResult, VariantResult, known_sum
from scansion.experiments.sequential.watched import Glance, Spent, check_orders, drawn, look_back, order_of
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.runs import RunRecord, group_label
from scansion.experiments.summary import (
    Rules,
    figures_result,
    head_of,
    mark_of,
    part_of,
    rules_head,
    scorer_result,
    variant_result,
)
from scansion.experiments.variants import find_variant, pair_with_baseline
from scansion.experiments.verdicts import Sides, check_margin, compare_pairs, pair
from scansion.scorers import Scorer, build_scorer
from scansion.scorers._texts import as_text
from scansion.types import Example, Output, Score, digest

__all__ = [
    "RULES",
    "Place",
    "Terms",
    "compare_places",
    "compare_runs",
    "compare_table",
    "compare_variants",
    "counts_as",
    "score_now",
]

RULES = ("no_answer", "abstained", "truncated", "pass_mark")
"""The fields of a plan that say how outcomes count: runs that differ in one are not compared."""

Ending = Literal["decided"] | None
"""When to stop looking: as soon as it is decided, or (None) at the end."""

Seen = tuple[list[Figures], list[Spent], dict[int, str] | None]
"""What two variants have, what it took, and the ids of the rows where these were numbered anew."""

_TRUE, _FALSE = (
    {"true", "yes", "right", "correct", "pass", "passed"},
    {"false", "no", "wrong", "incorrect", "fail", "failed"},
)


def compare_variants(
    lab: Lab, run: str | None, a: str, b: str, *, margin: float | None = None, until: Ending = None
) -> RunResult:
    """The verdict on variant `b` against variant `a` of one run (the last unless named). With `until` the outcomes are
    looked at in a drawn order, as `run --until decided` does: where would it have stopped?"""
    record = lab.run_table.find(run)
    infos = VariantInfo.of(record)
    couple = ((record, find_variant(a, infos)), (record, find_variant(b, infos)))
    return _looked(lab, _between(lab, [couple], margin, until), [record])


def compare_runs(lab: Lab, a: str, b: str, *, margin: float | None = None, until: Ending = None) -> RunResult:
    """The verdicts on run `b` against run `a`, paired by example: of the variants whose names they share, or else of
    their baselines.

    Raises InputError if the runs were scored differently, share no example, or hold one against different targets.
    """
    first, second = lab.run_table.find(a), lab.run_table.find(b)
    _check_rules(first, second)
    _check_targets(lab, first, second)
    shared = [
        ((first, one), (second, two))
        for one in VariantInfo.of(first)
        for two in VariantInfo.of(second)
        if one.name == two.name
    ]
    found = _between(lab, shared or [((first, _main(first)), (second, _main(second)))], margin, until)
    return _looked(lab, found, [first, second])


def compare_places(lab: Lab, a: Place, b: Place, *, margin: float | None = None) -> RunResult:
    """The verdict on the variant of a run `b` against the variant of the same or another run `a`, paired by example.

    Raises InputError as `compare_runs` does.
    """
    _check_rules(a[0], b[0])
    return _between(lab, [(a, b)], margin)


def _looked(lab: Lab, result: RunResult, runs: Sequence[RunRecord]) -> RunResult:
    """The result with the most looks at a test part that one of its runs is about; a comparison is none itself."""
    counts = [found.count for run in runs if (found := looks_of(lab, run)) is not None]
    return structs.replace(result, looks=Looks(max(counts), new=False) if counts else None)


def _check_rules(first: RunRecord, second: RunRecord) -> None:
    for rule in RULES:
        if first.plan[rule] != second.plan[rule]:
            said = f"{rule}: {first.plan[rule]} in {first.label}, {second.plan[rule]} in {second.label}"
            raise InputError(f"the runs count differently ({said}); run one of them again as the other was")


def _check_targets(lab: Lab, first: RunRecord, second: RunRecord) -> None:
    if first.dataset == second.dataset:
        return
    shown = "row IN (SELECT row FROM members WHERE run = ?)"
    pairs = lab.db.execute(
        "SELECT a.id, a.body, b.body FROM rows a JOIN rows b ON a.id = b.id AND a.digest != b.digest "
        f"WHERE a.dataset = ? AND a.{shown} AND b.dataset = ? AND b.{shown}",
        (first.dataset, first.id, second.dataset, second.id),
    )
    other = [id for id, a, b in pairs if not same_value(unpack(a, Example).target, unpack(b, Example).target)]
    if other:
        raise InputError(
            f"{len(other)} of the examples that {first.label} and {second.label} share "
            f"{'has another target' if len(other) == 1 else 'have other targets'} in the one than in the other, "
            f"such as {other[0]!r}; score a run by corrected targets with `scansion score RUN --corrections`"
        )


def _main(run: RunRecord) -> VariantInfo:
    """The variant that stands for a run: its baseline, which for a run of one variant is that."""
    infos = VariantInfo.of(run)
    pairs = pair_with_baseline(run.plan["baseline"], infos)
    return infos[pairs[0][0]] if pairs else infos[0]


def _between(lab: Lab, couples: list[tuple[Place, Place]], margin: float | None, until: Ending = None) -> RunResult:
    """The verdicts on couples of variants of two runs; runs that stopped when decided are looked at as they were."""
    runs = (couples[0][0][0], couples[0][1][0])
    check_orders(runs)
    scorers = [run.context["scorers"][:1] for run in runs]
    if scorers[0] != scorers[1] or not scorers[0]:
        names = [s[0]["name"] if s else "no scorer" for s in scorers]
        raise InputError(
            f"{runs[0].label} is scored by {names[0]} and {runs[1].label} by {names[1]}; "
            "score one of them anew with `scansion score RUN -s SCORER`"
        )
    built = [_side(lab, couple) for couple in couples]
    variants = [each for _, results, _ in built for each in results]
    rules = Rules.of(runs[0])
    if until or any(run.plan.get("until") for run in runs):
        seen = [Glance((s.a, s.b), f, took, order_of(lab, runs, f, ids)) for s, _, (f, took, ids) in built]
        found = look_back(seen, rules.alpha, margin)
    else:
        found = compare_pairs([s for s, _, _ in built], alpha=rules.alpha, margin=margin, seed=rules.seed)
    verdicts = [warned(each, runs) for each in on_both_sides(lab, couples, found, margin)]
    label = runs[0].label if runs[0].id == runs[1].id else f"{runs[0].label}, {runs[1].label}"
    distinct = {run.id: run for run in runs}.values()
    notes = [f"{run.label}: {note}" for run in distinct for note in corrections_note(lab, run)]
    parts = {part_of(run) for run in distinct}
    document = _document(label, variants, verdicts, runs[0])
    return structs.replace(document, split=parts.pop() if len(parts) == 1 else "", notes=notes)


def _side(lab: Lab, couple: tuple[Place, Place]) -> tuple[Sides, list[VariantResult], Seen]:
    """Two variants paired by row, or where the runs are over different data by the example's id."""
    runs = (couple[0][0], couple[1][0])
    read = [
        (read_figures(lab, run, info.index, id), read_totals(lab, run, info.index, id))
        for run, info in couple
        for id in run.context["scorer_ids"][:1]
    ]
    figures, ids = [f for f, _ in read], None
    if runs[0].dataset != runs[1].dataset:
        figures, ids = by_example(lab, runs, figures)
    names = [info.name for _, info in couple]
    if names[0] == names[1]:
        names = [f"{name} ({run.label})" for name, run in zip(names, runs, strict=True)]
    pairs = pair(figures[0], figures[1])
    if not pairs.rows:
        raise InputError(f"{runs[0].label} and {runs[1].label} share no example: no id of the one is in the other")
    cost = known_sum(example_cost(t, f) for f, t in read)
    variants = [
        structs.replace(_result(lab, run, info, found), name=name)
        for (run, info), found, name in zip(couple, read, names, strict=True)
    ]
    took = [Spent(int(f.row.size), t.calls, usd=example_cost(t, f)) for f, t in read]
    return Sides(names[0], names[1], pairs, cost), variants, (figures, took, ids)


def _result(lab: Lab, run: RunRecord, info: VariantInfo, read: tuple[Figures, Totals]) -> VariantResult:
    """A variant's figures; of a run that stopped when decided, as that run has them."""
    if run.plan.get("until"):
        return lab.result(run.label).variants[info.index]
    return variant_result(lab, run, info, run.planned or int(read[0].row.size), read)


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


class Terms(Struct, frozen=True):
    """What a comparison is made under: a plan's `margin`, `alpha`, `no_answer` and `until`."""

    margin: float | None = None
    alpha: float = 0.05
    no_answer: Literal["unscored", "wrong"] = "unscored"
    until: Ending = None


def compare_table(
    table: str | Path | DataSpec, a: str, b: str, *, scorer: str | None = None, terms: Terms | None = None
) -> RunResult:
    """The verdict on column `b` against column `a` of a table of results; a DataSpec names its target and group.

    Rows are taken as independent but for those of one group: a table does not say what was asked, and a note counts
    the rows that repeat others. With a scorer the columns hold outputs, which it scores against the target; without
    one they hold marks (numbers, true/false, right/wrong), of which none is called wrong where the scale is other than
    0 to 1: no pass mark is known. An empty or blank cell is an error: the output is not there. Raises InputError.
    """
    terms = terms or Terms()
    data = open_dataset(table)
    path = data.label
    columns = [data.match([name])[name] for name in (a, b)]
    if columns[0] == columns[1]:
        raise InputError(f"{path}: --a and --b name the same column {columns[0]!r}; name two")
    built = build_scorer(scorer) if scorer is not None else None
    check_targets([built] if built is not None else [], data)
    sides = _read_table(data, columns, built, lenient=terms.no_answer == "wrong")
    figures = [side.figures for side in sides]
    rules = Rules(alpha=terms.alpha, seed=0, pass_mark=built.pass_mark if built else mark_of(figures))
    compared = Sides(columns[0], columns[1], pair(*figures))
    check_margin([compared], terms.margin)
    if not figures[0].row.size:
        raise InputError(f"{path}: there is no row to compare")
    if terms.until:
        took, shown = Spent(1, 1), drawn(figures, dict(enumerate(row.example.id for row in data.rows())), 0)
        [verdict] = look_back([Glance((compared.a, compared.b), figures, [took] * 2, shown)], terms.alpha, terms.margin)
    else:
        [verdict] = compare_pairs([compared], alpha=terms.alpha, margin=terms.margin, seed=0)
    return RunResult(
        run="",
        variants=[side.result(name, built, rules) for name, side in zip(columns, sides, strict=True)],
        comparisons=[verdict],
        data=path,
        scorers=[built.name] if built else [],
        baseline=columns[0],
        level=1 - terms.alpha,
        complete=not any(2 in f.state for f in figures),
        head=rules_head(terms.no_answer),
        notes=_repeats(data, columns) if data.group_column is None else [],
    )


def _repeats(data: Dataset, columns: list[str]) -> list[str]:
    """A note on rows that may be one question asked several times; rows with nothing to be known by are no such."""
    roles = {data.target_column, data.weight_column}
    left_out = {*columns, data.id_column}
    seen: Counter[bytes] = Counter()
    for row in data.rows():
        known = {k: v for k, v in row.example.inputs.items() if k not in left_out}
        if known.keys() - roles:
            seen[digest(known)] += 1
    repeated, total = sum(n for n in seen.values() if n > 1), sum(seen.values())
    if not repeated:
        return []
    besides = " and the id" if data.id_column is not None else ""
    said = f"{repeated} of {total} rows equal another in all columns but the compared ones{besides}"
    mend = "where they are one question asked several times, name its column with --group"
    return [f"{said}; they count as independent: {mend}"]


class _Column(Struct, frozen=True):
    """A column of a table: its figures, and why cells are unscored or errors."""

    figures: Figures
    reasons: dict[str, int]
    kinds: dict[str, int]

    def result(self, name: str, scorer: Scorer | None, rules: Rules) -> VariantResult:
        found = figures_result(name, self.figures, rules)
        own = {scorer.name: scorer_result(self.figures, rules)} if scorer is not None else {}
        return structs.replace(found, scores=own, unscored_reasons=self.reasons, error_kinds=self.kinds)


def _read_table(data: Dataset, columns: list[str], scorer: Scorer | None, *, lenient: bool) -> list[_Column]:
    import numpy as np

    marks: list[list[tuple[int, float, str]]] = [[], []]
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
        _Column(
            Figures(
                row=rows,
                trial=np.zeros(len(groups), dtype=np.int64),
                state=np.array([state for state, _, _ in side], dtype=np.int64),
                value=np.array([value for _, value, _ in side], dtype=np.float64),
                request=np.zeros(len(groups), dtype=np.int64),
                group=np.array(groups, dtype=np.int64),
                weight=weight,
            ),
            *(dict(Counter(reason for state, _, reason in side if state == which)) for which in (1, 2)),
        )
        for side in marks
    ]


def _mark(row: Row, column: str, scorer: Scorer | None, data: Dataset, *, lenient: bool) -> tuple[int, float, str]:
    """What a cell counts as (0 scored, 1 unscored, 2 error), its value, and why it has none."""
    cell = data.pick(row, {column: column})[column]
    if cell is None or cell != cell or (isinstance(cell, str) and not cell.strip()):  # the second is NaN
        return 2, 0.0, "empty cell"
    if scorer is None:
        return 0, _number(cell, data, row, column), ""
    output = Output(text=_text(cell, row.example.target))
    score = score_now(scorer, output, row.example, f"{data.label}:{row.line}: {column}")
    return *counts_as(score, lenient=lenient), score.unscored or ""


def _text(cell: Any, target: Any) -> str:
    """A cell as the output it stands for. A whole number is written as the target is: of a column with a gap all
    numbers may have been read as floats."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell) and cell == int(cell):
        cell = float(cell) if isinstance(target, float) else int(cell)
    return as_text(cell)


def score_now(scorer: Scorer, output: Output, example: Example, where: str) -> Score:
    """The score of an output that is there already. Raises InputError, beginning with `where`, if there can be none."""
    try:
        score = scorer.score(output, example)
    except (InputError, Unscored):
        raise
    except Exception as error:
        raise InputError(f"{where}: {error if isinstance(error, ProgramError) else fault(error)}") from error
    if score is None and scorer.uses_model:
        raise InputError(f"scorer {scorer.name!r} asks a model, and this comparison makes no calls; run it instead")
    if score is None:
        raise InputError(f"scorer {scorer.name!r} must be awaited and cannot score what is there; run it instead")
    if score.value is not None and not math.isfinite(score.value):
        raise InputError(f"{where}: the scorer gave {score.value}")
    return score


def counts_as(score: Score, *, lenient: bool) -> tuple[int, float]:
    """What a score counts as (0 scored, 1 unscored) and its value; `lenient` is `no_answer: wrong`."""
    if score.value is None:
        return (0, 0.0) if lenient and score.unscored == "no answer" else (1, 0.0)
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
