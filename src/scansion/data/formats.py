"""From a file's name to what reads it."""

from __future__ import annotations

from pathlib import Path

from scansion.data.files import DataFile
from scansion.data.rows import Source
from scansion.errors import InputError

__all__ = ["open_source", "stem"]

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")


def open_source(path: Path, label: str) -> Source:
    """The reader of a data file, by its suffix; `.gz` may follow all but `.parquet`.

    Raises InputError for an unknown suffix, a file that is not there, and a header that is wrong.
    """
    suffix = _suffix(path)
    if suffix not in SUFFIXES or (suffix == ".parquet" and path.suffix.lower() == ".gz"):
        known = ", ".join(SUFFIXES[:-1])
        raise InputError(f"{label}: unknown data format; use {known} (each also .gz) or .parquet")
    file = DataFile(path, label)
    file.stat()
    if suffix in (".jsonl", ".ndjson"):
        from scansion.data.jsonl import JsonLines

        return JsonLines(file)
    if suffix == ".json":
        from scansion.data.jsonlist import JsonList

        return JsonList(file)
    if suffix == ".parquet":
        from scansion.data.parquet import Parquet

        return Parquet(file)
    from scansion.data.delimited import Delimited

    return Delimited(file, "," if suffix == ".csv" else "\t")


def stem(path: Path) -> str:
    """The name of a data set: its file's, without the suffixes."""
    name = _without_gz(path)
    return name[: -len(_suffix(path))] or name if _suffix(path) in SUFFIXES else name


def _without_gz(path: Path) -> str:
    return path.name[:-3] if path.name.lower().endswith(".gz") else path.name


def _suffix(path: Path) -> str:
    return Path(_without_gz(path)).suffix.lower()
