"""The lab of a command that also works without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

__all__ = ["lab_or_none"]


@contextmanager
def lab_or_none(folder: str | None) -> Iterator[Lab | None]:
    """The lab in `folder` or the nearest one, open; None where no folder was named and there is none."""
    from scansion.experiments.lab import Lab

    if folder is None and Lab.nearest(Path.cwd()) is None:
        yield None
        return
    with Lab.find(folder, create=False) as lab:
        yield lab
