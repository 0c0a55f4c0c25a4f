"""Where a text states its answer."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["chosen"]

_CUE = re.compile(r"\banswers?\b[^\n.:=]{0,40}?(?:\bis\b|[:=])", re.IGNORECASE)
_OPENING = re.compile(r"[\s*\"'(\[]*")


def chosen(pattern: re.Pattern[str], text: str, which: Literal["auto", "first", "last"]) -> re.Match[str] | None:
    """The match of `pattern` that states the answer.

    `auto`: the first after the last "answer is" or "answer:"; without one the match that the text begins with; else
    the last.
    """
    if which == "first":
        return pattern.search(text)
    if which == "last":
        return _last(pattern, text)
    cue = _last(_CUE, text)
    opening = _OPENING.match(text)
    return (
        (pattern.search(text, cue.end()) if cue else None)
        or pattern.match(text)
        or (pattern.match(text, opening.end()) if opening else None)
        or _last(pattern, text)
    )


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    match = None
    for match in pattern.finditer(text):  # noqa: B007
        pass
    return match
