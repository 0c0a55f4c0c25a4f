"""Score the outcomes of a run again, with other scorers, without asking the subject anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.data.dataset import retargeted
from scansion.data.examples import retarget
from scansion.errors import InputError
from scansion.experiments.companions import beside, check_whole, companions_head, with_companions
from scansion.experiments.crew import work_off
from scansion.experiments.figures import VariantInfo
from scansion.experiments.judges import check_columns, check_judges
from scansion.experiments.lab import Lab
from scansion.experiments.outcome import held_against
from scansion.experiments.people.corrections import Correction, outdated, with_note
from scansion.experiments.plan import Options
from scansion.experiments.progress import Progress, Stop, Tally
from scansion.experiments.results import RunResult
from scansion.experiments.store.journal import payer
from scansion.experiments.store.outcomes import DONE
from scansion.experiments.store.runs import RunRecord, example_mark
from scansion.experiments.summary import summarize
from scansion.experiments.variants import ways_out_of
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer, build_scorer
from scansion.types import Example, digest

__all__ = ["rescore"]

_FIRST_ROWS = 1000  # rows that must serve scorers before any call is made


async def rescore(
    lab: Lab,
    name: str | None,
    scorers: Sequence[Any],
    options: Options | None = None,
    watch: Callable[[Progress], None] | None = None,
    *,
    corrections: bool = False,
) -> RunResult:
    """A new run with the outcomes of run `name` under `scorers`, the first of them primary.

    Scores that the lab holds are not made again. Only judges make calls, under `options`; `watch` is told how it goes.
    With `corrections` outputs are held against the corrected targets that stand. Raises InputError.
    """
    if not scorers:
        raise InputError("no scorer to score with; name one with -s")
    options = options or Options()
    old = lab.run_table.find(name)
    built = with_companions([build_scorer(s) for s in scorers])
    check_whole(old.plan.get("until"), built)
    ids = [lab.outcome_table.scorer_id(s.identity) for s in built]
    settings = CallSettings(options.timeout, options.tries, options.max_wait, options.concurrency)
    gateway = Gateway(lab.journal, settings=settings, base_dir=Path(old.plan["base_dir"]))
    check_judges(built, gateway)
    _check_rows(lab, old, built)
    run = _derived(lab, old, built, ids, outdated(lab, old) if corrections else [])
    lab.journal.run = run.id
    tally = Tally(gateway, watch, [v.name for v in VariantInfo.of(run)])
    telling = asyncio.create_task(tally.keep_telling())
    try:
        rescoring = _Rescoring(lab, run, list(zip(built, ids, strict=True)), gateway, tally)
        await work_off(rescoring.jobs(), rescoring.score, options.concurrency, Stop())
    except InputError:
        lab.journal.flush()
        lab.run_table.withdraw(run.id)
        raise
    finally:
        telling.cancel()
        lab.journal.flush()
        await gateway.close()
    planned = lab.reached(old)
    result = summarize(lab, run, planned)
    lab.run_table.finish(run.id, planned, result, resumable=False)
    return with_note(lab, run, result)


def _check_rows(lab: Lab, old: RunRecord, scorers: Sequence[Scorer]) -> None:
    """Raise InputError for rows that a scorer cannot read, or that are not what it is meant for, before a run is
    entered."""
    examples = list(lab.run_table.examples(old.dataset or 0, _FIRST_ROWS, old.id))
    for example in examples:
        for each in scorers:
            check_columns(each, example)
            if old.plan.get("gold_check") == "on":
                _check_gold(lab, old, each, example)
    for each in scorers if not (old.plan.get("limit") or old.plan.get("only")) else ():
        if (why := each.refuses_rows(examples)) is not None:
            raise InputError(f"{old.context['data']}: {each.name}: {why}")


def _check_gold(lab: Lab, old: RunRecord, scorer: Scorer, example: Example) -> None:
    """Raise InputError for a row that the scorer cannot read. Targets that it refuses are unscored one by one."""
    try:
        scorer.refuses_gold(example)
    except InputError as error:
        line, _ = lab.run_table.place(old.dataset or 0, example.row)
        raise InputError(f"{old.context['data']}: line {line} ({scorer.name}: {error})") from None


def _pass_mark(old: RunRecord, primary: Scorer) -> float:
    """The pass mark that the plan itself set, else that of the new primary scorer."""
    own = next((float(each.get("pass_mark", 1.0)) for each in old.context["scorers"]), 1.0)
    stated = float(old.plan["pass_mark"])
    return stated if stated != own else primary.pass_mark


_Corrected = Sequence[tuple[Example, Correction]]


def _derived(lab: Lab, old: RunRecord, scorers: Sequence[Scorer], ids: list[int], corrections: _Corrected) -> RunRecord:
    """A run with the old one's outcomes, other scorers, and other targets where they were corrected."""
    plan = {**old.plan, "scorers": [s.name for s in scorers], "gates": [], "pass_mark": _pass_mark(old, scorers[0])}
    targets = {example.row: correction.target for example, correction in corrections}
    fingerprint = retargeted(old.context["fingerprint"], targets)
    context = {
        **old.context,
        "scorers": [{"name": s.name, "identity": s.identity, "pass_mark": s.pass_mark} for s in scorers],
        "companions": companions_head(scorers),
        "beside": beside(scorers),
        "scorer_ids": ids,
        "rescored": old.label,
        "fingerprint": fingerprint,
        "corrections": old.context.get("corrections", 0) + len(targets),
    }
    mark = digest("rescored", old.id, [s.identity for s in scorers], fingerprint)
    run = lab.run_table.open(old.name, mark, plan, context)
    dataset = lab.run_table.enter_data(run.id, old.context["data"], fingerprint)
    if targets:
        _copy_rows(lab, old, dataset, corrections)
    lab.db.execute(
        "INSERT OR IGNORE INTO members (run, variant, row, trial, outcome) "
        "SELECT ?, variant, row, trial, outcome FROM members WHERE run = ?",
        (run.id, old.id),
    )
    lab.run_table.copy_looks(old.id, run.id)
    return lab.run_table.load(run.id)


