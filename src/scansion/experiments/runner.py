"""Runs a plan: example by example across variants, so that early results compare; what is known is not asked again.

Rows are read a block at a time and only as fast as outcomes are finished, so that memory does not grow with the data.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from msgspec import structs

from scansion.errors import BudgetSpent, InputError, Quit, Withdrawn, fault
from scansion.experiments.agenda import Agenda, Job
from scansion.experiments.crew import Gate, work_off
from scansion.experiments.lab import Lab
from scansion.experiments.looks import note_look
from scansion.experiments.outcome import Produced, held_against, produce
from scansion.experiments.overrides import with_settings
from scansion.experiments.people.corrections import with_note
from scansion.experiments.plan import Options, Plan, load_plan, make_plan
from scansion.experiments.progress import Progress, Stop, Tally
from scansion.experiments.results import RunResult
from scansion.experiments.sequential.watched import ended
from scansion.experiments.session import Session, prepare
from scansion.experiments.store.journal import payer
from scansion.experiments.store.outcomes import ScoreRecord
from scansion.experiments.store.presence import Presence
from scansion.experiments.summary import paid_by, summarize
from scansion.experiments.variants import Variant, ways_out_of
from scansion.experiments.views import calls_of
from scansion.models.admission import Admission
from scansion.models.lm import LM, Trace
from scansion.techniques import Composed

__all__ = ["execute", "run"]

_TURNS = 2  # outcomes of a person at work: the next question stands there while an answer is scored
_SPARE = 8  # outcomes at work beyond the calls in flight: some are between two calls
_MOMENT = 2.0  # seconds that the rest of the data may take to be counted after a hard stop
_POLL = 0.05  # seconds between two looks for an outcome that another process is making


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
            stop = stop or Stop()
            stop.hushes(session.gateway.hush)
            runner = _Runner(session, watch, stop, options)
            await runner.work()
            if lab.journal.failure is not None:
                raise lab.journal.failure
            if recording is not None:
                for call in calls_of(lab, session.run):
                    recording.add(call)
            return runner.close()
    except InputError:
        lab.run_table.withdraw(session.run.id)
        raise
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
        self._ways_out = ways_out_of(session.variants)
        self._deferred: list[Job] = []
        self._agenda = _agenda(session, self._tally)
        self._door = _door(session)
        self._quit = False
        self._misses = 0  # outcomes in a row that the budget stopped
        self._start, self._began = time.monotonic(), time.time()
        self._paid = paid_by(self._lab, session.run)[0]  # calls that earlier commands of this run made

    async def work(self) -> None:
        """Make all outcomes that are missing."""
        journal = self._lab.journal
        journal.run = self._session.run.id
        journal.variants = [variant.identity for variant in self._session.variants]
        presence = journal.presence = Presence(self._lab.db)
        aside = [
            asyncio.create_task(presence.beat(journal.in_flight)),
            asyncio.create_task(self._tally.keep_telling()),
        ]
        try:
            await presence.join(self._stop)
            await self._through(self._agenda.jobs(), self._options.concurrency + _SPARE)
            for person in self._agenda.people():
                await self._through(person, _TURNS)
            await self._count_rows()
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            journal.flush()
            presence.leave()
            journal.presence = None

    @property
    def _stopped(self) -> bool:
        return self._stop.requested or self._quit

    def close(self) -> RunResult:
        """The figures, from the lab."""
        self._tally.tell("summing up")
        seconds, planned = time.monotonic() - self._start, self._agenda.planned
        notes = () if self._agenda.read else (f"the data was not read to its end: there are more than {planned} rows",)
        run = self._session.run
        self._agenda.close()
        note_look(self._lab, run)
        result = summarize(self._lab, run, planned, seconds=seconds)
        whole = self._agenda.read and not any(v.unreached for v in result.variants)
        stopped = self._stopped and not whole  # a stop that came with the last outcome stopped nothing
        result = structs.replace(
            result, notes=[*result.notes, *notes], budget_spent=self._agenda.missed, interrupted=stopped
        )
        if result.until is not None and (stopped or self._agenda.missed):
            result = ended(result, "interrupted" if stopped else "budget")
        self._lab.run_table.finish(run.id, planned, result, resumable=stopped)
        if self._paid:  # said of this command alone: who reads the run later began none
            result = structs.replace(result, calls_now=result.calls_made - self._paid)
        return with_note(self._lab, run, result)

    async def _count_rows(self) -> None:
        """Read the data to its end, so that the figures say how many examples were planned; after a hard stop only as
        far as a moment allows."""
        until = time.monotonic() + _MOMENT
        for _ in self._agenda.count():
            await asyncio.sleep(0)
            if self._stop.now and time.monotonic() > until:
                return

    async def _through(self, jobs: Iterator[Job | Gate | None] | Iterator[Job], size: int) -> None:
        """Do all jobs, `size` at once, and then those that another process has begun and left."""
        await self._crew(jobs, size)
        while self._deferred and not self._stopped:
            left, self._deferred = self._deferred, []
            await self._crew(iter(left), size)
            await asyncio.sleep(_POLL if self._deferred else 0)

    async def _crew(self, jobs: Iterator[Job | Gate | None] | Iterator[Job], size: int) -> None:
        if self._stopped:
            return
        try:
            await work_off(jobs, self._do, size, self._stop)
        except Quit:
            self._quit = True

    async def _do(self, job: Job) -> None:
        presence = self._lab.journal.presence
        while presence is not None and presence.shared and job.outcome is None:
            mine = presence.take(job.key)
            made = self._lab.outcome_table.settled([job.key], since=self._began)
            if made:
                if mine:
                    presence.drop(job.key)
                job = structs.replace(job, outcome=made[job.key][0])
            elif mine:
                break
            elif not self._agenda.in_order:
                self._deferred.append(job)
                return
            elif self._stopped:
                return
            else:
                await asyncio.sleep(_POLL)
        payer.set(job.variant.index)
        try:
            with self._admission(job):
                await self._make(job)
            self._misses = 0
        except (BudgetSpent, Withdrawn) as error:
            if isinstance(error, BudgetSpent):
                self._miss()
            if presence is not None and presence.shared:
                presence.drop(job.key)

    def _miss(self) -> None:
        """Note an outcome that the budget stopped. One may be dearer than others; a crowd in a row ends the asking."""
        self._misses += 1
        if self._agenda.in_order or self._misses > self._options.concurrency + _SPARE:
            self._agenda.asking = False
        self._agenda.missed = True

    def _admission(self, job: Job) -> AbstractContextManager[None]:
        """Under a budget an outcome is begun only when it can be finished, its judging too."""
        if self._door is None:
            return nullcontext()
        judges = sum(self._session.scorers[i].calls for i in job.scores)
        if job.outcome is not None:
            return self._door.outcome((job.variant.index, job.scores), judges, sure=True)
        return self._door.outcome(job.variant.index, _calls(job.variant) + judges, sure=job.variant.source is not None)

    async def _make(self, job: Job) -> None:
        """Make or complete one outcome and store it with its scores."""
        session, tables = self._session, self._lab.outcome_table
        if job.outcome is None:
            made = await produce(job.variant, job.inputs, job.key, job.trial, session.gateway)
        else:
            record = tables.load(job.outcome)
            made = Produced(record, tables.output(record))
        scores = await self._scores(job, made)

        def write() -> None:
            outcome = tables.save(made.record) if job.outcome is None else job.outcome
            for i, score in scores.items():
                tables.save_score(outcome, session.scorer_ids[i], job.mark, score)
            self._agenda.enter(job, outcome)
            presence = self._lab.journal.presence
            if job.outcome is None and presence is not None and presence.shared:
                presence.drop(job.key)

        self._lab.journal.later(write)
        first = scores.get(0)
        self._tally.add(job.variant.name, first.value if first is not None else None, asked=True)
        self._agenda.made(job, made.record, first)

    async def _scores(self, job: Job, made: Produced) -> dict[int, ScoreRecord]:
        """The scores that a job lacks, by position of the scorer."""
        output = made.output
        scorers = self._session.scorers if output is not None else []
        return {
            i: await held_against(
                scorers[i], (made.record, output), job.example, lambda: self._judge(job), self._ways_out
            )
            for i in job.scores
            if output is not None
        }

    def _judge(self, job: Job) -> LM:
        prompt = job.variant.source
        trace = Trace(prompt.template if prompt is not None else "", self._session.run.context.get("roles", ()))
        return LM(self._session.gateway, job.variant.channel, trace, trial=job.trial, purpose="judge")


def _door(session: Session) -> Admission | None:
    """Who may begin under a budget; None without one, and where one call is all that any outcome takes."""
    till = session.gateway.till
    alone = all(v.source is not None and _calls(v) == 1 for v in session.variants)
    if till is None or (alone and not any(scorer.calls for scorer in session.scorers)):
        return None
    return Admission(till)


def _calls(variant: Variant) -> int:
    """The calls that an outcome makes at most, as far as that is known."""
    return variant.program.calls if isinstance(variant.program, Composed) else 1


def _agenda(session: Session, tally: Tally) -> Agenda:
    """What the run has to do: all of it, or, if it stops when decided, as much as that takes."""
    if session.order is None or session.deck is None:
        return Agenda(session, tally)
    from scansion.experiments.sequential.looking import Looking

    return Looking(session, tally, session.order, session.deck)


def run(plan: Plan | str | Path | None = None, *, lab: str | Path | None = None, **settings: Any) -> RunResult:
    """Run a plan and wait for its figures: the blocking door to `execute`.

    `plan` is a Plan or an experiment file; `settings` are fields of a plan (`prompts=`, `models=`, `data=`, `scorers=`
    ...) in place of what it says, fields of Options, `watch` and `stop`. Ctrl-C stops softly, twice at once. In a
    notebook, whose event loop is busy already, the run has a thread of its own.
    """
    watch, stop = settings.pop("watch", None), settings.pop("stop", None) or Stop()
    options = Options(**{name: settings.pop(name) for name in Options.__struct_fields__ if name in settings})
    if isinstance(plan, Plan):
        chosen = with_settings(plan, **settings)
    else:
        chosen = load_plan(plan, **settings) if plan is not None else make_plan(**settings)

    async def main(opened: Lab) -> RunResult:
        with _interrupting(stop):
            return await execute(chosen, opened, options, watch, stop)

    def work() -> RunResult:
        try:
            with Lab.find(lab) as opened:
                return asyncio.run(main(opened))
        except SystemExit as error:  # out of a task that code of the user's own has started
            raise InputError(f"code of the run's own {fault(error)}; it must return or raise") from error

    if not _in_a_loop():
        return work()
    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(work)
        while True:
            try:
                return done.result()
            except KeyboardInterrupt:
                stop.interrupt()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _interrupting(stop: Stop) -> Iterator[None]:
    """Ctrl-C stops the run, where this thread is the one that hears it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
