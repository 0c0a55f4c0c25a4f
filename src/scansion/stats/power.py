"""Power: how likely a paired comparison is to come to its verdict.

For 0/1 scores the probability is computed from the verdict's own rule (`stats.paired`: McNemar mid-p and Newcombe's
interval together), summed over the pairs that may flip: unconditional power, as in S. W. Duffy, "Asymptotic and exact
power for the McNemar test and its analogue with R controls per case", Biometrics 40:1005, 1984. Above 3,000 pairs the
normal formula takes over (R. J. Connor, "Sample size for testing differences in proportions for the paired-sample
design", Biometrics 43:207, 1987). For other scores it is that of the paired t test, by the normal approximation of the
noncentral t (Abramowitz and Stegun 26.7.10).

Dependent pairs count by their design effect (Kish, "Survey Sampling", 1965): n pairs are worth n / effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from msgspec import Struct, structs

from scansion.stats.intervals import Interval
from scansion.stats.mcnemar import mcnemar
from scansion.stats.newcombe import Table, paired_interval
from scansion.stats.special import binomial_log_pmf, binomial_sf, normal_cdf, normal_ppf, t_ppf

__all__ = [
    "Aim",
    "Claim",
    "Expected",
    "Graded",
    "design_effect",
    "flips_between",
    "paired_shares",
    "power",
    "shifted",
    "with_unscored",
]

Claim = Literal["different", "not worse", "equivalent"]

_EXACT = 3_000  # pairs up to which all flips are counted
_FEW, _COUNTS = 200, 7  # pairs up to which the others are looked at closely, and how closely
_TAIL = 5.0  # standard deviations of the number of flips that are counted


class Graded(Struct, frozen=True):
    """Paired scores other than 0/1: the mean of the differences (b less a) and their standard deviation."""

    difference: float
    sd: float


Expected = Table | Graded
"""What is expected of one pair: the shares of a `Table` (which add up to 1) for 0/1 scores, or a `Graded`."""


class Aim(Struct, frozen=True):
    """The verdict that is planned for, and how surely (`power`).

    `different` is better or worse, whichever side the expected difference lies on; `not worse` and `equivalent` need a
    `margin` above 0. `level` is that of the comparison's interval: with m comparisons 1 - alpha / m is Holm's worst.
    Raises ValueError for others.
    """

    claim: Claim = "different"
    level: float = 0.95
    margin: float | None = None
    power: float = 0.8

    def __post_init__(self) -> None:
        if not (0.0 < self.level < 1.0 and 0.0 < self.power < 1.0):
            raise ValueError("level and power lie between 0 and 1")
        if self.claim != "different" and not (self.margin is not None and self.margin > 0.0):
            raise ValueError(f"a claim of {self.claim} needs a margin above 0")

    @property
    def wide(self) -> float:
        """The margin, 0 without one."""
        return self.margin or 0.0

    @property
    def z(self) -> float:
        """The two-sided normal quantile of the level."""
        return normal_ppf(0.5 * (1.0 + self.level))


def paired_shares(a: float, b: float, *, flips: float | None = None, correlation: float | None = None) -> Table:
    """The table of shares for rates `a` and `b` of right answers, with the share of pairs that flip either way.

    From `flips`, or from the `correlation` of the two columns (phi); without either the two are taken as independent,
    which is careful: prompts for one task are mostly right on the same rows. Raises ValueError where no such table
    exists, naming what is possible.
    """
    if not (0.0 <= a <= 1.0 and 0.0 <= b <= 1.0):
        raise ValueError(f"rates lie between 0 and 1, not {a:g} and {b:g}")
    least, most = flips_between(a, b)
    spread = math.sqrt(a * (1.0 - a) * b * (1.0 - b))
    if flips is None:
        flips = a + b - 2.0 * (a * b + (correlation or 0.0) * spread)
        if not least - 1e-9 <= flips <= most + 1e-9:
            low, high = ((a + b - 2.0 * a * b - f) / (2.0 * spread) if spread else 0.0 for f in (most, least))
            raise ValueError(f"rates {a:g} and {b:g} have a correlation of {low:.3f} to {high:.3f}")
    if not least - 1e-9 <= flips <= most + 1e-9:
        raise ValueError(
            f"with rates {a:g} and {b:g} a share of {least:.4g} to {most:.4g} of pairs flip, not {flips:g}"
        )
    return _table(a, b, min(max(flips, least), most))


def flips_between(a: float, b: float) -> tuple[float, float]:
    """The least and the greatest share of pairs that can flip, for rates `a` and `b`."""
    return abs(b - a), min(a + b, 2.0 - a - b)


def _table(a: float, b: float, flips: float) -> Table:
    down, up = 0.5 * (flips - b + a), 0.5 * (flips + b - a)
    down, up = max(0.0, down), max(0.0, up)
    return Table(max(0.0, a - down), down, up, max(0.0, 1.0 - a - up))


def shifted(expected: Expected, difference: float) -> Expected:
    """What is expected where the true difference is another: `a` stays as good as it was.

    Of 0/1 scores as many pairs flip as before, and at least as many against the difference, whichever is more. Raises
    ValueError where b's rate would leave 0 to 1.
    """
    if isinstance(expected, Graded):
        return structs.replace(expected, difference=difference)
    a = expected.both + expected.only_a
    b = a + difference
    if not -1e-9 <= b <= 1.0 + 1e-9:
        raise ValueError(f"a difference of {difference:+g} from {a:.4g} leaves the rates of 0 to 1")
    b = min(1.0, max(0.0, b))
    churn = 2.0 * min(expected.only_a, expected.only_b)
    flips = max(expected.only_a + expected.only_b, churn + abs(difference))
    least, most = flips_between(a, b)
    return _table(a, b, min(max(flips, least), most))


def with_unscored(expected: Table, share: float) -> Table:
    """The shares where a `share` of b's outcomes have no score and are counted against the claim.

    That is how a verdict counts them (it must hold at both bounds): as wrong in b, or as right where b is worse.
    """
    if not 0.0 <= share < 1.0:
        raise ValueError(f"a share of unscored outcomes lies from 0 to below 1, not {share:g}")
    a, kept = expected.both + expected.only_a, 1.0 - share
    both, down, up, neither = (kept * each for each in structs.astuple(expected))
    if expected.difference >= -1e-12:
        return Table(both, down + share * a, up, neither + share * (1.0 - a))
    return Table(both + share * a, down, up + share * (1.0 - a), neither)


def design_effect(rows: float, correlation: float) -> float:
    """How many times the variance of a mean grows where `rows` at a time belong together: 1 + (rows - 1) correlation.

    `correlation` is that of two rows of one cluster (of two trials of one example), 0 to 1.
    """
    if rows < 1.0 or not 0.0 <= correlation <= 1.0:
        raise ValueError("a cluster has 1 row or more, and a correlation from 0 to 1")
    return 1.0 + (rows - 1.0) * correlation


def power(expected: Expected, n: float, aim: Aim, effect: float = 1.0) -> float:
    """The probability that a comparison of `n` pairs of this kind comes to the verdict of `aim`.

    `effect` is the design effect, 1 for independent pairs. Within two points of simulation by `stats.paired.compare`
    (`bench/statistics/power.py`).
    """
    if not n >= 0.0 or not effect > 0.0:
        raise ValueError("power takes n from 0 and a design effect above 0")
    worth = n / effect
    if isinstance(expected, Graded):
        return _graded_power(expected, worth, aim)
    facing = _facing(expected, aim)
    if worth > _EXACT:
        return _normal_power(facing, worth, aim)
    return _exact_power(facing, round(worth), aim)


def _facing(expected: Table, aim: Aim) -> Table:
    """The table with the sides changed where the claim of a difference is that b is worse."""
    if aim.claim == "different" and expected.difference < 0.0:
        return Table(expected.both, expected.only_b, expected.only_a, expected.neither)
    return expected


class _Rule:
    """The verdict's rule for `n` pairs of which some flipped.

    Of those that did not the share `both` is right in both: their expected number is taken, or with `part` that part
    of the binomial's quantiles.
    """

    def __init__(self, n: int, both: float, part: int | None, aim: Aim) -> None:
        self.n, self.both, self.part, self.aim = n, both, part, aim

    def lowest(self, flipped: int, near: int) -> int:
        """From how many flips for b on, of `flipped`, the claim holds at the lower end; found around `near`."""
        return _first(lambda up: self._holds_low(up, flipped), near, flipped)

    def highest(self, flipped: int, near: int) -> int:
        """From how many flips for b on the interval reaches the margin's upper end."""
        return _first(lambda up: self._limits(up, flipped).hi >= self.aim.wide, near, flipped)

    def _holds_low(self, up: int, flipped: int) -> bool:
        if self.aim.claim == "different":
            return up >= _rejected_from(flipped, self.aim.level) and self._limits(up, flipped).lo > 0.0
        return self._limits(up, flipped).lo > -self.aim.wide

    def _limits(self, up: int, flipped: int) -> Interval:
        steady = self.n - flipped
        both = self.both * steady if self.part is None else _quantiles(steady, self.both)[self.part]
        return paired_interval(Table(both, flipped - up, up, steady - both), self.aim.level)[1]


