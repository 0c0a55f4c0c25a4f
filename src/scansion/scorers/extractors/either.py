"""The first of several extractors that finds an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scansion.errors import InputError
from scansion.scorers._base import Extractor, extractor

__all__ = ["either"]


@extractor("either", "first_of")
def either(*choices: Extractor) -> Callable[[str], Any]:
    """What the first of the extractors finds; where it finds nothing, what the next finds.

    Example: `either(boxed, tag(answer), last_number)`
    """
    if not choices:
        raise InputError("either: give the extractors in their order, such as either(boxed, last_number)")
    return lambda text: next((found for c in choices if (found := c(text)) is not None), None)
