"""Where rows of a lab may be written: what a person keeps is not written over."""

from __future__ import annotations

from pathlib import Path

from scansion.data import check_target
from scansion.errors import InputError
from scansion.experiments.lab import Lab

__all__ = ["check_output"]


def check_output(lab: Lab, path: str | Path, *, new: bool = True) -> None:
    """Raises InputError for the data of a run, for what cannot be a file and, with `new`, for a file that is there."""
    target = str(Path(path).resolve())
    if any(target == run.context.get("data_path") for run in lab.run_table.list()):
        raise InputError(f"{path}: is the data of a run, and would be written over; name another file")
    check_target(path, new=new)
