"""Opening a data file as bytes, plain or gzipped, with clear errors."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

from scansion.errors import InputError, nearest

__all__ = ["DataFile", "Where", "not_utf8"]

Where = Callable[[int], str]
"""How messages name a line."""

BOM = b"\xef\xbb\xbf"


class DataFile:
    """A file of bytes; `label` is its name as the user wrote it. Raises InputError when it cannot be read."""

    def __init__(self, path: Path, label: str) -> None:
        self.path, self.label = path, label
        self.gz = path.name.lower().endswith(".gz")

    def where(self, line: int) -> str:
        return f"{self.label}:{line}"

    def stat(self) -> os.stat_result:
        """The file's status; a missing file is an InputError with the nearest name of its folder."""
        try:
            found = self.path.stat()
        except OSError as error:
            self._refuse(error)
        if not self.path.is_file():
            raise InputError(f"{self.label} is not a file; name a data file")
        return found

    @contextmanager
    def open(self, offset: int = 0) -> Iterator[IO[bytes]]:
        """The file's plain bytes from `offset` (of a gzipped file only from 0), a leading byte order mark skipped."""
        try:
            with self._stream() as stream:
                if offset:
                    stream.seek(offset)
                elif stream.peek(3)[:3] == BOM:  # type: ignore[attr-defined]  # both kinds of stream have it
                    stream.read(3)
                yield stream
        except (EOFError, zlib.error) as error:
            raise InputError(f"{self.label} is not a whole gzip file ({error}); compress it again") from None
        except OSError as error:
            if error.errno is None and self.gz:  # gzip.BadGzipFile, which no system call raises
                raise InputError(f"{self.label} is not a gzip file ({error}); compress it, or drop .gz") from None
            self._refuse(error)

    def _stream(self) -> IO[bytes]:
        if not self.gz:
            return self.path.open("rb", buffering=1 << 17)
        import gzip

        return gzip.open(self.path, "rb")  # type: ignore[return-value]

    def _refuse(self, error: OSError) -> NoReturn:
        if isinstance(error, FileNotFoundError):
            folder = self.path.parent
            names = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
            hint = f"; {nearest(self.path.name, names)}" if 0 < len(names) <= 50 else ""
            raise InputError(f"data file {self.label} not found{hint}") from None
        raise InputError(f"cannot read {self.label}: {error.strerror or error}") from None


def not_utf8(raw: bytes, where: Where, line: int) -> InputError | None:
    """The error for bytes from `line` on that are not UTF-8, naming the first bad one's place; None if they are."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        column = len(before) - before.rfind("\n")
        bad = f"byte 0x{raw[error.start]:02x} at column {column}"
        return InputError(f"{where(line + before.count(chr(10)))}: not UTF-8 ({bad}); save the file as UTF-8")
    return None
