"""A new model came: kept experiments once more with it, and what becomes of their verdicts.

Each is an ordinary run of the plan that the lab kept, with the prompts as they were then and another model. What a
comparison found then and what it finds now stand side by side; where the old run had one model, the new model is also
compared with it, variant by variant, on the same rows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.compare import compare_runs
from scansion.experiments.figures import VariantInfo
from scansion.experiments.gates import parse_gate
from scansion.experiments.lab import Lab
from scansion.experiments.plan import Options, Plan, VariantSpec, make_plan
from scansion.experiments.results import Comparison, Gate, Looks, RunResult
from scansion.experiments.runner import run
from scansion.experiments.session import check
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import pair_with_baseline
from scansion.prompts import Prompt, load
from scansion.prompts.versions import Kept, restore_file
from scansion.types import digest

__all__ = ["Rerun", "VerdictChange", "changes", "repeat", "replan", "rerun", "worth_repeating"]

_SETTINGS = (
    *("split", "part", "trials", "no_answer", "abstained", "truncated", "gold_check", "margin", "alpha", "limit"),
    *("seed", "until", "pass_mark", "scorers", "base_dir", "data", "volume", "only", "budget"),
)


class VerdictChange(Struct, frozen=True):
    """One comparison of a run then and now; `changed` says that the verdicts differ. `model` is the one that both
    sides had then."""

    a: str
    b: str
    old: Comparison
    new: Comparison
    changed: bool
    model: str


class Rerun(Struct, frozen=True):
    """An experiment repeated with another model. `means` are the old and new mean of each variant; `verdicts` its
    comparisons then and now, of those that were within one of the `old_models`, and `between_models` counts the others,
    which one model cannot repeat; `models` the new model against the old one, where there was one; `looks` those at the
    test part that the run is about; `gates` those of the plan, `gates_left` the texts of those that one model cannot
    repeat; `missing` the outcomes that are errors or were not reached."""

    old_run: str
    new_run: str
    name: str
    model: str
    means: dict[str, tuple[float | None, float | None]]
    verdicts: list[VerdictChange]
    old_models: list[str]
    between_models: int
    models: list[Comparison]
    looks: Looks | None = None
    gates: list[Gate] = []
    gates_left: list[str] = []
    missing: int = 0


def worth_repeating(lab: Lab, model: str) -> list[str]:
    """The runs that `--all` means: the last of each experiment that has outcomes of other models, the oldest first."""
    latest: dict[bytes, RunRecord] = {}
    for record in lab.run_table.list():
        context = record.context
        if context.get("rescored") or all(v["model"] == model for v in context["variants"]):
            continue
        experiment = [[v["name"], v["identity"]] for v in context["variants"]]
        key = digest(experiment, context["fingerprint"], record.plan["scorers"], record.plan["part"])
        latest.setdefault(key, record)
    return [record.label for record in sorted(latest.values(), key=lambda r: r.id)]


def replan(lab: Lab, name: str | None, model: str, **fields: Any) -> Plan:
    """The plan of a kept run with every prompt and technique on `model`; `fields` of a plan win over what it was.

    Gates that name a variant of one of several models, and those that compare where one variant is left, are left out.
    Raises InputError for a run that cannot be repeated: all on that model already, of data or programs given in Python,
    or of a prompt that the lab did not keep and whose file has changed.
    """
    record = lab.run_table.find(name)
    if _models(record) == [model]:
        raise InputError(f"{record.label} was made with {model} already; name another model, or another run")
    if not isinstance(record.plan["data"], dict):
        raise InputError(f"{record.label}: its data was given in Python, so it cannot be repeated from the lab")
    named = _one_model(record)  # names then have no model in them
    specs = [
        VariantSpec(_prompt(record, v), v["name"] if named else None, v["technique"], model) for v in _distinct(record)
    ]
    settings = {key: record.plan.get(key) for key in _SETTINGS}
    baseline = record.plan["baseline"] if named else None
    settings |= {"name": record.name, "baseline": baseline, "variants": specs, "gates": _gates(record)}
    given = {key: value for key, value in fields.items() if value is not None}
    if len(specs) < 2:
        settings["until"] = None  # nothing is compared
    return make_plan(**{key: value for key, value in settings.items() if value is not None} | given)


def _gates(record: RunRecord) -> list[str]:
    """The gates of a run that mean something on one model."""
    alone = len(_distinct(record)) == 1
    parsed = [(text, *parse_gate(text)) for text in record.plan.get("gates") or ()]
    return [
        text
        for text, rule, name, _ in parsed
        if (not name or _one_model(record) if rule == "fail-under" else not alone)
    ]


def _models(record: RunRecord) -> list[str]:
    return list(dict.fromkeys(v["model"] for v in record.context["variants"]))


def _one_model(record: RunRecord) -> bool:
    return len(_models(record)) == 1


def _distinct(record: RunRecord) -> list[dict[str, Any]]:
    """The variants that differ by more than their model; of several models the baseline stands first, where a plan
    has it unless it is named."""
    variants = record.context["variants"]
    first = [] if _one_model(record) else [variants[a] for a, _ in _pairs(record)[:1]]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for variant in [*first, *variants]:
        found.setdefault(_but_model(variant), variant)
    return list(found.values())


def _pairs(record: RunRecord) -> list[tuple[int, int]]:
    return pair_with_baseline(record.plan["baseline"], VariantInfo.of(record))


def _but_model(variant: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a variant, but for its model."""
    return variant["prompt"], variant["technique"], variant["version"]


