"""Answers that need no judge: what always giving one label would score beside a judge, against the same people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scansion.experiments.agreement.report import ConstantAnswer, Span

__all__ = ["constant", "constants", "span"]


def span(interval: Any) -> Span | None:
    """An interval as a pair; None for none, or for one without ends."""
    if interval is None or interval.lo is None or interval.hi is None:
        return None
    return interval.lo, interval.hi


def constants(
    sides: tuple[Sequence[str], Sequence[str]], unread: Sequence[str], clusters: Sequence[int] | None, level: float
) -> list[ConstantAnswer]:
    """What always giving one of the first rater's most frequent labels would score; `unread` are the first rater's
    labels of what the other left unscored."""
    a, b = sides
    right = [float(x == y) for x, y in zip(a, b, strict=True)]
    common = [kind for kind, _ in Counter(a).most_common(3)]
    owns = [([float(x == kind) for x in a], [float(x == kind) for x in unread]) for kind in common]
    return [constant(f"always {kind}", own, right, clusters, level) for kind, own in zip(common, owns, strict=True)]


def constant(
    name: str,
    own: tuple[Sequence[float], Sequence[float]],
    judge: Sequence[float],
    clusters: Sequence[int] | None,
    level: float,
) -> ConstantAnswer:
    """What an answer that needs no judge scores beside the judge's score, 0/1 an item; `own` on the items that the
    judge scored and on those that it left unscored."""
    from scansion.stats.intervals import mean_interval
    from scansion.stats.paired import compare

    scored, open_ = own
    mean = mean_interval(scored, clusters=clusters, level=level)
    gap = compare(scored, judge, clusters=clusters, level=level)
    ahead, n = sum(judge) - sum(scored) - sum(open_), len(scored) + len(open_)
    return ConstantAnswer(
        answer=name,
        n=len(scored),
        equal=mean.mean or 0.0,
        interval=span(mean),
        difference=gap.difference,
        difference_interval=span(gap),
        difference_bounds=(ahead / n, (ahead + len(open_)) / n),
        p=gap.p,
    )
