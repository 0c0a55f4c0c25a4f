"""Looks at a test part: each one makes it a little less of a test, so the lab counts them and reports say so.

A run on the test part of a split is a look when it shows outcomes that no earlier look at that part has shown. The same
run again, its report, or its outcomes under another scorer are none. A test part is known by its split and its data:
by the file, the file's content, or rows with the same inputs in another file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import nsmallest
from itertools import islice
from typing import Any

from scansion.data import Dataset
from scansion.experiments.lab import Lab
from scansion.experiments.people.targets import content_of
from scansion.experiments.results import Looks
from scansion.experiments.store.looks import LookTable
from scansion.experiments.store.runs import RunRecord
from scansion.types import Example, canonical

__all__ = ["looks_of", "note_look", "parted_before", "shown_before"]

_SAMPLE = 500  # rows that are looked for in other data
_READ = 20_000  # rows of either data that are read for this
_SHARED = 0.1  # share of the sample from which on it is the same data


def note_look(lab: Lab, run: RunRecord) -> None:
    """Count the look that a run is, if it is one. Call it when the run's outcomes are in the lab.

    Earlier runs that were killed before they came to this are counted now.
    """
    split = _test_split(run)
    if split is None:
        return
    table = LookTable(lab.db)
    seen = set(table.runs(split))
    for each in reversed(lab.run_table.list()):
        ended = each.finished is None and each.id < run.id
        if (ended or each.id == run.id) and each.id not in seen and _test_split(each) == split:
            kept = each.context
            table.record(each.id, kept.get("data_path", ""), kept["fingerprint"], split, _looks(lab, each, split))


def looks_of(lab: Lab, run: RunRecord) -> Looks | None:
    """The looks at the test part that a run is about, up to now; None where it is about none."""
    split = _test_split(run, rescored=True)
    if split is None:
        return None
    found = _looks(lab, run, split)
    return Looks(len(found), run.id in found)


def shown_before(lab: Lab, plan: Mapping[str, Any], context: Mapping[str, Any], rows: Iterable[Example]) -> list[str]:
    """A note on earlier runs on the same data that were not bound to the split, for a run on its test part: `plan` and
    `context` are what the run will record, `rows` its rows."""
    if plan["part"] != "test":
        return []
    found = _Rows(lab, context, rows)
    runs = [
        run.label
        for run in reversed(lab.run_table.list())
        if run.plan["split"] != plan["split"] and not run.context.get("rescored") and found.in_data_of(run)
    ]
    if not runs:
        return []
    names = ", ".join(runs[:3]) + (f" and {len(runs) - 3} more" if len(runs) > 3 else "")
    return [f"{names} ran without this split: rows of this test part may have been seen"]


def parted_before(lab: Lab, data: Dataset) -> str:
    """The latest run on the test part of this data's file, as it is typed; empty where there is none."""
    path = str(data.path.resolve()) if data.path else None
    runs = (run for run in lab.run_table.list() if run.plan["part"] == "test" and path is not None)
    return next((run.label for run in runs if run.context.get("data_path") == path), "")


def _looks(lab: Lab, run: RunRecord, split: str) -> list[int]:
    """The looks at the test part of a run's data."""
    found = _Rows(lab, run.context, _shown(lab, run))
    return [each for each in LookTable(lab.db).runs(split) if found.in_data_of(lab.run_table.load(each))]


def _shown(lab: Lab, run: RunRecord) -> Iterator[Example]:
    return lab.run_table.examples(run.dataset or 0, _READ, run.id)


class _Rows:
    """Some rows of the data that `context` describes, looked for in the data of other runs."""

    def __init__(self, lab: Lab, context: Mapping[str, Any], rows: Iterable[Example]) -> None:
        self._lab, self._context, self._rows = lab, context, rows
        self._wanted: set[bytes] | None = None
        self._known: dict[int, bool] = {}

    def in_data_of(self, run: RunRecord) -> bool:
        """Whether that is the same data: the same file or content, or a tenth of these rows by their inputs."""
        ours, theirs = self._context, run.context
        if ours["fingerprint"] == theirs["fingerprint"]:
            return True
        if ours.get("data_path") and ours["data_path"] == theirs.get("data_path"):
            return True
        dataset = run.dataset or 0
        if dataset not in self._known:
            self._known[dataset] = self._shared(dataset, theirs.get("roles", ()))
        return self._known[dataset]

    def _shared(self, dataset: int, roles: Iterable[str]) -> bool:
        if self._wanted is None:
            contents = _contents(islice(self._rows, _READ), self._context.get("roles", ()))
            self._wanted = set(nsmallest(_SAMPLE, contents))  # of digests: as good as drawn
        there = _contents(self._lab.run_table.examples(dataset, _READ), roles)
        return bool(self._wanted) and len(self._wanted & there) >= _SHARED * len(self._wanted)


def _contents(rows: Iterable[Example], roles: Iterable[str]) -> set[bytes]:
    columns = tuple(roles)
    return {content for row in rows if (content := content_of(row.inputs, columns))}


def _test_split(run: RunRecord, *, rescored: bool = False) -> str | None:
    """The split whose test part a run is about, as text; None for others, and for outcomes scored anew if not asked."""
    if not run.plan["split"] or run.plan["part"] != "test" or (run.context.get("rescored") and not rescored):
        return None
    return canonical(run.plan["split"]).decode()
