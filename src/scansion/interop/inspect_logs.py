"""Logs of Inspect (UK AI Security Institute) in our nouns, `.eval` and `.json`, without its package.

A log is one variant: a task on a model. Samples are examples, epochs trials. Scores become numbers as Inspect makes
them (`C` 1, `P` 0.5, `I` 0, yes and true 1), but for `N`, no answer, and NaN, not scored, which are unscored here. A
scorer that gives several values has one score each, `scorer.value`. Source:
https://inspect.aisi.org.uk/eval-logs.html, https://inspect.aisi.org.uk/scorers.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from scansion.errors import InputError
from scansion.interop.inspect_types import (
    Config,
    InspectLog,
    InspectSample,
    ModelUsage,
    Planned,
    Said,
    Scored,
    Spec,
    WholeLog,
    decode,
)
from scansion.interop.inspect_zip import ZIP, Archive
from scansion.types import Example, FinishReason, Output, Score, Usage, canonical

if TYPE_CHECKING:
    from scansion.interop.foreign import ForeignOutcome, ForeignRun

__all__ = ["is_log", "read_inspect"]

T = TypeVar("T")

_ATTACHMENT = "attachment://"
_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0}
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_FINISHED: dict[str, FinishReason] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}
_HEAD = 4096  # bytes in which a JSON log shows what it is


def is_log(path: str | Path) -> bool:
    """Whether a file is an Inspect log, by its name and its beginning."""
    file = Path(path)
    if file.suffix.lower() not in (".eval", ".json") or not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    if file.suffix.lower() == ".eval":
        return True
    return head.lstrip()[:1] == b"{" and b'"eval"' in head and b'"status"' in head


def read_inspect(path: str | Path) -> ForeignRun:
    """The run in an Inspect log: one variant, with the log's scores. Raises InputError for what is no such log."""
    from scansion.interop.foreign import ForeignRun, ForeignVariant

    label = str(path)
    log, samples = _read(Path(path), label)
    if not samples:
        raise InputError(f"{label}: the log holds no sample; was it written with --no-log-samples?")
    for sample in samples:
        if sample.epoch < 1:
            raise InputError(f"{label}: sample {sample.id}: epoch {sample.epoch}; epochs count from 1")
    outcomes = [_outcome(sample, log.eval) for sample in samples]
    spec = log.eval
    planned, epochs = _planned(log, len({outcome.example.id for outcome in outcomes}))
    variant = ForeignVariant(
        name=" | ".join(part for part in (spec.task, _arguments(spec), spec.solver or "", spec.model) if part),
        outcomes=outcomes,
        prompt=spec.task,
        technique=spec.solver or "",
        model=spec.model,
        planned=planned,
        trials=epochs,
    )
    name = spec.dataset.name if spec.dataset is not None else None
    return ForeignRun(label, [variant], _scorers(log, outcomes), _notes(log), name or "")


def _planned(log: InspectLog, examples: int) -> tuple[int, int]:
    """How many outcomes and epochs a log was to have; `examples` counts those that it has samples of."""
    data = log.eval.dataset or Planned()
    epochs = (log.eval.config or Config()).epochs or 1
    if data.sample_ids:
        return len(data.sample_ids) * epochs, epochs
    total = log.results.total_samples if log.results is not None else None
    return total or max(examples, data.samples or 0) * epochs, epochs


def _read(path: Path, label: str) -> tuple[InspectLog, list[InspectSample]]:
    try:
        with path.open("rb") as stream:
            zipped = stream.read(len(ZIP)) == ZIP
            raw = b"" if zipped else path.read_bytes()
    except OSError as error:
        raise InputError(f"{label}: cannot be read ({error.strerror or error})") from None
    if not zipped:
        if path.suffix.lower() == ".eval":
            raise InputError(f"{label}: is no .eval log of Inspect, which is a zip; is it a log in JSON?")
        whole = _decoded(raw, WholeLog, label)
        return whole, whole.samples or []
    with Archive(path, label) as archive:
        names = archive.names()
        header = next((name for name in ("header.json", "_journal/start.json") if name in names), None)
        if header is None:
            raise InputError(f"{label}: is no log of Inspect: there is no header.json in it")
        log = _decoded(archive.read(header), InspectLog, f"{label}: {header}")
        members = [name for name in names if name.startswith("samples/") and name.endswith(".json")]
        return log, [_decoded(archive.read(name), InspectSample, f"{label}: {name}") for name in members]


def _decoded(raw: bytes, type: type[T], where: str) -> T:
    try:
        return decode(raw, type)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: is no part of an Inspect log ({error})") from None


def _arguments(spec: Spec) -> str:
    """The arguments that a task was given, as text; in a log of our own the name of the variant."""
    given = spec.task_args_passed or {}
    if given.keys() == {"variant"}:
        return str(given["variant"])
    return ", ".join(f"{k}={v if isinstance(v, str) else canonical(v).decode()}" for k, v in given.items())


def _scorers(log: InspectLog, outcomes: list[ForeignOutcome]) -> list[str]:
    """The names of the scores, the one that stands for the log first."""
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.scores))
    headline = log.results.headline if log.results is not None else None
    if headline is None:
        return names
    first = {headline.scorer, f"{headline.scorer}.{headline.score}"}
    return sorted(names, key=lambda name: name not in first)


