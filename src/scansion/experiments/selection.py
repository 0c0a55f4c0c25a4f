"""Which outcomes of a run are asked for: the wrong, the errors, the flips between two variants, those with a tag ...

    Selection(which="wrong", variant="steps", against="direct", text="pears")

What is selected comes as items: a row and trial with those of its variants that fit. They are found by queries on
numbers and states; no output is decoded, but for a search of the text.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from msgspec import Struct, structs

from scansion.errors import InputError, nearest
from scansion.experiments.figures import EFFECTIVE, VariantInfo, under_rules
from scansion.experiments.store.annotations import Place
from scansion.experiments.store.codec import unpack

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["EVERYTHING", "Item", "Selection", "Which", "baseline_of", "chosen", "select"]

Which = Literal["all", "wrong", "errors", "unscored", "abstained", "flips"]

_STATES = {
    "wrong": "state = 0 AND value < :pass_mark",
    "errors": "state = 2 OR EXISTS (SELECT 1 FROM scores e JOIN rows x ON x.dataset = :dataset AND x.row = f.row "
    "WHERE e.outcome = f.outcome AND e.example = x.digest AND e.state = 2 AND e.scorer IN ({scorers}))",
    "unscored": "state IN (1, 3)",
    "abstained": "reason = 'abstained'",
    "flips": "state = 0",
}


class Selection(Struct, frozen=True, kw_only=True):
    """What is asked for; everything that is said must hold.

    `variant` is one variant; `flips` are two of which one is right and the other wrong (`which="flips"` alone: the
    first two of the run). `tag` is an annotation's, `text` stands in the input, target, output, reasons or notes
    (ignoring case), `id` is an example's, or several. `against` names a variant to be shown beside what is selected.
    """

    variant: str | None = None
    which: Which = "all"
    flips: tuple[str, str] | None = None
    against: str | None = None
    tag: str | None = None
    text: str = ""
    id: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.which not in get_args(Which):
            raise InputError(
                f"{self.which!r} is no choice of outcomes; choose wrong, errors, unscored, abstained or flips"
            )

    @property
    def of_flips(self) -> bool:
        """Whether flips are asked for."""
        return self.which == "flips" or self.flips is not None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that are asked for; none: any."""
        return (self.id,) if isinstance(self.id, str) else self.id or ()

    def but(self, **changes: Any) -> Selection:
        """This selection with other fields."""
        return structs.replace(self, **changes)


EVERYTHING = Selection()
"""All outcomes of a run."""


class Item(NamedTuple):
    """A row and trial, with the numbers of those of its variants that were selected."""

    row: int
    trial: int
    variants: tuple[int, ...]


def chosen(run: RunRecord, selection: Selection) -> list[VariantInfo]:
    """The variants that a selection is about. Raises InputError for names that no variant of the run has."""
    from scansion.experiments.variants import find_variant

    infos = VariantInfo.of(run)
    if selection.flips is not None:
        two = [find_variant(name, infos) for name in selection.flips]
        if two[0].index == two[1].index:
            raise InputError(f"flips are between two variants, and both names mean {two[0].name!r}")
        return sorted(two, key=lambda info: info.index)
    if selection.which == "flips":
        if len(infos) < 2:
            raise InputError("flips are between two variants, and the run has one")
        return infos[:2]
    return infos if selection.variant is None else [find_variant(selection.variant, infos)]


def baseline_of(run: RunRecord, selection: Selection) -> VariantInfo | None:
    """The variant that stands beside the others: the one that is named, else the run's baseline (of flips the first of
    the two, if the baseline is neither); None for a run of one.

    Raises InputError for a name that no variant of the run has.
    """
    from scansion.experiments.variants import find_variant, pair_with_baseline

    infos = VariantInfo.of(run)
    if selection.against is not None:
        found: VariantInfo = find_variant(selection.against, infos)
        return found
    pairs = pair_with_baseline(run.plan["baseline"], infos) if len(infos) > 1 else []
    if not pairs:
        return None
    baseline = infos[pairs[0][0]]
    return chosen(run, selection)[0] if selection.of_flips and baseline not in chosen(run, selection) else baseline


