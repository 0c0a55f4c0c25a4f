"""A variant of a run as an Inspect log (`.eval`), which Inspect's reader and viewer open.

One log holds one variant: examples are its samples, trials its epochs, calls its model events. A score that could not
be given is NaN with its reason, as Inspect marks what it did not score. Figures are those of the run.
Source: https://inspect.aisi.org.uk/eval-logs.html, read back with the package's own reader in the tests.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from scansion.data.writer import whole_file
from scansion.experiments.results import OutcomeView, ScorerResult, iso
from scansion.experiments.selection import EVERYTHING, Selection
from scansion.experiments.views import iterate
from scansion.interop._ids import told_apart
from scansion.interop.inspect_messages import (
    config_of,
    message,
    messages_of,
    model_event,
    model_output,
    total_usage,
)
from scansion.scorers._texts import as_text
from scansion.types import Message, Sampling, Score, canonical

if TYPE_CHECKING:
    from scansion.experiments.figures import VariantInfo
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["write_inspect"]

_LONGEST = 1000  # characters of a text in the summaries
_NOT_SCORED = math.nan


def write_inspect(lab: Lab, run: RunRecord, info: VariantInfo, path: Path, selection: Selection = EVERYTHING) -> int:
    """Write the outcomes of a run's variant, those that are selected, as an Inspect log; give their number.

    Figures stand in a log of all outcomes only. The file takes its name when it is whole. Raises InputError if it
    cannot be written.
    """
    when = iso(run.created)
    wrong = tuple(why for why in ("no answer", "abstained") if run.plan[why.replace(" ", "_")] == "wrong")
    rules = _Rules(run.plan["scorers"], wrong)
    renamed = _renamed(lab, run)
    summaries: list[dict[str, Any]] = []
    totals = _Totals()
    with whole_file(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for view in iterate(lab, run, selection.but(variant=info.name)):
            sample = _sample(view, info.model, rules, when)
            if view.row in renamed:
                sample |= {"id": renamed[view.row], "metadata": {**sample["metadata"], "example_id": view.example.id}}
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(name, _json(sample))
            summaries.append(_summary(sample))
            totals.add(sample)
        header = _header(lab, run, info, totals, whole=selection == EVERYTHING)
        start = {name: header[name] for name in ("version", "eval", "plan")}
        archive.writestr("_journal/start.json", _json(start))
        archive.writestr("summaries.json", _json(summaries))
        archive.writestr("header.json", _json(header))
    return len(summaries)


def _renamed(lab: Lab, run: RunRecord) -> dict[int, str]:
    """The samples' ids of rows whose own id an earlier row has, as equal rows have."""
    rows = lab.db.execute("SELECT row, id FROM rows WHERE dataset = ? ORDER BY row", (run.dataset,)).fetchall()
    ids = told_apart([id for _, id in rows])
    return {row: new for (row, id), new in zip(rows, ids, strict=True) if new != id}


def _json(value: Any) -> bytes:
    """JSON with NaN, as Inspect writes it."""
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


class _Rules(Struct, frozen=True):
    """A run's scorers, the primary first, and the reasons for which an unscored output counts as wrong."""

    scorers: list[str]
    wrong: tuple[str, ...]


class _Totals:
    """What is summed over samples."""

    def __init__(self) -> None:
        self.samples = self.done = 0
        self._usage: dict[str, dict[str, Any]] = {}
        self._unpriced: set[str] = set()

    def add(self, sample: dict[str, Any]) -> None:
        """Count a sample."""
        self.samples += 1
        self.done += "error" not in sample
        for model, usage in sample["model_usage"].items():
            into = self._usage.setdefault(model, {})
            for name, value in usage.items():
                into[name] = into.get(name, 0) + value
            if "total_cost" not in usage:
                self._unpriced.add(model)

    @property
    def usage(self) -> dict[str, dict[str, Any]]:
        """The usage of each model; with its cost where all of it is known."""
        unknown = {model: {"total_cost"} if model in self._unpriced else set() for model in self._usage}
        return {m: {k: v for k, v in each.items() if k not in unknown[m]} for m, each in self._usage.items()}


