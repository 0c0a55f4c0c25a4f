"""Two prompts or versions side by side: settings, template, one rendered example, and what the lab found of both."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from msgspec import Struct

from scansion.data import DataSpec
from scansion.errors import InputError, ProgramError
from scansion.experiments.evidence.evidence import Evidence, Shelf, Use, short
from scansion.experiments.evidence.samples import Sample, find_sample, row_sample
from scansion.experiments.lab import Lab
from scansion.prompts import Prompt, load
from scansion.prompts.diff import Change, changes
from scansion.prompts.history import at_head, commits
from scansion.prompts.versions import restore_file
from scansion.types import Request

__all__ = ["Difference", "Rendered", "Side", "diff", "find_prompt"]

_DIGEST = re.compile(r"[0-9a-f]{4,32}")


class Side(Struct, frozen=True):
    """One of two prompts: `name` as it was asked for, its version, and what the lab knows of it, the newest first.

    `chosen` are the runs on rows that were chosen, which are no evidence."""

    name: str
    version: str
    prompt: Prompt
    evidence: list[Evidence] = []
    chosen: list[str] = []


class Rendered(Struct, frozen=True):
    """Both prompts for one example; `label` says which. A side is None where its request could not be made: `why`."""

    label: str
    a: Request | None
    b: Request | None
    why: str = ""


class Difference(Struct, frozen=True):
    """What `b` is against `a`. `pairs` are what the lab knows of both on the same rows: the evidence of `a`, and that
    of `b` with its verdict against `a`. `rendered` is None where there is no example to show them on."""

    a: Side
    b: Side
    changes: list[Change]
    rendered: Rendered | None
    pairs: list[tuple[Evidence, Evidence]]


def diff(
    a: str, b: str | None = None, lab: Lab | None = None, *, data: DataSpec | None = None, id: str | None = None
) -> Difference:
    """What prompt `b` is against prompt `a`; with one prompt, what its file is against the same file in HEAD.

    A prompt is a file, a file in a git revision (`main:prompts/a.prompty`), or the beginning of the digest of a version
    that the lab has run. They are rendered for the row `id` of `data` (its first), or else for an example that is
    known. Raises InputError.
    """
    shelf = Shelf(lab) if lab is not None else None
    first, second = _sides(a, b, shelf)
    versions = [first.version, second.version]
    uses = [use for use in shelf.uses if {use.version, use.edited} & {*versions}] if shelf is not None else []
    prompts = [first.prompt, second.prompt]
    sample = row_sample(prompts, data, id) if data is not None else find_sample(prompts, lab, uses)
    if shelf is not None:
        first, second = _with_evidence(shelf, first, second)
    return Difference(
        a=first,
        b=second,
        changes=changes(*prompts),
        rendered=_rendered(prompts, sample) if sample is not None else None,
        pairs=_pairs(first, second),
    )


def _sides(a: str, b: str | None, shelf: Shelf | None) -> tuple[Side, Side]:
    if b is not None:
        return find_prompt(a, shelf, beside=b), find_prompt(b, shelf, beside=a)
    if not Path(a).expanduser().is_file():
        raise InputError(f"{a!r} is no file here, and only a file is compared with HEAD's; name two prompts")
    now, before = load(a), at_head(Path(a).expanduser())
    return Side(f"HEAD:{a}", before.version, before), Side(a, now.version, now)


def find_prompt(name: str, shelf: Shelf | None, beside: str = "") -> Side:
    """The prompt of a file, of a file in a revision, or of a version's digest that the lab's runs, or the history of
    the file `beside`, know. Raises InputError."""
    if _DIGEST.fullmatch(name) is None or Path(name).exists():
        prompt = load(name)
        return Side(name, prompt.version, prompt)
    use = shelf.find(name) if shelf is not None else None
    if use is not None:
        return _of_use(name, use)
    for commit in commits(beside) if beside and Path(beside).is_file() else []:
        if commit.prompt is not None and commit.prompt.version.startswith(name):
            return Side(name, commit.prompt.version, commit.prompt)
    raise InputError(f"{name!r}: no such file, and no version that begins so was run; see `scansion log FILE`")


def _of_use(name: str, use: Use) -> Side:
    if use.kept is None:
        raise InputError(f"{name!r} was run in {use.run.label} by a Scansion that did not keep prompts; run it again")
    edits = not use.version.startswith(name)
    found = restore_file(use.kept, use.info.prompt, edits=edits)
    path = use.info.prompt.rpartition(":")[2]
    prompt = msgspec.structs.replace(found, name=f"{found.name}@{short(name)}", path=path)
    return Side(name, use.edited if edits else use.version, prompt)


def _rendered(prompts: list[Prompt], sample: Sample) -> Rendered:
    requests: list[Request | None] = []
    why = ""
    for prompt, inputs in zip(prompts, sample.inputs, strict=True):
        try:
            requests.append(prompt.render(inputs))
        except (InputError, ProgramError) as error:
            requests.append(None)
            why = why or str(error)
    return Rendered(sample.label, requests[0], requests[1], why)


def _with_evidence(shelf: Shelf, a: Side, b: Side) -> tuple[Side, Side]:
    """The sides with their evidence, the second's with its verdicts against the first, in the names of both."""
    replace = msgspec.structs.replace
    found = [
        replace(e, verdict=replace(e.verdict, a=a.name, b=b.name)) if e.verdict is not None else e
        for e in (shelf.against(b.version, [a.version]) if a.version != b.version else shelf.evidence(b.version))
    ]
    chosen = [shelf.on_chosen_rows(side.version) for side in (a, b)]
    first = replace(a, evidence=shelf.evidence(a.version), chosen=chosen[0])
    return first, replace(b, evidence=found, chosen=chosen[1])


def _pairs(a: Side, b: Side) -> list[tuple[Evidence, Evidence]]:
    """The evidence that verdicts are of, both sides together."""
    found = []
    for theirs in b.evidence:
        mine = [e for e in a.evidence if theirs.verdict is not None and theirs.against_run in e.runs]
        mine = [e for e in mine if e.variant == theirs.against_variant]
        found += [(e, theirs) for e in mine[:1]]
    return found
