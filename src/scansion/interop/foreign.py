"""What others' runs say, in our nouns, and the verdict on two variants of them.

A reader of a foreign format (an Inspect log, a promptfoo results file, a recording) gives a `ForeignRun`;
`compare_foreign` hands its outcomes to the code that gives every verdict. Nothing is asked of any model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.compare import Terms
from scansion.experiments.results import Comparison, RunResult, VariantResult, known_sum
from scansion.experiments.sequential.watched import Glance, Spent, drawn, look_back
from scansion.experiments.summary import Rules, mark_of, rules_head
from scansion.experiments.variants import find_variant
from scansion.experiments.verdicts import Sides, check_margin, compare_pairs, pair
from scansion.interop.foreign_figures import RowNumbers, VariantFigures
from scansion.interop.foreign_scores import marker
from scansion.types import Example, Output, Score, Usage

__all__ = ["ForeignOutcome", "ForeignRun", "ForeignVariant", "compare_foreign"]


class ForeignOutcome(Struct, frozen=True):
    """What one variant did on one example in one trial, as another tool tells it.

    `example.id` is what outcomes are paired by; its `inputs` and `target` are what is known of them. `output` is None
    where nothing came. `scores` are by the scorers' names there, higher is better; a missing one counts as unscored.
    `asked` is what was asked, where the inputs do not say that alone: outcomes that were asked the same depend on each
    other. `error` is the error's kind (`""`: none) and `message` its words. `cost_usd` is None where no price is known,
    `latency` is in seconds, `calls` counts the calls to the subject.
    """

    example: Example
    trial: int = 0
    output: Output | None = None
    scores: dict[str, Score] = {}
    error: str = ""
    message: str = ""
    usage: Usage | None = None
    cost_usd: float | None = None
    latency: float = 0.0
    calls: int = 1
    served: str = ""
    asked: str = ""


class ForeignVariant(Struct, frozen=True):
    """A variant with its outcomes. `planned` counts the outcomes it was to have, all `trials` of all examples (None:
    those that are here)."""

    name: str
    outcomes: Sequence[ForeignOutcome]
    prompt: str = ""
    technique: str = ""
    model: str = ""
    planned: int | None = None
    trials: int | None = None


class ForeignRun(Struct, frozen=True):
    """A run of another tool, or a recording. `label` is the file as the user named it, `scorers` are the names of the
    scores in it, the primary first; `notes` are lines that a person must read."""

    label: str
    variants: Sequence[ForeignVariant]
    scorers: Sequence[str] = ()
    notes: Sequence[str] = ()
    data: str = ""


def compare_foreign(
    a: ForeignRun,
    b: ForeignRun | None = None,
    *,
    names: tuple[str | None, str | None] = (None, None),
    scorer: str | None = None,
    terms: Terms | None = None,
) -> RunResult:
    """The verdict on a variant of `b` against one of `a`, paired by the examples' ids and trials.

    Without `b` they are two variants of `a`: the one that `names` names second (else all others) against the one named
    first (else the first). With `b` the runs' only variants, those that `names` names, or those whose names both have.
    `scorer` is the name of one in the runs, or the text of one of ours, which then scores the outputs that are there;
    without it the first that both have. With `terms.until` outcomes are looked at in a drawn order: where would looking
    have stopped? Raises InputError for names that fit nothing, runs without a common example, and one id that stands
    for different examples.
    """
    terms = terms or Terms()
    couples = _couples(a, b, names)
    mark = marker(a, b or a, scorer)
    rows = RowNumbers()
    read = {
        id(v): VariantFigures(run, v, mark, rows, terms.no_answer == "wrong") for each in couples for run, v in each
    }
    shown = _shown_names(couples)
    sides = [_sides(read[id(one)], read[id(two)], (shown[id(one)], shown[id(two)])) for (_, one), (_, two) in couples]
    check_margin(sides, terms.margin)
    if terms.until:
        glances = [
            _glance(s, (read[id(one)], read[id(two)]), rows)
            for s, ((_, one), (_, two)) in zip(sides, couples, strict=True)
        ]
        verdicts = look_back(glances, terms.alpha, terms.margin)
    else:
        verdicts = compare_pairs(sides, alpha=terms.alpha, margin=terms.margin, seed=0)
    pass_mark = mark.pass_mark if mark.pass_mark is not None else mark_of(each.figures for each in read.values())
    rules = Rules(alpha=terms.alpha, seed=0, pass_mark=pass_mark)
    variants = [each.result(shown[key], rules) for key, each in read.items()]
    return RunResult(
        run="",
        variants=variants,
        comparisons=verdicts,
        data=", ".join(dict.fromkeys(run.label for run in (a, b) if run is not None)),
        scorers=[mark.name],
        baseline=sides[0].a,
        level=1 - terms.alpha,
        complete=not any(v.errors or v.unreached for v in variants),
        head=rules_head(terms.no_answer),
        notes=[*_notes(a, b), *_missing(variants), *_unpaired(couples, read, shown, verdicts)],
    )


_Place = tuple[ForeignRun, ForeignVariant]


def _couples(a: ForeignRun, b: ForeignRun | None, names: tuple[str | None, str | None]) -> list[tuple[_Place, _Place]]:
    """What is compared with what, the baseline first."""
    for run in (a, b):
        if run is not None and not any(v.outcomes for v in run.variants):
            raise InputError(f"{run.label}: there is no outcome in it; nothing can be compared")
    if b is None:
        base = _named(a, names[0]) if names[0] is not None else a.variants[0]
        others = [_named(a, names[1])] if names[1] is not None else [v for v in a.variants if v is not base]
        if not others or others[0] is base:
            raise _alone(a, base, names)
        return [((a, base), (a, other)) for other in others]
    if names != (None, None):
        return [((a, _one(a, names[0])), (b, _one(b, names[1] or names[0])))]
    shared = [((a, one), (b, two)) for one in a.variants for two in b.variants if one.name == two.name]
    return shared or [((a, _one(a, None)), (b, _one(b, None)))]


def _alone(run: ForeignRun, only: ForeignVariant, names: tuple[str | None, str | None]) -> InputError:
    """That nothing stands beside the variant `only` of a run."""
    if len(run.variants) == 1:
        return InputError(f"{run.label} holds one variant, {only.name!r}; give a second file to compare it with")
    known = ", ".join(repr(v.name) for v in run.variants)
    if names[0] is None:
        said = f"{only.name!r} is the first, which others are compared with; name another"
    else:
        said = f"--a and --b name one variant, {only.name!r}"
    return InputError(f"{run.label}: {said}; there are {known}")


def _named(run: ForeignRun, name: str) -> ForeignVariant:
    try:
        found: ForeignVariant = find_variant(name, run.variants)
    except InputError as error:
        raise InputError(f"{run.label}: {error}") from None
    return found


def _one(run: ForeignRun, name: str | None) -> ForeignVariant:
    """The variant of that name, or the only one."""
    if name is not None:
        return _named(run, name)
    if len(run.variants) == 1:
        return run.variants[0]
    known = ", ".join(repr(v.name) for v in run.variants)
    raise InputError(f"{run.label} holds several variants; say which with --a and --b: {known}")


def _shown_names(couples: list[tuple[_Place, _Place]]) -> dict[int, str]:
    """What each variant is called: its name without the parts that all share, with its file where names are equal."""
    places = {id(v): (run, v) for each in couples for run, v in each}
    parts = {key: v.name.split(" | ") for key, (_, v) in places.items()}
    rows = list(parts.values())
    if len({len(p) for p in rows}) == 1:
        varies = [len({p[i] for p in rows}) > 1 for i in range(len(rows[0]))]
        if any(varies):
            parts = {key: [each for each, kept in zip(p, varies, strict=True) if kept] for key, p in parts.items()}
    names = {key: " | ".join(p) for key, p in parts.items()}
    if len(set(names.values())) == len(names):
        return names
    files = {key: run.label for key, (run, _) in places.items()}
    stems = {label: Path(label.removesuffix(".gz")).stem for label in files.values()}
    if len(set(stems.values())) == len(stems):
        files = {key: stems[label] for key, label in files.items()}
    twice = {name for name, count in Counter(names.values()).items() if count > 1}
    alone = len(set(names.values())) == 1
    return {
        key: (files[key] if alone else f"{name} ({files[key]})") if name in twice else name
        for key, name in names.items()
    }


def _sides(a: VariantFigures, b: VariantFigures, names: tuple[str, str]) -> Sides:
    pairs = pair(a.figures, b.figures)
    if not pairs.rows:
        raise InputError(f"{a.run.label} and {b.run.label} share no example: no id of the one is in the other")
    _check_same(a, b)
    return Sides(*names, pairs, known_sum((a.example_cost(), b.example_cost())))


def _glance(sides: Sides, found: tuple[VariantFigures, VariantFigures], rows: RowNumbers) -> Glance:
    """Two variants to be looked at in an order drawn from the ids of their examples."""
    figures = [each.figures for each in found]
    spent = [Spent(len(each.outcomes), sum(o.calls for o in each.outcomes), usd=each.example_cost()) for each in found]
    ids = {number: id for id, number in rows.numbers.items()}
    return Glance((sides.a, sides.b), figures, spent, drawn(figures, ids, 0))


def _check_same(a: VariantFigures, b: VariantFigures) -> None:
    """Raises InputError if ids mostly stand for other examples: numbers from 1 fit any two files."""
    first = {o.example.id: o.example for o in a.outcomes}
    shared = [(first[o.example.id], o.example) for o in b.outcomes if o.example.id in first]
    other = [one for one, two in shared if one.target != two.target]
    if len(other) > len(shared) / 2:
        id = other[0].id
        raise InputError(
            f"{a.run.label} and {b.run.label} are about different examples: {len(other)} of the {len(shared)} that "
            f"share an id have different targets, such as {id!r}"
        )


def _notes(a: ForeignRun, b: ForeignRun | None) -> list[str]:
    runs = [run for run in (a, b) if run is not None]
    return [f"{run.label}: {note}" if len(runs) > 1 else note for run in runs for note in run.notes]


def _missing(variants: Sequence[VariantResult]) -> list[str]:
    """Outcomes that were planned and are not there."""
    return [
        f"{v.name}: {v.unreached} of {v.scored + v.unscored + v.errors + v.unreached} planned outcomes are not in it"
        for v in variants
        if v.unreached
    ]


def _unpaired(
    couples: list[tuple[_Place, _Place]],
    read: dict[int, VariantFigures],
    shown: dict[int, str],
    verdicts: list[Comparison],
) -> list[str]:
    """What a comparison leaves out, and questions and targets that are not the same on both sides."""
    lines = []
    for each, verdict in zip(couples, verdicts, strict=True):
        sides = [read[id(v)] for _, v in each]
        examples = [{o.example.id: o.example for o in side.outcomes} for side in sides]
        for (_, v), own, other in zip(each, examples, reversed(examples), strict=True):
            alone = len(own.keys() - other.keys())
            if alone:
                of = "1 example is" if alone == 1 else f"{alone} examples are"
                lines.append(f"{of} in {shown[id(v)]} alone; the {verdict.n} that both have are compared")
        shared = [(examples[0][k], examples[1][k]) for k in examples[0].keys() & examples[1].keys()]
        strange = sum(_other_question(one, two) for one, two in shared)
        if strange > len(shared) / 2:
            lines.append(
                f"{strange} of the {len(shared)} examples that share an id in {shown[id(each[0][1])]} and "
                f"{shown[id(each[1][1])]} were asked something else there; if the ids only number the rows, other "
                "questions are paired"
            )
        changed = sum(one.target != two.target for one, two in shared)
        if changed:
            of = "1 example has" if changed == 1 else f"{changed} examples have"
            lines.append(f"{of} another target in {shown[id(each[1][1])]}; each side counts as it was scored")
    return lines


def _other_question(one: Example, two: Example) -> bool:
    """Whether two examples have inputs and none in common; prompts differ in what is asked, not in all that is known of
    a row."""
    return bool(one.inputs and two.inputs) and all(two.inputs.get(k) != v for k, v in one.inputs.items())
