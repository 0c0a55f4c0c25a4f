"""When two answers are the same."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from scansion.scorers._numbers import exactly, whole_number
from scansion.scorers._texts import as_text

__all__ = ["answer_key", "answer_text"]


def answer_key(answer: Any) -> Hashable:
    """What equal answers have in common: numbers, also as text, their exact value (5.0 and "5"); other text its words;
    anything else its canonical JSON."""
    if isinstance(answer, bool):
        return ("truth", answer)
    if isinstance(answer, int | float) and answer - answer == 0:
        return ("number", exactly(answer), False)
    text = as_text(answer)
    number = whole_number(text.strip())
    return ("number", number.value, number.percent) if number is not None else ("text", " ".join(text.split()))


def answer_text(answer: Any) -> str:
    """An answer as a key of `votes`."""
    return as_text(answer).strip()
