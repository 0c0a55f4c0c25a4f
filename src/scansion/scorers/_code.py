"""The program in what a model wrote, and whether it holds its tests."""

from __future__ import annotations

import re
import secrets

from scansion.sandbox import Limits, Ran, Sandbox
from scansion.scorers._base import build_extractor

__all__ = ["program_in", "reaches_end"]

_READERS = tuple(f"code({language}which=last)" for language in ("python, ", "py, ", ""))
_OPEN = re.compile(r"^[ ]{0,3}(?:`{3,}|~{3,})[ \t]*(?:python|py)?[ \t]*\n", re.IGNORECASE | re.MULTILINE)
_CLOSING = re.compile(r"\n[ ]{0,3}(?:`{3,}|~{3,})[ \t]*\Z")


def program_in(text: str) -> str:
    """The last block of Python in a reply; else its last block of code, what follows a fence that nothing closes, or
    all of it as it is."""
    if "```" not in text and "~~~" not in text:
        return text
    for spec in _READERS:
        found = build_extractor(spec)(text)
        if found is not None:
            return str(found)
    opening = _OPEN.search(text)
    return text[opening.end() :] if opening else _CLOSING.sub("", text)


async def reaches_end(program: str, place: Sandbox, limits: Limits) -> tuple[bool, Ran]:
    """Whether a program with its tests comes to its end, and how it ran. The end is told by a name that it cannot know
    before, so that a program which leaves early (`exit(0)`) does not reach it."""
    mark = f"_ended_{secrets.token_hex(8)}"
    ran = await place.run(f"{program}\n{mark} = True\n", value=mark, limits=limits)
    return ran.ended == "done" and ran.value is True, ran
