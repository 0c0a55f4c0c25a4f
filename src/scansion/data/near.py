"""Near-duplicates of texts, by hashed character n-grams.

Two texts are near-duplicates if they are equal but for case, punctuation and white space, or if they hold the same
numbers and the sets of their character 5-grams have a Jaccard similarity of at least 0.8 (the resemblance of Broder,
On the resemblance and containment of documents, 1997). Numbers must agree because tasks are often one text with other
numbers in it: such rows are different examples. So must the signs between them: `-`, `*`, `/` and `%` are no
punctuation. Nothing is downloaded or learned, and the script does not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

__all__ = ["Likeness", "NearDuplicates", "Passage", "normal", "words"]

_SIZE = 5  # characters of an n-gram
_ALIKE = 0.8  # Jaccard similarity from which on texts count as the same
_WITHIN = 0.9  # share of a text's n-grams that a passage must hold
_SHORTEST = 20  # characters below which n-grams say too little, and only equality counts
_TELLING = 8  # characters below which a text may stand in a passage by chance
_LONGEST = 200  # characters of a passage's line that may be one short text
_SLACK = 1e-9  # for the rounding of 0.8
_PROBES = 8  # n-grams that a passage is searched for before all of a text's are
_APART = re.compile(r"(?P<sign>(?<=\w)\s*[-*/%](?=\s*\d))|[\W_]")
_NUMBER = re.compile(r"\d+")
_SIGN = re.compile(r"(?<=\w)\s*([-*/%])(?=\s*\d)")
_PLACES = {"-": "\ue000", "*": "\ue001", "/": "\ue002", "%": "\ue003"}
_PLAIN = {code: " " for code in range(128) if not chr(code).isalnum()}
_PLAIN |= {code: f" {chr(code)} " for code in range(128) if unicodedata.category(chr(code))[0] == "S"}
_PLAIN |= {ord(place): f" {sign} " for sign, place in _PLACES.items()}
_COLON = re.compile(r"[:\uff1a]")
_QUOTED = re.compile(r"[\"'`\u201c\u2018\u00ab]([^\"'`\u201d\u2019\u00bb]+)[\"'`\u201d\u2019\u00bb]")


def normal(text: str) -> str:
    """`text` without what does not make it another one: case, punctuation, white space, the way it is encoded."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The words of `normal(text)`."""
    if text.isascii():  # the same, without a call for each character
        text = text.lower()
        if "-" in text or "/" in text or "*" in text or "%" in text:
            text = _SIGN.sub(lambda found: _PLACES[found[1]], text)
        return text.translate(_PLAIN).split()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _APART.sub(lambda found: _kept(found[0].strip(), bool(found["sign"])), folded).split()


@lru_cache(maxsize=4096)
def _kept(char: str, sign: bool) -> str:
    """What stays of a character that is no letter and no digit: all of a part of a letter, a symbol or a sign."""
    kind = unicodedata.category(char)[0] if len(char) == 1 else ""
    return char if kind == "M" else f" {char} " if sign or kind == "S" else " "


def _grams(text: str) -> frozenset[int]:
    return frozenset(hash(text[i : i + _SIZE]) for i in range(len(text) - _SIZE + 1))


def _numbers(text: str) -> list[str]:
    return sorted(_NUMBER.findall(text))


class NearDuplicates:
    """Texts that were added under a key, found again by texts that are nearly the same."""

    def __init__(self) -> None:
        self._equal: dict[str, str] = {}
        self._keys: list[tuple[str, int, list[str]]] = []
        self._holders: dict[int, list[int]] = {}

    def add(self, key: str, text: str) -> None:
        """Take in a text; of equal ones the first key stays."""
        plain = normal(text)
        if (plain or text.strip()) in self._equal:
            return
        self._equal[plain or text.strip()] = key
        if len(plain) < _SHORTEST:
            return
        grams, number = _grams(plain), len(self._keys)
        self._keys.append((key, len(grams), _numbers(plain)))
        for gram in grams:
            self._holders.setdefault(gram, []).append(number)

    def find(self, text: str) -> str | None:
        """The key of the added text that is most like `text`, None where none is a near-duplicate."""
        plain = normal(text)
        if (plain or text.strip()) in self._equal:
            return self._equal[plain or text.strip()]
        if len(plain) < _SHORTEST or not self._keys:
            return None
        grams = _grams(plain)
        shared = Counter(number for gram in grams for number in self._holders.get(gram, ()))
        best, found = _ALIKE, None
        for number, both in shared.items():
            key, size, numbers = self._keys[number]
            alike = both / (len(grams) + size - both)
            if alike >= best and numbers == _numbers(plain):
                best, found = alike, key
        return found


class Likeness:
    """One text, to be held against many others one by one: the rule of `NearDuplicates` without an index of them."""

    def __init__(self, text: str) -> None:
        self._plain = normal(text)
        self._stripped = "" if self._plain else text.strip()
        self._grams: frozenset[str] | None = None

    def alike(self, other: str) -> bool:
        """Whether `other` is a near-duplicate of the text."""
        plain = normal(other)
        if plain == self._plain:
            return bool(plain) or other.strip() == self._stripped
        if len(plain) < _SHORTEST or len(self._plain) < _SHORTEST:
            return False
        if self._grams is None:
            self._grams = _pieces(self._plain)
        return not self._lacks(plain) and self._resembles(plain)

    def _lacks(self, plain: str) -> bool:
        """Whether more n-grams are missing than may be: of texts that are alike each holds 0.8 of the other's."""
        grams = self._grams or frozenset()
        left = (1 - _ALIKE) * len(grams) + _SLACK
        for gram in grams:
            if gram not in plain:
                left -= 1
                if left < 0:
                    return True
        return False

    def _resembles(self, plain: str) -> bool:
        mine, grams = self._grams or frozenset(), _pieces(plain)
        both = len(mine & grams)
        return both / (len(mine) + len(grams) - both) >= _ALIKE and _numbers(plain) == _numbers(self._plain)


def _pieces(text: str) -> frozenset[str]:
    return frozenset([text[i : i + _SIZE] for i in range(len(text) - _SIZE + 1)])


class Passage:
    """A longer text, such as a prompt, that may hold other texts."""

    def __init__(self, text: str) -> None:
        self._text = normal(text)
        self._lines = {part for line in text.splitlines() for part in _parts(line)}
        self._grams = _grams(self._text)
        self._numbers = set(_NUMBER.findall(self._text))

    def holds(self, text: str) -> bool:
        """Whether `text` stands in this passage, as it is or nearly so. A short one (below 20 characters) must be a
        line, or what stands behind a colon or in quotes; one below 8 is too short to tell, and is never found."""
        plain = normal(text)
        if len(plain) < _SHORTEST:
            return len(plain) >= _TELLING and plain in self._lines
        if len(plain) > 2 * len(self._text):
            return False
        if plain in self._text:
            return True
        last = len(plain) - _SIZE
        if not any(hash(plain[at : at + _SIZE]) in self._grams for at in range(0, last + 1, max(1, last // _PROBES))):
            return False
        grams = _grams(plain)
        return len(grams & self._grams) >= _WITHIN * len(grams) and self._numbers.issuperset(_NUMBER.findall(plain))


def _parts(line: str) -> list[str]:
    """What may be a short text by itself in a line: all of it, what stands behind a colon, what stands in quotes."""
    tails = (line[at.end() :] for at in _COLON.finditer(line) if len(line) - at.end() <= _LONGEST)
    return [normal(each) for each in (*_QUOTED.findall(line), *tails, *([line] if len(line) <= _LONGEST else []))]
