"""The order in which examples are looked at: drawn by a seed, unit by unit.

A unit is an example, or several that belong together (one group, equal inputs), which are looked at together. The
order is that of a keyed hash of each unit's first example, so it is as good as random, does not depend on the file's,
and stays the same when rows are added. Rows with one id are told apart by their number among these: an id made from
what a row holds is equal where the outcomes are, and equal keys would bring all rows of one outcome in a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.data import Dataset, Row
from scansion.data.rows import Position
from scansion.experiments.store.runs import group_label

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scansion.experiments.variants import Variant

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

__all__ = ["Deck", "Order", "draw_order", "read_deck"]


class Order(Struct, frozen=True):
    """Rows in the order in which they are looked at. `places` are the rows' numbers (0 .. rows-1, as they were given),
    those of one unit side by side; `ends` is where each unit ends in `places`; `weights` are the units' total weights.
    """

    places: Ints
    ends: Ints
    weights: Floats

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.places.size)

    @property
    def units(self) -> int:
        """The number of units."""
        return int(self.ends.size)

    def told(self) -> dict[str, Any]:
        """What a run remembers of it, beside the places of the rows that it has looked at."""
        return {
            "units": self.units,
            "rows": self.rows,
            "weight": float(self.weights.sum()),
            "most_weight": float(self.weights.max()),
        }

    def unit(self, number: int) -> list[int]:
        """The rows of a unit."""
        start = int(self.ends[number - 1]) if number else 0
        found: list[int] = self.places[start : int(self.ends[number])].tolist()
        return found


def draw_order(ids: Sequence[str], seed: int, *, labels: Ints | None = None, weights: Floats | None = None) -> Order:
    """The order of rows with these `ids`. Rows of equal `labels` are one unit (None: each row is one); `weights` are
    the rows' (None: all 1). One array position a row."""
    import numpy as np

    from scansion.stats.clusters import compact

    size = len(ids)
    labels = np.arange(size) if labels is None else compact(labels)[0]
    found, first = np.unique(labels, return_index=True)
    keys = np.array(list(_keys(seed, ids, first.tolist())), dtype=np.uint64)
    rank = np.empty(found.size, dtype=np.int64)
    rank[np.lexsort((first, keys))] = np.arange(found.size)
    of_row = rank[labels]
    places = np.argsort(of_row, kind="stable")
    sizes = np.bincount(of_row, minlength=found.size)
    total = np.bincount(of_row, weights=weights, minlength=found.size).astype(np.float64)
    return Order(places=places, ends=np.cumsum(sizes), weights=total)


def _keys(seed: int, ids: Sequence[str], places: Iterable[int]) -> Iterator[int]:
    """The hash of the id at each of `places`, with the number of the same ids at places before."""
    key, seen = b"%d" % seed, Counter[str]()
    for place in places:
        id = ids[place]
        text = b"%d %s" % (seen[id], id.encode("utf-8", "surrogatepass"))
        seen[id] += 1
        yield int.from_bytes(blake2b(text, digest_size=8, key=key).digest(), "little")


class Deck:
    """The rows of a run by their number: where a file can be sought their positions, else the rows themselves."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._rows: list[Row] | None = None if data.size is not None else []
        self._positions: list[Position] = []

    def add(self, row: Row) -> None:
        """Put a row at the end."""
        if self._rows is None:
            self._positions.append(row.position)
        else:
            self._rows.append(row)

    def rows(self, places: Sequence[int]) -> list[Row]:
        """The rows of these numbers. Raises InputError where the file has changed."""
        if self._rows is not None:
            return [self._rows[i] for i in places]
        return self._data.at([self._positions[i] for i in places])


def read_deck(rows: Iterable[Row], data: Dataset, variants: Sequence[Variant], seed: int) -> tuple[Deck, Order]:
    """All rows of a run, with the order in which they are looked at. Rows of one group, or that give a variant equal
    inputs, are one unit. Raises InputError for a row that lacks a column."""
    import numpy as np

    from scansion.stats.clusters import merge

    deck = Deck(data)
    shapes = list({(str(v.columns), str(v.optional)): v for v in variants}.values())
    ids: list[str] = []
    weights: list[float] = []
    labels: list[list[int]] = [[] for _ in range(len(shapes) + 1)]
    for number, row in enumerate(rows):
        deck.add(row)
        ids.append(row.example.id)
        weights.append(row.example.weight)
        labels[0].append(group_label(row.example.group) or number)
        for found, variant in zip(labels[1:], shapes, strict=True):
            found.append(_inputs_label(variant, row, data))
    joint = merge(*(np.array(found, dtype=np.int64) for found in labels))
    return deck, draw_order(ids, seed, labels=joint, weights=np.array(weights))


def _inputs_label(variant: Variant, row: Row, data: Dataset) -> int:
    from scansion.experiments.variants import inputs_digest

    return int.from_bytes(inputs_digest(variant.inputs(row, data))[:8], "little", signed=True)
