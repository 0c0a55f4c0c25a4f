"""What a regular expression finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from scansion.errors import InputError
from scansion.scorers._base import extractor
from scansion.scorers._patterns import compiled

__all__ = ["regex"]


@extractor("regex", "pattern")
def regex(
    pattern: str, group: int | str | None = None, which: Literal["first", "last"] = "first", ignore_case: bool = False
) -> Callable[[str], str | None]:
    """What the first (or last) match of `pattern` (Python's syntax) captures.

    `group` is the number or name of the group to take: by default the first, and the whole match where there is none.

    Example: `regex("Score: (\\\\d+)/10", which=last)`
    """
    found = compiled(pattern, ignore_case)
    wanted = (1 if found.groups else 0) if group is None else group
    if (isinstance(wanted, int) and not 0 <= wanted <= found.groups) or (
        isinstance(wanted, str) and wanted not in found.groupindex
    ):
        raise InputError(f"regex {pattern!r} has no group {wanted!r}")

    def read(text: str) -> str | None:
        match = found.search(text)
        if which == "last":
            for match in found.finditer(text):  # noqa: B007
                pass
        return None if match is None else match[wanted]

    return read
