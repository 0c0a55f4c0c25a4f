"""What a prompt card tells of one version of a prompt: what it is, what it takes, what it did, where it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, ProgramError
from scansion.experiments.evidence.difference import Side, find_prompt
from scansion.experiments.evidence.evidence import Evidence, Shelf
from scansion.experiments.evidence.lineage import Version, log
from scansion.experiments.evidence.samples import Sample, find_sample
from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab
from scansion.experiments.people.annotations import standing_tags
from scansion.experiments.results import OutcomeView
from scansion.prompts import Prompt
from scansion.prompts.options import OPTIONS
from scansion.prompts.sources import Revision
from scansion.prompts.versions import masked
from scansion.types import Message, Request

__all__ = ["Card", "Failures", "InputFact", "WorkedExample", "card"]

_SHOTS = re.compile(r"\bshots\(")
_WRONG = 3  # wrong outcomes that are shown


class InputFact(Struct, frozen=True):
    """An input of a prompt: its kind (text unless declared), whether it must be given, and one example."""

    name: str
    kind: str
    required: bool
    description: str = ""
    default: Any = None
    example: Any = None


class WorkedExample(Struct, frozen=True):
    """A few-shot example as the model sees it: what it was asked, and what it is shown to have answered."""

    asked: Message
    answered: Message


class Failures(Struct, frozen=True):
    """Where a version fails: outcomes by the tags that people gave them, and some wrong ones of one run.

    `tags` counts the outcomes of all evidence on which a tag stands; `source` is the evidence that `wrong` is from.
    """

    tags: dict[str, int] = {}
    source: Evidence | None = None
    wrong: list[OutcomeView] = []


class Card(Struct, frozen=True):
    """A prompt and its evidence. `commit` is the one that brought this version, empty for what is not committed;
    `traced` says that its file was found.

    `shots` are the few-shot examples of the prompt itself, or else those that a technique put into it in the run
    `shots_from`. `settings` are the model's options that are known to be harmless, `unshown` the names of the others,
    which may hold anything. `better_known` is the newest version with evidence where this one has none.
    """

    side: Side
    commit: str
    committed: str
    traced: bool
    settings: dict[str, Any]
    unshown: list[str]
    inputs: list[InputFact]
    sample: str
    shots: list[WorkedExample]
    shots_from: str
    failures: Failures
    better_known: Version | None = None


def card(name: str, lab: Lab | None = None) -> Card:
    """The card of a prompt: a file, a file in a git revision, or the beginning of a version's digest.

    Raises InputError.
    """
    shelf = Shelf(lab) if lab is not None else None
    side = find_prompt(name, shelf)
    history = _history((name, name.partition(":")[2], side.prompt.path or ""), lab)
    current = next((v for v in history if v.version == side.version and not v.again), None)
    known = shelf.evidence(side.version) if shelf is not None else []
    evidence = current.evidence if current is not None else known
    chosen = shelf.on_chosen_rows(side.version) if shelf is not None else []
    side = Side(side.name, side.version, side.prompt, evidence, chosen)
    uses = shelf.of_version(side.version) or shelf.of_file(Path(name)) if shelf is not None else []
    sample = find_sample([side.prompt], lab, uses)
    shots, shots_from = _shots(side, sample, lab)
    options = _options(side.prompt)
    return Card(
        side=side,
        commit=_commit(side.prompt, current),
        committed=current.committed if current is not None else "",
        traced=current is not None,
        settings={name: value for name, value in options.items() if name in OPTIONS},
        unshown=[name for name in options if name not in OPTIONS],
        inputs=_inputs(side.prompt, sample),
        sample=sample.label if sample is not None else "",
        shots=shots,
        shots_from=shots_from,
        failures=_failures(lab, evidence) if lab is not None else Failures(),
        better_known=None if evidence else next((v for v in history if v.evidence), None),
    )


def _history(names: Sequence[str], lab: Lab | None) -> list[Version]:
    """The versions of the first of these that is a file; empty where none is."""
    for path in names:
        if path and Path(path).expanduser().is_file():
            return log(path, lab).versions
    return []


def _commit(prompt: Prompt, version: Version | None) -> str:
    """The commit that brought a version, or else the one that it was read from."""
    if version is not None:
        return version.commit
    return prompt.source.commit if isinstance(prompt.source, Revision) else ""


def _options(prompt: Prompt) -> dict[str, Any]:
    """The options and parameters of the front matter's model; its connection is the caller's own business."""
    model = prompt.meta.get("model")
    if not isinstance(model, dict):
        return {}
    found = {**(model.get("parameters") or {}), **(model.get("options") or {})}
    return {str(name): value for name, value in found.items() if value is not None}


def _inputs(prompt: Prompt, sample: Sample | None) -> list[InputFact]:
    declared = {p.name: p for p in prompt.inputs}
    given = sample.inputs[0] if sample is not None else {}
    facts = []
    for name in dict.fromkeys([*declared, *prompt.variables, *prompt.optional]):
        p, required = declared.get(name), name in prompt.variables
        if p is None:
            facts.append(InputFact(name, "text", required, example=given.get(name)))
            continue
        stated = masked({"name": name, "default": p.default, "example": p.example})
        example = stated["example"] if p.example is not None else given.get(name)
        facts.append(InputFact(name, p.kind, required, p.description, stated["default"], example))
    return facts


def _shots(side: Side, sample: Sample | None, lab: Lab | None) -> tuple[list[WorkedExample], str]:
    """The few-shot examples of the prompt itself, or else of the newest run that put some in; and that run."""
    given = sample.inputs[0] if sample is not None else {name: f"{{{{ {name} }}}}" for name in side.prompt.variables}
    with suppress(InputError, ProgramError):
        if own := _worked(side.prompt.render(given)):
            return own, ""
    found = next((e for e in side.evidence if _SHOTS.search(e.technique)), None)
    if found is None or lab is None:
        return [], ""
    for view in lab.views(found.run, variant=found.variant, limit=1):
        asked = next((call.request for call in view.calls if not call.request.embeds), None)
        return (_worked(asked) if asked is not None else []), f"{found.technique} in {found.run}"
    return [], ""


def _worked(request: Request) -> list[WorkedExample]:
    """The turns that are the same for every example and show an answer."""
    fixed = request.messages[: request.cache_prefix]
    return [WorkedExample(a, b) for a, b in pairwise(fixed) if a.role == "user" and b.role == "assistant"]


def _failures(lab: Lab, evidence: list[Evidence]) -> Failures:
    tags = _tags(lab, evidence)
    source = next((e for e in evidence if e.figures.wrong), None)
    if source is None:
        return Failures(tags)
    wrong = lab.views(source.run, variant=source.variant, which="wrong", limit=_WRONG)
    return Failures(tags, source, list(wrong))


def _tags(lab: Lab, evidence: list[Evidence]) -> dict[str, int]:
    """How many outcomes of this evidence each tag stands on, the commonest first."""
    found: dict[str, set[str]] = {}
    for each in evidence:
        own = _outcomes(lab, each)
        for tag, keys in standing_tags(lab.annotations.of_run(each.run)).items():
            found.setdefault(tag, set()).update(own & set(keys))
    return dict(sorted(((tag, len(keys)) for tag, keys in found.items() if keys), key=lambda item: -item[1]))


def _outcomes(lab: Lab, evidence: Evidence) -> set[str]:
    """The keys of the outcomes that figures are of."""
    run = lab.run_table.find(evidence.run)
    index = next(info.index for info in VariantInfo.of(run) if info.name == evidence.variant)
    query = "SELECT o.key FROM members m JOIN outcomes o ON o.id = m.outcome WHERE m.run = ? AND m.variant = ?"
    return {key.hex() for (key,) in lab.db.execute(query, (run.id, index))}
