"""A run as a file for other tools: Inspect logs, JSON Lines, CSV, Parquet, by the name's suffix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.data.writer import write_csv, write_jsonl, write_parquet
from scansion.errors import InputError
from scansion.experiments.outputs import check_output
from scansion.experiments.selection import EVERYTHING, Selection, chosen
from scansion.experiments.views import flat_row, iterate
from scansion.types import canonical

if TYPE_CHECKING:
    from scansion.experiments.figures import VariantInfo
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["FORMATS", "Written", "check_format", "export_run"]

FORMATS = (".eval", ".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


class Written(Struct, frozen=True):
    """A file that was written, and how many outcomes are in it."""

    path: str
    outcomes: int


def check_format(path: str | Path) -> str:
    """The suffix by which a file is written. Raises InputError for one that names no format."""
    name = Path(path).name.lower()
    found = next((suffix for suffix in FORMATS if name.endswith(suffix) and name != suffix), None)
    if found is None:
        raise InputError(f"{path}: the name must end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    return found


def export_run(
    lab: Lab, path: str | Path, *, run: str | None = None, selection: Selection = EVERYTHING
) -> list[Written]:
    """Write the outcomes of a run (the last unless named), those that are selected, to `path` by its suffix.

    An Inspect log holds one variant: of a run of several each gets a file of its own, `NAME-VARIANT.eval`. Raises
    InputError for a suffix that is not known, names that are not there, a file that would be written over, and where
    there is nothing to write.
    """
    suffix, path = check_format(path), Path(path)
    record = lab.run_table.find(run)
    if suffix == ".eval":
        return list(_logs(lab, record, path, selection))
    check_output(lab, path)
    views = iterate(lab, record, selection)
    first = next(views, None)
    if first is None:
        raise InputError(f"{record.label} has no such outcome; {path} was not written")
    rows = (flat_row(record, view) for view in chain([first], views))
    if suffix in (".jsonl", ".jsonl.gz"):
        count = write_jsonl(path, rows)
    elif suffix == ".parquet":
        count = write_parquet(path, map(_flat, rows))
    else:
        count = write_csv(path, rows)
    return [Written(str(path), count)]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose nested values are JSON texts, since a column of a table has one type."""
    return {k: canonical(v).decode() if _mixed(k, v) else v for k, v in row.items()}


def _mixed(name: str, value: Any) -> bool:
    return isinstance(value, dict | list | tuple) or (name in ("target", "answer") and value is not None)


def _logs(lab: Lab, run: RunRecord, path: Path, selection: Selection) -> Iterator[Written]:
    from scansion.interop.inspect_write import write_inspect

    if selection.of_flips:
        raise InputError("--only flips is about two variants, and an Inspect log holds one; write .jsonl or .csv")
    infos = chosen(run, selection)
    targets = _targets(path, infos)
    for target in targets:
        check_output(lab, target)
    for info, target in zip(infos, targets, strict=True):
        narrowed = selection.but(variant=None)
        if next(iterate(lab, run, selection.but(variant=info.name), limit=1), None) is None:
            if len(infos) == 1:
                raise InputError(f"{run.label} has no such outcome; {target} was not written")
            continue
        yield Written(str(target), write_inspect(lab, run, info, target, narrowed))


def _targets(path: Path, infos: list[VariantInfo]) -> list[Path]:
    """A file for each variant; names are made of what file systems take, and are told apart by a number."""
    if len(infos) == 1:
        return [path]
    found: list[Path] = []
    for info in infos:
        word = re.sub(r"[^\w.=+-]+", "-", info.name).strip("-.")[:80] or "variant"
        target = path.with_name(f"{path.stem}-{word}{path.suffix}")
        if target in found:
            target = path.with_name(f"{path.stem}-{word}-{info.index + 1}{path.suffix}")
        found.append(target)
    return found
