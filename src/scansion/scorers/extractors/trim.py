"""A text without what stands around it."""

from __future__ import annotations

from collections.abc import Callable

from scansion.scorers._base import extractor

__all__ = ["trim"]


@extractor("trim")
def trim(end: str = "", start: str = "") -> Callable[[str], str]:
    """The text without white space around it, without one `start` before and one `end` behind it.

    Example: `then(after("the answer is "), trim("."))`
    """
    return lambda text: text.strip().removeprefix(start).removesuffix(end).strip()
