"""What checklist scorers found, instruction by instruction: counts, and the share obeyed with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab
from scansion.experiments.results import ChecklistResult, InstructionResult
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import ScoreDetail
from scansion.experiments.store.runs import RunRecord

__all__ = ["checklists_of"]

_Said = list[tuple[int, str]]  # what was said of one instruction: row, and obeyed, violated or not exercised


def checklists_of(lab: Lab, run: RunRecord, infos: Sequence[VariantInfo]) -> list[ChecklistResult]:
    """The findings of a run's checklist scorers, by scorer and variant; none where there is no such scorer."""
    scorers = [
        (name, id)
        for name, id in zip(run.plan["scorers"], run.context["scorer_ids"], strict=True)
        if name.startswith("checklist(")
    ]
    return [_checklist(lab, run, info, name, id) for name, id in scorers for info in infos]


def _checklist(lab: Lab, run: RunRecord, info: VariantInfo, name: str, scorer: int) -> ChecklistResult:
    said: dict[str, _Said] = {}
    outputs = unreadable = 0
    for row, reason, detail in _details(lab, run, info, scorer):
        outputs += 1
        unreadable += reason == "judge unreadable"
        answer = detail.answer
        for instruction, word in answer.items() if isinstance(answer, dict) else ():
            said.setdefault(str(instruction), []).append((row, str(word)))
    found = [_instruction(text, each, run) for text, each in said.items()]
    return ChecklistResult(name, info.name, outputs, unreadable, found)


def _details(lab: Lab, run: RunRecord, info: VariantInfo, scorer: int) -> Iterator[tuple[int, str, ScoreDetail]]:
    query = (
        "SELECT m.row, s.reason, s.detail FROM members m JOIN rows r ON r.dataset = ? AND r.row = m.row "
        "JOIN scores s ON s.outcome = m.outcome AND s.example = r.digest AND s.scorer = ? "
        "WHERE m.run = ? AND m.variant = ? ORDER BY m.row, m.trial"
    )
    for row, reason, detail in lab.db.execute(query, (run.dataset, scorer, run.id, info.index)):
        yield row, reason, unpack(detail, ScoreDetail) if detail is not None else ScoreDetail()


def _instruction(text: str, said: _Said, run: RunRecord) -> InstructionResult:
    import numpy as np

    from scansion.stats.intervals import mean_interval

    judged = [(row, float(word == "obeyed")) for row, word in said if word in ("obeyed", "violated")]
    obeyed = int(sum(value for _, value in judged))
    share, interval = None, None
    if judged:
        rows, values = (np.array(each) for each in zip(*judged, strict=True))
        clusters = rows if run.plan["trials"] > 1 else None
        mean = mean_interval(values, clusters=clusters, level=1 - run.plan["alpha"], seed=run.plan["seed"])
        share = mean.mean
        interval = (mean.lo, mean.hi) if mean.lo is not None and mean.hi is not None else None
    return InstructionResult(text, obeyed, len(judged) - obeyed, len(said) - len(judged), share, interval)
