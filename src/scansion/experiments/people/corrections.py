"""Corrected targets: those that stand, the data set with them in their places, and which runs still used others.

A correction belongs to a row by content: the digest of its inputs, its id unless that is a digest of the row, and the
target that it replaces. The file is never changed: `data: {path: rows.csv, corrections: yes}` and `--corrections` put
the targets in as it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs

from scansion.data import Dataset, DataSpec, open_dataset
from scansion.experiments.people.annotations import Annotation
from scansion.experiments.people.targets import content_of, same_value, targets_about
from scansion.experiments.results import RunResult
from scansion.experiments.store.runs import RunRecord
from scansion.types import Example

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

__all__ = [
    "Correction",
    "Corrections",
    "corrected",
    "corrected_data",
    "corrected_rows",
    "corrections_in",
    "corrections_note",
    "outdated",
    "roles_of",
    "version_rows",
    "with_note",
]


class Correction(Struct, frozen=True):
    """The target that stands for an example, said last by `author` at `time` (seconds since 1970); `others` are the
    differing targets that stand by other people."""

    target: Any
    author: str
    time: float
    others: dict[str, Any] = {}


class Corrections:
    """The corrected targets of a lab."""

    def __init__(self, acts: list[Annotation]) -> None:
        self._by_inputs: dict[str, list[Annotation]] = {}
        for act in acts:
            self._by_inputs.setdefault(act.inputs, []).append(act)
        self.ids = {act.example for act in acts}
        self.rows = {act.row for act in acts}

    @classmethod
    def of(cls, lab: Lab) -> Corrections:
        """Those of a lab."""
        return cls(lab.annotations.all("target"))

    def __bool__(self) -> bool:
        return bool(self.ids)

    def find(self, example: Example, roles: list[str]) -> Correction | None:
        """What stands for an example; `roles` are the columns among its inputs that are none (see `roles_of`)."""
        acts = self._by_inputs.get(content_of(example.inputs, roles).hex(), ())
        return _standing(targets_about(acts, example.id, example.target)) if acts else None


def _standing(acts: list[Annotation]) -> Correction | None:
    """The target that was said last and not taken back."""
    people: dict[str, Annotation] = {}
    for act in acts:
        people.pop(act.author, None)
        if act.value is not None:
            people[act.author] = act
    if not people:
        return None
    *others, last = people.values()
    target = last.value["target"]
    differing = {o.author: o.value["target"] for o in others if not same_value(o.value["target"], target)}
    return Correction(target, last.author, last.time, differing)


def roles_of(data: Dataset) -> list[str]:
    """The columns that a reader sees as what they stand for (id, target, rationale), and not among the inputs."""
    return [c for c in (data.id_column, data.target_column, data.rationale_column) if c is not None]


def corrected(data: Dataset, lab: Lab | None) -> Dataset:
    """`data` with the corrected targets of `lab`, if its spec asks for them. Reads it once to find their rows."""
    return data.with_targets(corrected_rows(data, lab)) if lab is not None and data.spec.corrections else data


def corrected_rows(data: Dataset, lab: Lab) -> dict[int, Any]:
    """The corrected targets that stand for rows of `data` whose own differ, by the row's number."""
    corrections, roles = Corrections.of(lab), roles_of(data)
    if not corrections:
        return {}
    found = ((row.example, corrections.find(row.example, roles)) for row in data.rows())
    return {e.row: c.target for e, c in found if c is not None and not same_value(c.target, e.target)}


def corrections_in(lab: Lab, run: RunRecord) -> list[tuple[Example, Correction]]:
    """The examples of a run for which a corrected target stands, as the run has them, by row."""
    corrections, roles = Corrections.of(lab), run.context.get("roles", [])
    found = ((e, corrections.find(e, roles)) for e in _kept(lab, run.dataset or 0, corrections))
    return [(example, correction) for example, correction in found if correction is not None]


def corrected_data(lab: Lab, run: RunRecord) -> Dataset:
    """The data of a run as its file is now, with the corrected targets that stand; rows that were given in Python as
    the lab keeps them. Raises InputError for a file that is gone."""
    said = run.plan["data"]
    if isinstance(said, dict):
        spec = msgspec.convert({**said, "corrections": True}, DataSpec)
        return corrected(open_dataset(spec, base_dir=run.plan["base_dir"]), lab)
    numbers = lab.db.execute("SELECT row FROM rows WHERE dataset = ? ORDER BY row", (run.dataset,)).fetchall()
    kept = [lab.run_table.example(run.dataset or 0, row) for (row,) in numbers]
    data = open_dataset([each[0].inputs for each in kept if each is not None])
    return data.with_targets(corrected_rows(data, lab))


def version_rows(data: Dataset) -> Iterator[dict[str, Any]]:
    """The rows of a data set to be written as a file of their own: as they are, with the targets that stand, and with
    their ids, so that runs on both versions pair."""
    for row in data.rows():
        example = row.example
        if data.roles.nested:
            yield msgspec.to_builtins(structs.replace(example, row=0))
            continue
        ids = {} if data.id_column is not None else {"id": example.id}
        target = {} if data.target_column is not None else {"target": example.target}
        yield {**ids, **example.inputs, **target}


def outdated(lab: Lab, run: RunRecord) -> list[tuple[Example, Correction]]:
    """The examples of a run whose targets were corrected and that it was scored against as they were before."""
    return [(e, c) for e, c in corrections_in(lab, run) if not same_value(c.target, e.target)]


def _kept(lab: Lab, dataset: int, corrections: Corrections) -> Iterator[Example]:
    """The kept rows of a data set that could be those of the corrections, by their ids or their places."""
    if not corrections:
        return
    for row, id in lab.db.execute("SELECT row, id FROM rows WHERE dataset = ?", (dataset,)).fetchall():
        kept = lab.run_table.example(dataset, row) if row in corrections.rows or id in corrections.ids else None
        if kept is not None:
            yield kept[0]


def corrections_note(lab: Lab, run: RunRecord) -> list[str]:
    """What a reader of a run must know of targets that were corrected and that it did not use; nothing without any."""
    count = len(outdated(lab, run)) if run.plan["scorers"] else 0
    if not count:
        return []
    what = "1 target was" if count == 1 else f"{count} targets were"
    score = f"scansion score {run.label} -s {_quoted(run.plan['scorers'][0])} --corrections"
    return [f"{what} corrected and this run used what was there before; run with --corrections, or `{score}`"]


def _quoted(scorer: str) -> str:
    import shlex

    return shlex.quote(scorer)


def with_note(lab: Lab, run: RunRecord, result: RunResult) -> RunResult:
    """`result` with the note on corrected targets that it did not use."""
    notes = corrections_note(lab, run)
    return structs.replace(result, notes=[*result.notes, *notes]) if notes else result
