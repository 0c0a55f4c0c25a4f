"""A block of code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from scansion.scorers._base import extractor

__all__ = ["code"]

_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*$", re.MULTILINE)


@extractor("code", "code_block")
def code(language: str | None = None, which: Literal["first", "last"] = "first") -> Callable[[str], str | None]:
    """The content of the first (or last) fenced block of Markdown, of `language` where that is given.

    Example: `code(python)`
    """

    def read(text: str) -> str | None:
        found = [body for name, body in _blocks(text) if language is None or name.lower() == language.lower()]
        return found[0 if which == "first" else -1] if found else None

    return read


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The language and content of each closed block; a fence is closed by one as long of the same kind, bare."""
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2]:
            yield opening[2], text[opening.end() + 1 : fence.start()].removesuffix("\n")
            opening = None
