"""A row of a data set and where it stands, and the contract of what reads rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from scansion.types import Example

__all__ = ["Position", "Record", "Row", "Source"]

Record = tuple[int, int, dict[str, Any]]
"""A raw row: the line it starts on (from 1), its byte offset (-1 where it cannot be sought), its values."""


class Position(Struct, frozen=True):
    """Where a row starts: its number from 0, its byte offset in a plain file (else -1), its line from 1.

    Formats without lines (Parquet, a list in memory) count rows from 1 as lines.
    """

    row: int
    offset: int
    line: int


class Row(Struct, frozen=True):
    """An example, the line it starts on (from 1) and its byte offset in a plain file (else -1)."""

    example: Example
    line: int
    offset: int

    @property
    def position(self) -> Position:
        """Where this row starts, for `Dataset.rows` and `Dataset.at`."""
        return Position(self.example.row, self.offset, self.line)


class Source(Protocol):
    """Reads the raw rows of one format.

    `label` names the data in messages, `header` is its columns where the format declares them. `seekable` says that
    `records(start)` goes straight to a row, `text` that all values are text, so that an empty one says nothing.
    `records` raises InputError naming the line.
    """

    label: str
    seekable: bool
    text: bool

    @property
    def header(self) -> tuple[str, ...] | None: ...

    def records(self, start: Position | None = None) -> Iterator[Record]: ...

    def where(self, line: int) -> str: ...
