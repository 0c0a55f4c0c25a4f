"""A line to type in: a tag, a note, a target. Text may hold line ends (Ctrl-J, or a paste), shown as `⏎`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from scansion.cli._reader.keys import Key
from scansion.report.text import cells, clusters, cut, last_clusters, visible

__all__ = ["Line"]

_LEFT = {"left": "left", "ctrl-b": "left", "home": "home", "ctrl-a": "home"}
_RIGHT = {"right": "right", "ctrl-f": "right", "end": "end", "ctrl-e": "end"}


class Drawn(NamedTuple):
    """A line as it is drawn: its text, and the cell in which the cursor stands, from 0."""

    text: str
    cursor: int


class Line:
    """Text that is being typed after `prompt`. Tab goes through those `known` words that begin with what is typed."""

    def __init__(self, prompt: str, text: str = "", known: Sequence[str] = ()) -> None:
        self.prompt, self.text, self.known = prompt, text, list(known)
        self.at = len(text)
        self._typed: str | None = None  # what stood there before the first Tab

    def press(self, key: Key) -> Literal["done", "cancelled", "typing"]:
        """Take a key."""
        if key.name == "enter":
            return "done"
        if key.name in ("esc", "ctrl-c", "ctrl-g"):
            return "cancelled"
        if key.name in ("tab", "shift-tab"):
            self._complete(1 if key.name == "tab" else -1)
            return "typing"
        self._typed = None
        if key.name in ("char", "paste", "ctrl-j"):
            self._insert("\n" if key.name == "ctrl-j" else key.text)
        elif key.name in _LEFT or key.name in _RIGHT:
            self._move(_LEFT.get(key.name) or _RIGHT[key.name])
        else:
            self._erase(key.name)
        return "typing"

    def matching(self) -> list[str]:
        """The known words that begin with what is typed, else those that hold it; all of them where nothing is."""
        typed = (self.text if self._typed is None else self._typed).strip().casefold()
        first = [word for word in self.known if word.casefold().startswith(typed)]
        return first or [word for word in self.known if typed in word.casefold()]

    def drawn(self, width: int) -> Drawn:
        """The prompt and that part of the text around the cursor for which `width` cells are enough."""
        prompt = cut(self.prompt, max(0, width - 8))
        room = max(1, width - cells(prompt) - 1)
        before = _filling(last_clusters(self.text[: self.at]), room - 1)[::-1]
        after = _filling(clusters(self.text[self.at :]), room, over=True)
        text = cut("".join([*before, *after]), room)
        return Drawn(prompt + text, cells(prompt) + sum(map(cells, before)))

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.at] + text + self.text[self.at :]
        self.at += len(text)

    def _move(self, way: str) -> None:
        if way in ("home", "end"):
            self.at = 0 if way == "home" else len(self.text)
        else:
            self.at = self._before(self.at) if way == "left" else self._after(self.at)

    def _erase(self, name: str) -> None:
        start, end = {
            "backspace": (self._before(self.at), self.at),
            "delete": (self.at, self._after(self.at)),
            "ctrl-d": (self.at, self._after(self.at)),
            "ctrl-u": (0, self.at),
            "ctrl-k": (self.at, len(self.text)),
            "ctrl-w": (self._word_before(), self.at),
        }.get(name, (self.at, self.at))
        self.text = self.text[:start] + self.text[end:]
        self.at = start

    def _before(self, at: int) -> int:
        """Where the sign before a place begins."""
        return at - len(next(last_clusters(self.text[:at]), ""))

    def _after(self, at: int) -> int:
        return at + len(next(clusters(self.text[at:]), ""))

    def _word_before(self) -> int:
        kept = self.text[: self.at].rstrip()
        return len(kept) - len(kept.split()[-1]) if kept else 0

    def _complete(self, step: int) -> None:
        words = self.matching()
        if not words:
            return
        if self._typed is None:
            self._typed = self.text
            self.text = words[0 if step > 0 else -1]
        else:
            place = words.index(self.text) if self.text in words else -1
            self.text = words[(place + step) % len(words)]
        self.at = len(self.text)


def _filling(signs: Iterable[str], room: int, *, over: bool = False) -> list[str]:
    """As many signs as `room` cells hold, as they are shown; with `over` also the next one. No further one is read."""
    found: list[str] = []
    for shown in map(_shown, signs):
        room -= cells(shown)
        if room >= 0 or over:
            found.append(shown)
        if room < 0:
            break
    return found


def _shown(sign: str) -> str:
    return visible(sign.replace("\n", "⏎").replace("\t", " "))