@lru_cache(20_000)
def _rejected_from(flipped: int, level: float) -> int:
    """From how many flips for b on, of `flipped`, McNemar's mid-p test rejects at this level."""
    near = math.ceil(0.5 * (flipped + normal_ppf(0.5 * (1.0 + level)) * math.sqrt(flipped)))
    return _first(lambda up: 2 * up > flipped and mcnemar(flipped - up, up) <= 1.0 - level, near, flipped)


def _exact_power(expected: Table, n: int, aim: Aim) -> float:
    """The sum over the number of flips, averaged over how many of the other pairs are right in both.

    The latter moves Newcombe's interval a little, which few pairs feel: seven counts of equal probability for them.
    """
    if n == 0:
        return 0.0
    steady = expected.both + expected.neither
    both = expected.both / steady if steady > 0.0 else 0.0
    parts = range(_COUNTS) if n <= _FEW else [None]
    return sum(_over_flips(expected, _Rule(n, both, part, aim)) for part in parts) / len(parts)


@lru_cache(20_000)
def _quantiles(n: int, p: float) -> tuple[int, ...]:
    """The middles of as many equal parts of Binomial(n, p) as are looked at."""
    found: list[int] = []
    below = 0.0
    for k in range(n + 1):
        below += math.exp(binomial_log_pmf(k, n, min(1.0, p)))
        while len(found) < _COUNTS and below >= (len(found) + 0.5) / _COUNTS:
            found.append(k)
    return (*found, *[n] * (_COUNTS - len(found)))


