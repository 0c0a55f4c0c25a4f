"""What a run has to do: its rows block by block, what the lab knows of them, and the outcomes that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct, structs

from scansion.data import Row
from scansion.experiments.crew import Gate
from scansion.experiments.progress import Tally
from scansion.experiments.session import Session, rows_of
from scansion.experiments.store.outcomes import Member, OutcomeRecord, ScoreRecord
from scansion.experiments.store.runs import example_mark
from scansion.experiments.variants import Variant, inputs_digest, outcome_key, ways_out_of
from scansion.techniques._way_out import wanted
from scansion.types import Example, digest

__all__ = ["Agenda", "Job"]

_BLOCK = 128  # rows that are read and looked up together


class Job(Struct, frozen=True):
    """An outcome to make (`outcome` is None) or only to score; `scores` are the scorers that it lacks, by position.

    `mark` is the number by which scores tell what they were held against, `seat` its place in the order of looks, where
    there is one.
    """

    variant: Variant
    example: Example
    mark: int
    inputs: dict[str, Any]
    trial: int
    key: bytes
    outcome: int | None = None
    scores: tuple[int, ...] = ()
    seat: Any = None


class Agenda:
    """The jobs of a run, handed out as fast as they are taken; known outcomes enter the run on the way.

    `planned` counts the rows seen, `read` says that there are no more. With `asking` off only what the lab knows is
    entered: nothing is left to be paid with. `missed` says that the budget stopped any outcome.

    People are asked when the models are done, one after the other, in an order drawn by the plan's seed: neither the
    order of the file nor what else was asked of the same row gives anything away.
    """

    in_order = False
    """Whether the next jobs depend on all before them, so that one that cannot be had now must be waited for."""

    def __init__(self, session: Session, tally: Tally) -> None:
        self._session, self._tally = session, tally
        self._lab = session.lab
        self._rows = self._counted(rows_of(session.plan, session.data))
        self.planned = 0
        self.asking = True
        self.read = self.missed = False
        self._models = [v for v in session.variants if not v.channel.capabilities.patient]
        self._ways_out = ways_out_of(session.variants)
        self._kept: list[Row] = []  # the rows, where people will be asked about them

    def jobs(self) -> Iterator[Job | Gate | None]:
        """What is missing, in the order of the rows; None after each block, for others to have their turn."""
        while block := self._block():
            self._tally.total, self._tally.guessed = self._expected(block[-1].offset), not self.read
            if len(self._models) < len(self._session.variants):
                self._kept += block
            yield from self._missing(block, self._models)
            yield None
        self._tally.total, self._tally.guessed = self._expected(), not self.read

    def enter(self, job: Job, outcome: int) -> None:
        """Enter the outcome that a job made into the run; called inside the transaction that stores it."""
        place = (job.variant.index, job.example.row, job.trial)
        self._lab.outcome_table.join(self._session.run.id, [(*place, outcome)])

    def made(self, job: Job, record: OutcomeRecord, score: ScoreRecord | None) -> None:
        """Hear of a finished outcome and its primary score (None: it has none, or had it before)."""

    def people(self) -> Iterator[Iterator[Job]]:
        """The jobs of each person in turn; to be asked for when those of the models are done."""
        patient = [v for v in self._session.variants if v.channel.capabilities.patient]
        for model in dict.fromkeys(v.model for v in patient):
            yield self._person([v for v in patient if v.model == model])

    def _person(self, variants: list[Variant]) -> Iterator[Job]:
        """One person's jobs, who is told beforehand how many questions there are and how many are answered."""
        blocks = (self._kept[i : i + _BLOCK] for i in range(0, len(self._kept), _BLOCK))
        jobs = [job for block in blocks for job in self._missing(block, variants)]
        seed = self._session.plan.seed
        jobs.sort(key=lambda job: digest(seed, job.key.hex()))
        expect = getattr(variants[0].channel.model, "expect", None)
        if expect is not None:
            total = len(self._kept) * len(variants) * self._session.plan.trials
            expect(total, total - sum(job.outcome is None for job in jobs))
        yield from jobs

    def _expected(self, offset: int = -1) -> int | None:
        """How many outcomes there will be: once the rows are read exactly, before that by how far into the file they
        are; None where that cannot be told."""
        rows: float | None = self.planned if self.read else None
        size = self._session.data.size
        if rows is None and offset > 0 and size is not None and self._session.plan.limit is None:
            rows = self.planned * size / offset
        if rows is None and self._session.plan.limit is not None:
            rows = self._session.plan.limit
        return None if rows is None else round(rows) * len(self._session.variants) * self._session.plan.trials

    def close(self) -> None:
        """Tidy up what the run holds; to be called when it is over."""

    def count(self) -> Iterator[None]:
        """Read what is left of the rows, only to count them; a pause after each block."""
        while self._block():
            yield None

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.planned += 1
            yield row
        self.read = True

    def _block(self) -> list[Row]:
        return list(islice(self._rows, _BLOCK))

    def _missing(self, block: list[Row], variants: Sequence[Variant]) -> Iterator[Job]:
        """Enter the known outcomes of a block and some variants into the run and yield what is to be made or scored."""
        session, tables = self._session, self._lab.outcome_table
        kept = self._lab.run_table.kept(session.dataset, block[0].example.row, block[-1].example.row)
        jobs = [job for row in block for job in self._outcomes(row, kept.get(row.example.row), variants)]
        known = tables.settled([job.key for job in jobs])
        scored = tables.scored([outcome for outcome, _ in known.values()], session.scorer_ids)
        members: list[Member] = []
        missing: list[Job] = []
        for job in jobs:
            outcome, has_output = known.get(job.key, (None, True))
            held = [(outcome or 0, scorer, job.mark) for scorer in session.scorer_ids]
            lacks = tuple(i for i, key in enumerate(held) if key not in scored or self._stale(job, i, scored[key]))
            if outcome is None or (lacks and has_output):
                missing.append(structs.replace(job, outcome=outcome, scores=lacks))
                continue
            members.append((job.variant.index, job.example.row, job.trial, outcome))
            value = scored.get((outcome, session.scorer_ids[0], job.mark)) if session.scorer_ids else None
            self._tally.add(job.variant.name, value, asked=False)
        todo = [job for job in missing if self.asking or job.outcome is not None]
        self._keep(block, {job.example.row: job.mark for job in jobs}, kept, members, todo)
        for job in todo:
            if self.asking or job.outcome is not None:
                yield job

    def _stale(self, job: Job, scorer: int, value: float | None) -> bool:
        """Whether an unscored outcome may have a score in this run: its row has no answer by a variant's word for that,
        which a run without such a variant did not know."""
        if value is not None or not self._ways_out or self._session.scorers[scorer].uses_model:
            return False
        return wanted(job.example.target, self._ways_out)

    def _keep(
        self, block: list[Row], marks: dict[int, int], kept: dict[int, int], members: list[Member], todo: list[Job]
    ) -> None:
        """Store the known members, and the rows that any outcome is about."""
        used = {row for _, row, _, _ in members} | {job.example.row for job in todo}
        new = [
            (row.example, row.line, row.offset, marks[row.example.row])
            for row in block
            if row.example.row in used and row.example.row not in kept
        ]
        if new:
            self._lab.journal.later(lambda: self._lab.run_table.save_rows(self._session.dataset, new))
        if members:
            self._lab.journal.later(lambda: self._lab.outcome_table.join(self._session.run.id, members))

    def _outcomes(self, row: Row, mark: int | None, variants: Sequence[Variant]) -> Iterator[Job]:
        """All outcomes that the plan wants of a row and these variants, trial by trial."""
        session, example = self._session, row.example
        if mark is None:
            mark = example_mark(example)
        given: list[tuple[Variant, dict[str, Any], bytes]] = []
        for variant in variants:
            inputs = variant.inputs(row, session.data)
            if given and inputs == given[-1][1]:  # variants mostly share their inputs: one digest serves them all
                given.append((variant, *given[-1][1:]))
            else:
                given.append((variant, inputs, inputs_digest(inputs)))
        for trial in range(session.plan.trials):
            for variant, inputs, of_inputs in given:
                yield Job(variant, example, mark, inputs, trial, outcome_key(variant, of_inputs, trial))
