"""Try prompts on a few rows: every output in full as it comes; no statistics, no verdict.

    views = try_(prompts=["a.txt", "b.txt"], models=["openai/gpt-5-mini"], data="rows.csv", n=3)

Calls are made and recorded as those of a run are: a second try asks nothing again, nor does a later run of the same
prompts on the same rows. Outcomes are not kept, for they belong to no run.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from scansion.data import Row
from scansion.data.columns import TARGETS
from scansion.errors import BudgetSpent, InputError, nearest
from scansion.experiments.lab import Lab
from scansion.experiments.looks import parted_before
from scansion.experiments.only import nothing_left, settle
from scansion.experiments.outcome import Produced, held_against, produce
from scansion.experiments.overrides import with_settings
from scansion.experiments.people.corrections import roles_of
from scansion.experiments.plan import Options, Plan, load_plan, make_plan
from scansion.experiments.preview import requests_of
from scansion.experiments.results import OutcomeView
from scansion.experiments.session import open_data, open_parts, parts_on, rows_of
from scansion.experiments.store.outcomes import ScoreRecord
from scansion.experiments.variants import Variant, inputs_digest, outcome_key, ways_out_of
from scansion.experiments.views import score_of, status_of
from scansion.models.base import Piece
from scansion.models.lm import LM, Trace
from scansion.prompts import Prompt, load
from scansion.scorers import Scorer, build_scorer
from scansion.types import Example, Request, digest

__all__ = ["Told", "Trying", "files_of", "try_", "usual_scorers", "variables_of", "with_values"]

_AHEAD = 32  # outcomes that are asked for at once
_FIRST = 64  # rows that are put in order at first, and whose targets decide the scorer
_SHORTEST = 60  # characters of a target that an output is searched for


class Told(Struct, frozen=True):
    """What is newly known of an outcome: a `piece` of the reply to its call number `slot`, or in the end its `view`."""

    row: Row
    variant: Variant
    slot: int = 0
    piece: Piece | None = None
    view: OutcomeView | None = None


class Trying:
    """The variants of a plan, ready to be tried on rows of its data. Raises InputError as a run does.

    A plan without a scorer whose rows have targets gets the scorer that fits them: `numeric` for numbers, `contains`
    for short texts. `reopen` reads prompts and data again; models stay open.
    """

    def __init__(self, plan: Plan, lab: Lab, options: Options | None = None) -> None:
        self._asked, self._lab = plan, lab
        self.plan = self._settled()
        self.data, self.scorers, self._gateway, self.variants = open_parts(self.plan, options or Options(), lab)
        self._ordered: list[Row] = []
        self._gateway.check()

    def reopen(self) -> list[Variant]:
        """Read everything again; gives the variants that are new or changed. After an InputError all is as it was."""
        plan = self._settled()
        data, scorers, variants = parts_on(self._gateway, plan, self._lab)
        self._gateway.check()
        before = {variant.identity for variant in self.variants}
        self.plan, self.data, self.scorers, self.variants = plan, data, scorers, variants
        self._ordered = []
        return [variant for variant in variants if variant.identity not in before]

    def values(self, values: Mapping[str, Any]) -> None:
        """Take one row of these values for the data from now on; it holds after `reopen`."""
        self._asked = with_values(self._asked, values)

    def _settled(self) -> Plan:
        plan = settle(self._asked, self._lab)
        if plan.part == "test":
            raise InputError(
                "try shows rows to work on, and rows of the test part are none: leave out --split test; "
                "`run --split test` counts its looks"
            )
        return plan if plan.scorers else structs.replace(plan, scorers=usual_scorers(plan, self._lab))

    @property
    def notes(self) -> list[str]:
        """What is to be said of the rows."""
        run = parted_before(self._lab, self.data) if self.plan.split is None else ""
        parted = [f"some rows may be of the test part of {run}; --split dev keeps to the others"] if run else []
        needy = next((s.name for s in self.scorers if s.needs_target), None)
        if needy is None or self.data.path is None or self.data.target_column is not None:
            return parted
        columns = ", ".join(self.data.columns)
        return [*parted, f"{needy} needs a target, and no column is one; name it with --target (columns: {columns})"]

    def rows(self, n: int, start: int = 0) -> list[Row]:
        """`n` rows from position `start` of the data's seeded order: by the digest of the plan's seed and each row's
        id, so that they are a fair sample, the same at each call, and hardly moved by new rows. Fewer at the end."""
        if len(self._ordered) < start + n:
            size = max(_FIRST, 2 * (start + n))
            seed = self.plan.seed
            self._ordered = heapq.nsmallest(
                size, rows_of(self.plan, self.data), key=lambda row: digest(seed, row.example.id)
            )
        if not self._ordered:
            if self.plan.only:
                raise nothing_left(self.plan, self.data)
            raise InputError(f"{self.data.label}: no row to try on; check the file and the split")
        return self._ordered[start : start + n]

    def named(self, ids: Sequence[str]) -> list[Row]:
        """The rows with these ids, in this order. Raises InputError that names the nearest id for one that is not
        there."""
        found: dict[str, Row] = {}
        known: list[str] = []
        for row in rows_of(self.plan, self.data):
            if row.example.id in ids:
                found.setdefault(row.example.id, row)
            elif len(known) < 1000:
                known.append(row.example.id)
            if len(found) == len(set(ids)):
                break
        for id in ids:
            if id not in found:
                close = nearest(id, known)
                hint = f"; {close}" if close.startswith("did") else ""
                raise InputError(f"{self.data.label}: no row has the id {id!r}{hint}")
        return [found[id] for id in ids]

    def shown(self, row: Row) -> Example:
        """A row's example with those inputs that the prompts use; with all where a program takes the whole row."""
        if any(variant.columns is None for variant in self.variants):
            hidden = roles_of(self.data)
            kept = {name: value for name, value in row.example.inputs.items() if name not in hidden}
        else:
            used = [c for v in self.variants for c in (*(v.columns or {}).values(), *v.optional.values())]
            kept = {name: row.example.inputs[name] for name in dict.fromkeys(used) if name in row.example.inputs}
        return structs.replace(row.example, inputs=kept)

    async def follow(self, rows: Sequence[Row], trial: int = 0) -> AsyncGenerator[Told, None]:
        """Ask all variants about all rows, and tell of them in the order in which a person reads them: row by row,
        variant by variant, each as it comes."""
        places = [(row, variant) for row in rows for variant in self.variants]
        told: list[asyncio.Queue[Told | BaseException]] = [asyncio.Queue() for _ in places]
        slots = asyncio.Semaphore(_AHEAD)

        async def work(row: Row, variant: Variant, queue: asyncio.Queue[Told | BaseException]) -> None:
            def heard(slot: int, piece: Piece) -> None:
                queue.put_nowait(Told(row, variant, slot, piece))

            try:
                async with slots:
                    queue.put_nowait(Told(row, variant, view=await self.ask(row, variant, trial, heard)))
            except Exception as error:
                queue.put_nowait(error)

        tasks = [asyncio.create_task(work(*place, queue)) for place, queue in zip(places, told, strict=True)]
        try:
            for queue in told:
                view = None
                while view is None:
                    news = await queue.get()
                    if isinstance(news, BaseException):
                        raise news
                    view = news.view
                    yield news
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(self, row: Row, variant: Variant, trial: int = 0, heard: Any = None) -> OutcomeView:
        """One outcome: what the lab holds of it is not asked again. `heard(slot, piece)` is told of its calls.

        Failures are outcomes; raises InputError for what no other outcome could survive either.
        """
        inputs = variant.inputs(row, self.data)
        trace = Trace()
        trace.heard = heard
        key = outcome_key(variant, inputs_digest(inputs), trial)
        try:
            made = await produce(variant, inputs, key, trial, self._gateway, trace)
            scores = await self._scores(row, variant, trial, made)
        except BudgetSpent as error:
            return self._view(row, variant, trial, trace, ("unreached", "budget", str(error)))
        if self._lab.journal.failure is not None:
            raise self._lab.journal.failure
        primary = scores.get(self.scorers[0].name) if self.scorers else None
        status = status_of(structs.asdict(self.plan), made.record, primary)
        view = self._view(row, variant, trial, trace, status)
        wrong = status[0] == "scored" and (primary.value if primary and primary.value else 0.0) < self._pass_mark
        return structs.replace(
            view,
            wrong=wrong,
            output=made.output,
            scores={name: score_of(score) for name, score in scores.items()},
            cost_usd=made.record.cost,
            latency=made.record.latency,
            judge_calls=[c for s in scores.values() for c in self._lab.outcome_table.calls(s.detail.calls)],
            key=key.hex(),
        )

    async def requests(self, view: OutcomeView) -> list[Request]:
        """The requests of an outcome exactly as sent; of one that failed, what would be sent."""
        if view.calls:
            return [call.request for call in view.calls]
        row = next(row for row in self._seen([view.example.id]) if row.example.row == view.row)
        return await requests_of(next(v for v in self.variants if v.name == view.variant), row, self.data)

    async def close(self) -> None:
        """Close the models."""
        self._lab.journal.flush()
        await self._gateway.close()

    def _seen(self, ids: Sequence[str]) -> list[Row]:
        found = [row for row in self._ordered if row.example.id in ids]
        return found or self.named(ids)

    @property
    def _pass_mark(self) -> float:
        if self.plan.pass_mark is not None:
            return self.plan.pass_mark
        return self.scorers[0].pass_mark if self.scorers else 1.0

    async def _scores(self, row: Row, variant: Variant, trial: int, made: Produced) -> dict[str, ScoreRecord]:
        if made.output is None:
            return {}

        template = variant.source.template if variant.source is not None else ""

        def judge() -> LM:
            trace = Trace(template, roles_of(self.data))
            return LM(self._gateway, variant.channel, trace, trial=trial, purpose="judge")

        given, words = (made.record, made.output), ways_out_of(self.variants)
        return {s.name: await held_against(s, given, row.example, judge, words) for s in self.scorers}

    def _view(self, row: Row, variant: Variant, trial: int, trace: Trace, status: Any) -> OutcomeView:
        return OutcomeView(
            row=row.example.row,
            trial=trial,
            variant=variant.name,
            example=self.shown(row),
            status=status[0],
            reason=status[1],
            message=status[2],
            wrong=False,
            output=None,
            scores={},
            calls=trace.calls,
            cost_usd=None,
            latency=0.0,
        )


