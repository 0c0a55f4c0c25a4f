"""Role markers (Prompty specification, sections 2.10, 6.2 and 6.3), found before any value is put in.

Each marker line of a template is replaced by a sentinel that holds a secret of this process. After rendering, the text
is cut at the sentinels and nowhere else, so that no value can begin a message, whatever it holds. A value that begins
or ends with a line end is put between guards, so that trimming the template's blank lines leaves the value whole.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from scansion.errors import InputError
from scansion.types import Message, Role, TextPart

__all__ = ["END_OF_FIXED", "Marker", "cut", "guarded", "has_markers", "leaked", "mark", "slot", "trimmed"]


class Marker(NamedTuple):
    """A role marker of a template: the role, and the participant's name where the marker gives one."""

    role: Role
    name: str | None = None


# Digits and noncharacters: filters such as `upper` leave them as they are, and no file or data holds them by chance.
_DIGITS = f"{int.from_bytes(os.urandom(12)):029d}"
_SECRET = f"\ufdd0{_DIGITS}"
_GUARD = f"{_SECRET}0\ufdd1"
_ROLE = re.compile(f"{_SECRET}1(\\d+)\ufdd1")
_SLOT = re.compile(f"{_SECRET}2(\\d+)\ufdd1")
END_OF_FIXED = f"{_SECRET}3\ufdd1"
"""Stands in a rendered text where the part ends that is the same for every example."""

_MARKER = re.compile(
    r"^[^\S\n]*#?[^\S\n]*(system|user|assistant)(?:\[(\s*\w+\s*=[^\]\n]*)\])?[^\S\n]*:[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ATTRIBUTE = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^,"]*))')


def has_markers(template: str) -> bool:
    """Whether a line of the template is a role marker."""
    return _MARKER.search(template) is not None


def mark(template: str, file: str, first_line: int) -> tuple[str, tuple[Marker, ...]]:
    """The template with a sentinel in place of each marker line, and the markers in order."""
    found: list[Marker] = []

    def sentinel(match: re.Match[str]) -> str:
        attributes = match[2] or ""
        if "{" in attributes:
            line = first_line + template.count("\n", 0, match.start(1))
            raise InputError(f"{file}:{line}: a role marker cannot hold template code: {match[0].strip()}")
        named = {key: quoted or bare.strip() for key, quoted, bare in _ATTRIBUTE.findall(attributes)}
        role: Role = match[1].lower()  # type: ignore[assignment]
        found.append(Marker(role, named.get("name") or None))
        return f"{_SECRET}1{len(found) - 1}\ufdd1"

    return _MARKER.sub(sentinel, template), tuple(found)


def slot(index: int) -> str:
    """The sentinel that stands for the input of that number: a thread or an image."""
    return f"{_SECRET}2{index}\ufdd1"


def guarded(value: object) -> object:
    """A value as it goes into a chat template: text that begins or ends with a line end keeps it."""
    if type(value) is str and value and (value[0] == "\n" or value[-1] == "\n"):
        return f"{_GUARD}{value}{_GUARD}"
    return value


def trimmed(text: str) -> str:
    """A message's text without the template's line ends around it."""
    text = text.strip("\n")
    return text.replace(_GUARD, "") if _GUARD in text else text


def leaked(message: Message) -> bool:
    """Whether a sentinel is left in a message, which happens if a template changes a part that holds a marker."""
    content = message.content
    if isinstance(content, str):
        return _DIGITS in content
    return any(isinstance(part, TextPart) and _DIGITS in part.text for part in content)


def cut(text: str, markers: tuple[Marker, ...]) -> tuple[list[tuple[Marker, str]], int]:
    """The turns of a rendered text, and how many of the first ones end before `END_OF_FIXED`.

    Text before the first marker is a system message, or without any marker in the template a user message.
    """
    fixed = None
    if END_OF_FIXED in text:
        head, _, tail = text.partition(END_OF_FIXED)
        pieces, text = _ROLE.split(head), head + tail
        # The turn in which the fixed part ends is not fixed as a whole.
        fixed = max(0, len(pieces) // 2 - 1 + (1 if pieces[0].strip() and len(pieces) > 1 else 0))
    if not markers:
        return [(Marker("user"), text)], 1 if fixed is None else 0
    pieces = _ROLE.split(text)
    turns = [(markers[int(pieces[i])], pieces[i + 1]) for i in range(1, len(pieces), 2)]
    if pieces[0].strip():
        turns.insert(0, (Marker("system"), pieces[0]))
    return turns, len(turns) if fixed is None else fixed


def expanded(text: str, values: tuple[object, ...]) -> list[object]:
    """The pieces of a turn's text: strings, and in place of each slot its value. Empty strings are left out."""
    pieces = _SLOT.split(text)
    found: list[object] = []
    for i, piece in enumerate(pieces):
        if i % 2:
            found.append(values[int(piece)])
        elif trimmed(piece).strip():
            found.append(trimmed(piece))
    return found


def message(marker: Marker, content: str) -> Message:
    """A message of text."""
    return Message(marker.role, content, name=marker.name)
