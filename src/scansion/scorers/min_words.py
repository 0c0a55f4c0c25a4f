"""A least length."""

from __future__ import annotations

from scansion.errors import InputError
from scansion.scorers._base import scorer
from scansion.scorers._check import NOTHING, Check
from scansion.types import Score

__all__ = ["min_words"]


@scorer("min_words")
def min_words(n: int) -> Check:
    """1 if the output has at least `n` words (runs of characters between white space), else 0.

    Example: `min_words(20)`
    """
    if n < 1:
        raise InputError(f"min_words: n is {n}; want at least 1 word")

    def compare(text: str, _wanted: object) -> Score:
        words = len(text.split())
        return Score(float(words >= n), explanation="" if words >= n else f"{words} words")

    return Check(compare, wanted=NOTHING)
