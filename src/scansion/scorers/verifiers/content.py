"""Parts that a text must have: placeholders, a postscript."""

from __future__ import annotations

import re

from scansion.errors import InputError
from scansion.scorers._verifying import Rule, verifier

__all__ = ["placeholders", "postscript"]

_PLACEHOLDER = re.compile(r"\[.*?\]")
_KNOWN = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}


@verifier("placeholders", "number_placeholders")
def placeholders(at_least: int) -> Rule:
    """At least so many placeholders in square brackets, such as `[name]`.

    Example: `placeholders(2)`
    """
    if at_least < 1:
        raise InputError(f"verifier 'placeholders': {at_least} is too few; at least 1 is wanted")

    def broken(text: str, _wanted: object) -> str:
        found = len(_PLACEHOLDER.findall(text))
        return "" if found >= at_least else f"{found} placeholders"

    return Rule(broken)


@verifier("postscript")
def postscript(mark: str = "P.S.") -> Rule:
    """A postscript that starts with `mark`, in any case; `P.S.` and `P.P.S` may have spaces within.

    Example: `postscript("P.P.S")`
    """
    mark = mark.strip()
    if not mark:
        raise InputError("verifier 'postscript': the mark is empty; give one such as P.S.")
    pattern = re.compile(_KNOWN.get(mark, re.escape(mark.lower())))
    return Rule(lambda text, _: "" if pattern.search(text.lower()) else f"no {mark}")
