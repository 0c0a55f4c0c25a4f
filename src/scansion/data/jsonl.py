"""JSON Lines: one object a line; blank lines are skipped. https://jsonlines.org"""

from __future__ import annotations

from collections.abc import Iterator

from scansion.data.filesource import FileSource
from scansion.data.jsonvalues import FAULTS, decode, fault
from scansion.data.rows import Position, Record

__all__ = ["JsonLines"]


class JsonLines(FileSource):
    """The rows of a `.jsonl` or `.ndjson` file, plain or gzipped. A line that is no object is an InputError."""

    def _read(self, start: Position | None) -> Iterator[Record]:
        line, offset = (start.line - 1, start.offset) if start else (0, 0)
        plain = self.seekable
        with self.file.open(offset) as stream:
            offset = stream.tell()
            for raw in stream:
                line += 1
                try:
                    values = decode(raw)
                except FAULTS as error:
                    if raw.strip():
                        raise fault(raw.rstrip(), self.where, line, error) from None
                else:
                    yield line, offset if plain else -1, values
                offset += len(raw)
