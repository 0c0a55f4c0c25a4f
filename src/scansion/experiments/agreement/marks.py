"""The marks that people gave the outcomes of a run, beside what a scorer found of them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.experiments.agreement.correct import corrected_mean_of
from scansion.experiments.agreement.judgements import Cell, LabelSpec, Unreadable
from scansion.experiments.agreement.report import CorrectedMean
from scansion.experiments.figures import VariantInfo, read_figures
from scansion.experiments.lab import Lab
from scansion.experiments.people.findings import marked_items
from scansion.experiments.results import OutcomeView
from scansion.experiments.store.runs import RunRecord

__all__ = ["Marks", "corrected_run", "marks_of"]


class Marks(Struct, frozen=True):
    """The marked outcomes of a run: each person's marks and what `scorer` found (empty: the run has none), in the same
    order; `rows` are their examples, `places` their variants, rows and trials. `number` is the scorer's in the run.
    """

    run: str
    scorer: str
    number: int
    people: dict[str, list[Cell]]
    found: list[Cell]
    rows: list[int]
    places: list[tuple[str, int, int]]


def marks_of(lab: Lab, name: str | None, scorer: str | None = None) -> Marks:
    """What people and a scorer (the primary one unless named) say of the marked outcomes of a run."""
    run = lab.run_table.find(name)
    number, called = _scorer(run, scorer)
    items = [(view, standing.marks) for view, standing in marked_items(lab, run) if standing.marks]
    people = dict.fromkeys(person for _, marks in items for person in marks)
    words = {True: "right", False: "wrong"}
    return Marks(
        run=run.label,
        scorer=called,
        number=number,
        people={who: [words[m[who]] if who in m else None for _, m in items] for who in people},
        found=[_found(view, called, first=number == 0, passing=_pass_mark(run, number)) for view, _ in items],
        rows=[view.row for view, _ in items],
        places=[(view.variant, view.row, view.trial) for view, _ in items],
    )


def _scorer(run: RunRecord, wanted: str | None) -> tuple[int, str]:
    known: list[str] = list(run.plan["scorers"])
    if wanted is None:
        return 0, known[0] if known else ""
    named = [at for at, each in enumerate(known) if wanted in (each, each.split("(")[0])]
    if len(named) != 1:
        raise InputError(f"{run.label} was not scored by {wanted}; {nearest(wanted, known)}, or use `scansion score`")
    return named[0], known[named[0]]


def _found(view: OutcomeView, scorer: str, *, first: bool, passing: float) -> Cell:
    """What a scorer found of an outcome: right, wrong, or why it has no score."""
    if first:
        if view.status != "scored":
            return Unreadable(view.reason or view.status)
        return "wrong" if view.wrong else "right"
    score = view.scores.get(scorer)
    if score is None or score.value is None:
        return Unreadable((score.unscored if score is not None else None) or "not scored")
    return "right" if score.value >= passing else "wrong"


def _pass_mark(run: RunRecord, number: int) -> float:
    """From which score on the scorer of that number says right: the run's pass mark for the primary one, their own for
    others."""
    mark = float(run.plan["pass_mark"])
    return mark if number == 0 else float(run.context["scorers"][number].get("pass_mark", min(mark, 1.0)))


def corrected_run(lab: Lab, marks: Marks, spec: LabelSpec) -> tuple[list[CorrectedMean], list[str]]:
    """The share that the person would mark right of all outcomes, for each variant, with the scorer's help; and notes
    on variants of which too few are marked. Raises InputError where it is not clear whose marks count."""
    if not marks.scorer:
        raise InputError(f"{marks.run} has no scorer to correct; score it with `scansion score`")
    person = spec.a or (next(iter(marks.people)) if len(marks.people) == 1 else None)
    if person not in marks.people:
        whose = ", ".join(marks.people)
        raise InputError(f"{whose} marked outcomes of {marks.run}; say whose marks count with --human NAME")
    run = lab.run_table.find(marks.run)
    said = dict(zip(marks.places, marks.people[person], strict=True))
    found, notes = (
        [],
        ["corrected means hold for outcomes marked by chance, not for those picked because they were wrong"],
    )
    for info in VariantInfo.of(run):
        human, judge, rows = zip(*_outcomes(lab, run, info, (marks.number, said)), strict=True)
        try:
            named = (info.name, f"share that {person} would mark right")
            several = list(rows) if len(set(rows)) < len(rows) else None
            found.append(corrected_mean_of(named, human, judge, several, 1 - spec.alpha))
        except ValueError as error:
            notes.append(f"{info.name}: cannot correct for the scorer: {error}")
    return found, notes


def _outcomes(
    lab: Lab, run: RunRecord, info: VariantInfo, of: tuple[int, dict[tuple[str, int, int], Cell]]
) -> Iterator[tuple[float, float, int]]:
    """Each outcome's mark and what the scorer found of it, 0/1 or NaN for none, and its row."""
    figures = read_figures(lab, run, info.index, run.context["scorer_ids"][of[0]])
    values = {"right": 1.0, "wrong": 0.0}
    for row, trial, state, value in zip(figures.row, figures.trial, figures.state, figures.value, strict=True):
        mark = of[1].get((info.name, int(row), int(trial)))
        passed = float(value >= _pass_mark(run, of[0])) if state == 0 else float("nan")
        yield values[mark] if isinstance(mark, str) else float("nan"), passed, int(row)
