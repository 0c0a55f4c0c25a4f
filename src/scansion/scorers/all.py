"""Several demands at once."""

from __future__ import annotations

from collections.abc import Sequence

from scansion.scorers._base import Scorer, scorer
from scansion.scorers._combined import Combined, explained
from scansion.types import Score

__all__ = ["all_"]


@scorer("all", "all_of")
def all_(*scorers: Scorer) -> Combined:
    """The least of the scores. A part that is unscored leaves it unscored, unless another part is at 0 or below.

    Example: `all(numeric, max_words(80))`
    """

    def merge(scores: Sequence[Score]) -> Score:
        least = min((s for s in scores if s.value is not None), key=lambda s: s.value or 0.0, default=None)
        lacking = next((s for s in scores if s.value is None), None)
        if lacking is not None and (least is None or (least.value or 0.0) > 0):
            return lacking
        return explained(least, scores, scorers) if least is not None else Score(None, "no answer")

    return Combined(scorers, merge)
