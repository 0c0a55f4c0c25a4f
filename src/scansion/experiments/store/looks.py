"""Looks at test parts in the database: which runs have shown outcomes of which part of which data."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

__all__ = ["LookTable"]


class LookTable:
    """Reads and writes looks, each a run with the split (fractions and seed, as text) of the part that it looked at."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def record(self, run: int, path: str, fingerprint: str, split: str, earlier: Sequence[int]) -> None:
        """Count a run's look, once, if it shows outcomes that none of the `earlier` looks has shown."""
        marks = ",".join("?" * len(earlier))
        shown = f"SELECT outcome FROM members WHERE run IN ({marks})"
        fresh = f"SELECT 1 FROM members WHERE run = ? AND outcome NOT IN ({shown}) LIMIT 1"
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._db.execute(fresh, (run, *earlier)).fetchone() is not None:
                self._db.execute(
                    "INSERT OR IGNORE INTO looks (run, path, fingerprint, split, created) VALUES (?, ?, ?, ?, ?)",
                    (run, path, fingerprint, split, time.time()),
                )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def runs(self, split: str) -> list[int]:
        """The runs that have looked at a test part of this split, of whatever data, in their order."""
        return [run for (run,) in self._db.execute("SELECT run FROM looks WHERE split = ? ORDER BY run", (split,))]
