"""A text without certain characters."""

from __future__ import annotations

from collections.abc import Callable

from scansion.scorers._base import extractor

__all__ = ["drop"]


@extractor("drop")
def drop(characters: str = "", spaces: bool = False) -> Callable[[str], str]:
    """The text without any of `characters`, and with `spaces` without any white space.

    Example: `drop("\\\"'.", spaces=true)`
    """
    table = str.maketrans("", "", characters)

    def read(text: str) -> str:
        kept = text.translate(table)
        return "".join(kept.split()) if spaces else kept

    return read
