"""What stands after a cue."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from scansion.errors import InputError
from scansion.scorers._base import extractor

__all__ = ["after"]


@extractor("after")
def after(cue: str, which: Literal["first", "last"] = "last", ignore_case: bool = False) -> Callable[[str], str | None]:
    """The text after the last (or first) `cue`, without the white space around it.

    Example: `after("the answer is ")`
    """
    if not cue:
        raise InputError('after: the cue is empty; give it, such as after("Answer:")')
    pattern = re.compile(re.escape(cue), re.IGNORECASE)

    def end(text: str) -> int:
        if ignore_case:
            ends = [m.end() for m in pattern.finditer(text)]
            return -1 if not ends else ends[0 if which == "first" else -1]
        at = text.find(cue) if which == "first" else text.rfind(cue)
        return at if at < 0 else at + len(cue)

    def read(text: str) -> str | None:
        at = end(text)
        return None if at < 0 else text[at:].strip() or None

    return read
