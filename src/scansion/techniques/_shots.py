"""Which rows are shown as shots: the rows of a run that they may come from, and the choice for each example."""

from __future__ import annotations

import random
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from scansion.data.near import Likeness
from scansion.errors import InputError, nearest
from scansion.prompts.shots import Chosen, Render
from scansion.scorers._texts import as_text
from scansion.techniques._algebra import Context
from scansion.techniques._fitting import Fitting
from scansion.types import Example, Request, canonical, hexdigest

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = [
    "MANY",
    "AsTheyStand",
    "Order",
    "Ranker",
    "Rows",
    "Selection",
    "Ways",
    "by_variable",
    "enough",
    "first",
    "named",
    "round_robin",
    "rows_for_shots",
    "rows_of_file",
    "sampled",
    "text_of",
    "usable",
    "variables_of",
]

_SPARE = 32  # candidates beyond k, for rows that are the example itself or nearly
MANY = 2000  # the most shots of one prompt where as many as fit are wanted

Order = Literal["near-last", "near-first", "random", "data"]


class Ranker(Protocol):
    """Puts rows in the order in which they are chosen; `fixed` says that it is the same for every example."""

    @property
    def fixed(self) -> bool: ...

    async def ranked(self, rows: Any, inputs: Mapping[str, Any], count: int, lm: Any) -> list[int]:
        """At least the first `count` of the rows (their places) that may be shown with these inputs, best first."""
        ...


class AsTheyStand:
    """The order of the candidates."""

    fixed = True

    async def ranked(self, rows: Rows, inputs: Mapping[str, Any], count: int, lm: Any) -> list[int]:  # noqa: ARG002
        """All rows that may be shown with these inputs."""
        return rows.apart(range(len(rows.examples)), inputs)


class Ways(Struct, frozen=True):
    """How the chosen rows are treated: equal numbers of each target, their order, the bounds of the context."""

    balanced: bool = False
    order: Order | None = None
    seed: int = 0
    fitting: Fitting | None = None


class Rows:
    """Candidates, and their texts: the values of the prompt's `variables`."""

    def __init__(self, examples: Sequence[Example], variables: Sequence[str]) -> None:
        self.examples, self.variables = examples, tuple(variables)
        self.texts = [text_of(example.inputs, self.variables) for example in examples]

    def mark(self) -> str:
        """The digest of the rows."""
        sink = blake2b(digest_size=16)
        for row in self.examples:
            sink.update(canonical([row.inputs, row.target, row.rationale]))
        return sink.hexdigest()

    def apart(self, places: Iterable[int], inputs: Mapping[str, Any], count: int | None = None) -> list[int]:
        """The first `count` of these places (default: all) whose rows are neither the example nor nearly so."""
        return list(islice(filter(self.other_than(inputs), places), count))

    def other_than(self, inputs: Mapping[str, Any]) -> Callable[[int], bool]:
        """Whether the row of a place is neither the example nor nearly so: each variable by itself, so that another
        question about the same long text is another example."""
        given = [(name, _text(inputs, name)) for name in self.variables]
        likeness = [(name, Likeness(text)) for name, text in given] if any(text for _, text in given) else []

        def other(place: int) -> bool:
            shot = self.examples[place].inputs
            alike = bool(likeness) and all(like.alike(_text(shot, name)) for name, like in likeness)
            return not (alike or _same(shot, inputs))

        return other


