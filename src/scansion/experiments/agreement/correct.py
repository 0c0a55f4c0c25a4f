"""Correct for the judge: the mean of a few human labels, steadied by a judge's labels of many more items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scansion.errors import InputError
from scansion.experiments.agreement.judgements import LabelSpec, Reading, Table, Unreadable, number_of
from scansion.experiments.agreement.report import CorrectedMean

__all__ = ["corrected_mean_of", "corrected_table"]

_NONE = float("nan")


def corrected_table(table: Table, spec: LabelSpec, sides: Sequence[tuple[str, Sequence[Any]]]) -> CorrectedMean:
    """The corrected mean of a table's human column (blank where nobody labelled) with its judge's.

    Raises InputError for a human label that is no mark, and where the labelled part is too small.
    """
    (human, theirs), (_, judged) = sides
    positive = _positive(table, spec, theirs)
    values = [[_value(cell, positive) for cell in cells] for cells in (theirs, judged)]
    for at, (cell, value) in enumerate(zip(theirs, values[0], strict=True)):
        if cell is not None and math.isnan(value):
            text = cell.text if isinstance(cell, Unreadable) else cell
            how = "name it in --labels" if spec.labels else "say which label counts as 1 with --positive"
            raise InputError(f"{table.where(at)}: {human} holds {text[:40]!r}, which is no mark; {how}")
    of = f"share of {spec.positive}" if spec.positive is not None else f"mean of {human}"
    try:
        return corrected_mean_of(("", of), values[0], values[1], table.groups(spec.group), 1 - spec.alpha)
    except ValueError as error:
        raise InputError(f"{table.label}: cannot correct for the judge: {error}; {_mend(str(error))}") from None


def _positive(table: Table, spec: LabelSpec, theirs: Sequence[Any]) -> str | None:
    """The label that counts as 1, as the table writes it. Raises InputError for one that no person gave."""
    if spec.positive is None:
        return None
    if all(cell is None for cell in theirs):
        raise InputError(f"{table.label}: the column {spec.a} is empty; --correct needs labels of people in it")
    said = {each for each in theirs if isinstance(each, str)}
    wanted = Reading(spec)(spec.positive)
    alike = [each for each in said if isinstance(wanted, str) and each.casefold() == wanted.casefold()]
    if not alike:
        shown = ", ".join(sorted(said)[:5]) or "nothing there is among --labels"
        raise InputError(f"{table.label}: --positive {spec.positive!r} is no label in {spec.a} ({shown})")
    return alike[0]


def _mend(error: str) -> str:
    if "are needed" in error:
        return "label more of them, drawn by chance"
    if "every item" in error:
        return "leave --correct out"
    return "check the judge's column, --labels and --map"


def _value(cell: Any, positive: str | None) -> float:
    """A label as a number, NaN for none."""
    if not isinstance(cell, str):
        return _NONE
    if positive is not None:
        return float(cell == positive)
    value = number_of(cell)
    return _NONE if value is None else value


def corrected_mean_of(
    named: tuple[str, str], human: Sequence[float], judge: Sequence[float], groups: Sequence[int] | None, level: float
) -> CorrectedMean:
    """The corrected mean of what is `named` (variant, what it is the mean of). Raises ValueError as
    `stats.prediction_powered.corrected_mean` does."""
    from scansion.stats.prediction_powered import corrected_mean

    found = corrected_mean(human, judge, clusters=groups, level=level)
    read = [value for value in judge if not math.isnan(value)]
    ends = _ends(read, human)
    missing = found.unreadable
    worth = None
    if found.narrower is not None and found.narrower < 1:
        worth = round(found.labelled / (1 - found.narrower) ** 2)
    return CorrectedMean(
        variant=named[0],
        of=named[1],
        n=found.n,
        labelled=found.labelled,
        unreadable=missing,
        human=found.human.mean or 0.0,
        human_interval=_span(found.human),
        judge=found.judge.mean or 0.0,
        judge_interval=_span(found.judge),
        judge_bounds=tuple((sum(read) + end * missing) / found.n for end in ends),  # type: ignore[arg-type]
        corrected=found.estimate,
        interval=(found.lo, found.hi),
        bounds=(found.bounds.lo, found.bounds.hi),
        weight=found.weight,
        narrower=found.narrower,
        worth=worth,
        method=found.method,
    )


def _ends(judge: Sequence[float], human: Sequence[float]) -> tuple[float, float]:
    """The ends of the scale, as far as they are known."""
    said = [*judge, *(value for value in human if not math.isnan(value))]
    low, high = min(said), max(said)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _span(mean: Any) -> tuple[float, float] | None:
    return None if mean.lo is None or mean.hi is None else (mean.lo, mean.hi)
