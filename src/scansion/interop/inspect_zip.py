"""The container of Inspect's `.eval` logs: a zip of JSON members, packed with Zstandard (method 93) or deflate.

Python's `zipfile` reads the directory and deflated members; Zstandard came to it with 3.14, so those members are
unpacked here. Source: APPNOTE.TXT of PKWARE, 4.3.7 and 4.4.5; https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from types import TracebackType

from scansion.errors import InputError

__all__ = ["ZIP", "Archive"]

ZIP = b"PK\x03\x04"
"""What a zip begins with."""

_ZSTD = 93
_LOCAL = struct.Struct("<26xHH")  # of a member's local header: the lengths of its name and its extra field
_MOST = 2**31  # bytes of one member, unpacked


class Archive:
    """An opened `.eval` file; `label` names it in messages. Of members with one name the last counts.

    Raises InputError for a file that is no zip or whose members cannot be unpacked.
    """

    def __init__(self, path: Path, label: str) -> None:
        self.label = label
        try:
            self._file = path.open("rb")
            self._zip = zipfile.ZipFile(self._file)
        except OSError as error:
            raise InputError(f"{label}: cannot be read ({error.strerror or error})") from None
        except zipfile.BadZipFile as error:
            self._file.close()
            raise InputError(f"{label}: is no .eval log, or one that was cut off ({error})") from None
        self._members = {info.filename: info for info in self._zip.infolist()}

    def names(self) -> list[str]:
        """The members' names in the file's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """A member, unpacked."""
        info = self._members[name]
        try:
            if info.file_size > _MOST:
                raise ValueError(f"{info.file_size} bytes")
            if info.compress_type != _ZSTD:
                return self._zip.read(info)
            return self._zstd(info)
        except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise InputError(f"{self.label}: {name} in it cannot be unpacked ({error})") from None

    def _zstd(self, info: zipfile.ZipInfo) -> bytes:
        import zstandard

        self._file.seek(info.header_offset)
        before = sum(_LOCAL.unpack(self._file.read(_LOCAL.size)))
        self._file.seek(before, 1)
        packed = BytesIO(self._file.read(info.compress_size))
        try:
            reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
            found = reader.read(info.file_size + 1)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from None
        if len(found) != info.file_size or zlib.crc32(found) != info.CRC:
            raise ValueError("its checksum does not agree")
        return found

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()