class Selection:
    """Chooses the first `k` of the rows that differ from the example, fewer where they give out.

    `spec` is the technique's text, `identity` that with the digest of the candidates. The choice is `fixed` where it is
    the same for every example that is not among the shots itself. `showable` are the rows that may be shown to examples
    that they are not nearly the same as.
    """

    def __init__(
        self, spec: str, k: int | None, rows: Rows, ways: Ways, ranker: Ranker, identity: str | None = None
    ) -> None:
        self.spec, self.k, self.rows = spec, k, rows
        self._ways, self._ranker = ways, ranker
        candidates = rows.examples
        self.identity = identity or f"{spec}#{hexdigest([(c.inputs, c.target, c.rationale) for c in candidates])}"
        self.fixed = ranker.fixed and ways.order != "random" and ways.fitting is None

    @property
    def candidates(self) -> Sequence[Example]:
        return self.rows.examples

    @property
    def showable(self) -> Sequence[Example]:
        """The rows of which all examples see some: the first `k` where the choice is fixed, else all."""
        return self.candidates[: self.k] if self.fixed else self.candidates

    def check(self, channel: Any) -> None:
        """Raise InputError where it is not known what fits the model of this channel."""
        if self._ways.fitting is not None:
            self._ways.fitting.bound(channel, self.k)

    async def select(self, inputs: Mapping[str, Any], lm: Any, render: Render | None = None) -> Chosen:
        """The shots for an example with these inputs."""
        most = MANY if self.k is None else self.k
        ranked = await self._ranker.ranked(self.rows, inputs, most, lm)
        if self._ways.balanced:
            ranked = round_robin(ranked, lambda place: canonical(self.rows.examples[place].target))
        places = ranked[:most]
        told: dict[str, Any] = {}
        if self._ways.fitting is not None and render is not None:
            kept = await self._fitting(places, inputs, lm, render)
            if self.k is not None and kept < len(places):
                told["shots_left_out"] = len(places) - kept
            places = places[:kept]
        chosen = Chosen(self._shown(places, inputs))
        chosen.told = told
        return chosen

    async def _fitting(self, places: Sequence[int], inputs: Mapping[str, Any], lm: Any, render: Render) -> int:
        """How many of the places there is room for."""

        def request(count: int) -> Request:
            return render(inputs, self._shown(places[:count], inputs))

        fitting = self._ways.fitting
        return len(places) if fitting is None else await fitting.most(request, len(places), lm, self.k)

    def _shown(self, places: Sequence[int], inputs: Mapping[str, Any]) -> list[Example]:
        """The rows in the order in which they are shown."""
        order = self._ways.order
        if order == "near-last":
            places = places[::-1]
        elif order == "data":
            places = sorted(places, key=lambda place: (self.rows.examples[place].row, place))
        elif order == "random":
            places = list(places)
            random.Random(f"{self._ways.seed} {hexdigest(inputs)}").shuffle(places)
        return [self.rows.examples[place] for place in places]


def round_robin(places: Sequence[int], label: Callable[[int], bytes]) -> list[int]:
    """The places in rounds: the first of each label, then the second of each, labels in the order of their first."""
    groups: dict[bytes, list[int]] = {}
    for place in places:
        groups.setdefault(label(place), []).append(place)
    rounds = max(map(len, groups.values()), default=0)
    return [group[turn] for turn in range(rounds) for group in groups.values() if turn < len(group)]


def text_of(inputs: Mapping[str, Any], variables: Sequence[str]) -> str:
    """What a row is compared by: the values of the prompt's variables, never the target."""
    return "\n".join(as_text(inputs[name]) for name in variables if inputs.get(name) is not None)


def _text(inputs: Mapping[str, Any], name: str) -> str:
    value = inputs.get(name)
    return "" if value is None else as_text(value)