def usual_scorers(plan: Plan, lab: Lab | None = None) -> tuple[str, ...]:
    """The scorer that fits the targets of the first rows; none where they have none, or none that fits all. `lab` is
    where corrected targets stand."""
    rows = list(islice(rows_of(plan, open_data(plan, lab)), _FIRST))
    examples = [row.example for row in rows if row.example.target is not None]
    if not examples:
        return ()
    numeric: Scorer = build_scorer("numeric")
    if all(numeric.refuses_gold(example) is None for example in examples):
        return ("numeric",)
    targets = [example.target for example in examples]
    short = all(isinstance(t, str) and 0 < len(t.strip()) <= _SHORTEST and "\n" not in t.strip() for t in targets)
    return ("contains(ignore_case=true)",) if short else ()


def _sources(plan: Plan) -> list[Any]:
    return [*plan.prompts, *(variant.prompt for variant in plan.variants or ())]


def files_of(plan: Plan) -> list[Path]:
    """The files of a plan's prompts, which may change; those of a revision do not."""
    named = [source for source in _sources(plan) if isinstance(source, str | Path)]
    paths = [Path(plan.base_dir) / Path(name).expanduser() for name in named]
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def variables_of(plan: Plan, values: Mapping[str, Any]) -> list[str]:
    """The variables that a plan's prompts need, each once. Raises InputError for a prompt that cannot be read, and for
    one of `values` that no prompt has a use for."""
    prompts = [
        load(s, base_dir=plan.base_dir) if isinstance(s, str | Path) else s
        for s in _sources(plan)
        if isinstance(s, str | Path | Prompt)
    ]
    needed = list(dict.fromkeys(name for prompt in prompts for name in prompt.variables))
    known = {*needed, *(name for prompt in prompts for name in prompt.optional), *TARGETS}
    for name in values:
        if name not in known:
            raise InputError(f"no prompt has a variable {name!r}; {nearest(name, known - set(TARGETS))}")
    return needed


