"""Where an interval is known to miss its level, in words that stand beside it.

The figures behind each are those of `bench/statistics/coverage.py`: with fewer than 10 flips no test can often reject,
and the interval that agrees with it covers 97 to 100% at 95%; with clusters worth fewer than 30 equal ones the
correlation within them is mostly guessed; where it seems to be none, what allows for its being missed makes the
interval wide; under 50 graded scores may hold none of the rare large ones that a mean rests on.
"""

from __future__ import annotations

__all__ = ["few_flips", "few_graded", "few_skewed", "of_clusters"]

_FLIPS = 10
_CLUSTERS = 30
_UNRELATED = 0.25
_GRADED = 50


def few_flips(differing: float) -> str:
    """What to say where `differing` rows, or what they are worth, differ between two variants; empty if enough do."""
    if differing >= _FLIPS:
        return ""
    return f"{'few rows differ' if differing else 'no row differs'}: the interval is on the wide side"


def of_clusters(clusters: float, rows: float = 0.0, worth: float = 0.0) -> str:
    """What to say of a sample of so many clusters and rows (effective numbers) that is `worth` so many independent
    rows (0: not known); empty if they are enough, and rows of one cluster resemble each other."""
    if clusters < _CLUSTERS:
        return "few clusters: the interval is rough"
    if worth and rows / worth - 1.0 < _UNRELATED * (rows / clusters - 1.0):
        return "rows of one cluster look unrelated: the interval is on the wide side"
    return ""


def few_skewed(units: float) -> str:
    """What to say of a bootstrap-t of so many skewed values; empty if they are enough."""
    return "" if units >= _GRADED else "few, lopsided scores: the interval may be a little narrow"


def few_graded(units: float) -> str:
    """What to say of the differences of so many graded scores; empty if they are enough."""
    return "" if units >= _GRADED else "few graded rows: a rare large change may be missed"