def _prompt(record: RunRecord, variant: dict[str, Any]) -> Prompt:
    """The prompt as the run had it: what the lab kept, or the file if it is still the same."""
    path = variant["prompt"]
    if variant["version"] is None:
        raise InputError(f"{record.label}: {path} is a program in Python, so it cannot be repeated from the lab")
    kept = msgspec.convert(variant["kept"], Kept) if variant.get("kept") else None
    if kept is not None:
        found = restore_file(kept, path)
        if found.version == kept.version:
            return msgspec.structs.replace(found, path=path)
    try:
        found = load(path, record.plan["base_dir"])
    except InputError as error:
        raise InputError(f"{record.label}: {error}") from None
    same = found.version == kept.version if kept is not None else found.template == variant["text"]
    if not same:
        raise InputError(f"{record.label}: {path} has changed since; run it as a new experiment")
    return found


def changes(lab: Lab, old: str, new: RunResult, model: str) -> Rerun:
    """What became of the verdicts of run `old` in its repetition `new`."""
    record = lab.run_table.find(old)
    before = lab.result(record.label)
    models = {v.name: v.model for v in before.variants}
    within = [c for c in before.comparisons if models[c.a] == models[c.b]]
    old_means = {v.name: v.mean for v in before.variants}
    new_means = {v.name: v.mean for v in new.variants}
    one = _one_model(record)
    return Rerun(
        old_run=record.label,
        new_run=new.run,
        name=record.name,
        model=model,
        means={name: (old_means.get(name) if one else None, mean) for name, mean in new_means.items()},
        verdicts=[change for then in within for change in _change(then, models[then.a], _names(record, new), new)],
        old_models=_models(record),
        between_models=len(before.comparisons) - len(within),
        models=_against(lab, record, new) if one else [],
        looks=new.looks,
        gates=new.gates,
        gates_left=[text for text in record.plan.get("gates") or () if text not in [gate.rule for gate in new.gates]],
        missing=sum(v.errors + v.unreached for v in new.variants),
    )


def _change(then: Comparison, model: str, names: dict[str, str], new: RunResult) -> Iterator[VerdictChange]:
    """What became of one comparison, if the new run has it."""
    for now in new.comparisons:
        if (now.a, now.b) == (names[then.a], names[then.b]):
            yield VerdictChange(now.a, now.b, then, now, then.verdict != now.verdict, model)


def _names(record: RunRecord, new: RunResult) -> dict[str, str]:
    """What each variant of the old run is called in the new one."""
    order = {_but_model(v): i for i, v in enumerate(_distinct(record))}
    return {v["name"]: new.variants[order[_but_model(v)]].name for v in record.context["variants"]}


def _against(lab: Lab, record: RunRecord, new: RunResult) -> list[Comparison]:
    """The new model against the old one; nothing where the runs share no scored row."""
    if not new.scorers or new.run == record.label:
        return []
    try:
        return compare_runs(lab, record.label, new.run, margin=record.plan["margin"]).comparisons
    except InputError:
        return []


def repeat(
    runs: Sequence[str | None] | None,
    model: str,
    make: Callable[[Plan], RunResult],
    *,
    lab: str | Path | None = None,
    left_out: Callable[[str], None] | None = None,
    **fields: Any,
) -> Iterator[tuple[Rerun, RunResult]]:
    """Repeat `runs` (names; None: the last run of each experiment, see `worth_repeating`) with `model`, one after the
    other: what became of each, with its figures, as soon as `make` has run its plan. It ends after an interrupted one.

    All are opened before the first is made; `fields` of a plan win over what it was. Raises InputError for a run that
    cannot be repeated, unless `left_out` is to be told why, and where none can be.
    """
    with ThreadPoolExecutor(1) as aside:  # the caller's event loop may be busy
        folder, plans = aside.submit(lambda: asyncio.run(_opened(runs, model, lab, left_out, fields))).result()
    made = False
    for name, plan in plans:
        try:
            result = make(plan)
        except InputError as error:
            _tell(name, error, left_out)
            continue
        made = True
        with Lab.find(folder, create=False) as opened:
            found = changes(opened, name, result, model)
        yield found, result
        if result.interrupted:
            return
    if not made:
        raise InputError("none of these experiments could be repeated")


async def _opened(
    runs: Sequence[str | None] | None,
    model: str,
    lab: str | Path | None,
    left_out: Callable[[str], None] | None,
    fields: Mapping[str, Any],
) -> tuple[Path, list[tuple[str, Plan]]]:
    """The lab's folder, and the plans by the runs that they repeat, each proved to be fit to run."""
    plans = []
    with Lab.find(lab, create=False) as opened:
        find = opened.run_table.find
        names = worth_repeating(opened, model) if runs is None else dict.fromkeys(find(name).label for name in runs)
        if not names:
            raise InputError(f"the lab holds no experiment without {model}")
        for name in names:
            try:
                plan = replan(opened, name, model, **fields)
                await check(plan, opened, Options())
            except InputError as error:
                _tell(name, error, left_out)
            else:
                plans.append((name, plan))
        if not plans:
            raise InputError("none of these experiments can be repeated")
        return opened.folder, plans


def _tell(name: str, error: InputError, left_out: Callable[[str], None] | None) -> None:
    said = str(error) if re.match(rf"{name}\b", str(error)) else f"{name}: {error}"
    if left_out is None:
        raise InputError(said) from None
    left_out(said)


def rerun(runs: Sequence[str], model: str, *, lab: str | Path | None = None, **settings: Any) -> list[Rerun]:
    """Repeat `runs` with `model`, one after the other, and wait: the blocking door.

    `settings` are fields of a plan (`budget=` ...) and of Options. Raises InputError, before anything is asked, for a
    run that cannot be repeated.
    """
    fields = {name: settings.pop(name) for name in Plan.__struct_fields__ if name in settings}

    def make(plan: Plan) -> RunResult:
        return run(plan, lab=lab, **settings)

    return [found for found, _ in repeat(runs, model, make, lab=lab, **fields)]
