"""Runs a plan: example by example across variants, so that early results compare; what is known is not asked again.

Rows are read a block at a time and only as fast as outcomes are finished, so that memory does not grow with the data.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from scansion.data import Row
from scansion.errors import BudgetSpent, Quit
from scansion.experiments.crew import work_off
from scansion.experiments.lab import Lab
from scansion.experiments.outcome import Paid, Produced, held_against, produce
from scansion.experiments.plan import Options, Plan, load_plan, make_plan
from scansion.experiments.progress import Progress, Stop, Tally
from scansion.experiments.results import RunResult
from scansion.experiments.session import Session, prepare, rows_of
from scansion.experiments.store.outcomes import ScoreRecord
from scansion.experiments.store.presence import Presence
from scansion.experiments.summary import summarize
from scansion.experiments.variants import Variant
from scansion.experiments.views import calls_of
from scansion.models.lm import LM, Trace
from scansion.types import Example, Output, canonical, digest

__all__ = ["execute", "outcome_key", "run"]

_BLOCK = 128  # rows that are read and looked up together
_POLL = 0.05  # seconds between two looks for an outcome that another process is making


class _Job(Struct, frozen=True):
    """An outcome to make (`outcome` is None) or only to score; `scores` are the scorers that it lacks, by position."""

    variant: Variant
    example: Example
    mark: int
    inputs: dict[str, Any]
    trial: int
    key: bytes
    outcome: int | None
    scores: tuple[int, ...]


def outcome_key(variant: Variant, inputs: bytes, trial: int) -> bytes:
    """The key of an outcome: the digest of its variant, of the inputs given to it (their digest), of its trial."""
    return blake2b(variant.identity + inputs + b"%d" % trial, digest_size=16).digest()


def example_mark(example: Example) -> int:
    """The number by which scores tell what an outcome was held against."""
    return int.from_bytes(digest(example.inputs, example.target)[:8], "little", signed=True)


async def execute(
    plan: Plan,
    lab: Lab,
    options: Options | None = None,
    watch: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Run `plan` in `lab` and return its figures.

    Equal outcomes that the lab holds are not made again. `watch` is told how it goes, ten times a second at most;
    `stop` can end it early. Raises InputError for what is wrong with the plan or stops every call.
    """
    options = options or Options()
    session = prepare(plan, lab, options)
    try:
        with _recording(options.record) as recording:
            runner = _Runner(session, watch, stop or Stop(), options)
            await runner.work()
            if lab.journal.failure is not None:
                raise lab.journal.failure
            if recording is not None:
                for call in calls_of(lab, session.run):
                    recording.add(call)
            return runner.close()
    finally:
        await session.gateway.close()


@contextmanager
def _recording(path: str | None) -> Iterator[Any]:
    """A writer of the recording at `path`, None where there is none to be made."""
    if path is None:
        yield None
        return
    from scansion.models.providers.replay import RecordWriter

    with RecordWriter(path) as writer:
        yield writer


