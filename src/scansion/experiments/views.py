"""The outcomes of a run as a person reads them: example, output, scores, calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo
from scansion.experiments.lab import Lab, Which
from scansion.experiments.results import OutcomeView, Status
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import DONE, ERROR, OutcomeRecord, ScoreDetail, ScoreRecord
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import find_variant
from scansion.types import Call, Example, Score

__all__ = ["calls_of", "flat_rows", "is_flip", "iterate"]


def iterate(
    lab: Lab,
    run: RunRecord,
    *,
    variant: str | None = None,
    which: Which = "all",
    flips: tuple[str, str] | None = None,
    limit: int | None = None,
) -> Iterator[OutcomeView]:
    """The outcomes of `run` that are asked for, `limit` at most, by row, then variant, then trial."""
    if which not in ("all", "wrong", "errors", "unscored", "flips"):
        raise InputError(f"{which!r} is no choice of outcomes; choose wrong, errors, unscored or flips")
    infos = VariantInfo.of(run)
    chosen = [find_variant(variant, infos)] if variant is not None else infos
    if which == "flips" or flips is not None:
        chosen = _two(flips, infos)
    reader = _Reader(lab, run)
    given = 0
    for row in _rows(lab, run):
        views = [view for info in chosen for view in reader.read(row, info)]
        if which == "flips" or flips is not None:
            views = views if is_flip(views) else []
        for view in views:
            if not _fits(view, which):
                continue
            if limit is not None and given >= limit:
                return
            given += 1
            yield view


def is_flip(views: Sequence[OutcomeView]) -> bool:
    """Whether two variants differ on one example: one right, the other wrong, in the same trial."""
    marks: dict[int, set[bool]] = {}
    for view in views:
        if view.status == "scored":
            marks.setdefault(view.trial, set()).add(view.wrong)
    return any(len(found) == 2 for found in marks.values())


def _two(flips: tuple[str, str] | None, infos: list[VariantInfo]) -> list[VariantInfo]:
    if flips is None:
        if len(infos) < 2:
            raise InputError("flips are between two variants, and the run has one")
        return infos[:2]
    return [find_variant(name, infos) for name in flips]


def _fits(view: OutcomeView, which: Which) -> bool:
    if which == "wrong":
        return view.wrong
    if which == "errors":
        return view.status == "error" or any(s.unscored == "error" for s in view.scores.values())
    if which == "unscored":
        return view.status == "unscored"
    return True


def _rows(lab: Lab, run: RunRecord) -> Iterator[int]:
    query = "SELECT DISTINCT row FROM members WHERE run = ? ORDER BY row"
    return (row for (row,) in lab.db.execute(query, (run.id,)))


class _Reader:
    """Reads the outcomes of one run."""

    def __init__(self, lab: Lab, run: RunRecord) -> None:
        self._lab, self._run = lab, run
        self._scorers = dict(zip(run.context["scorer_ids"], run.plan["scorers"], strict=True))
        self._roles = set(run.context.get("roles", ()))
        self._primary = run.context["scorer_ids"][0] if run.context["scorer_ids"] else None

    def read(self, row: int, info: VariantInfo) -> Iterator[OutcomeView]:
        """All trials of a variant on a row."""
        table = self._lab.outcome_table
        kept = self._lab.run_table.example(self._run.dataset or 0, row)
        example, mark = kept if kept is not None else (Example(id=f"row {row}", inputs={}, row=row), 0)
        example = structs.replace(example, inputs={k: v for k, v in example.inputs.items() if k not in self._roles})
        members = self._lab.db.execute(
            "SELECT trial, outcome FROM members WHERE run = ? AND variant = ? AND row = ? ORDER BY trial",
            (self._run.id, info.index, row),
        ).fetchall()
        for trial, outcome in members:
            record = table.load(outcome)
            found = table.scores(outcome, mark)
            scores = {name: found[id] for id, name in self._scorers.items() if id in found}
            primary = found.get(self._primary) if self._primary is not None else None
            status, reason, message = self._status(record, primary)
            value = 0.0 if status == "scored" and primary is None else (primary.value if primary else None)
            yield OutcomeView(
                row=row,
                trial=trial,
                variant=info.name,
                example=example,
                status=status,
                reason=reason,
                message=message,
                wrong=status == "scored" and (value or 0.0) < self._run.plan["pass_mark"],
                output=table.output(record),
                scores={name: _score(score) for name, score in scores.items()},
                calls=table.calls(record.calls),
                cost_usd=record.cost,
                latency=record.latency,
                judge_calls=[call for score in scores.values() for call in table.calls(score.detail.calls)],
            )

    def _status(self, record: OutcomeRecord, primary: ScoreRecord | None) -> tuple[Status, str, str]:
        """What the outcome counts as under the run's rules, with its reason and words."""
        lenient = self._run.plan["no_answer"] == "wrong"
        if record.status == ERROR:
            return "error", record.reason, record.message
        if record.status != DONE:
            counted = lenient and record.reason == "no answer"
            return ("scored" if counted else "unscored"), record.reason, record.message
        if record.truncated and self._run.plan["truncated"] == "unscored":
            return "unscored", "truncated", "the output was cut off at the token limit"
        if primary is None:
            return "unscored", "no scorer", ""
        if primary.state == DONE or (lenient and primary.reason == "no answer"):
            return "scored", primary.reason, ""
        return ("error" if primary.state == ERROR else "unscored"), primary.reason, primary.detail.explanation


