"""A run as one person reads it: the items selected, the one that is open, which of them were read.

    reading = Reading(lab, lab.run_table.find("r12"), Selection(which="wrong"))
    reading.open()                   # the outcomes of the first item, by the number of their variant
    reading.go(reading.at + 1)
    print(reading.read_count, len(reading.items))

Items are numbers; outcomes are read from the lab when they are opened. A search goes on in `work`, a little at a time.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from scansion.experiments.figures import VariantInfo
from scansion.experiments.outputs import check_output
from scansion.experiments.people.annotations import Standing
from scansion.experiments.results import OutcomeView
from scansion.experiments.search import Search
from scansion.experiments.selection import EVERYTHING, Item, Selection, baseline_of, chosen, select
from scansion.experiments.store.annotations import Place
from scansion.experiments.views import OutcomeReader, flat_row

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.people.annotations import Annotations
    from scansion.experiments.store.runs import RunRecord

__all__ = ["Reading"]


class Reading:
    """The items of a selection and the place of a reader in them.

    `items` are in order; `at` is the position of the open one. `base` is the variant that stands beside others. With
    `limit` there are at most so many items. Raises InputError for names that are not there.
    """

    def __init__(
        self,
        lab: Lab,
        run: RunRecord,
        selection: Selection = EVERYTHING,
        *,
        annotations: Annotations | None = None,
        limit: int | None = None,
    ) -> None:
        self.run, self.annotations = run, annotations or lab.annotations
        self.items: list[Item] = []
        self.at = 0
        self._lab, self._limit = lab, limit
        self._outcomes = OutcomeReader(lab, run)
        self._read = self.annotations.places_read(run)
        self.read_count = 0
        self._search: Iterator[Item] | None = None
        self._seen, self._total = 0, 0
        self._left: Item | None = None  # the item that was open last
        self.choose(selection)

    def choose(self, selection: Selection) -> None:
        """Select anew; the open item stays open if it is among the new ones, else the next after it is.

        Raises InputError, and changes nothing, for names that are not there.
        """
        found = list(islice(select(self._lab, self.run, selection), None if selection.text else self._limit))
        self._left = self.item or self._left
        self.selection, self.base = selection, baseline_of(self.run, selection)
        self.variants = self._shown(selection)
        self._search = None
        self._seen, self._total = 0, len(found)
        if selection.text:
            self._search = Search(self._lab, self.run, selection.text).among(self._counted(found))
            found = []
        self.items = found
        self.read_count = sum(map(self.was_read, found))
        self.at = min(bisect_left(found, self._left), len(found) - 1) if found and self._left is not None else 0

    def _shown(self, selection: Selection) -> list[VariantInfo]:
        """The variants that are shown: those selected and the one beside them."""
        wanted = chosen(self.run, selection)
        beside = [self.base] if self.base is not None and self.base not in wanted else []
        return sorted([*wanted, *beside], key=lambda info: info.index)

    def _counted(self, items: list[Item]) -> Iterator[Item]:
        for item in items:
            self._seen += 1
            yield item

    @property
    def busy(self) -> bool:
        """Whether a search is under way."""
        return self._search is not None

    @property
    def progress(self) -> float:
        """The part of the items that a search has been through, from 0 to 1."""
        return self._seen / self._total if self._total else 1.0

    def work(self, seconds: float) -> None:
        """Go on with the search for so long; `items` grows by what it finds."""
        until = time.perf_counter() + seconds
        while self._search is not None and time.perf_counter() < until:
            before = self._seen
            for item in self._search:
                self.items.append(item)
                self.read_count += self.was_read(item)
                if len(self.items) == self._limit:
                    break
                if self._seen >= before + 100 or time.perf_counter() >= until:
                    break
            else:
                self._search = None
            if len(self.items) == self._limit:
                self._search = None

    @property
    def item(self) -> Item | None:
        """The open item, None where nothing was selected."""
        return self.items[self.at] if self.at < len(self.items) else None

    def go(self, position: int) -> bool:
        """Open the item at a position, counted from 0; the first or last where there is none. Says whether it moved."""
        before, self.at = self.at, max(0, min(position, len(self.items) - 1))
        return self.at != before

    def open(self) -> dict[int, OutcomeView]:
        """The outcomes of the open item that are shown, by the number of their variant."""
        item = self.item
        if item is None:
            return {}
        found = ((v.index, view) for v in self.variants for view in self._outcomes.read(item.row, v.index))
        return {index: view for index, view in found if view.trial == item.trial}

    def outcomes(self) -> Iterator[OutcomeView]:
        """The selected outcomes of all items, in order."""
        for item in self.items:
            for variant in item.variants:
                yield from (v for v in self._outcomes.read(item.row, variant) if v.trial == item.trial)

    def check_export(self, path: str) -> None:
        """Raises InputError for the data of a run and for what cannot be a file; another may be written over."""
        check_output(self._lab, path, new=False)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The selected outcomes as rows of plain values, as exports have them, with what people said of each."""
        annotated = self.annotations.table.any()
        for view in self.outcomes():
            said = self.annotations.standing(view) if annotated else Standing()
            yield {
                **flat_row(self.run, view),
                "tags": [*view.example.tags, *said.all_tags],
                "marks": said.marks,
                "notes": said.notes,
                "corrected": said.targets,
            }

    def was_read(self, item: Item) -> bool:
        """Whether all of an item's selected outcomes were read."""
        return all(Place(item.row, variant, item.trial) in self._read for variant in item.variants)

    def remember(self, opened: dict[int, OutcomeView]) -> None:
        """Note that the outcomes of the open item were read."""
        item = self.item
        places = {Place(view.row, index, view.trial): view for index, view in opened.items()}
        new = {place: view for place, view in places.items() if place not in self._read}
        if item is None or not new:
            return
        self.annotations.read(*new.values())
        before = self.was_read(item)
        self._read |= new.keys()
        self.read_count += self.was_read(item) - before
