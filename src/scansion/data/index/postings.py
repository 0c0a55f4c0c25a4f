"""An inverted index: which rows hold a term, and with what weight; and the rows with the largest weighted sums.

The search is exact and skips what cannot matter (Turtle and Flood, Query evaluation: strategies and optimizations,
1995, "max score"): the lists of rare terms are merged; of the long lists of common terms only the rows are looked up
that could still be among the first k, and a row that only they hold is taken up only if they alone could lift it there.

Weights, factors and sums are whole numbers, so that sums are exact in any order and on any machine: equal rows tie, and
ties go to the earlier row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["MOST", "Postings"]

MOST = (1 << 31) - 1
"""The largest product of a weight and a factor."""

_BITS = 32  # of a list's entry that hold the weight; those above hold the row
_COMMON = 16  # a term in more than one of so many rows has its weights in a table by row
_SPARSE = 8  # times as many rows as entries, from which on the entries are sorted rather than added up by row
_TRIED = 16  # times as many rows as are wanted that show how good the best are
_WIDE = 1 << 22  # entries up to which their two sides are kept apart as well: they are added up sooner
_TABLES = 64  # terms that may have one


class _Term(NamedTuple):
    """A term of a query: where its list lies, its factor, the most that it can add, the table of a common one."""

    first: int
    last: int
    factor: int
    most: int
    table: Any


class Postings:
    """The lists of all terms, one behind the other.

    The list of term t is `rows[start[t]:start[t + 1]]`, in increasing order and without repeats, with `weights`, whole
    numbers above 0, beside it; there are `size` rows.
    """

    def __init__(self, start: Ints, rows: NDArray[Any], weights: NDArray[Any], size: int) -> None:
        import numpy as np

        self.start, self.size = start, size
        self._entries = rows.astype(np.int64)
        self._entries <<= _BITS
        self._entries |= weights
        wide = len(rows) <= _WIDE
        self._apart = (rows.astype(np.intp), weights.astype(np.int32)) if wide else None
        self._peak = np.zeros(len(start) - 1, np.int64)
        filled = np.flatnonzero(np.diff(start))
        if len(filled):
            self._peak[filled] = np.maximum.reduceat(weights, start[filled])
        lengths = np.diff(start)
        often = np.argsort(-lengths, kind="stable")[:_TABLES]
        self._tables = {term: self._table(term) for term in often[lengths[often] * _COMMON > size].tolist()}

    def _table(self, term: int) -> NDArray[np.int32]:
        """The weight of a term in every row."""
        import numpy as np

        table = np.zeros(self.size, np.int32)
        rows, weights = _parted(self._entries[self.start[term] : self.start[term + 1]])
        table[rows] = weights
        return table

    def scores(self, terms: Sequence[int], factors: Sequence[int]) -> Ints:
        """The weighted sum of every row."""
        import numpy as np

        found = np.zeros(self.size, np.int64)
        for term in self._read(terms, factors):
            rows, weights = _parted(self._entries[term.first : term.last])
            found[rows] += weights * term.factor
        return found

    def top(self, terms: Sequence[int], factors: Sequence[int], k: int) -> tuple[Ints, Ints]:
        """The `k` rows with the largest weighted sums of these terms (each once, factors above 0, no product above
        MOST), and the sums, largest first; rows that hold none of the terms come last, with 0."""
        import numpy as np

        k = min(k, self.size)
        found = self._read(terms, factors)
        listed = [term for term in found if term.table is None]
        common = sorted((term for term in found if term.table is not None), key=lambda term: -term.most)
        if sum(term.last - term.first for term in listed) * _SPARSE > self.size:
            entries, sums = self._added(listed, common, k)
        else:
            entries, sums = self._merged(listed)
        if common:
            entries, sums = self._completed(entries, sums, common, k)
        keep = (sums >= max(1, _kth(sums, k))).nonzero()[0]
        rows, sums = entries[keep] >> _BITS, sums[keep]
        order = np.lexsort((rows, -sums))[:k]
        rows, sums = rows[order], sums[order]
        return (rows, sums) if len(rows) == k else self._filled(rows, sums, k)

    def _read(self, terms: Sequence[int], factors: Sequence[int]) -> list[_Term]:
        if not terms:
            return []
        import numpy as np

        numbers, tables = np.array(terms), self._tables
        first, last = self.start[numbers].tolist(), self.start[numbers + 1].tolist()
        return [
            _Term(start, end, factor, peak * factor, tables.get(term))
            for term, start, end, factor, peak in zip(
                terms, first, last, factors, self._peak[numbers].tolist(), strict=True
            )
        ]

    def _merged(self, terms: list[_Term]) -> tuple[Ints, Ints]:
        """Entries of the rows that hold any of these terms, and their sums; of a row with several all but the first
        entry have 0."""
        import numpy as np

        if not terms:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        entries = np.concatenate([self._list(term) for term in terms])
        entries.sort()
        later = ((entries[1:] ^ entries[:-1]) <= MOST).nonzero()[0]  # the row is the same
        sums = entries & MOST
        if len(later):
            firsts = later.copy()
            firsts[1:][later[1:] - later[:-1] == 1] = 0
            np.add.at(sums, np.maximum.accumulate(firsts), sums[later + 1])
            sums[later + 1] = 0
        return entries, sums

    def _added(self, terms: list[_Term], common: list[_Term], k: int) -> tuple[Ints, Ints]:
        """The same for long lists, in increasing order of the rows, each once, without those that cannot be among the
        first k: the rows of the rarest terms show what the k-th comes to at least."""
        import numpy as np

        sums = self._zeros(sum(term.most for term in terms))
        tried: list[int] = []
        for term in sorted(terms, key=lambda term: term.last - term.first):
            rows, weights = self._sides(term)
            np.add.at(sums, rows, weights if term.factor == 1 else weights * term.factor)
            if len(tried) < _TRIED * k:
                tried += rows[: _TRIED * k].tolist()
        best = np.array(sorted(set(tried)))
        least = _reached(best << _BITS, sums[best].astype(np.int64), common, k) - sum(term.most for term in common)
        kept = (sums >= max(1, least)).nonzero()[0]
        return kept << _BITS, sums[kept].astype(np.int64)

    def _sides(self, term: _Term) -> tuple[NDArray[Any], NDArray[Any]]:
        """The rows and the weights of a term."""
        if self._apart is None:
            return _parted(self._entries[term.first : term.last])
        rows, weights = self._apart
        return rows[term.first : term.last], weights[term.first : term.last]

    def _list(self, term: _Term) -> Ints:
        entries = self._entries[term.first : term.last]
        return entries if term.factor == 1 else entries + (entries & MOST) * (term.factor - 1)

    def _completed(self, entries: Ints, sums: Ints, terms: list[_Term], k: int) -> tuple[Ints, Ints]:
        """The entries and their sums with what common terms add: all rows that can be among the first k."""
        left, least = sum(term.most for term in terms), _reached(entries, sums, terms, k)
        if left >= least:
            return self._everywhere(entries, sums, terms, least)
        for term in terms:
            keep = (sums >= max(1, least - left)).nonzero()[0]
            entries, sums = entries[keep], sums[keep]
            left -= term.most
            sums += term.table[entries >> _BITS] * term.factor
        return entries, sums

    def _everywhere(self, entries: Ints, sums: Ints, terms: list[_Term], least: int) -> tuple[Ints, Ints]:
        """The same where rows that only common terms hold can be among the first k: those that reach `least`."""
        import numpy as np

        held = sums.nonzero()[0]
        rows, sums = entries[held] >> _BITS, sums[held]
        found = self._zeros(int(sums.max(initial=0)) + sum(term.most for term in terms))
        found[rows] = sums
        for term in terms:
            found += term.table if term.factor == 1 else term.table * term.factor
        rows = (found >= max(1, least)).nonzero()[0]
        return rows << _BITS, found[rows].astype(np.int64)

    def _zeros(self, most: int) -> NDArray[Any]:
        """A sum of 0 for every row, which may grow to `most`."""
        import numpy as np

        return np.zeros(self.size, np.int32 if most <= MOST else np.int64)

    def _filled(self, rows: Ints, sums: Ints, k: int) -> tuple[Ints, Ints]:
        import numpy as np

        taken = set(rows.tolist())
        more = [row for row in range(min(self.size, k + len(taken))) if row not in taken][: k - len(rows)]
        return np.concatenate([rows, np.array(more, np.int64)]), np.concatenate([sums, np.zeros(len(more), np.int64)])


def _parted(entries: Ints) -> tuple[Ints, Ints]:
    """Rows and weights."""
    return entries >> _BITS, entries & MOST


def _reached(entries: Ints, sums: Ints, terms: list[_Term], k: int) -> int:
    """What the k-th of the best so far comes to with `terms` added: no row with less is among the first k."""
    most = 2 * k
    if len(sums) > most:
        best = sums.argpartition(len(sums) - most)[len(sums) - most :]
        entries, sums = entries[best], sums[best]
    rows = entries >> _BITS
    for term in terms:
        sums = sums + term.table[rows] * term.factor
    return _kth(sums, k)


def _kth(values: Ints, k: int) -> int:
    """The k-th largest value; below all where there are fewer."""
    if not 0 < k <= len(values):
        return -1
    held = values.copy()
    held.partition(len(held) - k)
    return int(held[len(held) - k])
