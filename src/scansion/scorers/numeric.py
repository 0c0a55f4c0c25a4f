"""Numbers, compared by value."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError, Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._numbers import Number, exactly, number_in
from scansion.scorers._texts import as_text
from scansion.specs import Column

__all__ = ["numeric"]


@scorer("numeric", "num", "number")
def numeric(
    target: int | float | str | Column | None = None,
    tolerance: float = 0.0,
    rel: float = 0.0,
    by: Extractor | None = None,
) -> Check:
    """1 if the answer is the target as a number, else 0.

    The answer is the last number of the output, or what `by` reads. Read as numbers are 1,234.5, -7, 1.5e3, 3/4,
    1 1/2, 50%, with a currency sign before or a unit behind. Right is a difference of at most `tolerance`, or of `rel`
    times the target; the arithmetic is exact, so that 1.3 is within 0.1 of 1.2. Where only one side has a percent
    sign, 50% is both 50 and 0.5. A target must hold exactly one number. Of a list of targets any may match.

    Example: `numeric(tolerance=0.01)`
    """
    if tolerance < 0 or rel < 0:
        raise InputError("numeric: tolerance and rel must be 0 or more")
    absolute, relative = exactly(tolerance), exactly(rel)

    def near(a: Any, b: Any) -> bool:
        return bool(a == b or abs(a - b) <= max(absolute, relative * abs(b)))

    def compare(answer: Any, wanted: Any) -> bool:
        gold, found = number_in(wanted), number_in(answer)
        if gold is None:
            raise Unscored("gold refused", f"the target {_short(wanted)} does not hold exactly one number")
        if found is None:
            raise Unscored("no answer", f"{_short(answer)} does not hold exactly one number")
        return any(near(a, b) for a in _readings(found, gold) for b in _readings(gold, found))

    wanted = TARGET if target is None else target
    return Check(compare, by=by, usual=build_extractor("last_number"), wanted=wanted)


def _readings(number: Number, other: Number) -> tuple[Any, ...]:
    """What a number may mean beside the other: a percentage beside a plain number is read both ways."""
    return (number.value, number.value / 100) if number.percent and not other.percent else (number.value,)


def _short(value: Any) -> str:
    text = as_text(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
