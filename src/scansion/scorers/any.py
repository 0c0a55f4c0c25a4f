"""One of several demands."""

from __future__ import annotations

from collections.abc import Sequence

from scansion.scorers._base import Scorer, scorer
from scansion.scorers._combined import Combined, explained
from scansion.types import Score

__all__ = ["any_"]


@scorer("any", "any_of")
def any_(*scorers: Scorer) -> Combined:
    """The greatest of the scores. A part that is unscored leaves it unscored, unless another part is at 1 or above.

    Example: `any(exact, exact(by=tag(answer)))`
    """

    def merge(scores: Sequence[Score]) -> Score:
        best = max((s for s in scores if s.value is not None), key=lambda s: s.value or 0.0, default=None)
        lacking = next((s for s in scores if s.value is None), None)
        if lacking is not None and (best is None or (best.value or 0.0) < 1):
            return lacking
        return explained(best, scores, scorers) if best is not None else Score(None, "no answer")

    def gold(refusals: list[str | None]) -> str | None:
        return None if None in refusals else refusals[0]

    return Combined(scorers, merge, gold)
