"""One of a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from scansion.errors import InputError
from scansion.scorers._base import extractor

__all__ = ["word"]


@extractor("word", "one_of")
def word(
    *words: str, breaks: str = "\"'.:,", ignore_case: bool = True, which: Literal["first", "last"] = "first"
) -> Callable[[str], str | None]:
    """The first (or last) word of the text that is one of `words`, as they are written here.

    Words are divided by white space and the characters of `breaks`.

    Example: `word(positive, negative, neutral)`
    """
    if not words:
        raise InputError("word: give the words to look for, such as word(yes, no)")
    known = {w.lower() if ignore_case else w: w for w in words}
    blanks = str.maketrans(dict.fromkeys(breaks, " "))

    def read(text: str) -> str | None:
        found = (text.lower() if ignore_case else text).translate(blanks).split()
        return next((known[w] for w in (found if which == "first" else reversed(found)) if w in known), None)

    return read
