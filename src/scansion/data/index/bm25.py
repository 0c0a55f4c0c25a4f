"""BM25: texts ranked by the words that they share with a query, rare words first.

Follows Robertson and Zaragoza, The probabilistic relevance framework: BM25 and beyond (2009), with the inverse document
frequency of Lucene, log(1 + (N - n + 0.5) / (n + 0.5)), which is never negative. A word counts as often as the query
has it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from scansion.data.index.postings import Postings
from scansion.data.index.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BM25"]

_ONE = 1 << 20  # weights are counted in parts of one
_REPEATS = 64  # times that a word of a query counts at most


class BM25:
    """An index of texts. `k1` says how soon more of a word stops counting, `b` how much long texts are held back;
    `cut` makes words of a text."""

    def __init__(
        self, texts: Iterable[str], k1: float = 1.5, b: float = 0.75, cut: Callable[[str], list[str]] = tokens
    ) -> None:
        from array import array

        import numpy as np

        vocabulary: defaultdict[str, int] = defaultdict()
        vocabulary.default_factory = vocabulary.__len__
        number = vocabulary.__getitem__
        flat, ends = array("i"), array("q", [0])
        for text in texts:
            flat.extend(map(number, cut(text)))
            ends.append(len(flat))
        vocabulary.default_factory = None
        self.vocabulary, self._cut = vocabulary, cut
        ended = np.array(ends, np.int64)
        lengths = ended[1:] - ended[:-1]
        self.size = len(lengths)
        self._postings = _weighed(np.frombuffer(flat, np.int32), lengths, len(vocabulary), k1, b)

    def top(self, query: str, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` rows that fit best (all where there are fewer) and their scores, best first; ties by row."""
        rows, sums = self._postings.top(*self._terms(query), k)
        return rows, sums / _ONE

    def scores(self, query: str) -> NDArray[np.float64]:
        """The score of every row."""
        return self._postings.scores(*self._terms(query)) / _ONE

    def _terms(self, query: str) -> tuple[list[int], list[int]]:
        known, found = self.vocabulary, dict[int, int]()
        for word in self._cut(query):
            if (term := known.get(word)) is not None:
                found[term] = found.get(term, 0) + 1
        return list(found), [min(count, _REPEATS) for count in found.values()]


def _weighed(flat: NDArray[np.int32], lengths: NDArray[np.int64], words: int, k1: float, b: float) -> Postings:
    """The index of rows whose words, as numbers, are `flat`, one row behind the other."""
    import numpy as np

    size = len(lengths)
    keys = flat.astype(np.int64) * size + np.repeat(np.arange(size), lengths)
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    counts = np.diff(np.append(first, len(keys)))
    terms, rows = np.divmod(keys[first], max(size, 1))
    held = np.bincount(terms, minlength=words)
    idf = np.array([math.log(1 + (size - n + 0.5) / (n + 0.5)) for n in held.tolist()])
    slow = k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-9)) if size else np.empty(0)
    weights = idf[terms] * counts / (counts + slow[rows])
    start = np.concatenate([[0], np.cumsum(held)])
    return Postings(start, rows, np.maximum(np.rint(weights * _ONE), 1).astype(np.int64), size)