def _notes(log: InspectLog) -> list[str]:
    notes = []
    if log.status != "success":
        said = f": {log.error.message.splitlines()[0][:200]}" if log.error and log.error.message else ""
        how = {"started": "was not finished", "cancelled": "was cancelled", "error": "ended in an error"}
        notes.append(f"the evaluation {how.get(log.status, log.status)}{said}")
    if log.invalidated:
        notes.append("samples of the log were marked as invalid afterwards")
    return notes


def _outcome(sample: InspectSample, spec: Spec) -> ForeignOutcome:
    from scansion.interop.foreign import ForeignOutcome

    asked = _resolved(sample.input, sample.attachments)
    inputs = {**(sample.metadata or {}), "input": asked, **({"choices": sample.choices} if sample.choices else {})}
    usages = sample.model_usage or {}
    usage = usages.get(spec.model) or _sum(usages.values())
    return ForeignOutcome(
        example=Example(str(sample.id), inputs, _target(sample.target)),
        trial=sample.epoch - 1,
        output=_output(sample),
        scores=dict(_scores(sample)),
        error="sample error" if sample.error is not None else "",
        message=(sample.error.message or "") if sample.error is not None else "",
        usage=_usage(usage) if usage is not None else None,
        cost_usd=usage.total_cost if usage is not None else None,
        latency=sample.working_time or sample.total_time or 0.0,
        asked=canonical(asked).decode(),
    )


def _target(target: str | list[str] | None) -> Any:
    if isinstance(target, list):
        return target[0] if len(target) == 1 else target or None
    return target or None


def _output(sample: InspectSample) -> Output | None:
    said = sample.output or Said()
    if not said.choices and not said.completion:
        return None
    first = said.choices[0] if said.choices else None
    text = said.completion or (_text((first.message or {}).get("content")) if first is not None else "")
    reason = (first.stop_reason if first is not None else None) or ""
    return Output(_resolved(text, sample.attachments), finish_reason=_FINISHED.get(reason))


def _text(content: Any) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(p.get("text", "")) for p in parts if isinstance(p, dict) and p.get("type") == "text")


def _resolved(value: Any, attachments: dict[str, str] | None) -> Any:
    """`value` with the long texts that were put aside in their places again."""
    if isinstance(value, str):
        aside = (attachments or {}) if value.startswith(_ATTACHMENT) else {}
        return aside.get(value.removeprefix(_ATTACHMENT), value)
    if isinstance(value, list):
        return [_resolved(each, attachments) for each in value]
    if isinstance(value, dict):  # the ids of messages are drawn anew in every run
        return {k: _resolved(v, attachments) for k, v in value.items() if not (k == "id" and "role" in value)}
    return value


def _scores(sample: InspectSample) -> Iterator[tuple[str, Score]]:
    given = sample.scores or ({"score": sample.score} if sample.score is not None else {})
    for name, scored in given.items():
        if isinstance(scored.value, dict):
            values = {f"{name}.{key}": value for key, value in scored.value.items()}
        elif isinstance(scored.value, list):
            values = {f"{name}.{i}": value for i, value in enumerate(scored.value)}
        else:
            values = {name: scored.value}
        for key, value in values.items():
            yield key, _score(value, scored)


def _score(value: Any, scored: Scored) -> Score:
    number, unscored = _number(value)
    reason = (scored.reason or unscored) if number is None else None
    return Score(number, reason, scored.explanation or "", scored.answer)


def _number(value: Any) -> tuple[float | None, str]:
    """A value as a number, or why it is none."""
    if isinstance(value, str):
        if value == "N":
            return None, "no answer"
        known = _LETTERS.get(value, _WORDS.get(value.casefold()))
        if known is not None:
            return known, ""
        try:
            value = float(value)
        except ValueError:
            return None, "no number"
    if not isinstance(value, int | float):
        return None, "no score"
    return (float(value), "") if math.isfinite(value) else (None, "not scored")


def _sum(usages: Any) -> ModelUsage | None:
    """The usages of several models as one; the cost is known if that of each is."""
    total: ModelUsage | None = None
    for each in usages:
        if total is None:
            total = each
            continue
        known = total.total_cost is not None and each.total_cost is not None
        total = ModelUsage(
            total.input_tokens + each.input_tokens,
            total.output_tokens + each.output_tokens,
            (total.input_tokens_cache_write or 0) + (each.input_tokens_cache_write or 0),
            (total.input_tokens_cache_read or 0) + (each.input_tokens_cache_read or 0),
            (total.reasoning_tokens or 0) + (each.reasoning_tokens or 0),
            (total.total_cost or 0.0) + (each.total_cost or 0.0) if known else None,
        )
    return total


def _usage(usage: ModelUsage) -> Usage:
    """Inspect counts what caches had part in apart from the input, we within it."""
    read, written = usage.input_tokens_cache_read or 0, usage.input_tokens_cache_write or 0
    return Usage(
        input_tokens=usage.input_tokens + read + written,
        output_tokens=usage.output_tokens,
        cached_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=usage.reasoning_tokens or 0,
    )
