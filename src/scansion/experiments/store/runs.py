"""Runs and the rows they went over, in the database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.results import RunResult
from scansion.experiments.store.codec import pack, unpack
from scansion.models.base import Charge
from scansion.models.budget import Limits
from scansion.types import Example, digest

__all__ = ["KeptRow", "RunLedger", "RunRecord", "RunTable", "example_mark", "group_label"]


class RunRecord(Struct, frozen=True):
    """One execution of a plan. `plan` and `context` are plain data: what was to be done, and by what (versions, git,
    variants, scorers). `planned` counts the examples, None before the data was read to its end. `created` and
    `finished` are seconds since 1970; `finished` is None while a run can be resumed."""

    id: int
    name: str
    plan: dict[str, Any]
    context: dict[str, Any]
    dataset: int | None
    created: float
    finished: float | None
    planned: int | None
    usd: float

    @property
    def label(self) -> str:
        """The name that a person types: `r12`."""
        return f"r{self.id}"


KeptRow = tuple[Example, int, int, int]
"""An example, its line and byte offset in the file, and its digest."""

_SINCE = {"abstained": "unscored"}
"""What plans say that were kept before a field was there."""

_COLUMNS = "id, name, plan, context, dataset, created, finished, planned, usd"


class RunTable:
    """Reads and writes runs and rows."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def open(self, name: str, plan_digest: bytes, plan: dict[str, Any], context: dict[str, Any]) -> RunRecord:
        """The unfinished run of an equal plan, which goes on under what is said now, or else a new one."""
        self._db.execute("BEGIN IMMEDIATE")
        row = self._db.execute(
            "SELECT id FROM runs WHERE plan_digest = ? AND finished IS NULL ORDER BY id DESC", (plan_digest,)
        ).fetchone()
        if row is not None:
            resumed = "UPDATE runs SET name = ?, plan = ?, context = ? WHERE id = ?"
            self._db.execute(resumed, (name, pack(plan), pack(context), row[0]))
        else:
            row = self._db.execute(
                "INSERT INTO runs (name, plan_digest, plan, context, created) VALUES (?, ?, ?, ?, ?) RETURNING id",
                (name, plan_digest, pack(plan), pack(context), time.time()),
            ).fetchone()
        self._db.execute("COMMIT")
        return self.load(row[0])

    def load(self, run: int) -> RunRecord:
        """The run of that number."""
        return self._record(self._db.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run,)).fetchone())

    def list(self) -> list[RunRecord]:
        """All runs, the newest first."""
        return [self._record(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY id DESC")]

    def find(self, label: str | None) -> RunRecord:
        """The run that a person means by `r12`, by the plan's name (its last run), or by nothing (the last).

        Raises InputError if there is none.
        """
        runs = self.list()
        if not runs:
            raise InputError("the lab holds no run; start one with `scansion run`")
        if label is None:
            return runs[0]
        found = [r for r in runs if label in (r.label, str(r.id))] or [r for r in runs if label == r.name]
        if found:
            return found[0]
        known = ", ".join(f"{r.label} ({r.name})" for r in runs[:5])
        raise InputError(f"no run is called {label!r}; the latest are {known}")

    def enter_data(self, run: int, path: str, fingerprint: str) -> int:
        """Note which data a run is about; returns the dataset's number."""
        self._db.execute("INSERT OR IGNORE INTO datasets (path, fingerprint) VALUES (?, ?)", (path, fingerprint))
        row = self._db.execute("SELECT id FROM datasets WHERE fingerprint = ?", (fingerprint,)).fetchone()
        self._db.execute("UPDATE runs SET dataset = ? WHERE id = ?", (row[0], run))
        return int(row[0])

    def finish(self, run: int, planned: int, result: RunResult, *, resumable: bool) -> None:
        """Close a run with its figures; a resumable one stays open."""
        done = None if resumable else time.time()
        self._db.execute(
            "UPDATE runs SET finished = ?, planned = ?, result = ? WHERE id = ?", (done, planned, pack(result), run)
        )

    def withdraw(self, run: int) -> None:
        """Take out a run that was refused, with its members, as if it had never been entered; one that has figures, has
        paid for a call or was annotated stays, and so does any while another process is at work."""
        self._db.execute("BEGIN IMMEDIATE")
        gone = self._db.execute(
            "DELETE FROM runs WHERE id = :run AND result IS NULL AND calls = 0 "
            "AND NOT EXISTS (SELECT 1 FROM calls WHERE run = :run) "
            "AND NOT EXISTS (SELECT 1 FROM annotations WHERE run = :run) "
            "AND NOT EXISTS (SELECT 1 FROM workers)",
            {"run": run},
        )
        if gone.rowcount:
            for table in ("members", "looked"):
                self._db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        self._db.execute("COMMIT")

    def result(self, run: int) -> RunResult | None:
        """The figures that a run closed with."""
        row = self._db.execute("SELECT result FROM runs WHERE id = ?", (run,)).fetchone()
        return unpack(row[0], RunResult) if row and row[0] is not None else None

    def look(self, run: int, place: int, rows: Iterable[int]) -> None:
        """Note that these rows were looked at together, as the run's unit of that number."""
        self._db.executemany(
            "INSERT OR REPLACE INTO looked (run, row, place) VALUES (?, ?, ?)", [(run, row, place) for row in rows]
        )

    def look_no_further(self, run: int, units: Mapping[int, int]) -> None:
        """Take out of a run what it holds beyond the units that each variant was looked at in, such as what an
        earlier session looked at before an error of it was asked again; outcomes stay in the lab."""
        shown = "SELECT row FROM looked WHERE run = :run AND place < :units"
        beyond = f"DELETE FROM members WHERE run = :run AND variant = :variant AND row NOT IN ({shown})"
        for variant, seen in units.items():
            self._db.execute(beyond, {"run": run, "variant": variant, "units": seen})
        last = max(units.values(), default=0)
        self._db.execute("DELETE FROM looked WHERE run = ? AND place >= ?", (run, last))

    def copy_looks(self, old: int, new: int) -> None:
        """Note for one run that it has looked at what another has."""
        query = "INSERT OR IGNORE INTO looked (run, row, place) SELECT ?, row, place FROM looked WHERE run = ?"
        self._db.execute(query, (new, old))

    def looked(self, run: int) -> Sequence[tuple[Sequence[int], Sequence[float]]]:
        """The units that a run has looked at, in that order: their rows, and the weights of these."""
        units: dict[int, tuple[list[int], list[float]]] = {}
        query = (
            "SELECT l.place, l.row, r.weight FROM looked l JOIN runs ON runs.id = l.run "
            "JOIN rows r ON r.dataset = runs.dataset AND r.row = l.row WHERE l.run = ? ORDER BY l.place, l.row"
        )
        for place, row, weight in self._db.execute(query, (run,)):
            rows, weights = units.setdefault(place, ([], []))
            rows.append(row)
            weights.append(weight)
        return list(units.values())

    def save_rows(self, dataset: int, rows: Iterable[KeptRow]) -> None:
        """Keep examples."""
        self._db.executemany(
            "INSERT OR IGNORE INTO rows (dataset, row, id, line, offset, digest, cluster, weight, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (dataset, e.row, e.id, line, offset, mark, group_label(e.group), e.weight, pack(e))
                for e, line, offset, mark in rows
            ],
        )

    def copy_rows(self, old: int, new: int) -> None:
        """Keep the rows of one data set for another, too; those that it has already stay."""
        rest = "row, id, line, offset, digest, cluster, weight, body"
        query = f"INSERT OR IGNORE INTO rows (dataset, {rest}) SELECT ?, {rest} FROM rows WHERE dataset = ?"
        self._db.execute(query, (new, old))

    def place(self, dataset: int, row: int) -> tuple[int, int]:
        """The line and byte offset of a kept row."""
        query = "SELECT line, offset FROM rows WHERE dataset = ? AND row = ?"
        line, offset = self._db.execute(query, (dataset, row)).fetchone()
        return line, offset

    def kept(self, dataset: int, first: int, last: int) -> dict[int, int]:
        """Which rows from `first` to `last` are kept already, with their digests."""
        query = "SELECT row, digest FROM rows WHERE dataset = ? AND row BETWEEN ? AND ?"
        return dict(self._db.execute(query, (dataset, first, last)).fetchall())

    def example(self, dataset: int, row: int) -> tuple[Example, int] | None:
        """A kept example and its digest."""
        query = "SELECT body, digest FROM rows WHERE dataset = ? AND row = ?"
        found = self._db.execute(query, (dataset, row)).fetchone()
        return (unpack(found[0], Example), found[1]) if found else None

    def examples(self, dataset: int, most: int, run: int | None = None) -> Iterator[Example]:
        """Kept examples of a data set, at most so many; those of one run if it is named."""
        of_run = "" if run is None else "AND row IN (SELECT row FROM members WHERE run = :run)"
        query = f"SELECT body FROM rows WHERE dataset = :dataset {of_run} ORDER BY row LIMIT :most"
        values = {"dataset": dataset, "most": most, "run": run}
        return (unpack(body, Example) for (body,) in self._db.execute(query, values))

    def _record(self, row: tuple[Any, ...]) -> RunRecord:
        id, name, plan, context, *rest = row
        return RunRecord(id, name, {**_SINCE, **unpack(plan, dict)}, unpack(context, dict), *rest)


def example_mark(example: Example) -> int:
    """The number by which scores tell what they were held against: an example's inputs and target."""
    return int.from_bytes(digest(example.inputs, example.target)[:8], "little", signed=True)


def group_label(group: str | None) -> int:
    """The number that stands for a group among clusters; 0 for none."""
    return int.from_bytes(digest(group)[:8], "little", signed=True) if group is not None else 0


class RunLedger:
    """Implements `models.base.Ledger` on a run's row: processes share one budget, and a crash forgets nothing."""

    def __init__(self, db: sqlite3.Connection, run: int, limits: Limits) -> None:
        self._db, self._run, self._limits = db, run, limits

    @property
    def spent(self) -> Charge:
        """All that is charged or booked, by any process."""
        return Charge(*self._db.execute("SELECT calls, tokens, usd FROM runs WHERE id = ?", (self._run,)).fetchone())

    def reserve(self, worst: Charge) -> bool:
        """Book `worst` if it fits under the limits."""
        limits = self._limits
        booked = self._db.execute(
            "UPDATE runs SET calls = calls + :calls, tokens = tokens + :tokens, usd = usd + :usd WHERE id = :run "
            "AND (:most_calls IS NULL OR calls + :calls <= :most_calls) "
            "AND (:most_tokens IS NULL OR tokens + :tokens <= :most_tokens) "
            "AND (:most_usd IS NULL OR usd + :usd <= :most_usd)",
            {
                "run": self._run,
                "calls": worst.calls,
                "tokens": worst.tokens,
                "usd": worst.usd,
                "most_calls": limits.calls,
                "most_tokens": limits.tokens,
                "most_usd": limits.usd,
            },
        )
        return booked.rowcount == 1

    def settle(self, worst: Charge, actual: Charge) -> None:
        """Replace a booking by what was charged."""
        self._db.execute(
            "UPDATE runs SET calls = calls + ?, tokens = tokens + ?, usd = usd + ? WHERE id = ?",
            (actual.calls - worst.calls, actual.tokens - worst.tokens, actual.usd - worst.usd, self._run),
        )