def _sample(view: OutcomeView, model: str, rules: _Rules, when: str) -> dict[str, Any]:
    asked = next((call.request for call in view.calls if not call.request.embeds), None)
    sent = messages_of(asked) if asked is not None else []
    plain = len(sent) == 1 and sent[0]["role"] == "user" and isinstance(sent[0]["content"], str)
    calls = [*view.calls, *view.judge_calls]
    judges = total_usage(view.judge_calls)
    sample: dict[str, Any] = {
        "id": view.example.id,
        "epoch": view.trial + 1,
        "input": sent[0]["content"] if plain else sent or canonical(view.example.inputs).decode(),
        "target": _target(view.example.target),
        "messages": _transcript(view, sent),
        "output": _output(view, model),
        "scores": {name: _scored(score) for name, score in _scores(view, rules).items()},
        "metadata": msgspec.to_builtins(view.example.inputs),
        "store": {},
        "events": [model_event(call, f"{view.key}{i}", when) for i, call in enumerate(calls)],
        "model_usage": total_usage(calls),
        "role_usage": {"grader": next(iter(judges.values()))} if len(judges) == 1 else {},
        "total_time": view.latency,
        "working_time": view.latency,
        "uuid": view.key,
        "attachments": {},
    }
    if view.status == "error":
        said = f"{view.reason}: {view.message}" if view.message else view.reason
        sample["error"] = {"message": said, "traceback": "", "traceback_ansi": ""}
    return sample


def _target(target: Any) -> str | list[str]:
    if isinstance(target, list | tuple):
        return [as_text(each) for each in target]
    return "" if target is None else as_text(target)


