"""What stands between tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from scansion.scorers._base import extractor

__all__ = ["tag"]


@extractor("tag", "xml")
def tag(name: str = "answer", which: Literal["first", "last"] = "last") -> Callable[[str], str | None]:
    """The text between `<name>` and the `</name>` that closes it, without the white space around it.

    Example: `tag(answer)`
    """
    opening, closing = f"<{name}>", f"</{name}>"

    def read(text: str) -> str | None:
        if which == "first":
            start = text.find(opening)
            end = text.find(closing, start) if start >= 0 else -1
        else:
            end = text.rfind(closing)
            start = text.rfind(opening, 0, max(end, 0))
        return text[start + len(opening) : end].strip() if 0 <= start < end else None

    return read
