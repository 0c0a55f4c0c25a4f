"""Files that a person edits: which of them have new content.

Editors save in many ways: in place, in several writes, or by putting a new file in the old one's place. So what counts
is the content, once it has been the same at two looks; a file that is gone for a moment has not changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

__all__ = ["Watched"]

_Stamp = tuple[int, int, int]


class Watched:
    """Looks at files when it is asked to. What they hold now is what they are compared with."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = list(paths)
        self._stamps: dict[Path, _Stamp | None] = {path: _stamp(path) for path in self.paths}
        self._known: dict[Path, bytes | None] = {path: _digest(path) for path in self.paths}
        self._new: dict[Path, bytes] = {}

    def changed(self) -> list[Path]:
        """The files whose new content was there at the last look already. Call it every fraction of a second."""
        return [path for path in self.paths if self._settled(path)]

    def _settled(self, path: Path) -> bool:
        stamp = _stamp(path)
        if stamp is None or (stamp == self._stamps[path] and path not in self._new):
            return False
        found = _digest(path)
        self._stamps[path] = stamp
        if found is None or found == self._known[path]:
            self._new.pop(path, None)
            return False
        if self._new.get(path) != found:
            self._new[path] = found
            return False
        del self._new[path]
        self._known[path] = found
        return True


def _stamp(path: Path) -> _Stamp | None:
    """What changes when a file is written or replaced; None while there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _digest(path: Path) -> bytes | None:
    try:
        return blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return None
