"""Rows that are already in memory: a list of mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scansion.data.rows import Position, Record
from scansion.errors import InputError

__all__ = ["Memory"]


class Memory:
    """The rows of a list; lines are rows counted from 1. Raises InputError for a row that is no mapping."""

    header: tuple[str, ...] | None = None
    label = "data"
    seekable = True
    text = False

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows

    def where(self, line: int) -> str:
        return f"{self.label} row {line}"

    def records(self, start: Position | None = None) -> Iterator[Record]:
        """The rows from `start`."""
        for number in range(start.row if start else 0, len(self.rows)):
            row = self.rows[number]
            if not isinstance(row, Mapping) or not all(isinstance(k, str) for k in row):
                raise InputError(f"{self.where(number + 1)} is not a mapping from column names to values")
            yield number + 1, -1, dict(row)
