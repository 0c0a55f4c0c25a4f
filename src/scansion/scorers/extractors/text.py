"""The whole text."""

from __future__ import annotations

from collections.abc import Callable

from scansion.scorers._base import extractor

__all__ = ["text"]


@extractor("text", "whole")
def text(strip: bool = True) -> Callable[[str], str]:
    """The whole text, without the white space around it unless `strip=false`; an empty text is an answer too.

    Example: `text`
    """
    return str.strip if strip else str
