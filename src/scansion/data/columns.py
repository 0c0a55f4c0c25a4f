"""Which column is what: names compared as people write them, the roles of columns, variables matched to columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from scansion.data.spec import DataSpec
from scansion.errors import InputError

__all__ = ["FIELDS", "Roles", "find_roles", "match", "normal"]

TARGETS = ("target", "answer", "expected", "label", "output")
FIELDS = frozenset({"id", "inputs", "target", "rationale", "tags", "group", "weight", "row"})
"""The keys of a row in the layout of our own exports: `{"inputs": {...}, "target": ...}`."""


class Roles(Struct, frozen=True):
    """The column of each role, None where there is none.

    `nested` is the layout of our own exports, whose inputs are an object of their own. `named` holds the roles that
    the user named: their values must fit, while a column that only happens to be called `tags` may hold anything.
    """

    target: str | None = None
    id: str | None = None
    group: str | None = None
    weight: str | None = None
    tags: str | None = None
    rationale: str | None = None
    nested: bool = False
    named: frozenset[str] = frozenset()


def normal(name: str) -> str:
    """`name` without case, spaces, underscores and hyphens."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def find_roles(spec: DataSpec, columns: Sequence[str], nested: bool, label: str) -> Roles:
    """The column of each role: the one that the spec names, else the one found by its name.

    Found by name are the target (one of target, answer, expected, label, output), `id`, `tags` and `rationale`;
    `group` and `weight` change what figures mean and are so only when named, or in the layout of our own exports.
    Raises InputError for a named column that is not there and for two columns that could be the target.
    """
    found: dict[str, str | None] = {}
    for role in ("target", "id", "group", "weight", "tags", "rationale"):
        name = getattr(spec, role)
        if name is not None:
            found[role] = _column(name, columns, f"the {role} column", label)
        elif role == "target" and not nested:
            found[role] = _only(TARGETS, columns, "target", label)
        elif nested or role not in ("group", "weight"):
            found[role] = _only((role,), columns, role, label)
    named = frozenset(r for r in found if nested or getattr(spec, r) is not None)
    return Roles(**found, nested=nested, named=named)


def match(variables: Sequence[str], columns: Sequence[str], spec: DataSpec, label: str) -> dict[str, str]:
    """The column of each variable: the one that `spec.inputs` gives, else the one of that name.

    Names are equal ignoring case, spaces, underscores and hyphens; an exact match goes first. Raises InputError that
    names the variable without a column, the columns, and the nearest.
    """
    return {v: _column(spec.inputs.get(v, v), columns, _wanted(v, spec.inputs), label) for v in variables}


def _wanted(variable: str, inputs: Mapping[str, str]) -> str:
    return f"the column for the variable {variable!r}" if variable in inputs else f"the variable {variable!r}"


def _column(name: str, columns: Sequence[str], wanted: str, label: str) -> str:
    """The column called `name`, exactly or else as people write it."""
    if name in columns:
        return name
    alike = [c for c in columns if normal(c) == normal(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise InputError(f"{label} has {_listed(alike)} for {wanted}; rename one")
    kind = "needs" if wanted.startswith("the variable") else f"{name!r}, named as"
    raise InputError(_missing(name, columns, wanted, label, kind))


def _missing(name: str, columns: Sequence[str], wanted: str, label: str, kind: str) -> str:
    import difflib

    alike = {normal(column): column for column in reversed(columns)}
    hint = difflib.get_close_matches(normal(name), alike, n=1)
    close = f"; did you mean {alike[hint[0]]!r}?" if hint else ""
    have = f"columns: {', '.join(columns)}" if columns else "it has no columns"
    if kind == "needs":
        say = f"{close} Say" if close else "; say"
        return f"{label} has no column for {wanted} ({have}){say} which with --input {name}=COLUMN"
    return f"{label} has no column {kind} {wanted} ({have}){close}".rstrip()


def _only(names: Sequence[str], columns: Sequence[str], role: str, label: str) -> str | None:
    """The one column with one of these names, None without any."""
    found = [c for c in columns if normal(c) in names]
    if len(found) > 1:
        how = f"--target {found[0]}" if role == "target" else f"{role}: in data"
        raise InputError(f"{label} has {_listed(found)}, and each could be the {role}; say which ({how})")
    return found[0] if found else None


def _listed(columns: Sequence[str]) -> str:
    return "the columns " + " and ".join(repr(c) for c in columns)
