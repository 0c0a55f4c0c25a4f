"""Keys out of the bytes that a terminal sends.

A key arrives as one character, or as an escape sequence (ECMA-48, xterm's control sequences); a paste as text between
two such sequences (bracketed paste), so that what is pasted is never taken for keys. Sequences that mean nothing here,
such as replies of the terminal and mouse reports, are swallowed whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["ESCAPE", "Key", "Keys"]

ESCAPE = 0.05
"""Seconds after which an escape that nothing follows is the key Esc."""


class Key(NamedTuple):
    """A key by its name: `char` and `paste` with their `text`, `enter`, `esc`, `up`, `ctrl-c` ..."""

    name: str
    text: str = ""


_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
_CSI = re.compile(rb"\x1b\[(\[?[0-?]*)[ -/]*([@-~])")
_CSI_BEGUN = re.compile(rb"\x1b\[\[?[0-?]*[ -/]*\Z")
_STRING = re.compile(rb"\x1b[\]P_^X].*?(?:\x07|\x1b\\)", re.DOTALL)  # OSC, DCS, APC, PM, SOS: replies of the terminal
_STRING_BEGUN = re.compile(rb"\x1b[\]P_^X]")
_LONGEST_STRING = 4096  # bytes; a longer one was none

_LETTERS = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "Z": "shift-tab",
    "M": "enter",
}
_NUMBERS = {
    "1": "home",
    "3": "delete",
    "4": "end",
    "5": "page-up",
    "6": "page-down",
    "7": "home",
    "8": "end",
}
_CONTROLS = {0x0D: "enter", 0x09: "tab", 0x7F: "backspace", 0x08: "backspace", 0x0A: "ctrl-j"}


class Keys:
    """Takes bytes as they come, in pieces of any size, and gives the keys in them."""

    def __init__(self) -> None:
        self._held = b""

    @property
    def waiting(self) -> bool:
        """Whether bytes are held that may become a key with those to come."""
        return bool(self._held)

    @property
    def pasting(self) -> bool:
        """Whether the end of a paste is still to come."""
        return self._held.startswith(_PASTE)

    def feed(self, data: bytes) -> list[Key]:
        """The keys that are complete with these bytes."""
        self._held += data
        return list(self._keys())

    def settle(self) -> list[Key]:
        """The keys in what is held when nothing more comes: a lone escape is the key Esc, a paste ends, all else that
        was begun is dropped."""
        held, self._held = self._held, b""
        if held.startswith(_PASTE):
            return [_pasted(held[len(_PASTE) :])]
        return [Key("esc")] if held == b"\x1b" else []

    def _keys(self) -> Iterator[Key]:
        while self._held:
            taken, key = self._escape() if self._held[0] == 0x1B else self._plain()
            if not taken:
                return
            self._held = self._held[taken:]
            if key is not None:
                yield key

    def _plain(self) -> tuple[int, Key | None]:
        """How many bytes the first character takes (0: not all there), and its key."""
        first = self._held[0]
        if first < 0x20 or first == 0x7F:
            name = _CONTROLS.get(first) or f"ctrl-{chr(first + 0x60)}"
            return 1, Key(name) if first else None
        size = 1 if first < 0x80 else 2 if 0xC2 <= first < 0xE0 else 3 if first < 0xF0 else 4
        if first >= 0x80 and not 0xC2 <= first < 0xF5:
            return 1, None  # no beginning of a character
        piece = self._held[:size]
        if len(piece) < size and all(byte & 0xC0 == 0x80 for byte in piece[1:]):
            return 0, None
        try:
            return size, Key("char", piece.decode())
        except UnicodeDecodeError:
            return 1, None

    def _escape(self) -> tuple[int, Key | None]:
        held = self._held
        if held.startswith(_PASTE):
            end = held.find(_PASTED)
            return (0, None) if end < 0 else (end + len(_PASTED), _pasted(held[len(_PASTE) : end]))
        if len(held) == 1 or _CSI_BEGUN.match(held):
            return 0, None
        if held[1] == 0x1B:
            return 1, Key("esc")
        if match := _CSI.match(held):
            return self._sequence(match)
        if held[1] == 0x4F:  # SS3: arrows and function keys of the application mode
            return (0, None) if len(held) == 2 else (3, _named(_LETTERS.get(chr(held[2]))))
        if match := _STRING.match(held):
            return match.end(), None
        if _STRING_BEGUN.match(held) and len(held) < _LONGEST_STRING:
            return 0, None
        if held[1] in (0x0D, 0x0A):
            return 2, Key("ctrl-j")  # Alt-Enter: a new line
        return 2, None  # Alt with some key

    def _sequence(self, match: re.Match[bytes]) -> tuple[int, Key | None]:
        given, final = match[1].decode(), match[2].decode()
        if final == "M" and not given:  # a mouse report in the old form: three bytes follow
            return (match.end() + 3, None) if len(self._held) >= match.end() + 3 else (0, None)
        if given.startswith(("<", "?", ">", "=", "[")):
            return match.end(), None
        if final == "~":
            return match.end(), _named(_NUMBERS.get(given.split(";")[0]))
        return match.end(), _named(_LETTERS.get(final))


def _named(name: str | None) -> Key | None:
    return Key(name) if name else None


def _pasted(data: bytes) -> Key:
    """A paste as text, its line ends as newlines."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return Key("paste", text)
