"""The lab: the folder `.scansion/` of a user's project, with the one database of all that was asked and found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.people.annotations import Annotations
from scansion.experiments.results import OutcomeView, RunResult
from scansion.experiments.store.annotations import AnnotationTable
from scansion.experiments.store.journal import Journal
from scansion.experiments.store.outcomes import OutcomeTable
from scansion.experiments.store.runs import RunRecord, RunTable
from scansion.experiments.store.schema import connect

if TYPE_CHECKING:
    from scansion.experiments.selection import Selection

__all__ = ["Lab", "RunInfo"]

FOLDER = ".scansion"


class RunInfo(Struct, frozen=True):
    """A run in a list. Times are seconds since 1970; `complete` is False while outcomes are missing or errors stand."""

    id: str
    name: str
    created: float
    finished: float | None
    complete: bool
    variants: list[str]
    data: str
    n: int | None
    spent_usd: float | None


class Lab:
    """An opened lab. `db` is its database; `journal` records calls, the tables hold outcomes and runs."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            ignore = folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"{folder}: the lab cannot be made ({error.strerror}); name another with --lab") from None
        self.folder = folder
        self.path = folder / "lab.db"
        self.db: sqlite3.Connection = connect(self.path)

    @classmethod
    def find(cls, folder: str | Path | None = None, *, create: bool = True) -> Lab:
        """The lab in `folder`, or else the nearest one upwards from the working directory, or else a new one there.

        Raises InputError where there is none and none is to be created.
        """
        here = Path.cwd()
        place = Path(folder) if folder is not None else cls.nearest(here)
        if place is not None and (place / "lab.db").is_file():
            return cls(place)
        if not create:
            where = str(folder) if folder is not None else f"{here} or above it"
            raise InputError(
                f"there is no lab in {where}; start one with `scansion run`, or name its folder with --lab"
            )
        return cls(place or here / FOLDER)

    @staticmethod
    def nearest(start: Path) -> Path | None:
        """The folder of the nearest lab from `start` upwards; None where there is none."""
        places = (folder / FOLDER for folder in (start, *start.parents))
        return next((place for place in places if (place / "lab.db").is_file()), None)

    @cached_property
    def journal(self) -> Journal:
        """Records calls, and batches the writes of outcomes."""
        return Journal(self.db)

    @cached_property
    def outcome_table(self) -> OutcomeTable:
        """Outcomes and scores."""
        return OutcomeTable(self.db)

    @cached_property
    def run_table(self) -> RunTable:
        """Runs and rows."""
        return RunTable(self.db)

    @cached_property
    def annotation_table(self) -> AnnotationTable:
        """What people said of outcomes and examples."""
        return AnnotationTable(self.path)

    @cached_property
    def annotations(self) -> Annotations:
        """What people said, and the pen of who is at work; `annotations.by(NAME)` is another's."""
        return Annotations(self)

    def runs(self) -> list[RunInfo]:
        """All runs, the newest first."""
        return [self._info(run) for run in self.run_table.list()]

    def run(self, name: str | None = None) -> RunInfo:
        """The run that `r12`, a plan's name (its last run) or nothing (the last of all) means."""
        return self._info(self.run_table.find(name))

    def is_run(self, name: str) -> bool:
        """Whether a run goes by this name, as `run` takes it."""
        return any(name in (run.label, str(run.id), run.name) for run in self.run_table.list())

    def result(self, name: str | None = None) -> RunResult:
        """A run's figures: those it closed with, or for a run that did not, those of what is there."""
        from scansion.experiments.people.corrections import with_note
        from scansion.experiments.summary import summarize

        run = self.run_table.find(name)
        kept = self.run_table.result(run.id)
        found = kept if kept is not None else summarize(self, run, self.reached(run), interrupted=True)
        return with_note(self, run, found)

    def views(
        self, name: str | None = None, selection: Selection | None = None, *, limit: int | None = None, **wanted: Any
    ) -> Iterator[OutcomeView]:
        """The outcomes of a run, by row, then variant, then trial, each with its example, output, scores and calls.

        What is asked for is said as a `Selection`, or by its fields: `views("r12", which="wrong", text="pears")`.
        """
        from scansion.experiments.selection import Selection
        from scansion.experiments.views import iterate

        chosen = (selection or Selection()).but(**wanted)
        return iterate(self, self.run_table.find(name), chosen, limit=limit)

    def size(self) -> dict[str, int]:
        """Bytes of the database on disk, and how many calls, outcomes, scores and runs it holds."""
        disk = sum(f.stat().st_size for f in self.folder.glob("lab.db*"))
        tables = ("calls", "outcomes", "scores", "runs")
        return {
            "bytes": disk,
            **{t: int(self.db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]) for t in tables},
        }

    def vacuum(self) -> dict[str, int]:
        """Give the space of deleted pages back to the disk; returns the sizes in bytes `before` and `after`."""
        before = self.size()["bytes"]
        try:
            self.db.execute("VACUUM")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise InputError(f"{self.path}: cannot be vacuumed now ({error}); wait for the run on it to end") from None
        return {"before": before, "after": self.size()["bytes"]}

    def close(self) -> None:
        """Close the database."""
        if "annotation_table" in self.__dict__:
            self.annotation_table.close()
        self.db.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _info(self, run: RunRecord) -> RunInfo:
        result = self.run_table.result(run.id)
        return RunInfo(
            id=run.label,
            name=run.name,
            created=run.created,
            finished=run.finished,
            complete=result is not None and result.complete and run.finished is not None,
            variants=[v["name"] for v in run.context["variants"]],
            data=run.context["data"],
            n=result.until.looked if result is not None and result.until is not None else run.planned,
            spent_usd=result.spent_usd if result is not None else None,
        )

    def reached(self, run: RunRecord) -> int:
        """How many rows a run was to go over, or for one that did not see its data's end, has come to."""
        if run.planned is not None:
            return run.planned
        query = "SELECT count(DISTINCT row) FROM members WHERE run = ?"
        return int(self.db.execute(query, (run.id,)).fetchone()[0])