def _over_flips(expected: Table, rule: _Rule) -> float:
    """The probability of the claim: given the number of flips, it holds from some count of flips for b on."""
    n, flips = rule.n, expected.only_a + expected.only_b
    for_b = expected.only_b / flips if flips > 0.0 else 0.0
    reach = _TAIL * math.sqrt(n * flips * max(0.0, 1.0 - flips)) + 1.0
    first, last = max(0, math.floor(n * flips - reach)), min(n, math.ceil(n * flips + reach))
    total, low, high = 0.0, first // 2, first // 2
    for flipped in range(first, last + 1):
        low = rule.lowest(flipped, low)
        chance = binomial_sf(low - 1, flipped, for_b)
        if rule.aim.claim == "equivalent":
            high = rule.highest(flipped, high)
            chance = max(0.0, chance - binomial_sf(high - 1, flipped, for_b))
        total += chance * math.exp(binomial_log_pmf(flipped, n, min(1.0, flips)))
    return min(1.0, total)


def _first(holds: Callable[[int], bool], near: int, last: int) -> int:
    """The least count from which on `holds`, looked for around `near`; `last` + 1 where it holds for none up to it."""
    at = min(near, last + 1)
    while at <= last and not holds(at):
        at += 1
    while at > 0 and holds(at - 1):
        at -= 1
    return at


def _normal_power(expected: Table, n: float, aim: Aim) -> float:
    """Connor's formula; for claims within a margin the usual one for intervals."""
    root, sd = math.sqrt(n), math.sqrt(max(expected.variance, 1e-300))
    if aim.claim == "different":
        flips = expected.only_a + expected.only_b
        return normal_cdf((root * expected.difference - aim.z * math.sqrt(flips)) / sd)
    below = normal_cdf(root * (aim.wide + expected.difference) / sd - aim.z)
    if aim.claim == "not worse":
        return below
    return max(0.0, below + normal_cdf(root * (aim.wide - expected.difference) / sd - aim.z) - 1.0)


def _graded_power(expected: Graded, n: float, aim: Aim) -> float:
    """The paired t test's, for `n` independent pairs."""
    if n < 2.0:
        return 0.0
    error = max(expected.sd, 1e-300) / math.sqrt(n)
    if aim.claim == "different":
        return _noncentral(abs(expected.difference) / error, n, aim)
    below = _noncentral((aim.wide + expected.difference) / error, n, aim)
    if aim.claim == "not worse":
        return below
    return max(0.0, below + _noncentral((aim.wide - expected.difference) / error, n, aim) - 1.0)


def _noncentral(shift: float, n: float, aim: Aim) -> float:
    """P(T > t) for a noncentral t with n - 1 degrees of freedom, t the two-sided quantile of the level."""
    df = n - 1.0
    t = t_ppf(0.5 * (1.0 + aim.level), df)
    return normal_cdf((shift - t * (1.0 - 0.25 / df)) / math.sqrt(1.0 + 0.5 * t * t / df))
