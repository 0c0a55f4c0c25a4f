"""What people said of outcomes and examples, in the database: one row an act, never changed and never removed.

The table refuses updates and deletions itself. Acts are written through a connection of their own: one with a reading
under way could not write after another process had.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from scansion.experiments.store.schema import connect

__all__ = ["Act", "AnnotationTable", "Place"]


class Place(NamedTuple):
    """Where an outcome stands in a run: its row, the number of its variant, its trial."""

    row: int
    variant: int
    trial: int


class Act(Struct, frozen=True):
    """One act as stored. `time` is in seconds since 1970, `value` is JSON text; `run` and `dataset` are numbers.

    `outcome` is the key of the outcome, `inputs` the digest of the example's inputs (empty where they are not known),
    16 bytes each.
    """

    time: float
    author: str
    kind: str
    value: str
    run: int
    variant: str
    outcome: bytes
    dataset: int
    row: int
    example: str
    inputs: bytes
    id: int = 0


_COLUMNS = [f for f in Act.__struct_fields__ if f != "id"]
_ALL = ", ".join((*_COLUMNS, "id"))
_ADD = f"INSERT INTO annotations ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_OF_RUN = "SELECT o.key FROM outcomes o WHERE o.id IN (SELECT outcome FROM members WHERE run = ?)"
_PLACES = """
    SELECT m.row, m.variant, m.trial, o.key, coalesce(r.id, 'row ' || m.row)
    FROM members m JOIN outcomes o ON o.id = m.outcome JOIN runs u ON u.id = m.run
    LEFT JOIN rows r ON r.dataset = u.dataset AND r.row = m.row
    WHERE m.run = ? AND m.outcome IN (SELECT id FROM outcomes WHERE key IN ({keys}))
"""


class AnnotationTable:
    """Reads and writes acts."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path)

    def add(self, acts: Sequence[Act]) -> None:
        """Store acts, all or none; they are committed when this returns."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(_ADD, [[getattr(act, column) for column in _COLUMNS] for act in acts])
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def of_outcome(self, key: bytes, kind: str | None = None, author: str | None = None) -> list[Act]:
        """The acts on an outcome (of one kind; of one person), the oldest first."""
        return self._where(*_all_of(outcome=key, kind=kind, author=author))

    def of_inputs(self, digest: bytes, kind: str) -> list[Act]:
        """The acts of a kind on examples with inputs of this digest, the oldest first."""
        return self._where("inputs = ? AND kind = ?", (digest, kind)) if digest else []

    def of_run(self, run: int) -> list[Act]:
        """The acts on outcomes that are in a run, whichever run they were seen in; the oldest first."""
        return self._where(f"outcome IN ({_OF_RUN})", (run,)) if self.any() else []

    def all(self, kind: str | None = None, author: str | None = None) -> list[Act]:
        """All acts (of one kind; of one person), the oldest first."""
        return self._where(*_all_of(kind=kind, author=author))

    def any(self) -> bool:
        """Whether there is any act."""
        return self._db.execute("SELECT 1 FROM annotations LIMIT 1").fetchone() is not None

    def places(self, run: int, kinds: Sequence[str]) -> dict[bytes, dict[Place, str]]:
        """Where in a run the outcomes stand on which there is an act of some kinds, by their keys; each place with the
        id of its row."""
        marks = ", ".join("?" * len(kinds))
        return self._places(f"SELECT outcome FROM annotations WHERE kind IN ({marks})", (run, *kinds))

    def sharing(self, run: int, outcome: bytes) -> dict[Place, str]:
        """Where in a run an outcome stands; each place with the id of its row."""
        return self._places("?", (run, outcome)).get(outcome, {})

    def _places(self, keys: str, values: Sequence[Any]) -> dict[bytes, dict[Place, str]]:
        found: dict[bytes, dict[Place, str]] = {}
        for row, variant, trial, key, id in self._db.execute(_PLACES.format(keys=keys), values).fetchall():
            found.setdefault(key, {})[Place(row, variant, trial)] = id
        return found

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _where(self, condition: str, values: Sequence[Any]) -> list[Act]:
        query = f"SELECT {_ALL} FROM annotations WHERE {condition} ORDER BY id"
        return [Act(*row) for row in self._db.execute(query, values).fetchall()]


def _all_of(**wanted: Any) -> tuple[str, list[Any]]:
    """A condition on columns, and its values; None: any."""
    said = {column: value for column, value in wanted.items() if value is not None}
    return " AND ".join(f"{column} = ?" for column in said) or "1", list(said.values())
