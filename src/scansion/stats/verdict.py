"""Verdicts: what an interval of a difference (b less a, higher is better) lets one say of b."""

from __future__ import annotations

from typing import Literal

__all__ = ["Verdict", "decide", "decide_bounded"]

Verdict = Literal["better", "worse", "not worse", "equivalent", "undecided"]
Bounds = tuple[float | None, float | None]


def decide(lo: float | None, hi: float | None, margin: float | None = None) -> Verdict:
    """The strongest claim that the interval `lo` .. `hi` of the difference supports.

    The first that holds, in this order:

    1. better: lo > 0
    2. equivalent: -margin < lo and hi < margin, also where hi < 0: a loss that surely lies within the margin was
       stated beforehand not to matter
    3. not worse: -margin < lo
    4. worse: hi < 0
    5. undecided; also where there is no interval (None)

    Claims 2 and 3 need a `margin` above 0, stated before the run; raises ValueError for others.
    """
    if margin is not None and not margin > 0.0:
        raise ValueError(f"a margin must be above 0, not {margin}")
    if lo is None or hi is None:
        return "undecided"
    if lo > 0.0:
        return "better"
    if margin is not None and lo > -margin:
        return "equivalent" if hi < margin else "not worse"
    return "worse" if hi < 0.0 else "undecided"


def decide_bounded(main: Bounds, low: Bounds, high: Bounds, margin: float | None = None) -> Verdict:
    """The strongest claim that holds in all three intervals, else undecided.

    `main` is the interval over pairs scored on both sides; `low` and `high` are those with every unscored or error
    outcome filled in against b and in its favour. Each claim of `decide` bounds lo, hi or both, so it holds in all
    three just when it holds for the interval that spans them.
    """
    spans = (main, low, high)
    los = [lo for lo, _ in spans if lo is not None]
    his = [hi for _, hi in spans if hi is not None]
    if len(los) < len(spans) or len(his) < len(spans):
        return "undecided"
    return decide(min(los), max(his), margin)
