"""Files that a promptfoo configuration names: `file://` references, globs, and tables of tests."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from scansion.errors import InputError

__all__ = ["PROGRAMS", "expand", "expand_all", "is_program", "load_value", "named", "read_text"]

_LONGEST_CELL = 1 << 26

PROGRAMS = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb")
"""Suffixes of files that would have to be run; a function's name may follow after a colon."""


def named(value: Any) -> str | None:
    """The path in a `file://` reference, None for anything else."""
    return value.removeprefix("file://") if isinstance(value, str) and value.startswith("file://") else None


def is_program(path: str) -> bool:
    """Whether a path names code, with or without a function's name behind it."""
    stem, _, function = path.rpartition(":")
    return path.lower().endswith(PROGRAMS) or (bool(stem) and "/" not in function and stem.lower().endswith(PROGRAMS))


def expand(pattern: str, folder: Path) -> list[Path]:
    """The files that a path or glob names, in order. Empty where there is none."""
    path = pattern.removeprefix("file://")
    plain = folder / path
    try:
        if plain.is_file():
            return [plain]
        if not any(c in path for c in "*?["):
            return []
        root, rest = (Path(plain.anchor), str(plain.relative_to(plain.anchor))) if plain.is_absolute() else (Path(), "")
        return sorted(p for p in root.glob(rest or str(plain)) if p.is_file())
    except (OSError, ValueError):
        return []


def expand_all(pattern: str, folder: Path, where: str) -> list[Path]:
    """The files that a path or glob names, in order. Raises InputError, beginning with `where`, if there is none."""
    files = expand(pattern, folder)
    if not files:
        raise InputError(f"{where}: no file {pattern!r}; it is looked for from the configuration's folder")
    return files


def read_text(path: Path) -> str:
    """A file's text. Raises InputError for one that cannot be read."""
    from scansion.prompts.frontmatter import decode

    try:
        return decode(path.read_bytes(), str(path)).replace("\r\n", "\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def load_value(path: Path) -> Any:
    """What a YAML, JSON, JSONL or CSV file holds: rows of a table as mappings. Raises InputError for other formats."""
    suffix, text = path.suffix.lower(), read_text(path)
    if suffix in (".yaml", ".yml"):
        from scansion.prompts.frontmatter import plain_yaml

        return plain_yaml(text, str(path))
    if suffix in (".csv", ".tsv"):
        return _table(path, text, "\t" if suffix == ".tsv" else ",")
    if suffix not in (".json", ".jsonl"):
        raise InputError(f"{path}: YAML, JSON, JSONL and CSV are read, not {suffix or 'a file without a suffix'}")
    try:
        if suffix == ".json":
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}") from None


def _table(path: Path, text: str, delimiter: str) -> list[dict[str, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))  # the default refuses 128 KiB
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    try:
        return [{(k or "").strip(): v or "" for k, v in row.items() if k is not None} for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num + 1}: not a table that can be read: {error}") from None
