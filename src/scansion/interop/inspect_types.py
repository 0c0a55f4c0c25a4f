"""What is read of an Inspect log: the parts of its JSON that say what was asked, answered and scored.

Fields that are not named here are passed over and those that may say nothing may be null, so that logs of other
versions of Inspect read as well. Format version 2; what version 1 wrote otherwise (one `score` a sample) is taken too.
Source: https://inspect.aisi.org.uk/reference/inspect_ai.log.html
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

__all__ = [
    "InspectLog",
    "InspectSample",
    "ModelUsage",
    "Said",
    "Scored",
    "Spec",
    "WholeLog",
    "decode",
]

T = TypeVar("T")


class ModelUsage(Struct):
    """Tokens of one model; `input_tokens` are those that no cache had part in. `total_cost` is in USD."""

    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_cache_write: int | None = None
    input_tokens_cache_read: int | None = None
    reasoning_tokens: int | None = None
    total_cost: float | None = None


class Scored(Struct):
    """A scorer's finding: `C`, `I`, `P`, `N`, a bool, a number, NaN (not scored), or a list or object of such."""

    value: Any = None
    answer: Any = None
    explanation: str | None = None
    reason: str | None = None


class Choice(Struct):
    """One of the completions of an output."""

    message: dict[str, Any] | None = None
    stop_reason: str | None = None


class Said(Struct):
    """A model's output."""

    choices: list[Choice] | None = None
    completion: str | None = None


class Failure(Struct):
    """What stopped a sample or a whole log."""

    message: str | None = None


class InspectSample(Struct):
    """One sample in one epoch, which count from 1. Times are in seconds."""

    id: int | str
    epoch: int = 1
    input: Any = ""
    choices: list[str] | None = None
    target: str | list[str] | None = None
    output: Said | None = None
    scores: dict[str, Scored] | None = None
    score: Scored | None = None
    metadata: dict[str, Any] | None = None
    model_usage: dict[str, ModelUsage] | None = None
    total_time: float | None = None
    working_time: float | None = None
    error: Failure | None = None
    attachments: dict[str, str] | None = None


class Planned(Struct):
    """The data that a log is about."""

    name: str | None = None
    samples: int | None = None
    sample_ids: list[int | str] | None = None


class Config(Struct):
    """How it was run."""

    epochs: int | None = None


class Spec(Struct):
    """What was evaluated."""

    task: str = ""
    task_args_passed: dict[str, Any] | None = None
    solver: str | None = None
    model: str = ""
    dataset: Planned | None = None
    config: Config | None = None


class Headline(Struct):
    """The score that stands for the log."""

    scorer: str | None = None
    score: str | None = None


class Results(Struct):
    """The figures of a log. `total_samples` counts those of all epochs that were planned."""

    total_samples: int | None = None
    headline: Headline | None = None


class InspectLog(Struct):
    """A log without its samples: the member `header.json`, or of an unfinished log `_journal/start.json`."""

    eval: Spec
    version: int = 2
    status: str = "started"
    results: Results | None = None
    error: Failure | None = None
    invalidated: bool | None = None


class WholeLog(InspectLog):
    """A log in one JSON file."""

    samples: list[InspectSample] | None = None


def decode(raw: bytes, type: type[T]) -> T:
    """JSON that may hold NaN and Infinity, which Inspect writes for what is not scored, as a struct.

    Raises msgspec.MsgspecError or ValueError for what is no such JSON.
    """
    try:
        return msgspec.json.decode(raw, type=type)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(raw), type)
