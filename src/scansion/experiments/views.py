"""The outcomes of a run as a person reads them: example, output, scores, calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from msgspec import structs

from scansion.experiments.figures import VariantInfo
from scansion.experiments.results import OutcomeView, Status
from scansion.experiments.search import Search
from scansion.experiments.selection import EVERYTHING, Item, Selection, baseline_of, select
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import DONE, ERROR, OutcomeRecord, ScoreDetail, ScoreRecord
from scansion.experiments.store.runs import RunRecord
from scansion.types import Call, Example, Score

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

__all__ = ["OutcomeReader", "calls_of", "flat_row", "iterate", "score_of", "status_of"]


def iterate(
    lab: Lab, run: RunRecord, selection: Selection = EVERYTHING, *, limit: int | None = None
) -> Iterator[OutcomeView]:
    """The outcomes of `run` that are selected, `limit` at most, by row, then variant, then trial.

    With `against`, that variant's outcomes come with them, whatever they are. Raises InputError at once for names that
    are not there.
    """
    items = select(lab, run, selection)
    if selection.text:
        items = Search(lab, run, selection.text).among(items)
    return islice(_read(lab, run, items, baseline_of(run, selection) if selection.against else None), limit)


def _read(lab: Lab, run: RunRecord, items: Iterable[Item], beside: VariantInfo | None) -> Iterator[OutcomeView]:
    reader = OutcomeReader(lab, run)
    for row, group in groupby(items, key=lambda item: item.row):
        wanted = {(variant, item.trial) for item in group for variant in item.variants}
        if beside is not None:
            wanted |= {(beside.index, trial) for _, trial in wanted}
        for index, those in groupby(sorted(wanted), key=lambda each: each[0]):
            trials = {trial for _, trial in those}
            yield from (view for view in reader.read(row, index) if view.trial in trials)


class OutcomeReader:
    """Reads the outcomes of one run."""

    def __init__(self, lab: Lab, run: RunRecord) -> None:
        self._lab, self._run = lab, run
        self._scorers = dict(zip(run.context["scorer_ids"], run.plan["scorers"], strict=True))
        self._roles = set(run.context.get("roles", ()))
        self._primary = run.context["scorer_ids"][0] if run.context["scorer_ids"] else None
        self._names = [info.name for info in VariantInfo.of(run)]

    def read(self, row: int, variant: int) -> Iterator[OutcomeView]:
        """All trials of a variant, given by its number, on a row."""
        table = self._lab.outcome_table
        kept = self._lab.run_table.example(self._run.dataset or 0, row)
        example, mark = kept if kept is not None else (Example(id=f"row {row}", inputs={}, row=row), 0)
        example = structs.replace(example, inputs={k: v for k, v in example.inputs.items() if k not in self._roles})
        members = self._lab.db.execute(
            "SELECT trial, outcome FROM members WHERE run = ? AND variant = ? AND row = ? ORDER BY trial",
            (self._run.id, variant, row),
        ).fetchall()
        for trial, outcome in members:
            record = table.load(outcome)
            found = table.scores(outcome, mark)
            scores = {name: found[id] for id, name in self._scorers.items() if id in found}
            primary = found.get(self._primary) if self._primary is not None else None
            status, reason, message = status_of(self._run.plan, record, primary)
            value = 0.0 if status == "scored" and primary is None else (primary.value if primary else None)
            yield OutcomeView(
                row=row,
                trial=trial,
                variant=self._names[variant],
                example=example,
                status=status,
                reason=reason,
                message=message,
                wrong=status == "scored" and (value or 0.0) < self._run.plan["pass_mark"],
                output=table.output(record),
                scores={name: score_of(score) for name, score in scores.items()},
                calls=table.calls(record.calls),
                cost_usd=record.cost,
                latency=record.latency,
                judge_calls=[call for score in scores.values() for call in table.calls(score.detail.calls)],
                key=record.key.hex(),
                run=self._run.label,
            )


def status_of(rules: Mapping[str, Any], record: OutcomeRecord, primary: ScoreRecord | None) -> tuple[Status, str, str]:
    """What an outcome counts as under the rules of a plan (`no_answer`, `abstained`, `truncated`), with its reason and
    words."""
    wrong = [reason for reason in ("no answer", "abstained") if rules[reason.replace(" ", "_")] == "wrong"]
    if record.status == ERROR:
        return "error", record.reason, record.message
    if record.status != DONE:
        return ("scored" if record.reason in wrong else "unscored"), record.reason, record.message
    if record.truncated and rules["truncated"] == "unscored":
        return "unscored", "truncated", "the output was cut off at the token limit"
    if primary is None:
        return "unscored", "no scorer", ""
    if primary.state == DONE or primary.reason in wrong:
        return "scored", primary.reason, ""
    return ("error" if primary.state == ERROR else "unscored"), primary.reason, primary.detail.explanation


def score_of(record: ScoreRecord) -> Score:
    """A score as it is shown."""
    detail = record.detail
    if record.state == ERROR:
        return Score(None, "error", f"{record.reason}: {detail.explanation}", detail.answer)
    return Score(record.value, record.reason or None, detail.explanation, detail.answer)


def calls_of(lab: Lab, run: RunRecord) -> Iterator[Call]:
    """All calls that a run's outcomes rest on, the judges' too, by row, variant and trial, then those of no outcome."""
    table = lab.outcome_table
    scorers = ", ".join(str(int(id)) for id in run.context["scorer_ids"]) or "NULL"
    members = "SELECT outcome FROM members WHERE run = ? ORDER BY row, variant, trial"
    for (outcome,) in lab.db.execute(members, (run.id,)).fetchall():
        (keys,) = lab.db.execute("SELECT calls FROM outcomes WHERE id = ?", (outcome,)).fetchone()
        yield from table.calls(keys)
        judged = f"SELECT detail FROM scores WHERE outcome = ? AND judge_calls > 0 AND scorer IN ({scorers})"
        for (detail,) in lab.db.execute(judged, (outcome,)).fetchall():
            yield from table.calls(unpack(detail, ScoreDetail).calls)
    for variant in run.context["variants"]:
        pools = "SELECT calls FROM pools WHERE variant = ? ORDER BY mark"
        for (keys,) in lab.db.execute(pools, (bytes.fromhex(variant["identity"]),)).fetchall():
            yield from table.calls(keys)


def flat_row(run: RunRecord, view: OutcomeView) -> dict[str, Any]:
    """An outcome as a row of plain values."""
    usages = [c.completion.usage for c in view.calls if c.completion.usage is not None]
    return {
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
        **{f"score:{name}": view.scores[name].value if name in view.scores else None for name in run.plan["scorers"]},
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
