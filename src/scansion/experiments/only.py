"""Rows chosen for a run: `only: wrong@r3`, `errors@r3`, `tag=slip`, `id=a7,b2` in a plan, `--only` on a command line.

    wrong@RUN, errors@RUN, unscored@RUN, flips@RUN   rows with such an outcome in RUN; of one variant: wrong@RUN:V
    tag=TAG, tag=TAG@RUN                             rows that carry the tag, by their own tags or on an outcome
    id=A,B                                           rows by their ids

Of one run its outcomes are chosen by the same conditions, and the run need not be named: `wrong`, `tag=slip`.

Several must all hold. Rows are known again by their ids in the same file, in others by id and inputs, and where an id
is a digest of the row by their inputs, so that a corrected target or a grown file loses none. Rows of a test part are
taken on that part alone: a prompt may not be worked on with them.

Rows chosen by their results are no measure of the whole, and what was wrong there was so in part by chance: on the same
rows the next attempt looks better whatever was changed (regression to the mean; Galton 1886, "Regression towards
mediocrity in hereditary stature"). Heads and verdicts say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct, structs

from scansion.data import Dataset, Row
from scansion.errors import InputError, nearest
from scansion.experiments.people.annotations import Annotation, by_outcome, standing_in, standing_of, tag_key
from scansion.experiments.people.corrections import roles_of
from scansion.experiments.people.targets import content_of, same_example
from scansion.experiments.results import Comparison
from scansion.experiments.selection import Selection, Which, select
from scansion.experiments.store.runs import RunRecord
from scansion.types import Example, hexdigest

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.plan import Plan

__all__ = [
    "Chosen",
    "Only",
    "by_result",
    "chosen_rows",
    "nothing_left",
    "only_head",
    "parse_only",
    "selection_of",
    "settle",
    "told",
    "warned",
]

BY_RESULT = "the rows were chosen by their results: expect less of the difference elsewhere (regression to the mean)"

_KINDS = tuple(each for each in get_args(Which) if each != "all")
_WORDS = {"wrong": "wrong in", "errors": "with errors in", "unscored": "unscored in", "flips": "flipped in"}
_WANTED = "write wrong@RUN, errors@RUN, unscored@RUN, flips@RUN, tag=TAG or id=A,B"
_WANTED_OF_RUN = "write wrong, errors, unscored, flips, tag=TAG or id=A,B"


class Only(Struct, frozen=True):
    """One condition as written: its kind (`wrong` ... `tag`, `id`), and the run, tag or ids that it names."""

    kind: str
    value: str

    @property
    def text(self) -> str:
        """As a user writes it."""
        return f"{self.kind}{'=' if self.kind in ('tag', 'id') else '@'}{self.value}"

    @property
    def ids(self) -> list[str]:
        """The ids of `id=A,B`."""
        return [id.strip() for id in self.value.split(",") if id.strip()]


class Chosen(Struct, frozen=True):
    """The rows of one condition: their ids by the data that they are of (its path or fingerprint; empty: any), and
    their inputs' digests with the id of each. `tag` also takes the rows that carry it themselves.

    `text` is the condition with its run's number in it, `words` say it in a sentence, `by_result` that outcomes
    decided. `count` is how many rows were found in the lab.
    """

    text: str
    words: str
    ids: dict[str, frozenset[str]] = {}
    contents: dict[bytes, str] = {}
    tag: str = ""
    by_result: bool = False
    count: int = 0

    @property
    def mark(self) -> str:
        """What tells the rows from others: part of a run's identity."""
        return hexdigest(sorted(self.all_ids), sorted(each.hex() for each in self.contents), self.tag)

    @property
    def all_ids(self) -> frozenset[str]:
        """The ids, of whatever data."""
        return frozenset().union(*self.ids.values())

    def takes(self, example: Example, roles: Sequence[str], places: Sequence[str]) -> bool:
        """Whether a row is among them; `roles` are the columns among its inputs that are none, `places` the names of
        its data."""
        if any(example.id in self.ids.get(place, ()) for place in places):
            return True
        if self.tag and tag_key(self.tag) in map(tag_key, example.tags):
            return True
        found = self.contents.get(content_of(example.inputs, roles)) if self.contents else None
        return found is not None and same_example(found, example.id)


