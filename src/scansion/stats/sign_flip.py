"""Paired permutation test: flip the sign of each independent unit's difference.

If a and b are equally good, exchanging their names within a unit (a pair, or a cluster of pairs) changes nothing, so
every pattern of signs was as likely as the one seen (R. A. Fisher, "The Design of Experiments", 1935, section 21). The
p-value is the share of patterns whose total is at least as far from 0; with `mid`, those exactly as far count half,
which for 0/1 pairs gives McNemar's mid-p.

Three ways to count: all patterns (exact), many drawn at random (Monte Carlo), and for thousands of units the normal
limit with its first Edgeworth term (P. Hall, "The Bootstrap and Edgeworth Expansion", 1992, section 2.3): signs are
symmetric, so no skewness enters, and the fourth cumulant is known.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from scansion.stats.special import normal_cdf
from scansion.stats.units import Counts, Floats, power_sums, tally

__all__ = ["Counting", "sign_flip"]

Counting = Literal["exact", "Monte Carlo", "normal limit"]

_ENUMERATED = 16
_LATTICE = 4096
_MAGNITUDES = 64
_FEW_MAGNITUDES = 8
_GROUPS = 4096
_DRAWS = 9_999
_CHEAP_DRAWS = 99_999
_BLOCK = 1 << 17
_HEAD = 1 << 16  # of very many units the first tell that enough differ
_LIMIT = 2e-3
"""The most that the sum of fourth powers may be of the square of the sum of squares for the normal limit: its Edgeworth
term is then below 0.0001, and what that leaves out far less."""


def sign_flip(differences: Floats, seed: int = 0, *, mid: bool = False) -> tuple[float, Counting]:
    """The two-sided p-value of the total of `differences`, one per independent unit, and how it was counted.

    Exact by enumeration up to 16 units that differ, and by convolution where all differences are whole multiples of the
    smallest (up to 4,096 of it in all). Above 4,096 units that differ, none of which stands out, the normal limit: it
    counts patterns exactly as far by half. Else Monte Carlo, with the pattern seen counted in: (1 + x) / (1 + draws)
    (Phipson and Smyth, Stat Appl Genet Mol Biol 9:39, 2010). Time and memory stay bounded for any number of units:
    where more than 4,096 are drawn, random groups flip together, which is a permutation test as well.
    """
    seen, differing = abs(float(differences.sum())), int(np.count_nonzero(differences[:_HEAD]))
    if differing <= _LATTICE:  # else enough are known to differ
        differing = int(np.count_nonzero(differences))
    if differing == 0:
        return 1.0, "exact"
    if differing <= _ENUMERATED:
        return _share(_all_totals(differences[differences != 0.0]), seen, mid), "exact"
    if differing > _LATTICE:
        variance, _, fourth = power_sums(differences)
        if fourth <= _LIMIT * variance**2:
            return _edgeworth(seen / math.sqrt(variance), fourth / variance**2), "normal limit"
    sizes = np.abs(differences[differences != 0.0])
    counted = tally(sizes, most=_LATTICE if differing <= _LATTICE else _MAGNITUDES)
    p = _on_lattice(*counted, seen, mid) if counted is not None else None
    if p is not None:
        return p, "exact"
    rng = np.random.default_rng(seed)
    if counted is not None and len(counted[0]) <= min(_MAGNITUDES, differing // 8):
        draws = _by_magnitude(*counted, rng)
    else:
        draws = _by_signs(_grouped(differences, rng), rng)
    return (1.0 + _share(draws, seen, mid) * len(draws)) / (1.0 + len(draws)), "Monte Carlo"


def _edgeworth(z: float, fourth: float) -> float:
    """The two-sided p-value of a standardised total `z` of signs; its fourth cumulant is -2 `fourth`."""
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    tail = normal_cdf(-z) - fourth / 12.0 * (z**3 - 3.0 * z) * density
    return min(1.0, max(0.0, 2.0 * tail))


def _on_lattice(magnitudes: Floats, times: Counts, seen: float, mid: bool) -> float | None:
    """The exact p-value where all magnitudes are whole multiples of the smallest, few in all; else None."""
    steps = magnitudes / magnitudes[0]
    whole = np.rint(steps)
    if not np.allclose(steps, whole, rtol=0.0, atol=1e-9) or float(whole @ times) > _LATTICE:
        return None
    return _convolved(whole.astype(np.int64), times, seen / float(magnitudes[0]), mid)


def _all_totals(values: Floats) -> Floats:
    """The totals under every pattern of signs."""
    totals = np.zeros(1)
    for value in values.tolist():
        totals = np.concatenate([totals + value, totals - value])
    return totals


def _share(totals: Floats, seen: float, mid: bool) -> float:
    """The share of `totals` at least as far from 0 as `seen`, up to rounding."""
    far, tolerance = np.abs(totals), 1e-9 * max(seen, float(np.abs(totals).max()))
    share = float(np.mean(far >= seen - tolerance))
    return share - 0.5 * float(np.mean(np.abs(far - seen) <= tolerance)) if mid and seen > tolerance else share


def _convolved(steps: Counts, times: Counts, seen: float, mid: bool) -> float:
    """The exact p-value on a lattice: the total is 2 K less its greatest, K a sum of weighted binomials."""
    chances = np.ones(1)
    for step, count in zip(steps.tolist(), times.tolist(), strict=True):
        spread = np.zeros(step * count + 1)
        spread[::step] = _fair_binomial(count)
        chances = np.convolve(chances, spread)
    greatest = len(chances) - 1
    totals = np.abs(2 * np.arange(greatest + 1) - greatest)
    target = round(seen)
    p = float(chances[totals >= target].sum())
    if mid and target > 0:
        p -= 0.5 * float(chances[totals == target].sum())
    return min(1.0, p)


def _fair_binomial(count: int) -> Floats:
    """The probabilities of Binomial(count, 1/2)."""
    k = np.arange(1, count + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((count - k + 1) / k))]) - count * math.log(2.0)
    return np.asarray(np.exp(logs), dtype=np.float64)


def _by_magnitude(magnitudes: Floats, times: Counts, rng: np.random.Generator) -> Floats:
    """Totals drawn one binomial per different magnitude, however many units share it."""
    draws = _CHEAP_DRAWS if len(magnitudes) <= _FEW_MAGNITUDES else _DRAWS
    totals = np.zeros(draws)
    for size, count in zip(magnitudes.tolist(), times.tolist(), strict=True):
        totals += size * (2.0 * rng.binomial(count, 0.5, size=draws) - count)
    return totals


def _by_signs(values: Floats, rng: np.random.Generator) -> Floats:
    """Totals drawn with a sign for each value, in blocks."""
    totals = np.empty(_DRAWS)
    rows = max(1, _BLOCK // len(values))
    for start in range(0, _DRAWS, rows):
        count = min(rows, _DRAWS - start)
        bits = np.frombuffer(rng.bytes(count * ((len(values) + 7) // 8)), dtype=np.uint8).reshape(count, -1)
        up = np.unpackbits(bits, axis=1, count=len(values)).astype(np.float64) @ values
        totals[start : start + count] = 2.0 * up - values.sum()
    return totals


def _grouped(differences: Floats, rng: np.random.Generator) -> Floats:
    """At most 4,096 values: more are summed into random groups that flip together."""
    if len(differences) <= _GROUPS:
        return differences
    sums = np.zeros(_GROUPS)
    for start in range(0, len(differences), _BLOCK):
        part = differences[start : start + _BLOCK]
        sums += np.bincount(rng.integers(0, _GROUPS, size=len(part)), weights=part, minlength=_GROUPS)
    return sums
