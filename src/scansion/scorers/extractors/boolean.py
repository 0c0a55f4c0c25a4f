"""Yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from scansion.scorers._base import extractor
from scansion.scorers._concluded import chosen

__all__ = ["boolean"]

_WORDS = re.compile(r"(?<![\w-])(?:(yes|true)|no|false)(?![\w-])", re.IGNORECASE)


@extractor("boolean", "yes_no")
def boolean(which: Literal["auto", "first", "last"] = "auto") -> Callable[[str], bool | None]:
    """True for yes or true, False for no or false, in any case.

    `auto` takes the first such word after the last "answer is" or "answer:"; without one the word that the text begins
    with; else the last.

    Example: `boolean(first)`
    """

    def read(text: str) -> bool | None:
        match = chosen(_WORDS, text, which)
        return None if match is None else match[1] is not None

    return read
