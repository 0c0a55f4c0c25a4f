"""Writing rows to files: the whole file or nothing, so that a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import msgspec

from scansion.errors import InputError

__all__ = ["check_target", "whole_file", "write_csv", "write_jsonl", "write_parquet"]

_BATCH = 4096
_encode = msgspec.json.Encoder().encode


def check_target(path: str | Path, *, new: bool = True) -> None:
    """Raises InputError for a file that cannot be written: a folder, or one in no folder; with `new`, for one that is
    there already."""
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{path}: is a folder; give a file to write")
    if new and target.exists():
        raise InputError(f"{path}: is there already, and would be written over; name another file")
    if not target.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {target.parent}; make it first")


def write_jsonl(path: str | Path, rows: Iterable[Mapping[str, Any] | msgspec.Struct]) -> int:
    """Write one JSON object a line, gzipped if the name ends in `.gz`; give the number of rows.

    Rows are mappings or structs; examples written so are read back as they were. The file takes its name when it is
    whole. Raises InputError if it cannot be written or a value has no JSON form.
    """
    path = Path(path)
    count = 0
    with whole_file(path) as plain, _packed(plain, path) as stream:
        for row in rows:
            try:
                line = _encode(dict(row) if isinstance(row, Mapping) else row)
            except (TypeError, ValueError, RecursionError) as error:
                raise InputError(f"{path}: row {count + 1} has no JSON form ({error})") from None
            stream.write(line + b"\n")
            count += 1
    return count


def write_parquet(path: str | Path, rows: Iterable[Mapping[str, Any] | msgspec.Struct]) -> int:
    """Write a Parquet file with pyarrow (an extra); give the number of rows.

    The columns and their types are those of the first 4,096 rows; later rows must fit. Raises InputError without
    pyarrow, for values of mixed types, and if the file cannot be written.
    """
    from scansion.data.parquet import pyarrow_parquet

    parquet = pyarrow_parquet()
    path, count = Path(path), 0
    batches = _batches(rows)
    first = next(batches, [])
    if not first:
        raise InputError(f"{path}: no rows to write")
    table = _table(first, None, f"{path}: rows 1 to {len(first)}")
    with whole_file(path) as stream, parquet.ParquetWriter(stream, table.schema) as writer:
        writer.write_table(table)
        count = len(first)
        for batch in batches:
            where = f"{path}: rows {count + 1} to {count + len(batch)}"
            writer.write_table(_table(batch, table.schema, where))
            count += len(batch)
    return count


def write_csv(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write CSV (RFC 4180) with a header, tabs in place of commas if the name ends in `.tsv`, gzipped if in `.gz`; give
    the number of rows.

    The columns are those of the first row. Truth values are `true` and `false`, None is empty, numbers are written so
    that they read back as they were, lists and objects are JSON. Raises InputError if there is no row, a later row has
    other columns, or the file cannot be written.
    """
    import csv
    from io import TextIOWrapper

    path, count = Path(path), 0
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        raise InputError(f"{path}: no rows to write")
    tabs = path.name.lower().removesuffix(".gz").endswith(".tsv")
    with whole_file(path) as plain, _packed(plain, path) as stream:
        text = TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(text, delimiter="\t" if tabs else ",", lineterminator="\r\n")
        writer.writerow(first)
        for row in chain([first], iterator):
            if row.keys() != first.keys():
                other = min(set(row.keys()) ^ set(first.keys()))
                raise InputError(f"{path}: row {count + 1} and row 1 differ in the column {other!r}; write .jsonl")
            writer.writerow([_cell(value) for value in row.values()])
            count += 1
        text.flush()
        text.detach()
    return count


def _cell(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return _encode(value).decode()


def _batches(rows: Iterable[Mapping[str, Any] | msgspec.Struct]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield [dict(r) if isinstance(r, Mapping) else msgspec.to_builtins(r) for r in batch]


def _table(batch: list[dict[str, Any]], schema: Any, where: str) -> Any:
    import pyarrow as pa

    try:
        if schema is not None:
            extra = {key for row in batch for key in row} - set(schema.names)
            if extra:
                raise ValueError(f"new columns {', '.join(sorted(extra))}")
            return pa.Table.from_pylist(batch, schema=schema)
        names = dict.fromkeys(key for row in batch for key in row)
        return pa.table({name: pa.array([row.get(name) for row in batch]) for name in names})
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{where} do not fit one table ({str(error).splitlines()[0]}); write .jsonl") from None


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside `path` that takes its name when all went well, and is removed when not."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def _packed(stream: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    if path.suffix.lower() != ".gz":
        yield stream
        return
    import gzip

    with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as packed:  # same rows, same bytes
        yield packed  # type: ignore[misc]
