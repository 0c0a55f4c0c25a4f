"""Text that is safe to show: control and bidirectional characters made visible, width counted in terminal cells.

Model outputs may hold anything: terminal escape sequences, bidirectional overrides that reorder a line, NULs. Shown
text names such characters instead of sending them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["cells", "cut", "one_line", "pad", "visible", "wrap"]

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff]")


def _name(match: re.Match[str]) -> str:
    return f"‹U+{ord(match.group()):04X}›"


def visible(text: str) -> str:
    """`text` with control, bidirectional and other invisible format characters replaced by visible names.

    Newlines and tabs stay, and `\\r\\n` counts as a newline.
    """
    return _HIDDEN.sub(_name, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`visible` text on one line: runs of white space become one space."""
    return " ".join(visible(text).split())


def _width(char: str) -> int:
    if " " <= char <= "~":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cells(text: str) -> int:
    """How many terminal cells `text` takes: 2 for wide characters, 0 for combining ones."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, ended by `…` where something is left out."""
    if cells(text) <= width:
        return text
    kept = ""
    left = width - 1
    for char in text:
        left -= _width(char)
        if left < 0:
            break
        kept += char
    return kept + "…" if width > 0 else ""


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` filled with spaces to `width` cells; `right` puts the text at the right."""
    fill = " " * max(0, width - cells(text))
    return fill + text if right else text + fill


def _pieces(word: str, width: int) -> Iterator[str]:
    piece, used = "", 0
    for char in word:
        size = _width(char)
        if used + size > width and piece:
            yield piece
            piece, used = "", 0
        piece += char
        used += size
    yield piece


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where it can be. Leading white space is kept."""
    lines: list[str] = []
    for line in text.expandtabs(4).split("\n"):
        lines.extend(_wrapped(line, max(2, width)))
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    if cells(line) <= width:
        return [line]
    lines, current = [], ""
    for token in re.findall(r"\s+|\S+", line):
        if cells(current) + cells(token) <= width:
            current += token
            continue
        if current.strip():
            lines.append(current.rstrip())
        *full, current = _pieces("" if token.isspace() else token, width)
        lines.extend(full)
    return [*lines, current.rstrip()] if current.strip() or not lines else lines