def _same(shot: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    return bool(inputs) and all(name in shot and shot[name] == value for name, value in inputs.items())


def rows_for_shots(
    context: Context, source: str | None, needed: Sequence[str] = ()
) -> tuple[Iterator[Example], Mapping[str, str]]:
    """The rows that shots may come from, and which column of theirs each variable is: rows with a target and with a
    value for each variable that is `needed`, as far as it is a column.

    Raises InputError where there are none, or where the columns of `source` do not fit the prompt.
    """
    if source is not None:
        rows, mapping = rows_of_file(context, source)
    elif context.pool is None:
        raise InputError("shots: there is no data to take rows from; give source=FILE, or run it on a data set")
    else:
        rows, mapping = context.pool(), context.mapping
    columns = [mapping[variable] for variable in needed if variable in mapping]
    return (row for row in usable(rows) if all(row.inputs.get(column) is not None for column in columns)), mapping


def rows_of_file(context: Context, path: str) -> tuple[Iterable[Example], Mapping[str, str]]:
    """The rows of a file, likewise."""
    from scansion.data import open_dataset

    data = open_dataset(path, base_dir=context.base_dir)
    return (row.example for row in data.rows()), data.match(list(context.mapping))


def first(rows: Iterable[Example], k: int | None, balanced: bool = False) -> list[Example]:
    """The first rows: `k` (None: MANY) and some to spare. Raises InputError if there are too few."""
    return enough(_cut(iter(rows), k, balanced), k)


def sampled(rows: Iterable[Example], k: int | None, seed: int, balanced: bool = False) -> list[Example]:
    """Rows drawn by `seed`, in the order drawn: `k` and some to spare. Raises InputError likewise."""
    found = enough(list(rows), k)
    if balanced:
        return _cut(iter(random.Random(seed).sample(found, len(found))), k, balanced)
    return random.Random(seed).sample(found, min(len(found), (k or MANY) + _SPARE))


def _cut(rows: Iterator[Example], k: int | None, balanced: bool) -> list[Example]:
    most = (k or MANY) + _SPARE
    if not balanced:
        return list(islice(rows, most))
    held = list(rows)
    turns = round_robin(range(len(held)), lambda place: canonical(held[place].target))
    return [held[place] for place in turns[:most]]


def named(
    rows: Iterable[Example], ids: Sequence[str], kept: Callable[[], Iterable[Example]] | None = None
) -> list[Example]:
    """The rows with these ids, in this order. Raises InputError for an id that no row has; `kept` are the rows that may
    not be shown."""
    wanted = set(ids)
    known: dict[str, Example] = {}
    others: list[str] = []
    for row in rows:
        if row.id in wanted:
            known[row.id] = row
        elif len(others) < 1000:
            others.append(row.id)
    for id in ids:
        if id not in known and kept is not None and any(row.id == id for row in kept()):
            raise InputError(
                f"shots: the row {id!r} is in the test part, which is never shown; name rows of the dev part"
            )
        if id not in known:
            hint = nearest(id, others) if len(others) < 20 else "ids are those of the data, shown by `scansion show`"
            raise InputError(f"shots: no row for shots has the id {id!r}, a target and all inputs; {hint}")
    return [known[id] for id in ids]


def by_variable(rows: Sequence[Example], mapping: Mapping[str, str]) -> list[Example]:
    """The rows with their inputs also under the names of the prompt's variables."""

    def renamed(row: Example) -> dict[str, Any]:
        return {**row.inputs, **{v: row.inputs[column] for v, column in mapping.items() if column in row.inputs}}

    return [msgspec.structs.replace(row, inputs=renamed(row)) for row in rows] if mapping else list(rows)


def variables_of(prompt: Prompt) -> tuple[str, ...]:
    """The variables that rows are compared by: all that the prompt may be given."""
    return tuple(dict.fromkeys((*prompt.variables, *prompt.optional)))


def usable(rows: Iterable[Example]) -> Iterator[Example]:
    """The rows that have a target."""
    return (row for row in rows if row.target is not None)


def enough(rows: list[Example], k: int | None) -> list[Example]:
    """The rows. Raises InputError where there are fewer than `k`, or none."""
    if k is None and not rows:
        raise InputError("shots: there are no rows with a target and all inputs to choose from")
    if k is not None and len(rows) < k:
        raise InputError(
            f"shots: {k} are wanted, and there are {len(rows)} rows with a target and all inputs to choose from"
        )
    return rows