def parse_only(text: str, run: str = "") -> Only:
    """A condition from its text; `run` is the one that is meant where none is named (empty: it must be). Raises
    InputError that says how one is written."""
    wanted = _WANTED_OF_RUN if run else _WANTED
    for separator, kinds in (("=", ("tag", "id")), ("@", _KINDS)):
        kind, found, value = text.partition(separator)
        if found and kind.strip() in kinds:
            if not value.strip(" ,"):
                raise InputError(f"{text!r} names {'no run' if separator == '@' else 'nothing'}; {wanted}")
            return Only(kind.strip(), value.strip())
    if text.strip() in _KINDS and run:
        return Only(text.strip(), run)
    if text.strip() in _KINDS:
        raise InputError(f"{text!r} names no run; write {text.strip()}@RUN, such as {text.strip()}@r1")
    raise InputError(f"{text!r} is not understood; {wanted}")


def selection_of(lab: Lab, run: RunRecord, text: str, variant: str | None = None) -> Selection:
    """The outcomes of `run` that a condition means, of one variant if one is named, here or in the condition.

    Raises InputError for what is no condition, and for one that names another run or variant.
    """
    try:
        only = parse_only(text, run.label)
    except InputError as error:
        raise InputError(f"only: {error}") from None
    if only.kind == "id":
        return Selection(variant=variant, id=tuple(only.ids))
    tag, at, name = only.value.rpartition("@")
    if only.kind == "tag" and not (at and lab.is_run(name)):
        return Selection(variant=variant, tag=only.value)
    named, own = (lab.run_table.find(name), None) if only.kind == "tag" else _run(lab, only.value)
    if named.id != run.id:
        raise InputError(f"only: {text} names {named.label}, and this is about {run.label}; leave out @{named.label}")
    if only.kind == "tag":
        return Selection(variant=variant, tag=tag)
    if own is not None and only.kind == "flips":
        raise InputError(f"only: {text}: flips are between two variants; leave out {own}")
    if own is not None and variant not in (None, own):
        raise InputError(f"only: {text} names {own}, and --variant {variant}; leave one of them out")
    return Selection(variant=own or variant, which=only.kind)  # type: ignore[arg-type]


def settle(plan: Plan, lab: Lab | None) -> Plan:
    """`plan` with its conditions looked up in `lab`: texts become `Chosen`. Raises InputError for what is not there."""
    if not plan.only:
        return plan
    test = plan.part == "test"
    return structs.replace(plan, only=tuple(e if isinstance(e, Chosen) else _chosen(e, lab, test) for e in plan.only))


def chosen_rows(plan: Plan, data: Dataset, rows: Iterator[Row]) -> Iterator[Row]:
    """Those of `rows` that all conditions of a settled plan take."""
    roles = roles_of(data)
    places = ["", *_places(str(data.path.resolve()) if data.path else "", data.fingerprint)]
    return (row for row in rows if all(each.takes(row.example, roles, places) for each in plan.only))


def _places(path: str, fingerprint: str) -> list[str]:
    """What data are known by."""
    return [place for place in (path, fingerprint) if place]


def told(plan: Plan, count: int) -> dict[str, Any]:
    """What a run over `count` such rows keeps of its conditions; empty without any."""
    if not plan.only:
        return {}
    words = " and ".join(each.words for each in plan.only)
    found = plan.only[0].count if len(plan.only) == 1 else count
    size = f"{count} of the {found} rows" if count < found else f"the {count} rows" if count != 1 else "the 1 row"
    return {
        "texts": [each.text for each in plan.only],
        "head": f"on {size} {words}: no measure of the whole",
        "by_result": any(each.by_result for each in plan.only),
    }


def only_head(run: RunRecord) -> list[str]:
    """What the head of a run's table says of the choice of its rows."""
    kept = run.context.get("only")
    return [kept["head"]] if kept else []


def by_result(run: RunRecord) -> bool:
    """Whether the rows of a run were chosen by results."""
    kept = run.context.get("only")
    return bool(kept and kept["by_result"])


def warned(found: Comparison, runs: Iterable[RunRecord]) -> Comparison:
    """A comparison that says so where the rows of one of its runs were chosen by results."""
    if not any(map(by_result, runs)):
        return found
    return structs.replace(found, reason="; ".join(each for each in (found.reason, BY_RESULT) if each), by_result=True)


def _chosen(text: str, lab: Lab | None, test: bool) -> Chosen:
    """A condition with its rows; `test` says that they are for a run on a test part."""
    only = parse_only(text)
    if only.kind == "id":
        ids = frozenset(only.ids)
        return Chosen(f"id={','.join(sorted(ids))}", "named by id", {"": ids}, count=len(ids))
    if only.kind == "tag":
        return _tagged(only.value, lab, test)
    if lab is None:
        raise InputError(f"only {text}: there is no lab, and so no run; start one with `scansion run`")
    run, variant = _run(lab, only.value)
    _for_work(run, test)
    rows = {item.row for item in select(lab, run, Selection(which=only.kind, variant=variant))}  # type: ignore[arg-type]
    by = f":{variant}" if variant else ""
    words = f"{_WORDS[only.kind]} {run.label}" + (f" with `{variant}`" if variant else "")
    if not rows:
        raise InputError(f"only {text}: there is no row {words}")
    return _of_rows(Chosen(f"{only.kind}@{run.label}{by}", words, by_result=True), lab, run, rows)


