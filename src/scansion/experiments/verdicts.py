"""From two variants' outcomes to a verdict, with its interval and what would decide it.

Outcomes are paired by row and trial; a pair with an unreached side is left out. Better or worse is said only if it
also holds when every unscored and error outcome is counted the worst way and the best way for the claim. All
comparisons of a run share one error rate: the intervals are taken at the levels of Holm's step-down procedure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.figures import Figures, clipped, clusters_of, dependencies, exercised, within_one
from scansion.experiments.results import Comparison

if TYPE_CHECKING:
    from scansion.stats.paired import Paired

__all__ = ["Pairing", "Sides", "check_margin", "compare_pairs", "margin_refused", "pair", "why_undecided"]


class Pairing(Struct, frozen=True):
    """The outcomes of two variants side by side, one position a pair: states and values of both.

    Arrays of one length; `labels` are labellings of which equal ones depend on each other, `weight` is None where all
    pairs weigh the same.
    """

    state_a: Any
    state_b: Any
    value_a: Any
    value_b: Any
    rows: int
    labels: tuple[Any, ...] = ()
    weight: Any = None


class Sides(Struct, frozen=True):
    """A comparison to make: the names, the pairs, and the cost in USD of one more example for both sides."""

    a: str
    b: str
    pairs: Pairing
    cost_usd: float | None = None


def pair(a: Figures, b: Figures) -> Pairing:
    """Pair two variants of one run by row and trial, on the rows that the scorer is about."""
    import numpy as np

    from scansion.stats.clusters import count_distinct

    a, b = exercised(a), exercised(b)
    if a.row.size == b.row.size and np.array_equal(a.row, b.row) and np.array_equal(a.trial, b.trial):
        left = right = slice(None)
    else:
        place_a, place_b = (f.row.astype(np.int64) << 16 | f.trial for f in (a, b))
        _, left, right = np.intersect1d(place_a, place_b, assume_unique=True, return_indices=True)
    rows = a.row[left]
    return Pairing(
        state_a=a.state[left],
        state_b=b.state[right],
        value_a=a.value[left],
        value_b=b.value[right],
        rows=count_distinct(rows),
        labels=(*(each[left] for each in dependencies(a)), *(each[right] for each in dependencies(b))),
        weight=b.weight[right] if b.weight is not None else a.weight[left] if a.weight is not None else None,
    )


def compare_pairs(sides: Sequence[Sides], *, alpha: float, margin: float | None, seed: int) -> list[Comparison]:
    """The verdicts of a run's comparisons, which share the error rate `alpha`.

    A margin of 1 or more is left out, with a reason, where all scores are shares of 1: they never differ by more.
    """
    if margin is not None and _is_wide(sides, margin):
        found = compare_pairs(sides, alpha=alpha, margin=None, seed=seed)
        reason = f"the margin of {margin:g} was left out: scores are shares of 1, and 0.05 is 5 points"
        return [structs.replace(c, reason="; ".join(each for each in (c.reason, reason) if each)) for c in found]
    from scansion.stats.multiple import holm, holm_levels

    first = [_paired(side.pairs, 1 - alpha, seed, None) for side in sides]
    ps = [p.p if p is not None and p.p is not None else 1.0 for p in first]
    adjusted = holm(ps)
    alphas = holm_levels(ps, alpha)
    return [
        _comparison(side, _paired(side.pairs, 1 - a, seed, None), p, 1 - a, margin, seed)
        for side, a, p in zip(sides, alphas, adjusted, strict=True)
    ]


def check_margin(sides: Sequence[Sides], margin: float | None) -> None:
    """Raises InputError for a margin that is beyond these scores: for comparisons of what nobody pays for."""
    if margin is not None and _is_wide(sides, margin):
        raise margin_refused(margin)


def _is_wide(sides: Sequence[Sides], margin: float) -> bool:
    return margin >= 1 and _shares(sides)


def margin_refused(margin: float) -> InputError:
    """The error for a margin that no two shares of 1 differ by; mostly it was meant in points."""
    return InputError(f"margin: {margin:g} is not below 1, and scores here are shares of 1: 0.05 is 5 points")


def _shares(sides: Sequence[Sides]) -> bool:
    """Whether anything is scored, and nothing outside 0 to 1."""
    ends = [_ends(side.pairs) for side in sides if (side.pairs.state_a == 0).any() or (side.pairs.state_b == 0).any()]
    return bool(ends) and all(low >= 0 and high <= 1 for low, high in ends)


def _paired(pairs: Pairing, level: float, seed: int, fill: tuple[float, float] | None) -> Paired | None:
    """The paired comparison of the scored pairs, or of all with the missing sides filled by `fill` (a, b)."""
    from scansion.stats.paired import compare

    scored_a, scored_b = pairs.state_a == 0, pairs.state_b == 0
    keep = scored_a & scored_b
    a, b = pairs.value_a, pairs.value_b
    if fill is not None:
        a, b = a.copy(), b.copy()
        a[~scored_a], b[~scored_b] = fill
        keep[:] = True
    if not keep.any():
        return None
    if not keep.all():
        a, b = a[keep], b[keep]
    clusters = clusters_of(labels if keep.all() else labels[keep] for labels in pairs.labels)
    weights = pairs.weight if pairs.weight is None or keep.all() else pairs.weight[keep]
    return _possible(compare(a, b, clusters=clusters, weights=weights, level=level, seed=seed), a, b)


def _possible(found: Paired, a: Any, b: Any) -> Paired:
    """`found` with the possible part of its interval: shares differ by 1 at most."""
    if found.lo is None or found.hi is None or not (within_one(a) and within_one(b)):
        return found
    lo, hi = clipped((found.lo, found.hi), -1.0, 1.0)
    return structs.replace(found, lo=lo, hi=hi)


def _comparison(
    side: Sides, main: Paired | None, adjusted: float, level: float, margin: float | None, seed: int
) -> Comparison:
    from scansion.stats.verdict import decide, decide_bounded

    if main is None or main.difference is None or main.lo is None or main.hi is None:
        why = "no pair in which both sides are scored"
        return Comparison(
            side.a, side.b, None, None, None, None, "", "undecided", side.pairs.rows, reason=why, level=level
        )
    missing = int(((side.pairs.state_a != 0) | (side.pairs.state_b != 0)).sum())
    low, high = (main, main) if not missing else _extremes(side.pairs, level, seed)
    verdict = decide_bounded((main.lo, main.hi), (low.lo, low.hi), (high.lo, high.hi), margin)
    alone = decide(main.lo, main.hi, margin)
    reason, needed = "", None
    if verdict == "undecided":
        needed = _needed(main, (low, high), side.pairs.rows, level, margin) if alone == "undecided" else None
        hidden = needed is None and _hidden(main, (low, high), side.pairs.rows, level, margin)
        reason = why_undecided(alone, missing, needed, None if hidden else main.difference, margin)
    cost = needed * side.cost_usd if needed is not None and side.cost_usd is not None else None
    return Comparison(
        a=side.a,
        b=side.b,
        difference=main.difference,
        interval=(main.lo, main.hi),
        p=main.p,
        p_adjusted=adjusted,
        test=main.test,
        verdict=verdict,
        n=side.pairs.rows,
        bounds=(low.difference or 0.0, high.difference or 0.0),
        reason=reason,
        needed=needed,
        needed_usd=cost,
        flips=main.flips,
        pairs=main.n,
        margin=margin,
        level=level,
        interval_method=main.interval_method,
        caution=main.caution,
    )


def _extremes(pairs: Pairing, level: float, seed: int) -> tuple[Paired, Paired]:
    """The comparison with what is missing counted against b, and for b."""
    worst, best = (min(0.0, *_ends(pairs)), max(1.0, *_ends(pairs)))
    low, high = _paired(pairs, level, seed, (best, worst)), _paired(pairs, level, seed, (worst, best))
    if low is None or high is None:
        raise AssertionError("a comparison with pairs has extremes")
    return low, high


def _hidden(main: Paired, extremes: tuple[Paired, Paired], rows: int, level: float, margin: float | None) -> bool:
    """Whether missing outcomes are why no number of rows decides it: one would without them, or, where no difference is
    seen, they may make one greater than the interval shows."""
    low, high = extremes
    if low is main and high is main:
        return False
    if not main.difference and margin is None:
        return (low.difference or 0.0) < (main.lo or 0.0) or (high.difference or 0.0) > (main.hi or 0.0)
    return _needed(main, (main, main), rows, level, margin) is not None


def _ends(pairs: Pairing) -> tuple[float, float]:
    values = [v[s == 0] for v, s in ((pairs.value_a, pairs.state_a), (pairs.value_b, pairs.state_b))]
    return min(float(v.min()) for v in values if v.size), max(float(v.max()) for v in values if v.size)


def _needed(main: Paired, extremes: tuple[Paired, Paired], rows: int, level: float, margin: float | None) -> int | None:
    """About how many further rows would decide a difference like the one seen, missing outcomes against the claim.

    The spread of 0/1 scores is that of the flips with half a pair more either way, as `scansion power` takes it.
    """
    from scansion.stats.need import pairs_needed, sd_of_flips

    low, high = (each.difference for each in extremes)
    if low is None or high is None or main.sd is None:
        return None
    spread = main.sd
    if main.flips is not None:
        down, up = main.flips
        plain = math.sqrt((down + up) / main.n - ((up - down) / main.n) ** 2)
        spread = sd_of_flips(main.flips, main.n) * (main.sd / plain if main.sd > 0 and plain > 0 else 1.0)
    gap = max(low, -high, -math.inf if margin is None else low + margin)
    total = pairs_needed(gap, spread, main.n, level=level)
    return max(1, math.ceil(total * rows / main.n) - rows) if total is not None else None


def why_undecided(alone: str, missing: int, needed: int | None, difference: float | None, margin: float | None) -> str:
    """Why it is undecided; `difference` is None where the pairs with a missing outcome may hide all of it."""
    pairs = "the pair" if missing == 1 else f"the {missing} pairs"
    if alone != "undecided":
        return f"it would be {alone}, but not with {pairs} counted in that have an unscored or error outcome"
    if needed is not None:
        return ""
    if difference is None:
        return f"more rows alone would not decide it: {pairs} with an unscored or error outcome may hide the difference"
    if difference == 0:
        more = "more rows would tell whether it is within the margin"
        return "no difference seen; " + (more if margin else "a margin would let it be called equivalent")
    return "the difference seen is too small to be decided by any reasonable number of rows"
