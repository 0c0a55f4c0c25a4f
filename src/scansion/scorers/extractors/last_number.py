"""The last number of a text."""

from __future__ import annotations

from collections.abc import Callable

from scansion.scorers import _numbers
from scansion.scorers._base import extractor

__all__ = ["last_number"]


@extractor("last_number", "number")
def last_number() -> Callable[[str], str | None]:
    """The last number of a text, in a plain form: "$1,234.50" as 1234.50, "1 1/2" and "50%" as they are.

    Example: `last_number`
    """
    return _numbers.last_number
