"""A plan made ready to run: data and models opened, variants built, scorers proved, the run entered in the lab."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.data import Dataset, DataSpec, Row, open_dataset
from scansion.errors import InputError, nearest
from scansion.experiments.companions import beside, check_whole, companions_head, with_companions
from scansion.experiments.gates import check_least, parse_gate
from scansion.experiments.judges import check_columns, open_judges
from scansion.experiments.lab import Lab
from scansion.experiments.leaks import check_leaks
from scansion.experiments.looks import shown_before
from scansion.experiments.only import chosen_rows, nothing_left, settle, told
from scansion.experiments.people.corrections import corrected, roles_of
from scansion.experiments.people.targets import check_targets
from scansion.experiments.plan import Options, Plan
from scansion.experiments.sequential.order import Deck, Order, read_deck
from scansion.experiments.store.runs import RunLedger, RunRecord
from scansion.experiments.variants import (
    Variant,
    build_variants,
    described,
    find_variant,
    inputs_digest,
    outcome_key,
    pair_with_baseline,
    ways_out_of,
)
from scansion.experiments.verdicts import margin_refused
from scansion.models.budget import Budget, Limits
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.till import Till
from scansion.prompts.sources import git
from scansion.scorers import Scorer, build_scorer
from scansion.scorers import scorer as scorer_registry
from scansion.techniques._way_out import wanted
from scansion.types import Example, digest

__all__ = ["Session", "check", "prepare", "rows_of"]

_FIRST_ROWS = 1000  # rows that must serve prompts and scorers before any call is made
_DECIDING = [
    *("split", "part", "trials", "baseline", "no_answer", "truncated", "gold_check", "pass_mark"),
    *("margin", "alpha", "limit", "seed", "name"),
]
_POOL_ROWS = 100_000  # rows that examples for prompts are drawn from


class Session(Struct, frozen=True):
    """Everything that a run works with. `dataset` is the number of its data in the lab; `order` is that in which
    examples are looked at, of the rows in `deck` (None: the run does not stop when decided)."""

    plan: Plan
    data: Dataset
    variants: list[Variant]
    scorers: list[Scorer]
    scorer_ids: list[int]
    gateway: Gateway
    lab: Lab
    run: RunRecord
    dataset: int
    deck: Deck | None = None
    order: Order | None = None


def prepare(plan: Plan, lab: Lab, options: Options) -> Session:
    """Open everything that the plan names and enter the run. Raises InputError before any call is made."""
    plan = settle(plan, lab)
    data, scorers, gateway, variants = open_parts(plan, options, lab)
    count, leaks = _checked(plan, data, scorers, variants)
    _check_models(plan, lab, data, gateway, variants)
    fingerprint = data.fingerprint
    scorer_ids = [lab.outcome_table.scorer_id(s.identity) for s in scorers]
    text, context = describe(plan, variants, scorers)
    context |= {"scorer_ids": scorer_ids, "data": data.label, "fingerprint": fingerprint, "roles": roles_of(data)}
    context |= {"target": data.target_column, "corrections": _corrected_here(plan, data)}
    context |= {"data_path": str(data.path.resolve()) if data.path else ""}
    tested = (row.example for row in rows_of(plan, data))
    context |= {"notes": [*plan.notes, *leaks, *shown_before(lab, text, context, tested)]}
    context |= {"only": kept} if (kept := told(plan, count)) else {}
    deck, order = read_deck(rows_of(plan, data), data, variants, plan.seed) if plan.until else (None, None)
    context |= {"order": order.told()} if order is not None else {}
    asked = [[v.identity.hex(), v.name, v.columns, v.optional] for v in variants]
    chosen = [[[each.text, each.mark] for each in plan.only]] if plan.only else []
    ends = [*([plan.until] if plan.until else []), *(["abstained"] if plan.abstained == "wrong" else [])]
    mark = digest(asked, fingerprint, [s.identity for s in scorers], _settings(plan), *chosen, *ends)
    run = lab.run_table.open(plan.name or variants[0].prompt, mark, text, context)
    dataset = lab.run_table.enter_data(run.id, data.label, fingerprint)
    run = lab.run_table.load(run.id)
    if plan.budget is not None:
        limits = Budget.parse(plan.budget)
        gateway.till = Till(RunLedger(lab.db, run.id, limits), limits)
    return Session(
        plan=plan,
        data=data,
        variants=variants,
        scorers=scorers,
        scorer_ids=scorer_ids,
        gateway=gateway,
        lab=lab,
        run=run,
        dataset=dataset,
        deck=deck,
        order=order,
    )


async def check(plan: Plan, lab: Lab, options: Options) -> None:
    """Raises the InputError that `prepare` would; nothing is entered in the lab."""
    plan = settle(plan, lab)
    data, scorers, gateway, variants = open_parts(plan, options, lab)
    try:
        _checked(plan, data, scorers, variants)
        _check_models(plan, lab, data, gateway, variants)
    finally:
        await gateway.close()


def _checked(
    plan: Plan, data: Dataset, scorers: Sequence[Scorer], variants: Sequence[Variant]
) -> tuple[int, list[str]]:
    """How many rows were chosen (0 without conditions), and the notes on leaks. Raises InputError."""
    _check_gates(plan, variants)
    _check_until(plan, variants)
    check_whole(plan.until, scorers)
    _check_scale(plan, scorers)
    _check_names(scorers)
    count = sum(1 for _ in rows_of(plan, data)) if plan.only else 0
    if plan.only and not count:
        raise nothing_left(plan, data)
    first = list(islice(rows_of(plan, data), _FIRST_ROWS))
    if not first:
        raise InputError(f"{data.label}: no row to run on; check the file, the split and the limit")
    for row in first:
        for variant in variants:
            variant.inputs(row, data)
        for scorer in scorers:
            check_columns(scorer, row.example)
    if plan.gold_check == "on":
        prove(scorers, first, data, ways_out_of(variants))
    return count, check_leaks(plan, data, variants)


def _check_models(plan: Plan, lab: Lab, data: Dataset, gateway: Gateway, variants: Sequence[Variant]) -> None:
    """Raise InputError for a model that cannot be asked; a person need not be there who has answered everything."""
    for channel in gateway.channels.values():
        asked = [v for v in variants if v.channel is channel]
        try:
            gateway.check([channel])
        except InputError:
            if not channel.capabilities.patient or not asked or _anything_left(plan, lab, data, asked):
                raise


def _anything_left(plan: Plan, lab: Lab, data: Dataset, variants: Sequence[Variant]) -> bool:
    """Whether the lab lacks any outcome of these variants."""
    rows = rows_of(plan, data)
    while block := list(islice(rows, _FIRST_ROWS)):
        digests = [(v, inputs_digest(v.inputs(row, data))) for row in block for v in variants]
        keys = {outcome_key(v, inputs, trial) for v, inputs in digests for trial in range(plan.trials)}
        if len(lab.outcome_table.settled(list(keys))) < len(keys):
            return True
    return False


def _corrected_here(plan: Plan, data: Dataset) -> int:
    """How many of the rows that are run have a corrected target."""
    return sum(1 for row in rows_of(plan, data) if row.example.row in data.targets) if data.targets else 0


def _check_gates(plan: Plan, variants: Sequence[Variant]) -> None:
    """Raise InputError, before anything is paid, for a gate that nothing in the run can meet."""
    for text in plan.gates:
        rule, name, _ = parse_gate(text)
        if rule == "fail-under" and name:
            find_variant(name, variants)
        if rule != "fail-under" and len(variants) < 2:
            raise InputError(f"gates: {text!r} compares variants, and the run has one: {variants[0].name!r}")


def _check_until(plan: Plan, variants: Sequence[Variant]) -> None:
    """Raise InputError for a run that would wait for verdicts that nobody gives."""
    if plan.until is None:
        return
    if len(variants) < 2:
        raise InputError(f"until: decided waits for a verdict, and the run has one variant: {variants[0].name!r}")
    compared = {index for pair in pair_with_baseline(plan.baseline, variants) for index in pair}
    for variant in variants:
        if variant.index not in compared:
            raise InputError(
                f"until: {variant.name!r} is compared with nothing, so no verdict would end its calls; "
                "name another baseline, or leave it out"
            )


_MIXED = ("all", "any", "not", "assertions")
"""Scorers whose scale is that of others, which may be the user's own."""


