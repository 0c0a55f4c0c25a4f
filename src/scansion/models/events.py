"""Server-sent events, decoded as their bytes come: the data of each event.

Source: WHATWG HTML, "Server-sent events", 9.2.6 "Interpreting an event stream". Names, ids and retry times of events
are not used by any provider's API and are left out. One leniency: data whose final blank line is missing at the end of
the stream counts.
"""

from __future__ import annotations

__all__ = ["Events"]

_BOM = b"\xef\xbb\xbf"


class Events:
    """Feed it the bytes of a stream, cut anywhere; it gives the data of the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""  # the beginning of a line
        self._data: list[bytes] = []  # the lines of data of the event that is being read
        self._began = self._returned = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that end in `chunk`; the lines of one are joined by newlines."""
        return [data for line in self._lines(chunk) if (data := self._line(line)) is not None]

    def end(self) -> list[bytes]:
        """The data of an event that lacks only its blank line when the stream is over."""
        data = self._line(b"") if not self._rest else None
        return [] if data is None else [data]

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that end in `chunk`, by a carriage return, a newline, or both."""
        if not chunk:
            return []
        if self._returned and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._returned = chunk.endswith(b"\r")
        text = self._rest + chunk
        if not self._began:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._rest = text
                return []
            self._began, text = True, text.removeprefix(_BOM)
        *lines, self._rest = [*text.splitlines(), b""] if text.endswith((b"\n", b"\r")) else text.splitlines() or [b""]
        return lines

    def _line(self, line: bytes) -> bytes | None:
        """Take a line; the data of the event that it ends, if it ends one that has any."""
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
            return None
        data, self._data = self._data, []
        return b"\n".join(data) if data else None
