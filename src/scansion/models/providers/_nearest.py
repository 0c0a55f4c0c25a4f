"""Finding the recorded prompt that is most like one that was not: a shortlist by rare words, then `difflib`."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable

__all__ = ["Shortlist", "difference", "likeness"]

_WORD = re.compile(r"\w+")
COMMON = 256  # a word in more prompts than this tells nothing
COMPARED = 3  # prompts that are compared in full
WINDOW = 300  # characters of what differs that are compared


class Shortlist:
    """An index from rare words to the numbers of the texts that hold them.

    It is built once, from all texts (some 40 microseconds each), and is asked for each text that was not found.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._found: dict[str, list[int] | None] = {}
        self.size = 0
        for text in texts:
            self._add(text, self.size)
            self.size += 1

    def _add(self, text: str, number: int) -> None:
        found = self._found
        for word in set(_WORD.findall(text)):
            if word not in found:
                found[word] = [number]
                continue
            listed = found[word]
            if listed is None:
                continue
            if len(listed) < COMMON:
                listed.append(number)
            else:
                found[word] = None

    def nearest(self, text: str, read: Callable[[int], str]) -> int | None:
        """The number of the likeliest text; None if there is none. `read` gives the text of a number.

        A word votes for the texts that hold it, the more the fewer they are.
        """
        votes: dict[int, float] = {}
        for word in sorted(set(_WORD.findall(text))):
            listed = self._found.get(word) or ()
            for number in listed:
                votes[number] = votes.get(number, 0.0) + 1.0 / len(listed)
        ranked = heapq.nsmallest(COMPARED, votes.items(), key=lambda item: (-item[1], item[0]))
        candidates = [number for number, _ in ranked] or list(range(min(COMPARED, self.size)))
        return max(candidates, key=lambda n: (likeness(text, read(n)), -n), default=None)


def likeness(a: str, b: str) -> float:
    """How alike two texts are, from 0 to 1: common ends count in full, the first part of the rest by `difflib`."""
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    rest_a, rest_b = a[start : len(a) - end], b[start : len(b) - end]
    longest = max(len(a), len(b), 1)
    middle = max(len(rest_a), len(rest_b))
    from difflib import SequenceMatcher

    same = SequenceMatcher(None, rest_a[:WINDOW], rest_b[:WINDOW], autojunk=False).ratio() if middle else 1.0
    return (start + end + same * middle) / longest


def _common(a: str, b: str) -> int:
    """The length of the longest common start, by halving."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def difference(recorded: str, asked: str) -> str:
    """Where two texts part, in words."""
    at = _common(recorded, asked)
    if at == len(recorded) == len(asked):
        return "the same text with other roles, parts or tool calls"
    return f"from character {at + 1} on recorded {_piece(recorded, at)}, asked {_piece(asked, at)}"


def _piece(text: str, at: int) -> str:
    return repr(text[at : at + 40]) + ("..." if len(text) > at + 40 else "") if at < len(text) else "nothing more"
