"""The first number of a text."""

from __future__ import annotations

from collections.abc import Callable

from scansion.scorers._base import extractor
from scansion.scorers._numbers import numbers

__all__ = ["first_number"]


@extractor("first_number")
def first_number() -> Callable[[str], str | None]:
    """The first number of a text, in a plain form: "$1,234.50" as 1234.50, "1 1/2" and "50%" as they are.

    Example: `then(after("Total:"), first_number)`
    """
    return lambda text: next(numbers(text), None)
