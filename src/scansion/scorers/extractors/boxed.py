r"""What stands in LaTeX's \boxed."""

from __future__ import annotations

import re
from collections.abc import Callable

from scansion.scorers._base import extractor

__all__ = ["boxed"]

_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


@extractor("boxed")
def boxed() -> Callable[[str], str | None]:
    r"""The content of the last `\boxed{...}`, braces inside it balanced, without the white space around it.

    Example: `either(boxed, last_number)`
    """

    def read(text: str) -> str | None:
        start = text.rfind("\\boxed{")
        return None if start < 0 else _balanced(text, start + len("\\boxed{"))

    return read


def _balanced(text: str, start: int) -> str | None:
    """The text from `start` to the brace that closes the one before it."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start : brace.start()].strip() or None
    return None