def _check_scale(plan: Plan, scorers: Sequence[Scorer]) -> None:
    """Raise InputError for a margin or a gate beyond the scale of a primary scorer that is known to give shares of 1:
    one of ours. Of others it shows when they have scored."""
    name = scorers[0].identity.partition("(")[0] if scorers else ""
    if name in _MIXED or name.replace("-", "_") not in scorer_registry.files():
        return
    if plan.margin is not None and plan.margin >= 1:
        raise margin_refused(plan.margin)
    for gate in plan.gates:
        check_least(gate)


def _check_inputs(data: Dataset, variants: Sequence[Variant]) -> None:
    """Raise InputError for a variable with a column of its own that no prompt has."""
    known = {name for variant in variants for name in (*(variant.columns or {}), *variant.optional)}
    for prompt in (p for v in variants for p in (v.written, v.source) if p is not None):
        known |= {*prompt.variables, *prompt.optional}
    for name in data.spec.inputs:
        if name not in known:
            raise InputError(
                f"inputs: no prompt has a variable {name!r} (--input VARIABLE=COLUMN); {nearest(name, known)}"
            )


def _check_names(scorers: Sequence[Scorer]) -> None:
    """Raise InputError for two scorers of one name: figures are told apart by it."""
    names = [s.name for s in scorers]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"scorers: two are called {name!r}; drop one, or give them different names")


