"""Raw rows made into examples, their fields checked as they go."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from scansion.data.columns import Roles
from scansion.data.files import Where
from scansion.data.rows import Source
from scansion.errors import InputError
from scansion.types import Example, hexdigest

__all__ = ["Build", "builder", "retarget", "row_digest", "with_targets"]

Build = Callable[[dict[str, Any], int, int], Example]
"""The example of a raw row, its number from 0 and its line."""


def builder(roles: Roles, source: Source) -> Build:
    """A function that makes the examples of a source. It raises InputError naming the line of a wrong value."""
    extra = _extra_fields(roles, source)
    target, id_column, nested, text = roles.target, roles.id, roles.nested, source.text

    def build(values: dict[str, Any], row: int, line: int) -> Example:
        if id_column is None:
            id = row_digest(values, source.where, line)
        else:
            id = values.get(id_column, "")
            if type(id) is not str or not id:
                id = _id(id, id_column, source.where(line))
        wanted = None if target is None else values.get(target)
        if text and wanted == "":
            wanted = None
        inputs = _nested(values, source.where, line) if nested else values
        if extra is None:
            return Example(id, inputs, wanted, row=row)
        return Example(id, inputs, wanted, row=row, **extra(values, line))

    return build


def with_targets(build: Build, targets: Mapping[int, Any], roles: Roles) -> Build:
    """`build`, but with these targets in the rows of these numbers, also among the inputs where the target's column
    is one of them."""

    def build_with(values: dict[str, Any], row: int, line: int) -> Example:
        example = build(values, row, line)
        return retarget(example, targets[row], roles.target) if row in targets else example

    return build_with


def retarget(example: Example, target: Any, column: str | None) -> Example:
    """`example` with another target, also in the target's column where that is among its inputs."""
    inputs = {**example.inputs, column: target} if column in example.inputs else example.inputs
    return structs.replace(example, target=target, inputs=inputs)


def row_digest(values: dict[str, Any], where: Where, line: int) -> str:
    """The id of a row without one: the first 12 hexadecimal digits of its digest."""
    try:
        return hexdigest(values)[:12]
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where(line)}: a value cannot be written as JSON ({error}); use text or numbers") from None


def _nested(values: dict[str, Any], where: Where, line: int) -> dict[str, Any]:
    inputs = values.get("inputs")
    if type(inputs) is not dict:
        raise InputError(f"{where(line)}: 'inputs' is not an object, as it is in the first row; make rows alike")
    return inputs


def _extra_fields(roles: Roles, source: Source) -> Callable[[dict[str, Any], int], dict[str, Any]] | None:
    """A reader of the fields that few data sets have; None where there is none."""
    readers = {"group": _group, "weight": _weight, "tags": _tags, "rationale": _rationale}
    used = [(role, column, read) for role, read in readers.items() if (column := getattr(roles, role)) is not None]
    if not used:
        return None

    def read_all(values: dict[str, Any], line: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for role, column, read in used:
            value = values.get(column)
            if value is None or (source.text and not value.strip()):
                continue
            try:
                fields[role] = read(value)
            except ValueError as error:
                if role in roles.named:
                    raise InputError(f"{source.where(line)}: {role} {column!r} is {_shown(value)}; {error}") from None
        return fields

    return read_all


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _id(value: Any, column: str, where: str) -> str:
    if type(value) is int:
        return str(value)
    if value is None or value == "":
        raise InputError(f"{where}: no id in {column!r}; give every row one, or name another column (id: in data)")
    raise InputError(f"{where}: id {column!r} is {_shown(value)}; an id must be text or a whole number")


def _group(value: Any) -> str:
    if type(value) not in (str, int):
        raise ValueError("a group must be text or a whole number")
    return str(value)


def _weight(value: Any) -> float:
    try:
        weight = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise ValueError("a weight must be a number above 0")
    return weight


def _tags(value: Any) -> tuple[str, ...]:
    tags = value.split(",") if isinstance(value, str) else value
    if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        raise ValueError("tags must be a list of texts, or one text with commas")
    return tuple(t.strip() for t in tags if t.strip())


def _rationale(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a rationale must be text")
    return value
