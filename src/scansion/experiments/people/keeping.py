"""Outcomes kept as examples: rows of a shots file, from which `shots(..., source=FILE)` takes worked examples.

A row is in the layout of exports: id, inputs, target, and the rationale where there is one. The target is the corrected
one where one stands; for an example without any, it is the output that was kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from scansion.data.columns import normal
from scansion.errors import InputError
from scansion.experiments.people.annotations import Standing
from scansion.experiments.results import OutcomeView
from scansion.experiments.store.runs import RunRecord

__all__ = ["append_shot", "default_file", "remove_shot", "shot_of"]

_PROMPTS = {".prompty", ".txt", ".md"}


def default_file(run: RunRecord, variant: int) -> str:
    """Where the examples of a variant are kept unless told: `prompts/steps.shots.jsonl` beside `prompts/steps.prompty`.

    For a prompt that is no file it is `NAME.shots.jsonl` in the plan's folder.
    """
    prompt = str(run.context["variants"][variant]["prompt"])
    path = Path(prompt.rpartition(":")[2])
    stem = path.stem if path.suffix in _PROMPTS else path.name
    file = Path(run.plan.get("base_dir", ".")) / path.parent / f"{stem or 'prompt'}.shots.jsonl"
    return os.path.relpath(file)


def shot_of(run: RunRecord, variant: int, view: OutcomeView, said: Standing) -> dict[str, Any]:
    """The row that keeps an outcome, its inputs by their columns, and by the prompt's variables where a column's name
    does not say which.

    Raises InputError for a row of the test part, and for an example that has neither a target nor an output.
    """
    if run.plan.get("part") == "test":
        raise InputError("rows of the test part are not kept: shots may not be drawn from what they are tested on")
    target = said.target if said.corrected else view.example.target
    if target is None and view.output is not None:
        target = view.output.text
    if target is None:
        raise InputError("there is no target to keep; give the example one with c")
    columns = run.context["variants"][variant].get("columns") or {}
    inputs = view.example.inputs
    named = {
        name: inputs[column] for name, column in columns.items() if column in inputs and _other(name, inputs, column)
    }
    rationale = {"rationale": view.example.rationale} if view.example.rationale else {}
    return {"id": view.example.id, "inputs": {**inputs, **named}, "target": target, **rationale}


def _other(name: str, columns: Iterable[str], column: str) -> bool:
    """Whether the variable `name` would not find its `column` among `columns`."""
    return [each for each in columns if normal(each) == normal(name)] != [column]


def append_shot(path: str | Path, shot: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Append a row to a shots file, which is made where there is none; gives the number of its line, and the row.

    An id that another row of the file has gets a number. Raises InputError where a row with these inputs is there
    already, and where the file is no such file or cannot be written.
    """
    file = Path(path)
    if file.suffix != ".jsonl":
        raise InputError(f"{path}: examples are kept in JSON lines; name a file that ends in .jsonl")
    with _writing(file) as stream:
        kept = _rows(stream, path, "name another file to keep them in")
        for line, row in enumerate(kept, 1):
            if row is not None and row.get("inputs") == shot["inputs"]:
                other = "" if row.get("target") == shot["target"] else ", with another target; mend it in the file"
                raise InputError(f"{path}:{line}: this example is kept there already{other}")
        ids = {str(row["id"]) for row in kept if row is not None and "id" in row}
        id, number = shot["id"], 2
        while id in ids:
            id, number = f"{shot['id']}-{number}", number + 1
        written = msgspec.json.encode({**shot, "id": id})
        _append(stream, written)
    return len(kept) + 1, msgspec.json.decode(written)


def remove_shot(path: str | Path, row: dict[str, Any]) -> None:
    """Take a row that was appended out of a shots file again, if it is still there.

    Raises InputError where it was changed since, and where the file holds something else or cannot be written.
    """
    file = Path(path)
    if not file.exists():
        return
    with _writing(file) as stream:
        rows = _rows(stream, path, "mend it, then undo again")
        if row in rows:
            stream.seek(0)
            lines = stream.read().splitlines(keepends=True)
            del lines[rows.index(row)]
            _replace(file, b"".join(lines))
            return
        for line, found in enumerate(rows, 1):
            if found is not None and (found.get("id") == row["id"] or found["inputs"] == row["inputs"]):
                raise InputError(f"{path}:{line}: changed since it was kept; take it out by hand, then undo again")


@contextmanager
def _writing(file: Path) -> Iterator[BinaryIO]:
    """The file, which is made where there is none, while nobody else changes it here. Raises InputError for what cannot
    be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with file.open("ab+") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                if _is_at(stream, file):  # else another one took its place while this waited
                    yield stream
                    return
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror or error}); name another file") from None


def _is_at(stream: BinaryIO, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False


def _append(stream: BinaryIO, line: bytes) -> None:
    """Add a line in one write, after the end of the last one."""
    if stream.seek(0, os.SEEK_END):
        stream.seek(-1, os.SEEK_END)
        line = line if stream.read(1) == b"\n" else b"\n" + line
    stream.write(line + b"\n")
    stream.flush()
    os.fsync(stream.fileno())


def _replace(file: Path, content: bytes) -> None:
    """Put a new content in the file's place, all or nothing; links to it and its mode stay."""
    real = file.resolve()
    fresh = real.with_name(f"{real.name}.{os.getpid()}.part")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    shutil.copymode(real, fresh)
    fresh.replace(real)


def _rows(stream: BinaryIO, path: str | Path, hint: str) -> list[dict[str, Any] | None]:
    """The rows of a shots file by line, None for a blank one. Raises InputError where it holds something else."""
    stream.seek(0)
    found: list[dict[str, Any] | None] = []
    for number, line in enumerate(stream.read().splitlines(), 1):
        try:
            found.append(msgspec.json.decode(line, type=dict[str, Any]) if line.strip() else None)
        except msgspec.DecodeError:
            raise InputError(f"{path}:{number}: not a row of examples; {hint}") from None
        if found[-1] is not None and not isinstance(found[-1].get("inputs"), dict):
            raise InputError(f"{path}:{number}: not in the layout with `inputs` of its own; {hint}")
    return found
