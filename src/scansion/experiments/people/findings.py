"""What the annotations of a run say together: where people and the scorer disagree, kinds of failure, corrections.

The items come first whose marks people and the primary scorer disagree on: there the test is wrong, or the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Literal

from msgspec import Struct

from scansion.experiments.agreement.people import agreement_of
from scansion.experiments.lab import Lab
from scansion.experiments.people.annotations import (
    Annotation,
    Standing,
    acts_by_place,
    standing_in,
    standing_of,
    tag_key,
)
from scansion.experiments.people.corrections import corrections_in
from scansion.experiments.people.targets import same_value
from scansion.experiments.results import Agreement, OutcomeView
from scansion.experiments.store.annotations import Place
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.views import OutcomeReader

__all__ = ["CorrectedTarget", "Findings", "MarkedItem", "Person", "Tag", "findings", "judged", "marked_items"]

Standpoint = Literal["right", "wrong", "unscored", "error"]


class MarkedItem(Struct, frozen=True):
    """An outcome that somebody marked, tagged or noted. `scorer` is what the primary scorer found, `reason` why.

    `marks` are by person, True for right; `disputed` says that somebody and the scorer disagree.
    """

    example: str
    row: int
    trial: int
    variant: str
    target: Any
    output: str | None
    scorer: Standpoint
    reason: str
    marks: dict[str, bool]
    tags: tuple[str, ...]
    notes: dict[str, str]
    disputed: bool


class Tag(Struct, frozen=True):
    """A kind of failure: on how many outcomes it stands, of which examples and variants, by whom."""

    tag: str
    outcomes: int
    examples: tuple[str, ...]
    variants: dict[str, int]
    people: tuple[str, ...]


class CorrectedTarget(Struct, frozen=True):
    """A target that was corrected. `used` says that the run was scored against it; `old` is the run's own where not.

    `time` is in seconds since 1970; `others` are differing corrections that stand by other people.
    """

    example: str
    row: int
    old: Any
    target: Any
    author: str
    time: float
    used: bool
    others: dict[str, Any]


class Person(Struct, frozen=True):
    """What one person did: examples read, outcomes marked right and wrong, tagged, noted, targets corrected, acts."""

    name: str
    read: int
    right: int
    wrong: int
    tagged: int
    noted: int
    corrected: int
    acts: int


class Findings(Struct, frozen=True):
    """The annotations of a run. `scorer` is its primary one (empty: none), `n` the number of its examples.

    `items` hold the disputed first, then those that people disagree on among themselves, then the rest by row.
    `kinds` counts acts by kind. `agreements` are between people and the scorer, and between people, each over the
    outcomes that both said right or wrong of.
    """

    run: str
    name: str
    data: str
    n: int
    scorer: str
    people: list[Person]
    items: list[MarkedItem]
    tags: list[Tag]
    corrections: list[CorrectedTarget]
    agreements: list[Agreement]
    kinds: dict[str, int]

    @property
    def disputed(self) -> list[MarkedItem]:
        """The items that people and the scorer disagree on."""
        return [item for item in self.items if item.disputed]


def findings(lab: Lab, name: str | None = None) -> Findings:
    """What the annotations of a run (the last unless named) say. Raises InputError for no such run."""
    run = lab.run_table.find(name)
    acts = lab.annotations.of_run(run.label)
    marked = list(marked_items(lab, run))
    items = [_item(view, standing) for view, standing in marked]
    corrections = _corrections(lab, run)
    return Findings(
        run=run.label,
        name=run.name,
        data=run.context["data"],
        n=lab.reached(run),
        scorer=run.plan["scorers"][0] if run.plan["scorers"] else "",
        people=_people(lab, run, acts, corrections),
        items=sorted(items, key=lambda item: (not item.disputed, len(set(item.marks.values())) < 2, item.row)),
        tags=_tags(items, [standing for _, standing in marked]),
        corrections=corrections,
        agreements=_agreements(run, items),
        kinds=_kinds(acts),
    )


def judged(view: OutcomeView) -> Standpoint:
    """What the primary scorer found of an outcome."""
    if view.status == "scored":
        return "wrong" if view.wrong else "right"
    return "error" if view.status == "error" else "unscored"


def marked_items(lab: Lab, run: RunRecord) -> Iterator[tuple[OutcomeView, Standing]]:
    """The outcomes of a run that somebody marked, tagged or noted, with what stands of them; by row."""
    standing = standing_in(lab, run, "mark", "tag", "note")
    said = {place: s for place, s in standing.items() if s.marks or s.tags or s.notes}
    reader = OutcomeReader(lab, run)
    for row, variant in dict.fromkeys((place.row, place.variant) for place in said):
        views = ((view, said.get(Place(row, variant, view.trial))) for view in reader.read(row, variant))
        yield from ((view, standing) for view, standing in views if standing is not None)


def _item(view: OutcomeView, standing: Standing) -> MarkedItem:
    scorer = judged(view)
    first = next(iter(view.scores.values()), None)
    return MarkedItem(
        example=view.example.id,
        row=view.row,
        trial=view.trial,
        variant=view.variant,
        target=view.example.target,
        output=view.output.text if view.output is not None else None,
        scorer=scorer,
        reason=(first.explanation if first is not None else "") or view.message or view.reason,
        marks=standing.marks,
        tags=standing.all_tags,
        notes=standing.notes,
        disputed=_disputed(view, scorer, standing.marks.values()),
    )


def _disputed(view: OutcomeView, scorer: Standpoint, marks: Iterable[bool]) -> bool:
    """Whether a mark contradicts the scorer; to a person an output that is right was readable, too."""
    if not view.scores or scorer == "error":
        return False
    return any(right != (scorer == "right") for right in marks if scorer != "unscored" or right)


def _tags(items: Sequence[MarkedItem], standing: Sequence[Standing]) -> list[Tag]:
    """The tags that stand, the most frequent first."""
    found: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        for tag in item.tags:
            found.setdefault(tag_key(tag), []).append(number)
    tags = [_tag(key, [items[n] for n in those], [standing[n] for n in those]) for key, those in found.items()]
    return sorted(tags, key=lambda tag: -tag.outcomes)


def _tag(key: str, items: Sequence[MarkedItem], standing: Sequence[Standing]) -> Tag:
    variants: dict[str, int] = {}
    for item in items:
        variants[item.variant] = variants.get(item.variant, 0) + 1
    said = [(who, tag) for each in standing for who, tags in each.tags.items() for tag in tags if tag_key(tag) == key]
    examples = tuple(dict.fromkeys(item.example for item in items))
    name = next(tag for tag in items[0].tags if tag_key(tag) == key)
    return Tag(name, len(items), examples, variants, tuple(dict.fromkeys(who for who, _ in said)))


def _corrections(lab: Lab, run: RunRecord) -> list[CorrectedTarget]:
    return [
        CorrectedTarget(
            example=example.id,
            row=example.row,
            old=None if same_value(correction.target, example.target) else example.target,
            target=correction.target,
            author=correction.author,
            time=correction.time,
            used=same_value(correction.target, example.target),
            others=correction.others,
        )
        for example, correction in corrections_in(lab, run)
    ]


def _people(
    lab: Lab, run: RunRecord, acts: Sequence[Annotation], corrections: Sequence[CorrectedTarget]
) -> list[Person]:
    """Who did what, in the order in which they began."""
    said = acts_by_place(lab, run, acts)  # variants that are equal share their outcomes: each counts once
    standing = [standing_of(a) for a in {(at.row, a[0].outcome): a for at, a in said.items()}.values()]
    names = dict.fromkeys([act.author for act in acts] + [each.author for each in corrections])
    return [
        Person(
            name=name,
            read=lab.annotations.read_count(run.label, name),
            right=sum(s.marks.get(name) is True for s in standing),
            wrong=sum(s.marks.get(name) is False for s in standing),
            tagged=sum(name in s.tags for s in standing),
            noted=sum(name in s.notes for s in standing),
            corrected=sum(name == each.author or name in each.others for each in corrections),
            acts=sum(act.author == name for act in acts),
        )
        for name in names
    ]


def _agreements(run: RunRecord, items: Sequence[MarkedItem]) -> list[Agreement]:
    """Of each person with the scorer, then of every two people."""
    ratings: dict[str, dict[int, bool]] = {}
    for number, item in enumerate(items):
        for name, right in item.marks.items():
            ratings.setdefault(name, {})[number] = right
    scorer = {i: item.scorer == "right" for i, item in enumerate(items) if item.scorer in ("right", "wrong")}
    called = run.plan["scorers"][0] if run.plan["scorers"] else ""
    couples = [((name, mine), (called, scorer)) for name, mine in ratings.items() if called]
    level = 1 - run.plan["alpha"]
    return [found for a, b in [*couples, *combinations(ratings.items(), 2)] for found in _between(a, b, level)]


_Rater = tuple[str, dict[int, bool]]


def _between(a: _Rater, b: _Rater, level: float) -> Iterator[Agreement]:
    shared = sorted(a[1].keys() & b[1].keys())
    if shared:
        yield agreement_of((a[0], [a[1][i] for i in shared]), (b[0], [b[1][i] for i in shared]), level)


def _kinds(acts: Sequence[Annotation]) -> dict[str, int]:
    found: dict[str, int] = {}
    for act in acts:
        found[act.kind] = found.get(act.kind, 0) + 1
    return found
