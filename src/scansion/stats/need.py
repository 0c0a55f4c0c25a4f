"""What would decide it: how many pairs a comparison needs for the difference seen to be decided."""

from __future__ import annotations

import math

from scansion.stats.special import normal_ppf

__all__ = ["pairs_needed", "sd_of_flips"]

_FARTHEST = 100
"""Beyond this many times the pairs seen, the estimate rests on a difference below 0.3 standard errors: noise."""


def sd_of_flips(flips: tuple[int, int], n: int) -> float:
    """The standard deviation of 0/1 paired differences, from the counts of pairs that flipped either way, of `n`.

    Half a pair is added to each count (as Agresti and Min, Stat Med 24:729, 2005), so that it is not 0 where no
    pair happened to flip.
    """
    down, up = flips[0] + 0.5, flips[1] + 0.5
    total = n + 1.0
    return math.sqrt((down + up) / total - ((up - down) / total) ** 2)


def pairs_needed(
    difference: float,
    sd: float,
    n: int,
    *,
    level: float = 0.95,
    power: float = 0.8,
    margin: float | None = None,
) -> int | None:
    """The total of pairs at which a true difference of the size seen is decided with probability `power`.

    `sd` is the standard deviation of the paired differences (for 0/1 `sd_of_flips`, or the `sd` of a comparison, which
    has the clusters in it already), `n` the pairs seen. With a `margin` a claim of not worse counts as decided,
    whichever of the claims comes first.

    None where no amount is sensible: the difference is 0 or so small against its error that more than 100 times the
    pairs seen would be needed. Never less than `n`. Normal approximation: N = ((z(level) + z(power)) sd / gap)^2.
    """
    if n <= 0 or sd < 0.0 or not (0.0 < level < 1.0 and 0.5 <= power < 1.0):
        raise ValueError("pairs_needed takes n above 0, sd from 0, level in (0, 1), power in [0.5, 1)")
    gap = max(abs(difference), 0.0 if margin is None else difference + margin)
    if gap <= 1e-12:
        return None
    reach = normal_ppf(0.5 * (1.0 + level)) + normal_ppf(power)
    needed = (reach * sd / gap) ** 2
    return None if needed > _FARTHEST * n else max(n, math.ceil(needed))
