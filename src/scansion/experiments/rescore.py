"""Score the outcomes of a run again, with other scorers, without asking the subject anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab
from scansion.experiments.outcome import held_against
from scansion.experiments.results import RunResult
from scansion.experiments.store.outcomes import DONE
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.summary import summarize
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer, build_scorer
from scansion.types import digest

__all__ = ["rescore"]

_BATCH = 256  # outcomes between two commits


async def rescore(lab: Lab, name: str | None, scorers: Sequence[Any]) -> RunResult:
    """A new run with the outcomes of run `name` under `scorers`, the first of them primary.

    Scores that the lab holds are not made again. Only judges make calls. Raises InputError.
    """
    if not scorers:
        raise InputError("no scorer to score with; name one with -s")
    built = [build_scorer(s) if isinstance(s, str) else s for s in scorers]
    old = lab.run_table.find(name)
    ids = [lab.outcome_table.scorer_id(s.identity) for s in built]
    run = _derived(lab, old, built, ids)
    gateway = Gateway(recorder=lab.journal, base_dir=Path(old.plan["base_dir"]))
    try:
        await _score_all(lab, run, list(zip(built, ids, strict=True)), gateway)
    finally:
        lab.journal.flush()
        await gateway.close()
    planned = old.planned if old.planned is not None else len({row for row, *_ in _members(lab, run)})
    result = summarize(lab, run, planned)
    lab.run_table.finish(run.id, planned, result, resumable=False)
    return result


def _derived(lab: Lab, old: RunRecord, scorers: Sequence[Scorer], ids: list[int]) -> RunRecord:
    """A run with the old one's outcomes and other scorers."""
    plan = {**old.plan, "scorers": [s.name for s in scorers], "gates": []}
    context = {
        **old.context,
        "scorers": [{"name": s.name, "identity": s.identity} for s in scorers],
        "scorer_ids": ids,
        "rescored": old.label,
    }
    run = lab.run_table.open(old.name, digest("rescored", old.id, [s.identity for s in scorers]), plan, context)
    lab.run_table.enter_data(run.id, old.context["data"], old.context["fingerprint"])
    lab.db.execute(
        "INSERT OR IGNORE INTO members (run, variant, row, trial, outcome) "
        "SELECT ?, variant, row, trial, outcome FROM members WHERE run = ?",
        (run.id, old.id),
    )
    return lab.run_table.load(run.id)


def _members(lab: Lab, run: RunRecord) -> list[tuple[int, int, int, int]]:
    query = "SELECT row, variant, trial, outcome FROM members WHERE run = ? ORDER BY row, variant, trial"
    return lab.db.execute(query, (run.id,)).fetchall()


async def _score_all(lab: Lab, run: RunRecord, scorers: list[tuple[Scorer, int]], gateway: Gateway) -> None:
    table, models = lab.outcome_table, [v.model for v in VariantInfo.of(run)]
    for count, (row, variant, trial, outcome) in enumerate(_members(lab, run)):
        kept = lab.run_table.example(run.dataset or 0, row)
        if kept is None:
            continue
        example, mark = kept
        known = table.scored([outcome], [id for _, id in scorers])
        missing = [(scorer, id) for scorer, id in scorers if (outcome, id, mark) not in known]
        record = table.load(outcome) if missing else None
        output = table.output(record) if record is not None and record.status == DONE else None
        if output is None:
            continue
        for scorer, id in missing:

            def judge(model: str = models[variant], trial: int = trial) -> LM:
                return LM(gateway, gateway.channel(model), Trace(), trial=trial, purpose="judge")

            score, paid = await held_against(scorer, output, example, judge)

            def write(
                place: tuple[int, int, int] = (outcome, id, mark), score: Any = score, usd: Any = paid.usd
            ) -> None:
                table.save_score(*place, score)
                lab.db.execute(
                    "UPDATE members SET judge_spent = judge_spent + ? WHERE run = ? AND outcome = ?",
                    (usd, run.id, place[0]),
                )

            lab.journal.later(write)
        if count % _BATCH == _BATCH - 1:
            lab.journal.flush()