def select(lab: Lab, run: RunRecord, selection: Selection) -> Iterator[Item]:
    """The items of a selection, by row and trial; its `text` is not looked at (see `search`).

    Raises InputError at once for variants, tags and ids that are not there.
    """
    variants = chosen(run, selection)
    baseline_of(run, selection)
    rows = [row for id in selection.ids for row in _rows_of(lab, run, id)] if selection.ids else None
    tagged = _tagged(lab, run, selection.tag) if selection.tag is not None else None
    found = heapq.merge(*(_outcomes(lab, run, info.index, selection, rows) for info in variants))
    if tagged is not None:
        found = (each for each in found if Place(each[0], each[2], each[1]) in tagged)
    return _flips(found) if selection.of_flips else _items(found)


_Found = tuple[int, int, int, int, bool]
"""Row, trial, variant, outcome, and whether it is right (where that was asked)."""


def _items(found: Iterable[_Found]) -> Iterator[Item]:
    for (row, trial), those in groupby(found, key=lambda each: each[:2]):
        yield Item(row, trial, tuple(each[2] for each in those))


def _flips(found: Iterable[_Found]) -> Iterator[Item]:
    """The rows and trials with one right and one wrong."""
    for (row, trial), group in groupby(found, key=lambda each: each[:2]):
        those = list(group)
        if len({each[4] for each in those}) == 2:
            yield Item(row, trial, tuple(each[2] for each in those))


def _outcomes(
    lab: Lab, run: RunRecord, variant: int, selection: Selection, rows: Collection[int] | None
) -> Iterator[_Found]:
    """The outcomes of one variant that fit, by row and trial."""
    among = f"row IN ({', '.join(map(str, rows))})" if rows is not None else "1"
    which = "flips" if selection.of_flips else selection.which
    if which == "all":
        query = f"SELECT row, trial, variant, outcome, 1 FROM members WHERE run = ? AND variant = ? AND {among}"
        return (each for each in lab.db.execute(f"{query} ORDER BY row, trial", (run.id, variant)))
    scorers = run.context["scorer_ids"]
    fits = _STATES[which].format(scorers=", ".join(str(int(id)) for id in scorers) or "NULL")
    query = (
        f"SELECT row, trial, {variant}, outcome, value >= :pass_mark FROM ({EFFECTIVE}) f "
        f"WHERE ({fits}) AND {among} ORDER BY row, trial"
    )
    given = under_rules(run, variant, scorers[0] if scorers else None)
    return (each for each in lab.db.execute(query, {**given, "pass_mark": run.plan["pass_mark"]}))


def _rows_of(lab: Lab, run: RunRecord, id: str) -> list[int]:
    """The rows of a run with this id."""
    query = "SELECT row FROM rows WHERE dataset = ? AND id = ?"
    found = [row for (row,) in lab.db.execute(query, (run.dataset, id))]
    if not found:
        raise InputError(f"{run.label} has no example with the id {id!r}; `scansion show` shows their ids")
    return found


def _tagged(lab: Lab, run: RunRecord, tag: str) -> set[Place]:
    """The outcomes on which somebody's tag stands, and those of rows that carry it themselves.

    Raises InputError for a tag that is nowhere in the run.
    """
    from scansion.experiments.people.annotations import standing_in, tag_key

    tags = [(name, place) for place, said in standing_in(lab, run, "tag").items() for name in said.all_tags]
    tags += _tags_of_rows(lab, run)
    found = {place for name, place in tags if tag_key(name) == tag_key(tag)}
    if not found:
        known = dict.fromkeys(name for name, _ in tags)
        hint = nearest(tag, known) if known else "it has no tags; they are given in `scansion show`, with t"
        raise InputError(f"no outcome of {run.label} is tagged {tag!r}; {hint}")
    return found


class _Tags(Struct):
    """An Example, of which the tags alone are read."""

    tags: tuple[str, ...] = ()


def _tags_of_rows(lab: Lab, run: RunRecord) -> list[tuple[str, Place]]:
    """The tags that rows carry, with each outcome of these."""
    bodies = lab.db.execute("SELECT row, body FROM rows WHERE dataset = ?", (run.dataset,))
    tags = {row: tags for row, body in bodies if (tags := unpack(body, _Tags).tags)}
    if not tags:
        return []
    members = lab.db.execute("SELECT row, variant, trial FROM members WHERE run = ?", (run.id,))
    return [(tag, place) for place in map(Place._make, members) for tag in tags.get(place.row, ())]