def with_values(plan: Plan, values: Mapping[str, Any]) -> Plan:
    """`plan` on one row of these values in place of its data."""
    return structs.replace(plan, data=[dict(values)])


def try_(
    plan: Plan | str | Path | None = None,
    *,
    n: int = 5,
    rows: Sequence[str] = (),
    trial: int = 0,
    lab: str | Path | None = None,
    **settings: Any,
) -> list[OutcomeView]:
    """Try a plan, or what `settings` (fields of a plan and of Options) describe, on `n` rows in seeded order or on the
    `rows` with these ids, and wait for the outcomes: row by row, variant by variant. Without `data`, `values=` gives
    the prompts' variables. Raises InputError.
    """
    options = Options(**{name: settings.pop(name) for name in Options.__struct_fields__ if name in settings})
    if "values" in settings:
        settings["data"] = [dict(settings.pop("values"))]
    if isinstance(plan, Plan):
        chosen = with_settings(plan, **settings)
    else:
        chosen = load_plan(plan, **settings) if plan is not None else make_plan(**settings)

    async def main(opened: Lab) -> list[OutcomeView]:
        trying = Trying(chosen, opened, options)
        try:
            found = trying.named(rows) if rows else trying.rows(n)
            async with aclosing(trying.follow(found, trial)) as news:
                return [each.view async for each in news if each.view is not None]
        finally:
            await trying.close()

    with Lab.find(lab) as opened:
        return asyncio.run(main(opened))
