"""Parquet files, read in batches with pyarrow (an extra). https://parquet.apache.org/docs/file-format/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scansion.data.files import DataFile
from scansion.data.rows import Position, Record
from scansion.errors import InputError

__all__ = ["Parquet", "pyarrow_parquet"]

_BATCH = 1024


def pyarrow_parquet() -> Any:
    """The module `pyarrow.parquet`. Raises InputError with the line that installs it."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise InputError("Parquet files need pyarrow: pip install 'scansion[parquet]'") from None
    return pyarrow.parquet


class Parquet:
    """The rows of a `.parquet` file; lines are rows counted from 1."""

    seekable = False
    text = False

    def __init__(self, file: DataFile) -> None:
        self.file, self.label = file, file.label
        self._parquet = pyarrow_parquet()
        with self._open() as opened:
            names = tuple(opened.schema_arrow.names)
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"{self.label} has column {twice[0]!r} more than once; rename one")
        self.header: tuple[str, ...] | None = names

    def where(self, line: int) -> str:
        return f"{self.label} row {line}"

    def records(self, start: Position | None = None) -> Iterator[Record]:
        """The rows, from `start` if given; row groups before it are not read."""
        first = start.row if start else 0
        with self._open() as opened:
            groups, line = _groups_from(opened.metadata, first)
            try:
                for batch in opened.iter_batches(batch_size=_BATCH, row_groups=groups):
                    skip = min(max(first - line, 0), len(batch))
                    line += skip
                    for values in batch.slice(skip).to_pylist():
                        line += 1
                        yield line, -1, values
            except (OSError, ValueError) as error:
                raise self._broken(error) from None

    def _open(self) -> Any:
        try:
            return self._parquet.ParquetFile(self.file.path)
        except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
            raise self._broken(error) from None

    def _broken(self, error: BaseException) -> InputError:
        reason = str(error).splitlines()[0].rstrip(".")
        return InputError(f"{self.label} cannot be read as Parquet: {reason}")


def _groups_from(metadata: Any, row: int) -> tuple[list[int], int]:
    """The row groups from the one that holds `row`, and the number of rows before them."""
    before = 0
    for group in range(metadata.num_row_groups):
        size = metadata.row_group(group).num_rows
        if before + size > row:
            return list(range(group, metadata.num_row_groups)), before
        before += size
    return [], before