def open_parts(
    plan: Plan, options: Options, lab: Lab | None, kind: type[Gateway] = Gateway
) -> tuple[Dataset, list[Scorer], Gateway, list[Variant]]:
    """The data, the scorers, a gateway of that kind to the models, and the variants of a plan."""
    settings = CallSettings(
        timeout=options.timeout, tries=options.tries, max_wait=options.max_wait, concurrency=options.concurrency
    )
    limits = Budget.parse(plan.budget) if plan.budget is not None else Limits()
    gateway = kind(limits=limits, settings=settings, base_dir=Path(plan.base_dir))
    if lab is not None:
        gateway.recorder = lab.journal
    data, scorers, variants = parts_on(gateway, plan, lab)
    return data, scorers, gateway, variants


def parts_on(gateway: Gateway, plan: Plan, lab: Lab | None) -> tuple[Dataset, list[Scorer], list[Variant]]:
    """The data, the scorers and the variants of a plan, whose models are opened by `gateway`."""
    data = open_data(plan, lab)
    scorers = with_companions([build_scorer(s, plan.base_dir) for s in plan.scorers], plan.base_dir)
    variants = build_variants(plan, data, gateway, scorers, partial(_pool, plan, data))
    open_judges(scorers, gateway)
    pair_with_baseline(plan.baseline, variants)
    _check_inputs(data, variants)
    return data, scorers, variants


def open_data(plan: Plan, lab: Lab | None = None) -> Dataset:
    """The plan's data, with the corrected targets of `lab` if it asks for them; its `data` may be a Dataset already."""
    data = plan.data
    if isinstance(data, Dataset):
        return corrected(data, lab)
    if isinstance(data, Iterable) and not isinstance(data, str | Path | Mapping):
        data = list(data)
        if not all(isinstance(row, Mapping) for row in data):
            raise InputError("data: a list of rows is wanted, each a mapping of column to value")
    elif not isinstance(data, DataSpec):
        raise InputError(f"data: {data!r} is no data; name a file, or give a list of rows")
    return corrected(open_dataset(data, base_dir=plan.base_dir), lab)


def rows_of(plan: Plan, data: Dataset) -> Iterator[Row]:
    """The rows that the plan is about: its part of the split, what its `only` (settled) takes, up to its limit."""
    rows = data.rows()
    if (split := plan.split) is not None:
        part = plan.part or "dev"
        rows = (row for row in rows if split.part_of(row.example) == part)
    return islice(chosen_rows(plan, data, rows) if plan.only else rows, plan.limit)


