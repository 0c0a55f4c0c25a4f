"""Text that is safe to show: control and bidirectional characters made visible, width counted in terminal cells.

Model outputs may hold anything: terminal escape sequences, bidirectional overrides that reorder a line, NULs. Shown
text names such characters instead of sending them.

Width goes by Unicode's East Asian Width (UAX 11) and by what terminals make of signs of several characters: marks stand
on the one before them, joined emoji are one (UTS 51). Where terminals differ the wider is taken, so that lines fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["cells", "clusters", "cut", "hanging", "last_clusters", "one_line", "pad", "visible", "wrap"]

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_JOINER, _AS_EMOJI, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_AFTER = "\u200e"  # left-to-right mark
_FORMAT_SHOWN = frozenset(
    "\u00ad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_HANGUL_JOINED = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")  # vowels and finals, part of the syllable before them
_LONG = re.compile(f"[{_JOINER}{_AS_EMOJI}{_KEYCAP}]")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # of a region such as Scotland, spelled in tags
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # scripts that part words by U+200B
_HIDDEN = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u180e\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def _name(match: re.Match[str]) -> str:
    char = match.group()
    return char if _is_needed(char, match.string, match.start()) else f"‹U+{ord(char):04X}›"


def _is_needed(char: str, text: str, at: int) -> bool:
    """Whether an invisible character is a part of what is seen: of a flag, or between words that no space parts."""
    if char == "\u200b":
        return at > 0 and _UNSPACED.match(text[at - 1]) is not None
    if char < "\U000e0000":
        return False
    flag = _FLAG.match(text, max(0, text.rfind("\U0001f3f4", 0, at)))
    return flag is not None and flag.end() > at


def visible(text: str) -> str:
    """`text` with control, bidirectional and other invisible format characters replaced by visible names.

    Newlines and tabs stay, and `\\r\\n` counts as a newline.
    """
    return _HIDDEN.sub(_name, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`visible` text on one line: runs of white space become one space."""
    return " ".join(visible(text).split())


@lru_cache(4096)
def _width(char: str) -> int:
    if " " <= char <= "~":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return int(char in _FORMAT_SHOWN)
    if _HANGUL_JOINED.match(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cells(text: str) -> int:
    """How many terminal cells `text` takes: 2 for wide characters, 0 for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text)) if _LONG.search(text) is None else sum(map(_size, clusters(text)))


def clusters(text: str) -> Iterator[str]:
    """The signs of a text as a reader sees them: each character with the marks on it, joined emoji together."""
    sign = ""
    for char in text:
        if sign and not _joins(sign, char):
            yield sign
            sign = ""
        sign += char
    if sign:
        yield sign


def last_clusters(text: str) -> Iterator[str]:
    """The signs of a text from its end; no more of it is looked at than is asked for."""
    end = len(text)
    while end:
        start = end - 1
        while start and (text[start - 1] == _JOINER or _rides(text[start])):
            start -= 1
        yield from reversed(list(clusters(text[start:end])))
        end = start


def _joins(sign: str, char: str) -> bool:
    """Whether a character belongs to the sign before it."""
    size = _width(char)
    if size != 2:
        return _rides(char)
    return sign.endswith(_JOINER) and _is_symbol(sign[0]) and _is_symbol(char)


def _rides(char: str) -> bool:
    """Whether a character has no place of its own, whatever comes before it."""
    return _width(char) == 0 and char not in "\n\t"


def _size(sign: str) -> int:
    """The cells of one sign."""
    widened = _KEYCAP in sign or (_AS_EMOJI in sign and _is_symbol(sign[0]))
    size = _width(sign[0])
    return 2 if widened and size and not sign[0].isspace() else size


def _is_symbol(char: str) -> bool:
    """Whether a character may be an emoji."""
    return not (char.isascii() or char.isspace()) and _width(char) > 0


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, ended by `…` where something is left out."""
    if cells(text) <= width:
        return text
    kept = ""
    left = width - 1
    for sign in clusters(text):
        left -= _size(sign)
        if left < 0:
            break
        kept += sign
    return kept + "…" if width > 0 else ""


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` filled with spaces to `width` cells; `right` puts the text at the right.

    Text that runs from right to left is closed by a mark without width, U+200E: terminals that order such text would
    else take what stands after it, such as the figures of a table, for a part of it.
    """
    fill = " " * max(0, width - cells(text))
    text += _AFTER if _runs_left(text) else ""
    return fill + text if right else text + fill


def _runs_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def _pieces(word: str, width: int) -> Iterator[str]:
    piece, used = "", 0
    for sign in clusters(word):
        size = _size(sign)
        if used + size > width and piece:
            yield piece
            piece, used = "", 0
        piece += sign
        used += size
    yield piece


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where it can be. Leading white space is kept."""
    lines: list[str] = []
    for line in text.expandtabs(4).split("\n"):
        lines.extend(_wrapped(line, max(2, width)))
    return lines


def hanging(text: str, width: int) -> list[str]:
    """`text` as `wrap` breaks it, all lines but the first indented."""
    first, *more = wrap(text, width - 2)
    return [first, *(f"  {line}" for line in more)]


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
