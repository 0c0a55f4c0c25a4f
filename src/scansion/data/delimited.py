"""CSV and TSV: a header in row 1, then rows of as many cells; quoted cells may hold line ends. RFC 4180.

All values are text, an input's empty cell the empty text: nothing is guessed, so that `007` stays `007`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from scansion.data.files import DataFile, not_utf8
from scansion.data.filesource import FileSource
from scansion.data.rows import Position, Record
from scansion.errors import InputError

__all__ = ["Delimited"]

_LONGEST_CELL = 1 << 26
Cells = tuple[int, int, list[str]]


class Delimited(FileSource):
    """The rows of a `.csv` or `.tsv` file, plain or gzipped. Raises InputError naming the line that is wrong."""

    text = True

    def __init__(self, file: DataFile, delimiter: str) -> None:
        super().__init__(file)
        self.delimiter = delimiter
        self._header_line = 0
        self.header: tuple[str, ...] = self._read_header()

    def _read(self, start: Position | None) -> Iterator[Record]:
        header, width = self.header, len(self.header)
        for line, offset, cells in self._cells(start):
            if start is None and line == self._header_line:
                continue
            if len(cells) != width:
                raise self._ragged(line, len(cells), width)
            yield line, offset if self.seekable else -1, dict(zip(header, cells, strict=True))

    def _cells(self, start: Position | None) -> Iterator[Cells]:
        """The cells of each row that is not blank, the header's too, with its line and offset."""
        line, offset = (start.line - 1, start.offset) if start else (0, 0)
        with self.file.open(offset) as stream:
            lines = _Lines(stream, line, self)
            csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))  # the default refuses 128 KiB
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while True:
                line, offset = lines.line + 1, lines.offset
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise self._malformed(line, str(error)) from None
                if cells is None:
                    return
                if cells:
                    yield line, offset, cells

    def _read_header(self) -> tuple[str, ...]:
        for line, _, cells in self._cells(None):
            self._header_line = line
            twice = sorted({c for c in cells if cells.count(c) > 1})
            if twice:
                names = ", ".join(repr(c) for c in twice)
                raise InputError(f"{self.where(line)}: the header names {names} more than once; rename one")
            self._check_delimiter(line, cells)
            return tuple(cells)
        raise InputError(f"{self.label} is empty; give it a header and rows")

    def _check_delimiter(self, line: int, cells: list[str]) -> None:
        others = {",": "commas", "\t": "tabs", ";": "semicolons"}
        used, wanted = [o for o in others if o in cells[0]], others[self.delimiter]
        if len(cells) == 1 and used:
            raise InputError(f"{self.where(line)}: the columns stand between {others[used[0]]}; save with {wanted}")

    def _ragged(self, line: int, cells: int, width: int) -> InputError:
        what = f"{cells} cell{'s' * (cells != 1)} where the header has {width} column{'s' * (width != 1)}"
        mark = "commas" if self.delimiter == "," else "tabs"
        return InputError(f"{self.where(line)}: {what}; put cells that hold {mark} in quotes")

    def _malformed(self, line: int, message: str) -> InputError:
        if "unexpected end" in message or "field limit" in message:
            return InputError(f"{self.where(line)}: a quoted cell that starts in this row is not closed; close it")
        if "new-line character" in message:
            return InputError(f"{self.where(line)}: a bare carriage return; end lines with a line feed")
        if "expected after" in message:
            return InputError(f'{self.where(line)}: text after a closing quote; write a quote inside a cell as ""')
        return InputError(f"{self.where(line)}: {message}")


class _Lines:
    """The lines of a stream as text, with the number of those read and the offset of the next."""

    def __init__(self, stream: IO[bytes], line: int, table: Delimited) -> None:
        self.stream, self.line, self.table = stream, line, table
        self.offset = stream.tell()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = next(self.stream)
        self.line += 1
        self.offset += len(raw)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            error = not_utf8(raw, self.table.where, self.line)
            assert error is not None
            raise error from None
