"""A light embedding of texts: hashed words and character n-grams, weighed by how rare they are.

A text is a sparse vector of unit length. A word counts the square root of how often it occurs times its inverse
document frequency; its character n-grams (of the word between `<` and `>`, as in Bojanowski et al., Enriching word
vectors with subword information, arXiv 1607.04606) together count as much again, so that `walked` is near to `walking`.
Features are put into 2^20 places by a hash (Weinberger et al., Feature hashing for large scale multitask learning,
arXiv 0902.2206); nothing is learned or downloaded. The similarity of two texts is the cosine of their vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from scansion.data.index.postings import Postings
from scansion.data.index.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Hashed"]

_SIZE = 4  # characters of an n-gram
_PLACES = 1 << 20
_BLOCK = 4096  # rows that are embedded at once
_ONE = 1 << 15  # weights are counted in parts of one


class Hashed:
    """An index of texts by the cosine of their vectors."""

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        self._words = _Words()
        blocks = list(self._blocks(texts))
        self.size = sum(len(ends) for _, _, ends in blocks)
        places = np.concatenate([b[0] for b in blocks]) if blocks else np.empty(0, np.int32)
        values = np.concatenate([b[1] for b in blocks]) if blocks else np.empty(0, np.float32)
        counts = np.concatenate([b[2] for b in blocks]) if blocks else np.empty(0, np.int64)
        del blocks
        held = np.bincount(places, minlength=_PLACES)
        by_count = [math.log((1 + self.size) / (1 + n)) + 1 for n in range(int(held.max(initial=0)) + 1)]
        self._idf = np.array(by_count, np.float32)[held]
        self._values = _unit(values * self._idf[places], counts)
        self._places, self._ends = places, np.concatenate([[0], np.cumsum(counts)])
        self._postings = self._inverted(held, counts)

    def top(self, query: str, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` rows nearest to the query (all where there are fewer) and their cosines, nearest first; ties by
        row."""
        rows, sums = self._postings.top(*self._terms(query), k)
        return rows, sums / _ONE**2

    def scores(self, query: str) -> NDArray[np.float64]:
        """The cosine of every row."""
        return self._postings.scores(*self._terms(query)) / _ONE**2

    def similarities(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosines of these rows with each other, a square array."""
        import numpy as np

        parts = [slice(self._ends[row], self._ends[row + 1]) for row in rows.tolist()]
        used, place = np.unique(np.concatenate([self._places[p] for p in parts]), return_inverse=True)
        dense = np.zeros((len(parts), len(used)))
        at = np.repeat(np.arange(len(parts)), [p.stop - p.start for p in parts])
        dense[at, place] = np.concatenate([self._values[p] for p in parts])
        found: NDArray[np.float64] = dense @ dense.T
        return found

    def _blocks(
        self, texts: Iterable[str]
    ) -> Iterable[tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]]:
        """Places, values without inverse document frequency, and places of each row, of a block of rows at a time."""
        block: list[list[str]] = []
        for text in texts:
            block.append(tokens(text))
            if len(block) == _BLOCK:
                yield self._words.vectors(block)
                block = []
        if block:
            yield self._words.vectors(block)

    def _terms(self, query: str) -> tuple[list[int], list[int]]:
        import numpy as np

        places, values, counts = _Words().vectors([tokens(query)])
        values = _unit(values * self._idf[places], counts)
        whole = np.rint(values * _ONE).astype(np.int64)
        keep = whole > 0
        return places[keep].tolist(), whole[keep].tolist()

    def _inverted(self, held: NDArray[np.int64], counts: NDArray[np.int64]) -> Postings:
        import numpy as np

        order = np.argsort(self._places, kind="stable")
        rows = np.repeat(np.arange(self.size, dtype=np.int32), counts)[order]
        whole = np.maximum(np.rint(self._values[order] * _ONE), 1).astype(np.int32)
        return Postings(np.concatenate([[0], np.cumsum(held)]), rows, whole, self.size)


class _Words:
    """The features of words, each word's found once: its places, and what each counts."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._places: list[list[int]] = []

    def vectors(self, rows: list[list[str]]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
        import numpy as np

        words = np.array([self._number(word) for row in rows for word in row], np.int64)
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        held, counts = np.unique(row_of * (1 << 32) | words, return_counts=True)
        row_of, words = held >> 32, held & 0xFFFFFFFF
        known = [self._places[word] for word in words.tolist()]
        sizes = np.array([len(places) for places in known], np.int64)
        flat = np.fromiter((place for places in known for place in places), np.int64, int(sizes.sum()))
        value = np.repeat(np.sqrt(counts / np.maximum(sizes - 1, 1)), sizes)
        heads = np.cumsum(sizes) - sizes
        value[heads] = np.sqrt(counts)
        keys, place = np.unique(np.repeat(row_of, sizes) * _PLACES + flat, return_inverse=True)
        values = np.bincount(place, value, len(keys)) if len(keys) else np.empty(0)
        per_row = np.bincount(keys // _PLACES, minlength=len(rows))
        return (keys % _PLACES).astype(np.int32), values.astype(np.float32), per_row

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._places)
            framed = f"<{word}>"
            grams = {framed[i : i + _SIZE] for i in range(len(framed) - _SIZE + 1)} - {framed}
            self._places.append([_place("w" + word), *sorted(_place("g" + gram) for gram in grams)])
        return number


def _place(feature: str) -> int:
    return crc32(feature.encode("utf-8", "surrogatepass")) % _PLACES


def _unit(values: NDArray[np.floating[Any]], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The values of each row's vector brought to length 1."""
    import numpy as np

    if not len(values):
        return values.astype(np.float32)
    filled = counts > 0
    starts = (np.cumsum(counts) - counts)[filled]
    lengths = np.sqrt(np.add.reduceat(values * values, starts, dtype=np.float64))
    return (values / np.repeat(lengths, counts[filled]).astype(np.float32)).astype(np.float32)
