"""The letter of an option."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from scansion.scorers._base import extractor
from scansion.scorers._concluded import chosen
from scansion.scorers._letters import letters_of

__all__ = ["letter"]

_GOES_ON = r"(?:is|was|and|or|as|because|since|with|would|seems)\b"


@extractor("letter", "option")
def letter(letters: str = "A-E", which: Literal["auto", "first", "last"] = "auto") -> Callable[[str], str | None]:
    """The letter of an option, as a capital, where it stands by itself: `B`, `(B)`, `B.`, `**B**`, `(b)`.

    `auto` takes the first after the last "answer is" or "answer:"; without one the letter that the text begins with;
    else the last. A capital A before a word in lower case is the article and not an option.

    Example: `letter(A-C, which=last)`
    """
    known = letters_of(letters)
    low = known.lower()
    alone = re.compile(rf"\W*([{low}])\W*")
    pattern = re.compile(
        rf"(?<![\w'’])(?:\(([{low}])\)|([{known}]))(?![\w'’])(?!(?<=A)[ ]+(?!{_GOES_ON})[a-z])",
    )

    def read(text: str) -> str | None:
        if len(text) < 10 and (match := alone.fullmatch(text)):
            return match[1].upper()
        found = chosen(pattern, text, which)
        return (found[1] or found[2]).upper() if found else None

    return read
