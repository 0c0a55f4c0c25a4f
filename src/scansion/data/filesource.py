"""What the line-based formats share: where a row starts, and how to start there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice

from scansion.data.files import DataFile
from scansion.data.rows import Position, Record

__all__ = ["FileSource"]


class FileSource(ABC):
    """The rows of a file whose rows have byte offsets; a gzipped file has none (-1) and is read from its beginning."""

    header: tuple[str, ...] | None = None
    text = False

    def __init__(self, file: DataFile) -> None:
        self.file, self.label = file, file.label
        self.seekable = not file.gz

    def where(self, line: int) -> str:
        """The line as messages name it."""
        return self.file.where(line)

    def records(self, start: Position | None = None) -> Iterator[Record]:
        """The rows, from `start` if given. Raises InputError naming the line of what is wrong."""
        if start is None or self.seekable:
            return self._read(start)
        return islice(self._read(None), start.row, None)

    @abstractmethod
    def _read(self, start: Position | None) -> Iterator[Record]:
        """The rows from a place in a plain file, or all."""
