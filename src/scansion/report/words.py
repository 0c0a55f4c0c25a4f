"""Word diff: what changed between two texts, marked so that it reads in black and white.

    >>> inline("The answer is 12.", "The answer is 13.")
    'The answer is [-12-]{+13+}.'

Text is taken word by word; a number is one word, and scripts written without spaces are taken sign by sign. The
longest matching stretches are kept (Ratcliff and Obershelp 1988, as in `difflib`).

The search takes a bounded number of steps. Where that is too few, the commonest words are left out of it; then
sentences (or lines) are compared, and the words of those that differ. What even so is too long is marked as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import NamedTuple

__all__ = ["Compared", "Piece", "compared", "inline", "marked", "pieces"]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"\d[\d.,]*\d|[{_UNSPACED}]|[^\W{_UNSPACED}]+|\n|[^\S\n]+|.", re.DOTALL)
_JOINER = "\u200d"
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*|[.!?。！？\n]+")
_MOST = 60_000  # steps of one search, which are pairs of equal words to look at: some 5 ms
_LONGEST = 100_000  # characters of two texts whose words are compared
_SHARED = 0.25  # texts with less than this part of their words in common are different as a whole


class Piece(NamedTuple):
    """A stretch of two texts: what the old one has there, and what the new one has."""

    old: str
    new: str

    @property
    def same(self) -> bool:
        """Whether both texts have the same there."""
        return self.old == self.new


class Compared(NamedTuple):
    """Two texts in `pieces`; `whole` says that all of them was compared, False that some of it is too long for that."""

    pieces: list[Piece]
    whole: bool = True

    @property
    def marked(self) -> tuple[str, str]:
        """Both texts with what differs marked: `[-old-]` in the old, `{+new+}` in the new, line by line."""
        return (
            "".join(p.old if p.same else _around(p.old, "[-", "-]") for p in self.pieces),
            "".join(p.new if p.same else _around(p.new, "{+", "+}") for p in self.pieces),
        )


def compared(a: str, b: str) -> Compared:
    """Two texts in stretches that are the same and stretches that differ, in order.

    The `old` parts joined are `a` and the `new` parts joined are `b`. Texts that share few words are one piece.
    """
    if a == b:
        return Compared([Piece(a, b)] if a else [])
    raw, whole = _raw(a, b)
    found = _tidied(raw)
    words = max(_words(a), _words(b))
    alike = sum(_words(p.old) for p in found if p.same) >= _SHARED * words
    return Compared(found if alike else [Piece(a, b)], whole)


def pieces(a: str, b: str) -> list[Piece]:
    """The stretches of two texts, as `compared` gives them."""
    return compared(a, b).pieces


def inline(a: str, b: str) -> str:
    """Both texts in one: what is the same once, what differs as `[-old-]{+new+}`, line by line."""
    return "".join(map(marked, pieces(a, b)))


def marked(piece: Piece) -> str:
    """A stretch as it is where both texts are the same, else as `[-old-]{+new+}`, line by line."""
    return piece.new if piece.same else _around(piece.old, "[-", "-]") + _around(piece.new, "{+", "+}")


def _around(text: str, start: str, end: str) -> str:
    """Marks around each line of a text, so that a line reads without the one before it; line ends alone as `¶`."""
    if text and not text.strip("\n"):
        return f"{start}¶{end}\n" * len(text)
    return "\n".join(f"{start}{line}{end}" if line else "" for line in text.split("\n"))


def _tokens(text: str) -> list[str]:
    """Words, runs of spaces, newlines and signs; a combining mark belongs to what it stands on."""
    found = _TOKEN.findall(text)
    if not any(map(_may_join, set(text))):
        return found
    joined: list[str] = []
    for token in found:
        if joined and not joined[-1].isspace() and _joins(joined[-1][-1], token[0]):
            joined[-1] += token
        else:
            joined.append(token)
    return joined


def _joins(last: str, char: str) -> bool:
    """Whether a character belongs to the word that ends with `last`."""
    if last == _JOINER:
        return unicodedata.category(char) == "So"  # an emoji made of several
    return _may_join(char)


def _may_join(char: str) -> bool:
    return char == _JOINER or unicodedata.category(char)[0] == "M"


def _words(text: str) -> int:
    """How much text there is, in characters that are not space."""
    return sum(map(len, text.split()))


class _TooLong(Exception):
    """A search would take more steps than it may."""


class _Steps:
    """The steps that are left to a search."""

    def __init__(self) -> None:
        self._left = _MOST

    def take(self, count: int) -> None:
        """Raises _TooLong where there are not so many left."""
        if count > self._left:
            raise _TooLong
        self._left -= count


class _Search(SequenceMatcher[str]):
    """A matcher that counts before it looks. Raises _TooLong."""

    def __init__(self, old: Sequence[str], new: Sequence[str], steps: _Steps, *, thorough: bool) -> None:
        steps.take(len(old) + len(new))
        super().__init__(None, old, new, autojunk=not thorough)
        places: dict[str, list[int]] = self.b2j  # type: ignore[attr-defined]  # documented, and not in the stubs
        if new and not places:  # they are all too common to be looked for
            raise _TooLong
        self._steps = steps
        self._upto = list(accumulate((1 + len(places.get(word, ())) for word in old), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """As the matcher's own, which looks at each pair of equal words once."""
        self._steps.take(self._upto[-1 if ahi is None else ahi] - self._upto[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)


def _raw(a: str, b: str) -> tuple[list[Piece], bool]:
    """Raw stretches of two texts, and whether all could be compared."""
    for thorough in (True, False):
        try:
            return _by_word(a, b, _Steps(), thorough=thorough), True
        except _TooLong:
            pass
    return _by_sentence(a, b)


def _by_word(a: str, b: str, steps: _Steps, *, thorough: bool) -> list[Piece]:
    if len(a) + len(b) > _LONGEST:
        raise _TooLong
    return list(_matched(_tokens(a), _tokens(b), steps, thorough=thorough))


def _by_sentence(a: str, b: str) -> tuple[list[Piece], bool]:
    """Raw stretches of two texts whose sentences are compared first, then the words of those that differ."""
    steps, whole = _Steps(), True
    start = _blank_before(a, _common(a, b))
    back = a[start:][::-1], b[start:][::-1]
    end = _blank_before(back[0], _common(*back))
    old, new, tail = a[start : len(a) - end], b[start : len(b) - end], a[len(a) - end :]
    try:
        sentences = list(_matched(_SENTENCE.findall(old), _SENTENCE.findall(new), steps, thorough=True))
    except _TooLong:
        sentences = [Piece(old, new)]
    found = [Piece(a[:start], b[:start])]
    for piece in _tidied(sentences):
        try:
            found += [piece] if piece.same else _by_word(*piece, steps, thorough=False)
        except _TooLong:
            found.append(piece)
            whole = False
    return [*found, Piece(tail, tail)], whole


def _matched(old: list[str], new: list[str], steps: _Steps, *, thorough: bool) -> Iterator[Piece]:
    """Raw stretches. What both texts begin and end with is set apart first: most versions differ in the middle."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    yield Piece("".join(old[:start]), "".join(new[:start]))
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    for _, a_from, a_to, b_from, b_to in _Search(left, right, steps, thorough=thorough).get_opcodes():
        yield Piece("".join(left[a_from:a_to]), "".join(right[b_from:b_to]))
    yield Piece("".join(old[len(old) - end :]), "".join(new[len(new) - end :]))


def _blank_before(text: str, at: int) -> int:
    """Where the last blank before a place ends, or else the text begins."""
    return max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens, or characters, two texts have in common from the start."""
    count = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        count += 1
    return count


def _tidied(found: Iterable[Piece]) -> list[Piece]:
    """Neighbouring changes as one, blanks between them included: `[-a cat-]{+one dog+}`, not four marks."""
    kept = [piece for piece in found if piece.old or piece.new]
    tidy: list[Piece] = []
    for piece, after in zip(kept, [*kept[1:], None], strict=False):
        blank = piece.same and piece.old.isspace() and "\n" not in piece.old
        joins = not piece.same or (blank and after is not None and not after.same)
        if tidy and joins and not tidy[-1].same:
            tidy[-1] = Piece(tidy[-1].old + piece.old, tidy[-1].new + piece.new)
        else:
            tidy.append(piece)
    return tidy