def _copy_rows(lab: Lab, old: RunRecord, dataset: int, corrections: _Corrected) -> None:
    """Keep the rows of a run's data for another data set, the corrected ones with their new targets."""
    table, column = lab.run_table, old.context.get("target")
    lab.db.execute("BEGIN IMMEDIATE")
    try:
        for example, correction in corrections:
            new = retarget(example, correction.target, column)
            line, offset = table.place(old.dataset or 0, example.row)
            table.save_rows(dataset, [(new, line, offset, example_mark(new))])
        table.copy_rows(old.dataset or 0, dataset)
        lab.db.execute("COMMIT")
    except BaseException:
        lab.db.execute("ROLLBACK")
        raise


_BLOCK = 256  # outcomes between two pauses


class _Job(Struct, frozen=True):
    """An outcome to score: its place in the run and the scorers that it lacks."""

    row: int
    variant: int
    trial: int
    outcome: int
    example: Example
    mark: int
    missing: list[tuple[Scorer, int]]


class _Rescoring:
    """Scores the outcomes of one run."""

    def __init__(
        self, lab: Lab, run: RunRecord, scorers: list[tuple[Scorer, int]], gateway: Gateway, tally: Tally
    ) -> None:
        self._lab, self._run, self._scorers, self._gateway, self._tally = lab, run, scorers, gateway, tally
        self._variants = VariantInfo.of(run)
        self._ways_out = ways_out_of(run.context["variants"])

    def jobs(self) -> Iterator[_Job | None]:
        """The outcomes that lack a score; None now and then, for others to have their turn."""
        query = "SELECT row, variant, trial, outcome FROM members WHERE run = ? ORDER BY row, variant, trial"
        members = self._lab.db.execute(query, (self._run.id,)).fetchall()
        self._tally.total = len(members)
        ids = [id for _, id in self._scorers]
        for number, (row, variant, trial, outcome) in enumerate(members):
            if number % _BLOCK == _BLOCK - 1:
                yield None
            kept = self._lab.run_table.example(self._run.dataset or 0, row)
            if kept is None:
                continue
            example, mark = kept
            known = self._lab.outcome_table.scored([outcome], ids)
            missing = [(scorer, id) for scorer, id in self._scorers if (outcome, id, mark) not in known]
            if missing:
                yield _Job(row, variant, trial, outcome, example, mark, missing)
            else:
                self._tally.add(self._variants[variant].name, None, asked=False)

    async def score(self, job: _Job) -> None:
        """Make and store the scores of one outcome."""
        payer.set(job.variant)
        table = self._lab.outcome_table
        record = table.load(job.outcome)
        output = table.output(record)
        if record.status == DONE and output is not None:
            for scorer, id in job.missing:
                found = await held_against(
                    scorer, (record, output), job.example, lambda: self._judge(job), self._ways_out
                )
                self._lab.journal.later(partial(table.save_score, job.outcome, id, job.mark, found))
        self._tally.add(self._variants[job.variant].name, None, asked=True)

    def _judge(self, job: _Job) -> LM:
        channel = self._gateway.channel(self._variants[job.variant].model)
        context = self._run.context
        trace = Trace(context["variants"][job.variant]["text"] or "", context.get("roles", ()))
        return LM(self._gateway, channel, trace, trial=job.trial, purpose="judge")
