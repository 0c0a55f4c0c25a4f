"""The engines of this process: each model is loaded once, at its first use, and serves whoever holds it."""

from __future__ import annotations

import os
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

from scansion.models.pocket.folder import Folder

if TYPE_CHECKING:
    from scansion.models.pocket.engine import Engine

__all__ = ["held", "hold", "release"]

_IDLE = 2
"""Engines that nobody holds and that stay loaded: as many as are shipped. Each keeps up to 96 MB that it has read."""

_engines: OrderedDict[str, Engine] = OrderedDict()  # by the digest of their files, the one let go last at the end
_holders: Counter[str] = Counter()
_lock = threading.Lock()


def held(folder: Folder) -> bool:
    """Whether `hold` would not have to load the model."""
    return folder.digest in _engines


def hold(folder: Folder) -> Engine:
    """The engine of a model, to be given back by `release`. Blocks while it loads. Raises InputError for a wrong
    folder."""
    with _lock:
        found = _engines.get(folder.digest)
        if found is None:
            from scansion.models.pocket.engine import Engine

            found = _engines[folder.digest] = Engine.open(folder)
        _holders[folder.digest] += 1
        return found


def release(folder: Folder) -> None:
    """Give an engine back. Of those that nobody holds the ones given back last stay loaded."""
    with _lock:
        if not _holders[folder.digest]:
            return  # held before a fork
        _holders[folder.digest] -= 1
        _engines.move_to_end(folder.digest)
        idle = [digest for digest in _engines if not _holders[digest]]
        for digest in idle[:-_IDLE]:
            _engines.pop(digest).close()


def _forked() -> None:
    """A forked process has none of its parent's threads: its engines are loaded anew."""
    _engines.clear()
    _holders.clear()
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forked)