class _Runner:
    """One execution: reads blocks, hands out jobs, stores what they give."""

    def __init__(
        self, session: Session, watch: Callable[[Progress], None] | None, stop: Stop, options: Options
    ) -> None:
        self._session = session
        self._lab = session.lab
        self._stop = stop
        self._options = options
        self._tally = Tally(session.gateway, watch, [v.name for v in session.variants])
        self._deferred: list[_Job] = []
        self._out_of_budget = False
        self._quit = False
        self._planned = 0
        self._start = time.monotonic()
        self._rows = self._counted(rows_of(session.plan, session.data))

    async def work(self) -> None:
        """Make all outcomes that are missing."""
        presence = self._lab.journal.presence = Presence(self._lab.db)
        await presence.join()
        aside = [
            asyncio.create_task(presence.beat(self._lab.journal.in_flight)),
            asyncio.create_task(self._tally.keep_telling()),
        ]
        try:
            await self._crew(self._jobs())
            while self._deferred and not self._stop.requested:
                await self._crew(iter(self._take_deferred()))
                await asyncio.sleep(_POLL if self._deferred else 0)
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            self._lab.journal.flush()
            presence.leave()
            self._lab.journal.presence = None

    def close(self) -> RunResult:
        """Read the data to its end, for its count, and the figures from the lab."""
        if not self._stop.now:
            for _ in self._rows:
                pass
        self._tally.tell("summing up")
        interrupted = self._stop.requested or self._quit
        seconds = time.monotonic() - self._start
        result = summarize(self._lab, self._session.run, self._planned, interrupted=interrupted, seconds=seconds)
        self._lab.run_table.finish(self._session.run.id, self._planned, result, resumable=interrupted)
        return result

    async def _crew(self, jobs: Iterator[_Job]) -> None:
        size = self._options.concurrency + 8  # some are between two calls while the others wait for an answer
        try:
            await work_off(jobs, self._do, size, self._stop)
        except Quit:
            self._quit = True

    def _jobs(self) -> Iterator[_Job]:
        block: list[Row] = []
        for row in self._rows:
            block.append(row)
            if len(block) == _BLOCK:
                yield from self._missing(block)
                block = []
            if self._stop.requested:
                return
        yield from self._missing(block)
        self._tally.total = self._planned * len(self._session.variants) * self._session.plan.trials

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self._planned += 1
            yield row

    def _missing(self, block: list[Row]) -> Iterator[_Job]:
        """Enter a block's known outcomes into the run and yield what is to be made or scored."""
        if not block:
            return
        session, tables = self._session, self._lab.outcome_table
        marks = self._keep(block)
        jobs = [job for row, mark in zip(block, marks, strict=True) for job in self._outcomes(row, mark)]
        known = tables.settled([job.key for job in jobs])
        scored = tables.scored([outcome for outcome, _ in known.values()], session.scorer_ids)
        members, missing = [], []
        for job in jobs:
            outcome, has_output = known.get(job.key, (None, True))
            lacks = tuple(i for i, scorer in enumerate(session.scorer_ids) if (outcome, scorer, job.mark) not in scored)
            if outcome is None or (lacks and has_output):
                missing.append(structs.replace(job, outcome=outcome, scores=lacks))
                continue
            members.append((job.variant.index, job.example.row, job.trial, outcome, 0, 0.0, 0.0))
            value = scored.get((outcome, session.scorer_ids[0], job.mark)) if session.scorer_ids else None
            self._tally.add(job.variant.name, value, asked=False)
        if members:
            self._lab.journal.later(lambda: tables.join(session.run.id, members))
        for job in missing:
            if job.outcome is not None or not self._out_of_budget:
                yield job

    def _keep(self, block: list[Row]) -> list[int]:
        """Keep the rows in the lab; returns their marks."""
        runs, dataset = self._lab.run_table, self._session.dataset
        kept = runs.kept(dataset, block[0].example.row, block[-1].example.row)
        marks = [kept[row.example.row] if row.example.row in kept else example_mark(row.example) for row in block]
        new = [
            (row.example, row.line, row.offset, mark)
            for row, mark in zip(block, marks, strict=True)
            if row.example.row not in kept
        ]
        if new:
            self._lab.journal.later(lambda: runs.save_rows(dataset, new))
        return marks

    def _outcomes(self, row: Row, mark: int) -> Iterator[_Job]:
        """All outcomes that the plan wants of a row, trial by trial."""
        session, example = self._session, row.example
        given: list[tuple[Variant, dict[str, Any], bytes]] = []
        for variant in session.variants:
            inputs = variant.inputs(row, session.data)
            if given and inputs == given[-1][1]:  # variants mostly share their inputs: one digest serves them all
                inputs, inputs_digest = given[-1][1:]
            else:
                inputs_digest = blake2b(canonical(inputs), digest_size=16).digest()
            given.append((variant, inputs, inputs_digest))
        for trial in range(session.plan.trials):
            for variant, inputs, inputs_digest in given:
                key = outcome_key(variant, inputs_digest, trial)
                yield _Job(variant, example, mark, inputs, trial, key, None, ())

    def _take_deferred(self) -> list[_Job]:
        """The jobs that another process had: as jobs again, but for what it has finished meanwhile."""
        jobs, self._deferred = self._deferred, []
        return jobs

    async def _do(self, job: _Job) -> None:
        presence = self._lab.journal.presence
        if presence is not None and presence.shared and job.outcome is None:
            mine = presence.take(job.key)
            made = self._lab.outcome_table.settled([job.key])
            if made:
                if mine:
                    presence.drop(job.key)
                job = structs.replace(job, outcome=made[job.key][0])
            elif not mine:
                self._deferred.append(job)
                return
        try:
            await self._make(job)
        except BudgetSpent:
            self._out_of_budget = True
            if presence is not None and presence.shared:
                presence.drop(job.key)

    async def _make(self, job: _Job) -> None:
        """Make or complete one outcome and store it with its scores."""
        session, tables = self._session, self._lab.outcome_table
        if job.outcome is None:
            made = await produce(job.variant, job.inputs, job.key, job.trial, session.gateway)
        else:
            record = tables.load(job.outcome)
            made = Produced(record, tables.output(record), Paid())
        scores, judging = await self._scores(job, made.output)
        place = (job.variant.index, job.example.row, job.trial)

        def write() -> None:
            outcome = tables.save(made.record) if job.outcome is None else job.outcome
            for i, score in scores.items():
                tables.save_score(outcome, session.scorer_ids[i], job.mark, score)
            tables.join(session.run.id, [(*place, outcome, made.paid.calls, made.paid.usd, judging)])
            presence = self._lab.journal.presence
            if job.outcome is None and presence is not None and presence.shared:
                presence.drop(job.key)

        self._lab.journal.later(write)
        first = scores.get(0)
        self._tally.add(job.variant.name, first.value if first is not None else None, asked=True)

    async def _scores(self, job: _Job, output: Output | None) -> tuple[dict[int, ScoreRecord], float | None]:
        """The scores that a job lacks, and what the judges cost now in USD (None: no price known)."""
        found: dict[int, ScoreRecord] = {}
        spent: float | None = 0.0
        if output is None:
            return found, spent
        for i in job.scores:
            found[i], paid = await held_against(self._session.scorers[i], output, job.example, lambda: self._judge(job))
            spent = None if spent is None or paid.usd is None else spent + paid.usd
        return found, spent

    def _judge(self, job: _Job) -> LM:
        return LM(self._session.gateway, job.variant.channel, Trace(), trial=job.trial, purpose="judge")


def run(plan: Plan | str | Path | None = None, *, lab: str | Path | None = None, **settings: Any) -> RunResult:
    """Run a plan and wait for its figures: the blocking door to `execute`.

    `plan` is a Plan or an experiment file; without it the settings are a plan's fields (`prompts=`, `models=`,
    `data=`, `scorers=` ...). Fields of Options, `watch` and `stop` are taken too. Ctrl-C stops softly, twice at once.
    """
    watch, stop = settings.pop("watch", None), settings.pop("stop", None) or Stop()
    options = Options(**{name: settings.pop(name) for name in Options.__struct_fields__ if name in settings})
    if isinstance(plan, str | Path):
        plan = load_plan(plan, **settings)
    elif plan is None:
        plan = make_plan(**settings)

    async def main(plan: Plan, opened: Lab) -> RunResult:
        loop = asyncio.get_running_loop()
        mine = threading.current_thread() is threading.main_thread()
        if mine:
            loop.add_signal_handler(signal.SIGINT, stop.interrupt)
        try:
            return await execute(plan, opened, options, watch, stop)
        finally:
            if mine:
                loop.remove_signal_handler(signal.SIGINT)

    with Lab.find(lab) as opened:
        return asyncio.run(main(plan, opened))