def _transcript(view: OutcomeView, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if view.output is None:
        return sent
    if isinstance(view.output.messages, str):
        return [*sent, message(Message("assistant", view.output.text))]
    return [message(each) for each in view.output.messages] or [*sent, message(Message("assistant", view.output.text))]


def _output(view: OutcomeView, model: str) -> dict[str, Any]:
    if view.output is None:
        return {"model": model, "choices": [], "completion": ""}
    served = next((call.completion.model for call in reversed(view.calls) if not call.request.embeds), "")
    found = model_output(
        view.output.text, served or model, finish_reason=view.output.finish_reason, logprobs=view.output.logprobs
    )
    usage = total_usage(view.calls)
    if len(usage) == 1:
        found["usage"] = next(iter(usage.values()))
    return {**found, "time": view.latency}


def _scores(view: OutcomeView, rules: _Rules) -> dict[str, Score]:
    """An outcome's scores as the run counts them, the primary scorer's first."""
    if view.status == "error":
        return view.scores
    return {name: _counted(view, view.scores.get(name), rules) for name in rules.scorers}


def _counted(view: OutcomeView, score: Score | None, rules: _Rules) -> Score:
    found = score or Score(None, view.reason or None, view.message)
    if view.status == "unscored" and view.reason == "truncated":
        return Score(None, view.reason, view.message, found.answer)
    if found.value is None and found.unscored in rules.wrong:
        return Score(0.0, None, found.explanation or str(found.unscored), found.answer)
    return found


def _scored(score: Score) -> dict[str, Any]:
    answer = score.answer if score.answer is None or isinstance(score.answer, str) else as_text(score.answer)
    found: dict[str, Any] = {"value": score.value if score.value is not None else _NOT_SCORED, "answer": answer}
    if score.explanation:
        found["explanation"] = score.explanation
    if score.value is None:
        found["reason"] = score.unscored or "not scored"
    return {**found, "history": []}


def _summary(sample: dict[str, Any]) -> dict[str, Any]:
    """What lists of samples show: everything but the long parts."""
    kept = ("id", "epoch", "model_usage", "role_usage", "total_time", "working_time", "uuid")
    found = {name: sample[name] for name in kept}
    asked, target = sample["input"], sample["target"]
    found["input"] = _cut(asked if isinstance(asked, str) else canonical(asked).decode())
    found["target"] = _cut(target) if isinstance(target, str) else [_cut(each) for each in target]
    found["metadata"] = {k: _cut(v) if isinstance(v, str) else v for k, v in sample["metadata"].items() if _short(v)}
    found["scores"] = {
        name: {k: _cut(v) if isinstance(v, str) else v for k, v in score.items()}
        for name, score in sample["scores"].items()
    }
    if "error" in sample:
        found["error"] = _cut(sample["error"]["message"])
    return {**found, "completed": True, "message_count": len(sample["messages"])}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _short(value: Any) -> bool:
    return isinstance(value, str | int | float) or len(canonical(value)) <= _LONGEST


def _header(lab: Lab, run: RunRecord, info: VariantInfo, totals: _Totals, *, whole: bool) -> dict[str, Any]:
    kept = run.context["variants"][info.index]
    sampling = msgspec.convert(kept.get("sampling") or {}, Sampling)
    steps = [{"solver": info.technique or "as-is", "params": {"prompt": info.prompt}}]
    return {
        "version": 2,
        "status": "success" if run.finished is not None else "cancelled",
        "eval": _spec(run, info, kept),
        "plan": {"name": info.name, "steps": steps, "config": config_of(sampling)},
        "results": {
            "total_samples": (run.planned or 0) * run.plan["trials"] if whole else totals.samples,
            "completed_samples": totals.done,
            "scores": [] if not whole else _figures(lab, run, info),
        },
        "stats": {
            "started_at": iso(run.created),
            "completed_at": iso(run.finished) if run.finished is not None else "",
            "model_usage": totals.usage,
            "role_usage": {},
        },
        "invalidated": False,
    }


def _spec(run: RunRecord, info: VariantInfo, kept: dict[str, Any]) -> dict[str, Any]:
    git = run.context.get("git") or {}
    revision = {"type": "git", "origin": "", "commit": git.get("revision"), "dirty": git.get("dirty")}
    return {
        "eval_id": f"{run.label}-{info.index}-{int(run.created)}",
        "run_id": f"{run.label}-{int(run.created)}",
        "created": iso(run.created),
        "task": run.name or run.label,
        "task_id": f"{run.name or run.label}-{info.index}",
        "task_version": 0,
        "task_args": {"variant": info.name},
        "task_args_passed": {"variant": info.name},
        "dataset": {"name": run.context["data"], "samples": run.planned, "shuffled": False},
        "model": info.model,
        "model_args": {},
        "config": {"epochs": run.plan["trials"]},
        **({"revision": revision} if git else {}),
        "packages": {"scansion": str(run.context["scansion"])},
        "metadata": {
            "variant": info.name,
            "prompt": info.prompt,
            "technique": info.technique,
            "prompt_version": kept.get("version"),
            "template": kept.get("text"),
        },
        "scorers": [{"name": name} for name in run.plan["scorers"]],
    }


def _figures(lab: Lab, run: RunRecord, info: VariantInfo) -> list[dict[str, Any]]:
    """The run's figures for a variant, by scorer."""
    found = lab.result(run.label).variants[info.index]
    return [
        {
            "name": name,
            "scorer": name,
            "scored_samples": each.scored,
            "unscored_samples": each.unscored,
            "params": {},
            "metrics": {metric: {"name": metric, "value": value, "params": {}} for metric, value in _metrics(each)},
        }
        for name, each in found.scores.items()
    ]


def _metrics(found: ScorerResult) -> Iterable[tuple[str, float]]:
    if found.mean is not None:
        yield "mean", found.mean
    if found.interval is not None:
        yield "ci_lower", found.interval[0]
        yield "ci_upper", found.interval[1]
