"""The lines of a plan: how many examples each difference, or each margin, takes, and what these cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, structs

if TYPE_CHECKING:
    from scansion.stats.power import Aim, Expected

__all__ = ["Basis", "Need", "fewest", "needs_of", "smallest"]

_POINTS = (0.01, 0.02, 0.03, 0.05, 0.1)
_SHARES_OF_SD = (0.05, 0.1, 0.2, 0.3, 0.5)
"""The differences and margins that are always listed: of rates, and of other scores in standard deviations."""

_NEAR = 1e-9


class Need(Struct, frozen=True):
    """The examples at which a true `difference`, or a claim within `margin`, is decided as surely as planned.

    `n` is None where no number is enough, and `why` says why. `careful` takes the pilot's spread at its upper bound,
    `further` are the examples beyond those that the run has. `calls` and `usd` are those of `n`.
    `power` is that at the plan's own n. `seen` says that it is the difference that the run saw, or the one asked for.
    """

    difference: float
    margin: float | None
    n: int | None
    careful: int | None = None
    further: int | None = None
    calls: int | None = None
    usd: float | None = None
    power: float | None = None
    seen: bool = False
    why: str = ""


class Basis(Struct, frozen=True):
    """What a plan rests on: what is expected of a pair and its design effect, the pairs, calls and USD of an example,
    what unscored outcomes take from a difference at worst, the independent pairs of the pilot (None: guessed), and the
    clusters of an example (one of five that belong together: 0.2; None: every pair stands alone)."""

    expected: Expected
    effect: float
    pairs: float
    lost: float = 0.0
    seen: float | None = None
    units: float | None = None
    calls: float | None = None
    usd: float | None = None


def needs_of(basis: Basis, aim: Aim, asked: float | None, n: int | None, run_rows: int | None) -> list[Need]:
    """The lines of a plan, the smallest first; those that the rates leave no room for are left out.

    `asked` is the difference asked about, `n` the examples whose power is wanted, `run_rows` those that a run has. With
    none asked about, where a leaves no room for gains, the lines are losses.
    """
    for sign in (-1.0,) if (asked or 0.0) < 0.0 else (1.0, -1.0):
        needs = [_need(basis, line, n, run_rows) for line in _aims(basis, aim, asked, sign)]
        kept = [each for each in needs if each is not None]
        if kept:
            return kept
    return []


def _aims(basis: Basis, aim: Aim, asked: float | None, sign: float) -> Iterator[tuple[float, Aim, bool]]:
    """The lines of a plan, the smallest first: each a true difference, an aim, and whether it is the one asked for.

    They vary the difference for a claim of one, on the side of `sign`, and the margin for a claim within one.
    """
    usual = _usual(basis.expected)
    if aim.claim != "different":
        yield from ((asked or 0.0, structs.replace(aim, margin=m), m == aim.margin) for m in sorted({*usual, aim.wide}))
        return
    sizes = {sign * size for size in usual} | ({asked} if asked else set())
    yield from ((size, aim, size == asked) for size in sorted(sizes, key=abs))


def _usual(expected: Expected) -> list[float]:
    """The sizes that are always listed."""
    from scansion.stats.power import Graded

    if isinstance(expected, Graded):
        return [float(f"{expected.sd * size:.2g}") for size in _SHARES_OF_SD]
    return list(_POINTS)


def _need(basis: Basis, line: tuple[float, Aim, bool], n: int | None, run_rows: int | None) -> Need | None:
    """What one line takes; None where the rates leave no room for its difference."""
    from scansion.stats.need import careful, pairs_for
    from scansion.stats.power import power

    difference, aim, seen = line
    try:
        expected = _at(basis.expected, basis, difference, aim)
    except ValueError:
        return None
    if expected is None:
        why = _why(basis, difference, aim)
        return Need(difference, aim.margin, None, power=None if n is None else 0.0, seen=seen, why=why)
    rows = _rows(pairs_for(expected, aim, basis.effect), basis, aim)
    floor = fewest(basis, aim)
    enough = n is None or floor is None or n >= floor[1]
    sure = None
    if basis.seen is not None:
        wide = _at(careful(basis.expected, basis.seen), basis, difference, aim)
        sure = _rows(pairs_for(wide, aim, basis.effect), basis, aim) if wide is not None else None
    return Need(
        difference=difference,
        margin=aim.margin,
        n=rows,
        careful=sure,
        further=None if rows is None or run_rows is None else max(0, rows - run_rows),
        calls=None if rows is None or basis.calls is None else round(rows * basis.calls),
        usd=None if rows is None or basis.usd is None else rows * basis.usd,
        power=None if n is None else power(expected, n * basis.pairs, aim, basis.effect) if enough else 0.0,
        seen=seen,
        why=_why(basis, difference, aim) if rows is None else "",
    )


def _rows(pairs: int | None, basis: Basis, aim: Aim) -> int | None:
    if pairs is None:
        return None
    rows, floor = math.ceil(pairs / basis.pairs - 1e-9), fewest(basis, aim)
    return rows if floor is None else max(rows, floor[1])


def fewest(basis: Basis, aim: Aim) -> tuple[int, int] | None:
    """The clusters with which the test can reject at all, and the examples that hold so many; None where every pair
    stands alone, since the power of those counts it."""
    from scansion.stats.need import units_to_reject
    from scansion.stats.newcombe import Table

    if basis.units is None:
        return None
    units = units_to_reject(aim.level, mid=isinstance(basis.expected, Table))
    return units, math.ceil(units / basis.units - 1e-9)


def _why(basis: Basis, difference: float, aim: Aim) -> str:
    """Why no number of examples is enough."""
    worst = difference - basis.lost if difference >= 0.0 or aim.claim != "different" else difference + basis.lost
    left = {
        "different": abs(difference) - basis.lost,
        "not worse": aim.wide + worst,
        "equivalent": aim.wide - abs(worst),
    }
    if aim.claim != "different" and difference <= -aim.wide:
        why = "b is worse by the margin or more"
    elif aim.claim == "equivalent" and difference >= aim.wide:
        why = "b is better by the margin or more"
    elif basis.lost and left[aim.claim] <= _NEAR:
        why = "what is unscored may hide it"
    else:
        return "it takes more than 100,000,000 pairs"
    return f"cannot be shown however many examples: {why}"


def _at(expected: Expected, basis: Basis, difference: float, aim: Aim) -> Expected | None:
    """What is expected of a pair at a true difference, less what unscored outcomes may hide of it; None where they
    may hide all. Raises ValueError where the rates leave no room for it."""
    from scansion.stats.power import shifted

    wide = aim.wide + difference if aim.claim != "different" else abs(difference)
    if wide <= basis.lost:
        return None
    hidden = -basis.lost if difference < 0.0 and aim.claim == "different" else basis.lost
    return shifted(expected, difference - hidden)


def smallest(basis: Basis, aim: Aim, asked: float | None, n: int) -> float | None:
    """The smallest true difference, or margin, that `n` examples show as surely as planned; None where none is.

    A difference is on the side of the one asked about, with its sign, or where that has no room for it on the other.
    """
    from scansion.stats.need import smallest_difference, smallest_margin
    from scansion.stats.power import shifted

    pairs, floor = n * basis.pairs, fewest(basis, aim)
    if floor is not None and n < floor[1]:
        return None
    if aim.claim == "different":
        for worse in ((asked or 0.0) < 0.0, (asked or 0.0) >= 0.0):
            found = smallest_difference(basis.expected, pairs, aim, basis.effect, worse=worse)
            if found is not None:
                return -found - basis.lost if worse else found + basis.lost
        return None
    return smallest_margin(shifted(basis.expected, (asked or 0.0) - basis.lost), pairs, aim, basis.effect)
