"""One line of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from scansion.scorers._base import extractor

__all__ = ["line"]


@extractor("line")
def line(which: Literal["first", "last"] = "last") -> Callable[[str], str | None]:
    """The last (or first) line that is not blank, without the white space around it.

    Example: `line(first)`
    """

    def read(text: str) -> str | None:
        lines = text.strip().splitlines()
        return lines[0 if which == "first" else -1].strip() if lines else None

    return read
