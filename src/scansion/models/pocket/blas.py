"""One BLAS thread while the engine computes.

Its matrices are small: a second thread that spins for its share makes them slower (three times on a quiet machine with
two cores, fifty times beside another busy process), and the engine's results would depend on the number of cores. The
numpy wheels bring OpenBLAS, whose number of threads is set for the process; it is put back when nothing is computed.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["one_thread"]

_lock = threading.Lock()
_inside = [0, 0]  # how many are within, and the number of threads before the first
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@contextmanager
def one_thread() -> Iterator[None]:
    """While it lasts, OpenBLAS computes in its caller's thread. Does nothing for another BLAS."""
    library = _library()
    if library is None:
        yield
        return
    with _lock:
        _inside[0] += 1
        if _inside[0] == 1:
            _inside[1] = library.scipy_openblas_get_num_threads64_()
            library.scipy_openblas_set_num_threads64_(1)
    try:
        yield
    finally:
        with _lock:
            _inside[0] -= 1
            if _inside[0] == 0:
                library.scipy_openblas_set_num_threads64_(_inside[1])


@cache
def _library() -> Any:
    """The OpenBLAS that numpy's wheel brought (it is loaded already); None where there is none."""
    package = Path(np.__file__).parent
    for folder in (package.with_name("numpy.libs"), package / ".dylibs"):
        for file in folder.glob("libscipy_openblas64_*"):
            try:
                library = ctypes.CDLL(str(file))
            except OSError:
                continue
            if hasattr(library, "scipy_openblas_set_num_threads64_"):
                return library
    return None
