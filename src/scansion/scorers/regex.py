"""A regular expression that the output must match."""

from __future__ import annotations

from scansion.scorers._base import scorer
from scansion.scorers._check import NOTHING, Check
from scansion.scorers._patterns import compiled

__all__ = ["regex"]


@scorer("regex", "matches")
def regex(pattern: str, ignore_case: bool = False, full: bool = False) -> Check:
    """1 if `pattern` (Python's syntax) is found in the output, else 0.

    `full` wants the whole output, without the white space around it, to match. `.` does not match a line's end and `^`
    stands for the start of the text; write `(?s)` or `(?m)` in the pattern to change that.

    Example: `regex("^Dear (Mr|Ms) [A-Z]")`
    """
    found = compiled(pattern, ignore_case)

    def compare(text: str, _wanted: object) -> bool:
        return (found.fullmatch(text.strip()) if full else found.search(text)) is not None

    return Check(compare, wanted=NOTHING)
