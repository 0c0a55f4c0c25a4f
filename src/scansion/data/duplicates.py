"""Finding an id that occurs twice in a stream of many, in 8 to 16 bytes an id.

Hashes of ids are kept, not ids: the newest in a set, older ones in sorted arrays that are merged as they grow, so that
each hash is moved a logarithmic number of times. A hash that was seen before is only a suspicion; the caller reads
again to make sure.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Seen"]

_CHUNK = 16_384
_NONE: frozenset[int] = frozenset()


class Seen:
    """The hashes (signed 64 bits each) of the ids that went by."""

    def __init__(self) -> None:
        self.recent: set[int] = set()
        self.older: list[Any] = []  # sorted arrays, each at least twice as long as the next

    def add(self, hash: int) -> frozenset[int]:
        """Take in a hash and give those now known to have occurred twice.

        A hash is compared with the newest at once, with older ones when 16,384 have come together.
        """
        recent = self.recent
        if hash in recent:
            return frozenset((hash,))
        recent.add(hash)
        return self._fold() if len(recent) >= _CHUNK else _NONE

    def finish(self) -> frozenset[int]:
        """The hashes that occurred twice and were not given yet, at the end of the stream."""
        return self._fold() if self.older else _NONE

    def _fold(self) -> frozenset[int]:
        """Compare the newest hashes with the older ones, then count them among these."""
        import numpy as np

        new = np.fromiter(self.recent, np.int64, len(self.recent))
        new.sort()
        self.recent = set()
        twice: set[int] = set()
        for old in self.older:
            at = np.minimum(np.searchsorted(old, new), len(old) - 1)
            twice.update(new[old[at] == new].tolist())
        self.older.append(new)
        while len(self.older) > 1 and len(self.older[-2]) < 2 * len(self.older[-1]):
            merged = np.concatenate((self.older.pop(), self.older.pop()))
            merged.sort()
            self.older.append(merged)
        return frozenset(twice)
