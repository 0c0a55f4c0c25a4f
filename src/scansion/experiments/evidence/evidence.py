"""What the lab knows of a prompt's versions: the runs that used them, their figures, and verdicts between versions.

Nothing is asked and no number is made here: figures are those that runs closed with, verdicts those of
`experiments/compare`, over the rows that two versions share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.compare import RULES, compare_places
from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab
from scansion.experiments.results import Comparison, Looks, RunResult, VariantResult, iso
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.summary import head_of, part_of
from scansion.experiments.volume import usd_of
from scansion.prompts import Prompt
from scansion.prompts.versions import Kept, restore_file
from scansion.types import Example

__all__ = ["Evidence", "Shelf", "Use", "short"]

_STOPPED = "stopped when it was decided, where means lean apart a little"
_SHORT = 8  # digits of a version that are shown
_REVISION = re.compile(r"[^:]{2,}:(.+)", re.DOTALL)


def short(version: str) -> str:
    """A version, a fingerprint or a commit as it is shown: enough digits to name it."""
    return version[:_SHORT]


class Use(Struct, frozen=True):
    """A variant of a run that a prompt made.

    `version` is that of the prompt as its file has it, `edited` that with what the technique put into it. `kept` is
    the prompt itself, None in a run of a lab that did not keep it. `columns` maps its variables to the data's columns.
    """

    run: RunRecord
    info: VariantInfo
    version: str
    edited: str
    kept: Kept | None
    columns: dict[str, str]

    @property
    def file(self) -> Path:
        """The file that the prompt was read from, also where it was read from a revision."""
        base = Path(self.run.plan["base_dir"])
        match = _REVISION.fullmatch(self.info.prompt)
        path = base / self.info.prompt
        if match and not path.exists():
            path = base / match[1]
        return path.parent.resolve() / path.name

    @property
    def data_file(self) -> str:
        """The place of the data, as far as it is a file."""
        return str(Path(self.run.plan["base_dir"]) / self.run.context["data"])

    @property
    def scorer(self) -> dict[str, Any] | None:
        """The primary scorer, with its identity."""
        return next(iter(self.run.context["scorers"]), None)

    @property
    def prompt(self) -> Prompt | None:
        """The prompt again, as it was kept, without the technique's edits."""
        return restore_file(self.kept, self.info.prompt) if self.kept is not None else None

    @property
    def chosen(self) -> bool:
        """Whether the run was on rows that were chosen, which are no measure of the whole."""
        return bool(self.run.context.get("only"))

    @property
    def own_model(self) -> bool:
        """Whether the model is the one that the prompt itself names."""
        return self.prompt is not None and self.prompt.model == self.info.model


class Evidence(Struct, frozen=True):
    """What one version did with one technique and model on one part of some data, by one scorer.

    `run` is the run that the figures are of, `runs` all equal ones, the newest first; `created` when it began. `done`
    counts the outcomes that were reached, `usd_per_example` is what one costs if asked afresh (None: no price known).
    `head` are settings that change what figures mean. `verdict` says what this version is against the version
    `against`, as the variant `against_variant` of the run `against_run`; None where no older one shares its rows, and
    `apart` says why a near one was left out. `baseline` is the run's own verdict against its baseline. `git` is the
    state of the run's repository, `looks` counts the looks at the test part by then.
    """

    version: str
    run: str
    runs: list[str]
    created: str
    variant: str
    technique: str
    model: str
    data: str
    part: str
    fingerprint: str
    scorer: str
    level: float
    figures: VariantResult
    done: int
    usd_per_example: float | None
    head: list[str]
    git: dict[str, Any] = {}
    baseline: Comparison | None = None
    verdict: Comparison | None = None
    against: str = ""
    against_run: str = ""
    against_variant: str = ""
    apart: str = ""
    looks: Looks | None = None


