"""Words of a text as an index counts them.

A text is brought into the form in which `near` compares texts (NFKC, case folded, punctuation gone, symbols and signs
between numbers words of their own) and cut at white space. Scripts that do not part their words (Chinese, Japanese,
Thai, Lao, Burmese, Khmer) are cut into overlapping pairs of characters, as is usual where no dictionary is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scansion.data.near import words

__all__ = ["tokens"]

_UNPARTED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+)"
)


def tokens(text: str) -> list[str]:
    """The words of `text`, in order, repeats and all."""
    found = words(text)
    if text.isascii() or not any(map(_UNPARTED.search, found)):
        return found
    return [token for word in found for token in _parted(word)]


def _parted(word: str) -> Iterator[str]:
    for number, part in enumerate(_UNPARTED.split(word)):
        if number % 2 and len(part) > 1:
            yield from (part[i : i + 2] for i in range(len(part) - 1))
        elif part:
            yield part