def _score(record: ScoreRecord) -> Score:
    detail = record.detail
    if record.state == ERROR:
        return Score(None, "error", f"{record.reason}: {detail.explanation}", detail.answer)
    return Score(record.value, record.reason or None, detail.explanation, detail.answer)


def calls_of(lab: Lab, run: RunRecord) -> Iterator[Call]:
    """All calls that a run's outcomes rest on, the judges' too, by row, variant and trial."""
    table = lab.outcome_table
    scorers = ", ".join(str(int(id)) for id in run.context["scorer_ids"]) or "NULL"
    members = "SELECT outcome FROM members WHERE run = ? ORDER BY row, variant, trial"
    for (outcome,) in lab.db.execute(members, (run.id,)).fetchall():
        (keys,) = lab.db.execute("SELECT calls FROM outcomes WHERE id = ?", (outcome,)).fetchone()
        yield from table.calls(keys)
        judged = f"SELECT detail FROM scores WHERE outcome = ? AND judge_calls > 0 AND scorer IN ({scorers})"
        for (detail,) in lab.db.execute(judged, (outcome,)).fetchall():
            yield from table.calls(unpack(detail, ScoreDetail).calls)


def flat_rows(lab: Lab, run: RunRecord) -> Iterator[dict[str, Any]]:
    """A run's outcomes as rows of plain values: one a variant, example and trial; inputs as a JSON object."""
    names = run.plan["scorers"]
    for view in iterate(lab, run):
        usages = [c.completion.usage for c in view.calls if c.completion.usage is not None]
        yield {
            "run": run.label,
            "variant": view.variant,
            "id": view.example.id,
            "row": view.row,
            "trial": view.trial,
            "inputs": view.example.inputs,
            "target": view.example.target,
            "output": view.output.text if view.output is not None else None,
            "answer": _plain(_answer(view)),
            "status": view.status,
            "reason": view.reason,
            "message": view.message,
            "wrong": view.wrong,
            **{f"score:{name}": view.scores[name].value if name in view.scores else None for name in names},
            "calls": len(view.calls),
            "input_tokens": sum(u.input_tokens for u in usages),
            "output_tokens": sum(u.output_tokens for u in usages),
            "cost_usd": view.cost_usd,
            "latency": view.latency,
        }


def _answer(view: OutcomeView) -> Any:
    """The answer that the program set, or else that the first scorer to have one read."""
    if view.output is not None and view.output.answer is not None:
        return view.output.answer
    return next((score.answer for score in view.scores.values() if score.answer is not None), None)


def _plain(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
