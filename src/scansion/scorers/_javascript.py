"""Values and regular expressions of JavaScript."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from scansion.errors import InputError
from scansion.scorers._texts import as_text

__all__ = ["js_pattern", "js_text"]

_SPACE = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NO_SPACE = (
    r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\ufefe\uff00-\U0010ffff"
)
_SAME = frozenset("bBdDwWfnrtvxuck")  # letters that mean the same after a backslash; of others it takes nothing
_OUTSIDE = {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]"}
_NAMED = re.compile(r"\\k<(\w+)>")
_GROUP = re.compile(r"\(\?(?!:|=|!|<=|<!|<[A-Za-z_]\w*>)")


def js_text(value: Any) -> str:
    """A value as JavaScript's `String` writes it, lists and objects as JSON."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return as_text(value)


@lru_cache(maxsize=1024)
def js_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression of JavaScript, without flags, as one of Python. Raises InputError for one that is wrong
    there, and for one that has no equal here."""
    found, inside, at = [], False, 0
    while at < len(pattern):
        piece, taken = _inside(pattern, at) if inside else _outside(pattern, at)
        opens = not inside and pattern[at] == "[" and taken == 1
        inside = opens or (inside and pattern[at] != "]")
        found.append(piece)
        at += taken
    try:
        return re.compile("".join(found), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"assertions: regex {pattern!r} cannot be read as Python's: {error}") from None


def _outside(pattern: str, at: int) -> tuple[str, int]:
    """The piece of a pattern that stands at a place outside of `[...]`, in Python's words, and its length."""
    named = _NAMED.match(pattern, at)
    if named:
        return f"(?P={named[1]})", len(named[0])
    if pattern[at] == "\\":
        return _escape(pattern, at, f"[{_SPACE}]", f"[^{_SPACE}]")
    if _GROUP.match(pattern, at):
        raise InputError(f"assertions: regex {pattern!r} has a group that JavaScript lacks, as inline flags are")
    if pattern.startswith("(?<", at) and pattern[at + 3] not in "=!":
        return "(?P<", 3
    for text, meant in (("[^]", r"(?s:.)"), ("[]", "(?!)"), ("{,", r"\{,")):
        if pattern.startswith(text, at):
            return meant, len(text)
    return _OUTSIDE.get(pattern[at], pattern[at]), 1


def _inside(pattern: str, at: int) -> tuple[str, int]:
    """The piece that stands at a place within `[...]`."""
    if pattern[at] == "\\":
        return _escape(pattern, at, _SPACE, _NO_SPACE)
    return "\\[" if pattern[at] == "[" else pattern[at], 1


def _escape(pattern: str, at: int, space: str, no_space: str) -> tuple[str, int]:
    letter = pattern[at + 1 : at + 2]
    if letter in ("s", "S"):
        return (space if letter == "s" else no_space), 2
    known = not (letter.isascii() and letter.isalpha()) or letter in _SAME
    return (pattern[at : at + 2] if known else letter), max(1, len(letter) + 1)
