"""The mark that a judge gives."""

from __future__ import annotations

from collections.abc import Callable

from scansion.errors import Unscored
from scansion.scorers._base import extractor
from scansion.scorers._verdicts import Form, Scale, rating_reader

__all__ = ["rating"]


@extractor("rating")
def rating(scale: str | int = "1..5", form: Form = "any") -> Callable[[str], int | None]:
    """A whole number of a scale where a judge states it: `4`, `4/5`, `Rating: 4`, `[[4]]`, `{"score": 4}`,
    `I would rate it 4.`

    `form` is as that of `verdict`. None for a number beyond the scale, for halves, and for two different numbers.

    Example: `rating(1..10)`
    """
    read = rating_reader(Scale.parse(scale), form)

    def answer(text: str) -> int | None:
        try:
            return read(text)
        except Unscored:
            return None

    return answer
