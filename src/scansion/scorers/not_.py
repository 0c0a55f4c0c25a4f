"""The opposite of a scorer."""

from __future__ import annotations

from collections.abc import Sequence

from scansion.errors import ProgramError
from scansion.scorers._base import Scorer, scorer
from scansion.scorers._combined import Combined
from scansion.types import Score

__all__ = ["not_"]


@scorer("not")
def not_(of: Scorer) -> Combined:
    """1 minus the score of `of`, which must lie from 0 to 1; unscored where that is.

    Example: `not(contains("as an AI"))`
    """

    def merge(scores: Sequence[Score]) -> Score:
        (score,) = scores
        if score.value is None:
            return score
        if not 0 <= score.value <= 1:
            raise ProgramError(f"not({of.spec}): {of.spec} gave {score.value}, outside 0 to 1")
        return Score(1 - score.value, explanation=score.explanation, answer=score.answer)

    return Combined((of,), merge, gold=lambda _refusals: None)