def _pool(plan: Plan, data: Dataset, part: str = "dev") -> list[Example]:
    """Examples of a part. Prompts may show those of dev, which without a split is all, and never those of test."""
    split = plan.split
    examples = (row.example for row in data.rows())
    return list(islice((e for e in examples if (split.part_of(e) if split else "dev") == part), _POOL_ROWS))


def prove(scorers: Sequence[Scorer], rows: Iterable[Row], data: Dataset, ways_out: Sequence[str] = ()) -> None:
    """Raise InputError if a scorer's comparison refuses the targets that it will be held against, but for those that
    are the word of a variant that abstains."""
    refused: list[str] = []
    targets = corrected = False
    for row in rows:
        targets = targets or row.example.target is not None
        for scorer in scorers:
            try:
                why = scorer.refuses_gold(row.example)
            except InputError as error:
                raise InputError(f"{data.label}: line {row.line} ({scorer.name}: {error})") from None
            if why is not None and not wanted(row.example.target, ways_out):
                corrected = corrected or row.example.row in data.targets
                refused.append(f"line {row.line} ({scorer.name}: {why})")
    if refused:
        lines = "; ".join(refused[:3]) + (f" and {len(refused) - 3} more" if len(refused) > 3 else "")
        if corrected:
            raise InputError(
                f"{data.label}: the scorer does not accept targets that were corrected: {lines}; "
                "correct them anew in `scansion show` (c), or run without the corrections"
            )
        raise InputError(
            f"{data.label}: the scorer does not accept the data's own targets: {lines}; "
            "mend the targets, choose another scorer, or go on with gold_check: off (--gold-check off)"
        )
    examples = [row.example for row in islice(data.rows(), _FIRST_ROWS)]  # a limit or a split may leave out a label
    for scorer in scorers:
        if (why := scorer.refuses_rows(examples)) is not None:
            raise InputError(f"{data.label}: {scorer.name}: {why}")
    check_targets(scorers, data, any_there=targets)


def _settings(plan: Plan) -> dict[str, Any]:
    """The fields of a plan that decide figures beside its variants, data and scorers."""
    return {name: msgspec.to_builtins(getattr(plan, name)) for name in _DECIDING}


def describe(
    plan: Plan, variants: Sequence[Variant], scorers: Sequence[Scorer]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan as plain data, and the circumstances that a run records: versions, git, variants, scorers."""
    from scansion import __version__

    own = scorers[0].pass_mark if scorers else 1.0
    text = {
        **_settings(plan),
        "until": plan.until,
        "abstained": plan.abstained,
        "pass_mark": plan.pass_mark if plan.pass_mark is not None else own,
        "budget": plan.budget,
        "volume": plan.volume,
        "gates": list(plan.gates),
        "scorers": [s.name for s in scorers],
        "only": [each.text for each in plan.only],
        "base_dir": str(Path(plan.base_dir).resolve()),
        "data": msgspec.to_builtins(plan.data) if isinstance(plan.data, Struct) else "given in Python",
    }
    context = {
        "variants": [described(v) for v in variants],
        "scorers": [{"name": s.name, "identity": s.identity, "pass_mark": s.pass_mark} for s in scorers],
        "companions": companions_head(scorers),
        "beside": beside(scorers),
        "scansion": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "git": git_state(Path(plan.base_dir)),
    }
    return text, context


def git_state(folder: Path) -> dict[str, Any]:
    """The revision that `folder` is at and whether anything in the repository differs; empty outside a repository."""
    here = folder.resolve()
    if not any((parent / ".git").exists() for parent in (here, *here.parents)):
        return {}
    try:
        found = git(here, "status", "--porcelain=v2", "--branch", seconds=2)
    except InputError:  # there is no git
        return {}
    lines = (found or b"").decode("utf-8", "replace").splitlines()
    revision = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), None)
    return {"revision": revision, "dirty": any(not line.startswith("#") for line in lines)} if revision else {}