def _run(lab: Lab, name: str) -> tuple[RunRecord, str | None]:
    """The run that a condition names, and the variant where it names one as `RUN:VARIANT`.

    A plan's name means its last run on rows that were not chosen: else `wrong@plan` would mean the very run that it is
    written for, once that has begun.
    """
    named, colon, variant = (name, "", "") if lab.is_run(name) else name.partition(":")
    run = lab.run_table.find(named)
    if run.name == named and named not in (run.label, str(run.id)):
        whole = (each for each in lab.run_table.list() if each.name == named and not each.context.get("only"))
        run = next(whole, run)
    return run, variant.strip() or None if colon else None


def _of_rows(chosen: Chosen, lab: Lab, run: RunRecord, rows: Iterable[int]) -> Chosen:
    """`chosen` with these rows of a run."""
    kept = [found[0] for row in rows if (found := lab.run_table.example(run.dataset or 0, row)) is not None]
    roles = run.context.get("roles", ())
    contents = {content_of(example.inputs, roles): example.id for example in kept}
    contents.pop(b"", None)
    ids = frozenset(example.id for example in kept)
    return structs.replace(chosen, ids=dict.fromkeys(_home(run), ids), contents=contents, count=len(kept))


def _home(run: RunRecord) -> list[str]:
    return _places(str(run.context.get("data_path") or ""), str(run.context["fingerprint"]))


def _is_tested(run: RunRecord) -> bool:
    return bool(run.plan["part"] == "test")


def _for_work(run: RunRecord, test: bool) -> None:
    """Raise InputError for rows of a test part that are to be used outside of one."""
    if _is_tested(run) and not test:
        raise InputError(
            f"only: {run.label} is on the test part, whose rows are not for work: name a run on the dev part, "
            "or run on the test part again (--split test), which counts its looks"
        )


def _tagged(value: str, lab: Lab | None, test: bool) -> Chosen:
    """The rows that carry a tag: on any outcome in the lab, or on those of a run that is named as `TAG@RUN`."""
    tag, at, name = value.rpartition("@")
    if lab is not None and at and lab.is_run(name):
        run = lab.run_table.find(name)
        _for_work(run, test)
        given = {tag_key(each) for said in standing_in(lab, run, "tag").values() for each in said.all_tags}
        found = Chosen(f"tag={tag}@{run.label}", f"tagged {tag!r} in {run.label}", by_result=tag_key(tag) in given)
        return _of_rows(found, lab, run, {item.row for item in select(lab, run, Selection(tag=tag))})
    acts = by_outcome(lab.annotations.all("tag")).values() if lab is not None else ()
    carried = [those[0] for those in acts if tag_key(value) in map(tag_key, standing_of(those).all_tags)]
    if lab is not None and not test:
        tested = {label for label in {act.run for act in carried} if _is_tested(lab.run_table.find(label))}
        carried = [act for act in carried if act.run not in tested]
    contents = {bytes.fromhex(act.inputs): act.example for act in carried if act.inputs}
    ids = _by_home(lab, carried) if lab is not None else {}
    words = f"tagged {value!r}"
    return Chosen(f"tag={value}", words, ids, contents, value, by_result=bool(carried), count=0)


def _by_home(lab: Lab, acts: Iterable[Annotation]) -> dict[str, frozenset[str]]:
    """The ids that acts are about, by what the data of each one's run is known by."""
    ids: dict[str, set[str]] = {}
    for act in acts:
        ids.setdefault(act.run, set()).add(act.example)
    found: dict[str, frozenset[str]] = {}
    for run, those in ids.items():
        for place in _home(lab.run_table.find(run)):
            found[place] = found.get(place, frozenset()) | those
    return found


def nothing_left(plan: Plan, data: Dataset) -> InputError:
    """The error for conditions that no row of the data meets; for an id with the nearest there is."""
    texts = " and ".join(each.text for each in plan.only)
    wanted = next((e for e in plan.only if e.text.startswith("id=")), None)
    hint = ""
    if wanted is not None and wanted.all_ids:
        known = [row.example.id for _, row in zip(range(1000), data.rows(), strict=False)]
        close = nearest(min(wanted.all_ids), known)
        hint = f"; {close}" if close.startswith("did") else ""
    return InputError(f"{data.label}: no row to run on with only: {texts}{hint}; check it, the split and the limit")
