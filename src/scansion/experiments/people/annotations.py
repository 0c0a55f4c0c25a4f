"""What people say of outcomes and examples: marks, tags, notes, corrected targets; append-only, by person.

    with Lab.find() as lab:
        for view in lab.views(which="wrong"):
            lab.annotations.tag(view, "wrong unit")

An act belongs to what it was about by content: to an outcome by its key, of one example (rows that ask the same share
their outcomes, and each is judged for itself); a corrected target to the example by its id and the digest of its
inputs. So it is found again in any later run that has the same. What stands is the last act of a kind by a person.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.people.names import current_author
from scansion.experiments.people.targets import check_target, content_of, same_example, targets_about
from scansion.experiments.results import OutcomeView
from scansion.experiments.store.annotations import Act, AnnotationTable, Place
from scansion.types import canonical

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = [
    "Annotation",
    "Annotations",
    "Kind",
    "Standing",
    "acts_by_place",
    "by_outcome",
    "flat_annotations",
    "standing_in",
    "standing_of",
    "standing_tags",
    "tag_key",
]

Kind = Literal["mark", "tag", "note", "target", "keep", "read"]

_LONGEST_TAG = 60


class Annotation(Struct, frozen=True):
    """One act of a person. `time` is in seconds since 1970.

    `value` by kind: `mark` True (right), False (wrong) or None (withdrawn); `tag` "+X" or "-X"; `note` its text, ""
    withdrawn; `target` {"target": X, "old": Y} (Y was the row's own), None withdrawn; `keep` the file it was kept in,
    {"out": FILE} the one it was taken out of; `read` None. `run` is the run in which it was said (`r12`),
    `outcome` the outcome's key, `example` the row's id, `inputs` the digest of its inputs (32 hexadecimal digits each;
    empty where the row was not known).
    """

    id: int
    time: float
    author: str
    kind: Kind
    value: Any
    run: str
    variant: str
    outcome: str
    dataset: int
    row: int
    example: str
    inputs: str


class Standing(Struct, frozen=True):
    """What stands of an outcome and its example, by person, in the order in which it was said.

    `marks` are True for right; `tags` are the tags of each person, `notes` their words, `targets` the corrected targets
    of the example, `kept` the files it was kept in, `read` who has read the outcome.
    """

    marks: dict[str, bool] = {}
    tags: dict[str, tuple[str, ...]] = {}
    notes: dict[str, str] = {}
    targets: dict[str, Any] = {}
    kept: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The tags of all persons, each once, in its first spelling."""
        found: dict[str, str] = {}
        for tag in (tag for tags in self.tags.values() for tag in tags):
            found.setdefault(tag_key(tag), tag)
        return tuple(found.values())

    @property
    def corrected(self) -> bool:
        """Whether a corrected target stands."""
        return bool(self.targets)

    @property
    def target(self) -> Any:
        """The corrected target that was said last; None where none stands (see `corrected`)."""
        return list(self.targets.values())[-1] if self.targets else None


class Annotations:
    """The annotations of a lab, and the pen of one person: `author`, by default the name in git's settings, else the
    login name.

    Every act is committed when its method returns. Raises InputError for empty names and tags.
    """

    def __init__(self, lab: Lab, author: str | None = None) -> None:
        self._lab = lab
        self._named = author
        if author is not None and not author.strip():
            raise InputError("the name of who annotates is empty; give one with --as NAME")

    def by(self, author: str | None) -> Annotations:
        """The same annotations in the hand of another person; None changes nothing."""
        return self if author is None else Annotations(self._lab, author)

    @cached_property
    def author(self) -> str:
        """Who annotates."""
        return " ".join(self._named.split()) if self._named is not None else current_author()

    @property
    def table(self) -> AnnotationTable:
        """The acts in the database."""
        return self._lab.annotation_table

    def mark(self, view: OutcomeView, right: bool | None) -> None:
        """Say that an output is right or wrong; None takes it back."""
        self._add(view, "mark", right)

    def tag(self, view: OutcomeView, text: str) -> None:
        """Name a kind of failure (or anything else) that an output shows. Tags are compared ignoring case."""
        self._add(view, "tag", "+" + _tag(text))

    def untag(self, view: OutcomeView, text: str) -> None:
        """Take back a tag of one's own."""
        self._add(view, "tag", "-" + _tag(text))

    def note(self, view: OutcomeView, text: str) -> None:
        """Say something of an outcome, in place of one's note before; an empty text takes it back."""
        self._add(view, "note", text.strip())

    def correct(self, view: OutcomeView, target: Any) -> None:
        """Give the example another target; any JSON value. For what a person types see `as_target`.

        It is remembered which target it replaces: where a row has yet another one, by an edit of the file or in another
        data set with the same inputs, the correction is not about it. Raises InputError for a number that JSON does not
        have.
        """
        self._add(view, "target", {"target": check_target(target), "old": view.example.target})

    def uncorrect(self, view: OutcomeView) -> None:
        """Take one's corrected target back."""
        self._add(view, "target", None)

    def keep(self, view: OutcomeView, path: str) -> None:
        """Note that the outcome was kept as an example, in the file `path`."""
        self._add(view, "keep", path)

    def unkeep(self, view: OutcomeView, path: str) -> None:
        """Note that the outcome was taken out of the file `path` again."""
        self._add(view, "keep", {"out": path})

    def read(self, *views: OutcomeView) -> None:
        """Note that outcomes were read; those that this person has read before are not noted again."""
        new = [v for v in views if not self._about(v, self.table.of_outcome(_key(v), "read", self.author))]
        if new:
            self.table.add([self._act(view, "read", None) for view in new])

    def of(self, view: OutcomeView) -> list[Annotation]:
        """All acts on an outcome, and the corrected targets of its example, the oldest first."""
        acts = self._about(view, [act for act in self.table.of_outcome(_key(view)) if act.kind != "target"])
        targets = [_annotation(a) for a in self.table.of_inputs(content_of(view.example.inputs), "target")]
        found = [*map(_annotation, acts), *targets_about(targets, view.example.id, view.example.target)]
        return sorted(found, key=lambda each: each.id)

    def standing(self, view: OutcomeView) -> Standing:
        """What stands of an outcome and its example."""
        return standing_of(self.of(view))

    def of_run(self, name: str | None = None) -> list[Annotation]:
        """All acts on the outcomes of a run, whichever run they were seen in; the oldest first. Raises InputError."""
        run = self._lab.run_table.find(name)
        places = acts_by_place(self._lab, run, map(_annotation, self.table.of_run(run.id)))
        found = {act.id: act for acts in places.values() for act in acts}
        return [found[id] for id in sorted(found)]

    def all(self, kind: Kind | None = None, author: str | None = None) -> list[Annotation]:
        """All acts in the lab (of one kind; of one person), the oldest first."""
        return [_annotation(act) for act in self.table.all(kind, author)]

    def places_read(self, run: RunRecord, author: str | None = None) -> set[Place]:
        """Which outcomes of a run this person, or `author`, has read."""
        return set(acts_by_place(self._lab, run, self.all("read", author or self.author)))

    def read_count(self, run: str | None = None, author: str | None = None) -> int:
        """How many rows of a run this person, or `author`, has read an outcome of. Raises InputError."""
        return len({place.row for place in self.places_read(self._lab.run_table.find(run), author)})

    def _about(self, view: OutcomeView, acts: list[Act]) -> list[Act]:
        """Of acts on an outcome those that are about this row, and not another that asks the same."""
        id = view.example.id
        if not any(act.example != id and same_example(act.example, id) for act in acts):
            return [act for act in acts if act.example == id]
        rows = self.table.sharing(int(view.run.removeprefix("r")), _key(view))
        return [act for act in acts if any(place.row == view.row for place in _meant(act.example, rows))]

    def _add(self, view: OutcomeView, kind: Kind, value: Any) -> None:
        self.table.add([self._act(view, kind, value)])

    def _act(self, view: OutcomeView, kind: Kind, value: Any) -> Act:
        run = self._lab.run_table.load(int(view.run.removeprefix("r")))
        return Act(
            time=time.time(),
            author=self.author,
            kind=kind,
            value=canonical(value).decode(),
            run=run.id,
            variant=view.variant,
            outcome=_key(view),
            dataset=run.dataset or 0,
            row=view.row,
            example=view.example.id,
            inputs=content_of(view.example.inputs),
        )


def _key(view: OutcomeView) -> bytes:
    return bytes.fromhex(view.key)


def _tag(text: str) -> str:
    tag = " ".join(text.split())
    if not tag:
        raise InputError("the tag is empty; name what the output shows")
    if len(tag) > _LONGEST_TAG:
        raise InputError(f"the tag has {len(tag)} characters, and {_LONGEST_TAG} is the most; write a note instead")
    return tag


def tag_key(tag: str) -> str:
    """What tags are compared by: case and white space tell none apart."""
    return " ".join(tag.split()).casefold()


_Row = TypeVar("_Row")


def _meant(example: str, rows: Mapping[_Row, str]) -> list[_Row]:
    """The rows (with their ids) that an act on an example is about: those with its id; without any, those that could
    be it by theirs."""
    same = [row for row, id in rows.items() if id == example]
    return same or [row for row, id in rows.items() if same_example(id, example)]


def acts_by_place(lab: Lab, run: RunRecord, annotations: Iterable[Annotation]) -> dict[Place, list[Annotation]]:
    """Those of some acts that are about a run, by the outcome that they are about; by row, variant and trial."""
    by_key = by_outcome(annotations)
    kinds = {each.kind for acts in by_key.values() for each in acts}
    found: dict[Place, list[Annotation]] = {}
    for key, rows in lab.annotation_table.places(run.id, sorted(kinds)).items():
        for act in by_key.get(key.hex(), ()):
            for place in _meant(act.example, rows):
                found.setdefault(place, []).append(act)
    return dict(sorted(found.items()))


def standing_in(lab: Lab, run: RunRecord, *kinds: Kind) -> dict[Place, Standing]:
    """What stands of the outcomes of a run, of these kinds; by row, variant and trial."""
    acts = sorted((act for kind in kinds for act in lab.annotations.all(kind)), key=lambda act: act.id)
    return {place: standing_of(those) for place, those in acts_by_place(lab, run, acts).items()}


def standing_of(annotations: Iterable[Annotation]) -> Standing:
    """What stands of acts on one outcome, given the oldest first."""
    last: dict[str, dict[str, Any]] = {"mark": {}, "note": {}, "target": {}}
    tags: dict[str, dict[str, str]] = {}
    kept, read = dict[str, None](), dict[str, None]()
    for each in annotations:
        if each.kind == "tag":
            _apply(tags.setdefault(each.author, {}), each.value)
        elif each.kind == "keep" and isinstance(each.value, dict):
            kept.pop(each.value["out"], None)
        elif each.kind == "keep":
            kept[each.value] = None
        elif each.kind == "read":
            read[each.author] = None
        else:
            last[each.kind].pop(each.author, None)  # the last word stands last
            if each.value not in (None, ""):
                last[each.kind][each.author] = each.value
    return Standing(
        marks=last["mark"],
        tags={author: tuple(found.values()) for author, found in tags.items() if found},
        notes=last["note"],
        targets={author: value["target"] for author, value in last["target"].items()},
        kept=tuple(kept),
        read=tuple(read),
    )


def _apply(tags: dict[str, str], value: str) -> None:
    """Add or take back a tag; the first spelling stands."""
    sign, tag = value[0], value[1:]
    if sign == "+":
        tags.setdefault(tag_key(tag), tag)
    else:
        tags.pop(tag_key(tag), None)


def by_outcome(annotations: Iterable[Annotation]) -> dict[str, list[Annotation]]:
    """Acts by the key of the outcome that they are about, in the order in which outcomes were first annotated."""
    found: dict[str, list[Annotation]] = {}
    for each in annotations:
        found.setdefault(each.outcome, []).append(each)
    return found


def standing_tags(annotations: Iterable[Annotation]) -> dict[str, list[str]]:
    """The outcomes, by their keys, on which each tag stands; a tag in its first spelling."""
    found: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    for key, acts in by_outcome(annotations).items():
        for tag in standing_of(acts).all_tags:
            name = spelt.setdefault(tag_key(tag), tag)
            if key not in found.setdefault(name, []):
                found[name].append(key)
    return found


def flat_annotations(annotations: Iterable[Annotation]) -> Iterator[dict[str, Any]]:
    """Annotations as rows of plain values: `at` is the time in UTC, `value` JSON text where it is no text."""
    for each in annotations:
        value = each.value if isinstance(each.value, str) else json.dumps(each.value, ensure_ascii=False)
        yield {
            "at": datetime.fromtimestamp(each.time, UTC).isoformat(timespec="milliseconds"),
            "author": each.author,
            "kind": each.kind,
            "value": value,
            "run": each.run,
            "variant": each.variant,
            "example": each.example,
            "row": each.row,
            "outcome": each.outcome,
            "inputs": each.inputs,
        }


def _annotation(act: Act) -> Annotation:
    return Annotation(
        id=act.id,
        time=act.time,
        author=act.author,
        kind=act.kind,  # type: ignore[arg-type]
        value=json.loads(act.value),
        run=f"r{act.run}",
        variant=act.variant,
        outcome=act.outcome.hex(),
        dataset=act.dataset,
        row=act.row,
        example=act.example,
        inputs=act.inputs.hex(),
    )