class Shelf:
    """The uses of prompts in a lab, by version. `uses` has the newest first."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.uses = [use for run in lab.run_table.list() for use in _uses(run)]
        self._results: dict[int, RunResult] = {}
        self._known: dict[str, list[tuple[Evidence, Use]]] = {}

    def of_version(self, version: str) -> list[Use]:
        """The uses of a version, as its file has it or with a technique's edits."""
        return [use for use in self.uses if version in (use.version, use.edited)]

    def of_file(self, path: Path) -> list[Use]:
        """The uses of whatever stood in a file."""
        place = path.parent.resolve() / path.name
        return [use for use in self.uses if use.file == place]

    def find(self, prefix: str) -> Use | None:
        """The newest use of the version that begins so. Raises InputError for a beginning of several."""
        for kind in ("version", "edited"):
            found = {getattr(use, kind): use for use in reversed(self.uses) if getattr(use, kind).startswith(prefix)}
            if len(found) > 1:
                known = ", ".join(f"{short(v)} ({use.info.prompt})" for v, use in sorted(found.items())[:5])
                raise InputError(f"{prefix!r} begins several versions: {known}; give more digits")
            if found:
                return next(iter(found.values()))
        return None

    def evidence(self, version: str) -> list[Evidence]:
        """What the lab knows of a version, the newest first; equal runs once, by the one that scored most.

        Runs on chosen rows are no evidence (`on_chosen_rows`).
        """
        return [evidence for evidence, _ in self._of(version)]

    def on_chosen_rows(self, version: str) -> list[str]:
        """The runs of a version on rows that were chosen, the newest first."""
        return list(dict.fromkeys(use.run.label for use in self.of_version(version) if use.chosen))

    def against(self, version: str, older: Sequence[str]) -> list[Evidence]:
        """`evidence`, each with its verdict against the first of the `older` versions that shares its rows."""
        return [self._judged(evidence, use, older) for evidence, use in self._of(version)]

    def _of(self, version: str) -> list[tuple[Evidence, Use]]:
        if version not in self._known:
            groups: dict[tuple[Any, ...], list[Use]] = {}
            for use in self.of_version(version):
                if not use.chosen:
                    groups.setdefault(_setting(use), []).append(use)
            best = [self._best(uses) for uses in groups.values()]
            self._known[version] = [(evidence, use) for evidence, use in best if evidence.done]
        return self._known[version]

    def _best(self, uses: list[Use]) -> tuple[Evidence, Use]:
        best = max(uses, key=lambda use: (self._figures(use).scored, use.run.id))
        return self._evidence(best, [use.run.label for use in uses]), best

    def _result(self, run: RunRecord) -> RunResult:
        if run.id not in self._results:
            self._results[run.id] = self._lab.result(run.label)
        return self._results[run.id]

    def _figures(self, use: Use) -> VariantResult:
        return self._result(use.run).variants[use.info.index]

    def _evidence(self, use: Use, runs: list[str]) -> Evidence:
        figures, result = self._figures(use), self._result(use.run)
        return Evidence(
            version=use.version,
            run=use.run.label,
            runs=runs,
            created=iso(use.run.created),
            variant=use.info.name,
            technique=use.info.technique,
            model=use.info.model,
            data=use.run.context["data"],
            part=result.split,
            fingerprint=use.run.context["fingerprint"],
            scorer=use.scorer["name"] if use.scorer else "",
            level=1 - use.run.plan["alpha"],
            figures=figures,
            done=figures.scored + figures.unscored + figures.errors,
            usd_per_example=usd_of(figures),
            head=[*head_of(use.run), *([_STOPPED] if use.run.plan.get("until") else [])],
            git=use.run.context.get("git", {}),
            looks=result.looks,
            baseline=next((c for c in result.comparisons if c.b == use.info.name), None),
        )

    def _judged(self, evidence: Evidence, use: Use, older: Sequence[str]) -> Evidence:
        replace = msgspec.structs.replace
        apart = ""
        for version in older:
            others = [other for _, other in self._of(version) if _comparable(other, use)]
            for other in sorted(others, key=lambda other: _nearness(other, use)):
                found = self._verdict(other, use)
                if isinstance(found, Comparison):
                    where = {"against_run": other.run.label, "against_variant": other.info.name}
                    return replace(evidence, verdict=found, against=version, **where)
                apart = apart or found
        return replace(evidence, apart=apart)

    def _verdict(self, a: Use, b: Use) -> Comparison | str:
        """The verdict on `b` against `a`, named by their versions; or why there is none, if there is a reason."""
        if changed := _changed_rows(self._lab, a, b):
            rows = f"{changed} {'row' if changed == 1 else 'rows'}"
            return f"{rows} of {a.run.label} had another target or input than in {b.run.label}"
        try:
            found = compare_places(self._lab, (a.run, a.info), (b.run, b.info), margin=b.run.plan["margin"])
        except InputError as error:
            return str(error) if a.run.plan.get("until") or b.run.plan.get("until") else ""
        return msgspec.structs.replace(found.comparisons[0], a=short(a.version), b=short(b.version))


def _uses(run: RunRecord) -> Iterable[Use]:
    for info, v in zip(VariantInfo.of(run), run.context["variants"], strict=True):
        if v["version"] is None:
            continue
        kept = msgspec.convert(v["kept"], Kept) if v.get("kept") else None
        version = kept.version if kept is not None else v["version"]
        yield Use(run, info, version, v["version"], kept, v["columns"] or {})


def _rules(use: Use) -> tuple[Any, ...]:
    scorer = use.scorer["identity"] if use.scorer else None
    return (scorer, use.info.technique, *(use.run.plan[rule] for rule in RULES))


def _setting(use: Use) -> tuple[Any, ...]:
    """What two uses of one version must share for their figures to be about the same."""
    return (*_rules(use), use.info.model, use.run.dataset, part_of(use.run), use.edited)


def _comparable(a: Use, b: Use) -> bool:
    """Whether uses of two versions differ in the prompt alone, so that a verdict between them is about it."""
    same_data = a.run.dataset == b.run.dataset or a.data_file == b.data_file
    same_model = a.info.model == b.info.model or (a.own_model and b.own_model)
    return same_data and same_model and _rules(a) == _rules(b) and a.scorer is not None


def _nearness(a: Use, b: Use) -> tuple[bool, bool, bool, int]:
    """How near a use is to be compared with `b`, the nearest first: same run, same model, same data, newest."""
    return (a.run.id != b.run.id, a.info.model != b.info.model, a.run.dataset != b.run.dataset, -a.run.id)


def _changed_rows(lab: Lab, a: Use, b: Use) -> int:
    """How many examples of one id are not the same in the data of two uses, in their targets or in what was used."""
    if a.run.dataset == b.run.dataset:
        return 0
    pairs = lab.db.execute(
        "SELECT a.body, b.body FROM rows a JOIN rows b ON a.id = b.id AND a.digest != b.digest "
        "WHERE a.dataset = ? AND b.dataset = ?",
        (a.run.dataset, b.run.dataset),
    )
    used = {*a.columns.values(), *b.columns.values()}
    return sum(_facts(mine, used) != _facts(theirs, used) for mine, theirs in pairs)


def _facts(body: bytes, used: set[str]) -> tuple[Any, dict[str, Any]]:
    example = unpack(body, Example)
    return example.target, {name: value for name, value in example.inputs.items() if name in used}
