"""Several comparisons at once: Holm's step-down correction.

Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand J Statist 6:65, 1979. It keeps the
chance of any false claim among all comparisons of a run at alpha, whatever their dependence.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["holm", "holm_levels"]


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values adjusted for their number, in the order given; compare each with the alpha of the whole run."""
    adjusted = [1.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(_ascending(ps)):
        highest = max(highest, (len(ps) - rank) * ps[i])
        adjusted[i] = min(1.0, highest)
    return adjusted


def holm_levels(ps: Sequence[float], alpha: float = 0.05) -> list[float]:
    """The alpha of each comparison's own interval, in the order given, so that intervals and `holm` agree.

    The i-th smallest p (from 0) of m is tested at alpha / (m - i) as long as all before were rejected; from the first
    that is not, all take the alpha at which the procedure stopped. The interval's level is 1 less this figure.
    """
    levels = [alpha] * len(ps)
    step, stopped = alpha, False
    for rank, i in enumerate(_ascending(ps)):
        if not stopped:
            step = alpha / (len(ps) - rank)
            stopped = ps[i] > step
        levels[i] = step
    return levels


def _ascending(ps: Sequence[float]) -> list[int]:
    if not all(0.0 <= p <= 1.0 for p in ps):
        raise ValueError("p-values lie between 0 and 1")
    return sorted(range(len(ps)), key=lambda i: ps[i])
