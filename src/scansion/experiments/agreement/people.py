"""How far the people who took one test agree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab
from scansion.experiments.results import Agreement
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import DONE, ScoreDetail
from scansion.experiments.store.runs import RunRecord
from scansion.types import canonical

__all__ = ["agreement_of", "agreements_of"]


def agreement_of(a: tuple[str, Sequence[Any]], b: tuple[str, Sequence[Any]], level: float = 0.95) -> Agreement:
    """How far two named raters of the same items agree, with intervals at `level`."""
    from scansion.stats.agreement import agreement

    found = agreement(a[1], b[1], level=level)
    equal, kappa = ((i.lo, i.hi) if i is not None else None for i in (found.share_interval, found.kappa_interval))
    return Agreement(a[0], b[0], found.n, found.share or 0.0, equal, found.kappa, kappa)


def agreements_of(lab: Lab, run: RunRecord, infos: Sequence[VariantInfo], primary: int | None) -> list[Agreement]:
    """The agreement of every two people in a run who were asked the same prompt, over the rows that both answered.

    Answers are what the primary scorer read, else the texts, without regard to case and white space.
    """
    people = [info for info in infos if run.context["variants"][info.index].get("patient")]
    answers = {info.index: _answers(lab, run, info, primary) for info in people} if len(people) > 1 else {}
    return [
        found
        for a, b in combinations(people if answers else [], 2)
        if (a.prompt, a.technique) == (b.prompt, b.technique)
        for found in _between(a, b, answers, 1 - run.plan["alpha"])
    ]


def _between(a: VariantInfo, b: VariantInfo, answers: dict[int, dict[Any, Any]], level: float) -> Iterator[Agreement]:
    shared = sorted(answers[a.index].keys() & answers[b.index].keys())
    if shared:
        mine, theirs = ([answers[each.index][key] for key in shared] for each in (a, b))
        yield agreement_of((a.name, mine), (b.name, theirs), level)


def _answers(lab: Lab, run: RunRecord, info: VariantInfo, primary: int | None) -> dict[tuple[int, int], str]:
    """A variant's answers by row and trial."""
    query = (
        "SELECT m.row, m.trial, m.outcome, s.detail FROM members m JOIN outcomes o ON o.id = m.outcome "
        "LEFT JOIN rows r ON r.dataset = :dataset AND r.row = m.row "
        "LEFT JOIN scores s ON s.outcome = o.id AND s.scorer = :scorer AND s.example = r.digest "
        "WHERE m.run = :run AND m.variant = :variant AND o.status = :done"
    )
    named = {"dataset": run.dataset, "scorer": primary, "run": run.id, "variant": info.index, "done": DONE}
    table = lab.outcome_table
    found: dict[tuple[int, int], str] = {}
    for row, trial, outcome, detail in lab.db.execute(query, named).fetchall():
        answer = unpack(detail, ScoreDetail).answer if detail is not None else None
        if not isinstance(answer, str | int | float):
            output = table.output(table.load(outcome))
            answer = output.text if output is not None else ""
        found[row, trial] = _plain(answer)
    return found


def _plain(answer: Any) -> str:
    text = answer if isinstance(answer, str) else canonical(answer).decode()
    return " ".join(text.casefold().split())
