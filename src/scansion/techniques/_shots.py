"""Which rows are shown as shots: the candidates of a run, and the choice for each example."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from scansion.errors import InputError, nearest
from scansion.techniques._algebra import Context
from scansion.types import Example, hexdigest

__all__ = ["Selection", "by_variable", "first", "named", "rows_for_shots", "sampled"]

_SPARE = 32  # candidates beyond k, for rows that are the example itself


class Selection:
    """The first `k` of the candidates whose inputs differ from the example's; fewer where the candidates give out.

    `spec` is the technique's text, `identity` that with the digest of the candidates. The choice is `fixed`: it is the
    same for every example that is not among the shots itself.
    """

    fixed = True

    def __init__(self, spec: str, k: int, candidates: Sequence[Example]) -> None:
        self.spec, self.k, self.candidates = spec, k, candidates
        self.identity = f"{spec}#{hexdigest([(c.inputs, c.target, c.rationale) for c in candidates])}"

    async def select(self, inputs: Mapping[str, Any], lm: Any) -> tuple[Example, ...]:  # noqa: ARG002
        """The shots for an example with these inputs."""
        return tuple(islice((c for c in self.candidates if not _same(c.inputs, inputs)), self.k))


def _same(shot: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    return bool(inputs) and all(name in shot and shot[name] == value for name, value in inputs.items())


def rows_for_shots(context: Context, source: str | None) -> tuple[Iterable[Example], Mapping[str, str]]:
    """The rows that shots may come from, and which column of theirs each variable is.

    Raises InputError where there are none, or where the columns of `source` do not fit the prompt.
    """
    if source is not None:
        from scansion.data import open_dataset

        data = open_dataset(source, base_dir=context.base_dir)
        return (row.example for row in data.rows()), data.match(list(context.mapping))
    if context.pool is None:
        raise InputError("shots: there is no data to take rows from; give source=FILE, or run it on a data set")
    return context.pool(), context.mapping


def first(rows: Iterable[Example], k: int) -> list[Example]:
    """The first rows with a target: `k` and some to spare. Raises InputError if there are too few."""
    return _enough(list(islice(_usable(rows), k + _SPARE)), k)


def sampled(rows: Iterable[Example], k: int, seed: int) -> list[Example]:
    """Rows with a target drawn by `seed`, in the order drawn: `k` and some to spare. Raises InputError likewise."""
    usable = _enough(list(_usable(rows)), k)
    return random.Random(seed).sample(usable, min(len(usable), k + _SPARE))


def named(rows: Iterable[Example], ids: Sequence[str]) -> list[Example]:
    """The rows with these ids, in this order. Raises InputError for an id that no row with a target has."""
    wanted = set(ids)
    known: dict[str, Example] = {}
    others: list[str] = []
    for row in _usable(rows):
        if row.id in wanted:
            known[row.id] = row
        elif len(others) < 1000:
            others.append(row.id)
    for id in ids:
        if id not in known:
            hint = nearest(id, others) if len(others) < 20 else "ids are those of the data, shown by `scansion show`"
            raise InputError(f"shots: no row for shots has the id {id!r} and a target; {hint}")
    return [known[id] for id in ids]


def by_variable(rows: Sequence[Example], mapping: Mapping[str, str]) -> list[Example]:
    """The rows with their inputs also under the names of the prompt's variables."""

    def renamed(row: Example) -> dict[str, Any]:
        return {**row.inputs, **{v: row.inputs[column] for v, column in mapping.items() if column in row.inputs}}

    return [msgspec.structs.replace(row, inputs=renamed(row)) for row in rows] if mapping else list(rows)


def _usable(rows: Iterable[Example]) -> Iterable[Example]:
    return (row for row in rows if row.target is not None)


def _enough(rows: list[Example], k: int) -> list[Example]:
    if len(rows) < k:
        raise InputError(f"shots: {k} are wanted, and there are {len(rows)} rows with a target to choose from")
    return rows
