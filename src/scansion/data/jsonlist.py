"""A JSON file that holds one list of objects, read piece by piece in constant memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from scansion.data.filesource import FileSource
from scansion.data.jsonvalues import FAULTS, decode, fault
from scansion.data.rows import Position, Record
from scansion.errors import InputError

__all__ = ["JsonList"]

_CHUNK = 1 << 16
_LONGEST = 1 << 28
_TAIL = 16  # a cut-off literal or escape is reported this near the end of what has been read
_SPACE = re.compile(rb"[ \t\r\n]*")
_find_end = json.JSONDecoder().raw_decode


class JsonList(FileSource):
    """The rows of a `.json` file, plain or gzipped. What breaks the list is an InputError naming its line."""

    def _read(self, start: Position | None) -> Iterator[Record]:
        line, offset = (start.line, start.offset) if start else (1, 0)
        with self.file.open(offset) as stream:
            window = _Window(stream, line)
            more, after = start is not None or self._enter(window), "the opening ["
            while more:
                raw, line, offset = window.element()
                try:
                    values = decode(raw)
                except FAULTS as error:
                    raise self._fault(window, raw, line, offset, error, after) from None
                yield line, offset if self.seekable else -1, values
                more, after = self._again(window), "a comma"

    def _fault(
        self, window: _Window, raw: bytes, line: int, offset: int, error: BaseException, after: str
    ) -> InputError:
        """What is wrong with an element that starts on `line`, at `offset`."""
        if not raw:
            return InputError(f"{self.where(window.line)}: the list is cut off after {after}; close it with ]")
        with suppress(ValueError):
            if not isinstance(json.JSONDecoder().raw_decode(raw.decode())[0], dict):
                return InputError(f"{self.where(line)}: each row must be one JSON object; this one is none")
        if raw.startswith(b"]"):
            return InputError(f"{self.where(line)}: a comma stands before the closing ]; take it out")
        return fault(b" " * self._before(offset) + raw, self.where, line, error, "mend the list there")

    def _before(self, offset: int) -> int:
        """How many characters stand before an offset on its line."""
        with self.file.open() as stream:
            at = stream.tell()
            for raw in stream:
                if at + len(raw) > offset:
                    return len(raw[: offset - at].decode(errors="ignore"))
                at += len(raw)
        return 0

    def _enter(self, window: _Window) -> bool:
        """Step into the list; False if it is empty."""
        first = window.peek()
        if first == b"":
            return False
        if first != b"[":
            hint = "; one object a line belongs in a .jsonl file" if first == b"{" else ""
            raise InputError(f"{self.where(window.line)}: a .json data file must be a list of objects{hint}")
        window.step()
        if window.peek() != b"]":
            return True
        self._close(window)
        return False

    def _again(self, window: _Window) -> bool:
        """Step over the comma between two rows; False at the end of the list."""
        mark = window.peek()
        if mark == b",":
            window.step()
            return True
        if mark != b"]":
            what = "the list is cut off" if mark == b"" else f"{mark.decode(errors='replace')!r}"
            raise InputError(f"{self.where(window.line)}: {what} where a comma or the closing ] is needed")
        self._close(window)
        return False

    def _close(self, window: _Window) -> None:
        window.step()
        if window.peek():
            raise InputError(f"{self.where(window.line)}: text after the list's closing ]; one list a file")


class _Window:
    """The part of a stream that is being read.

    Bytes are looked at as Latin-1, in which one byte is one character, so that positions agree: all of JSON's marks
    are ASCII. The values themselves are decoded from the bytes.
    """

    def __init__(self, stream: IO[bytes], line: int) -> None:
        self.stream, self.line = stream, line
        self.base = stream.tell()
        self.raw, self.text, self.at = b"", "", 0
        self.ended = False

    def peek(self) -> bytes:
        """The next mark, white space skipped; empty at the end."""
        while True:
            found = _SPACE.match(self.raw, self.at)
            self._advance(found.end() if found else self.at)
            if self.at < len(self.raw):
                return self.raw[self.at : self.at + 1]
            if not self._more():
                return b""

    def step(self) -> None:
        self.at += 1

    def element(self) -> tuple[bytes, int, int]:
        """The bytes of the next element up to its end, its line and its offset."""
        mark = self.peek()
        line, start = self.line, self.base + self.at
        end = self._end() if mark == b"{" else self._rest_of_line()
        raw = self.raw[self.at : end]
        self._advance(end)
        return raw, line, start

    def _end(self) -> int:
        """Where the object at hand ends; where it is broken, the end of its first line, for the message."""
        while True:
            try:
                return _find_end(self.text, self.at)[1]
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self.text) - _TAIL
                if not cut or len(self.raw) - self.at > _LONGEST or not self._more():
                    return len(self.raw) if cut else self._rest_of_line(error.pos)
            except RecursionError:
                return len(self.raw)

    def _rest_of_line(self, start: int | None = None) -> int:
        end = self.raw.find(b"\n", self.at if start is None else start + 1)
        return end if end >= 0 else len(self.raw)

    def _advance(self, end: int) -> None:
        self.line += self.raw.count(b"\n", self.at, end)
        self.at = end

    def _more(self) -> bool:
        """Read on, at least doubling what is left; False at the end of the stream."""
        left = self.raw[self.at :]
        chunk = self.stream.read(max(_CHUNK, len(left)))
        self.base += self.at
        self.raw, self.at = left + chunk, 0
        self.text = self.raw.decode("latin-1")
        return bool(chunk)
