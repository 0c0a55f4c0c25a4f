"""Bounds of agreement: what the labels that could not be read could have been, at worst and at best.

At worst a label lies as far from what the others said of its item as any label that was given does, of equals the most
frequent one (which also makes agreement by chance more likely); at best it lies as near as any. Far is as the scale has
it: on a nominal one all other labels are equally far, on an ordinal one the ranks between two labels count. Agreement
by chance moves a little with each label, so that the very ends may lie a hair beyond these.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from scansion.experiments.agreement.judgements import Cell, LabelSpec, Unreadable, number_of, scaled

__all__ = ["Guess", "in_long", "unread_of"]

_ANOTHER = ""  # a label that nobody gave, where only one was given


class Guess(Struct, frozen=True):
    """What an unreadable label may have been: `times` is how often each label is given, `ranked` those labels, the most
    frequent first or, where they have `places` on a scale (None: nominal), in the scale's order; `ratio` says whether
    differences count in shares of the sum."""

    times: dict[str, int]
    ranked: list[str]
    places: dict[str, float] | None
    ratio: bool = False

    @staticmethod
    def of(labels: Sequence[str], spec: LabelSpec, *, nominal: bool = False, also: Sequence[str] = ()) -> Guess:
        """The guess from the labels that were given; those in `also` and in `spec` are possible, and not counted.
        Raises InputError for labels that do not fit the scale."""
        plain = nominal or spec.scale == "nominal"
        times = Counter({label: 0 for label in spec.labels if plain or number_of(label) is not None})
        times.update(dict.fromkeys(also, 0))
        times.update(labels)
        if plain:
            return Guess(times, [label for label, _ in times.most_common()], None)
        places = dict(zip(times, scaled(list(times), spec), strict=True))
        if spec.scale == "ordinal":
            ranks = {value: float(rank) for rank, value in enumerate(sorted(set(places.values())))}
            places = {label: ranks[value] for label, value in places.items()}
        return Guess(times, sorted(places, key=places.__getitem__), places, spec.scale == "ratio")

    def apart(self, label: str, said: Sequence[str]) -> float:
        """How far a label lies from those that the others `said`, squared as the coefficients take it."""
        if self.places is None:
            return float(sum(label != each for each in said))
        a, others = self.places[label], [self.places[each] for each in said]
        return sum(((a - b) / ((a + b) or 1.0 if self.ratio else 1.0)) ** 2 for b in others)

    def worst(self, said: Sequence[str]) -> str:
        """The label that lies farthest from what the others `said` of the item."""
        if self.places is None:  # one of the most frequent labels is none of theirs
            found = max(self.ranked[: len(said) + 1], key=lambda label: (self.apart(label, said), self.times[label]))
            return _ANOTHER if said and not self.apart(found, said) else found
        return max(self.ranked[0], self.ranked[-1], key=lambda label: (self.apart(label, said), self.times[label]))

    def best(self, said: Sequence[str]) -> str:
        """The label that lies nearest to what the others `said` of the item."""
        near = {*said} or {self.ranked[-1]}
        if self.places is not None and said:
            middle = sum(self.places[each] for each in said) / len(said)
            at = bisect_left(self.ranked, middle, key=self.places.__getitem__)
            near |= {*self.ranked[max(0, at - 1) : at + 1]}
        return min(sorted(near), key=lambda label: (self.apart(label, said), self.times[label]))


def unread_of(cells: Sequence[tuple[Cell, Cell]], labels: Sequence[str]) -> list[str]:
    """Of each pair of cells, not both of them labels, the one that is a label; if neither is, the most frequent of
    `labels` stands in for the first rater's."""
    common = Counter(labels).most_common(1)[0][0] if labels else None
    found = [next((cell for cell in pair if isinstance(cell, str)), common) for pair in cells]
    return [each for each in found if each is not None]


def in_long(columns: dict[str, list[Cell]], guess: Guess, fill: int) -> tuple[list[int], list[str]]:
    """All labels of several raters, with the item of each. What could not be read is left out (`fill` 0), or at its
    best (1) or its worst (-1) beside what the others said of the item."""
    items, labels = [], []
    for item, cells in enumerate(zip(*columns.values(), strict=True)):
        read = [cell for cell in cells if isinstance(cell, str)]
        missing = sum(isinstance(cell, Unreadable) for cell in cells)
        for _ in range(missing if fill and guess.times else 0):
            read.append(guess.best(read) if fill > 0 else guess.worst(read))
        items += [item] * len(read)
        labels += read
    return items, labels
