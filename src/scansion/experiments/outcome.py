"""One outcome: a program asked once about one example, and the one place where its failures are caught."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from scansion.errors import BudgetSpent, CallError, InputError, ProgramError, Quit, Unscored
from scansion.experiments.store.outcomes import (
    DONE,
    ERROR,
    UNSCORED,
    OutcomeRecord,
    ScoreDetail,
    ScoreRecord,
    plain_output,
)
from scansion.experiments.variants import Variant
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer
from scansion.types import Call, Example, Output, Score, request_digest

__all__ = ["Paid", "Produced", "held_against", "produce"]

_MESSAGE = 500  # characters of an error's words that are kept


class Paid(Struct, frozen=True):
    """What was paid now: calls made (recorded ones not counted) and their cost in USD (None: no price known)."""

    calls: int = 0
    usd: float | None = 0.0


class Produced(Struct, frozen=True):
    """A fresh outcome, the output in it, and what it took now."""

    record: OutcomeRecord
    output: Output | None
    paid: Paid


async def produce(variant: Variant, inputs: dict[str, Any], key: bytes, trial: int, gateway: Gateway) -> Produced:
    """Ask the variant's program. Failures become the outcome they are; raises BudgetSpent, Quit, and InputError for
    what no other outcome of the run could survive either."""
    trace = Trace()
    lm = LM(gateway, variant.channel, trace, trial=trial)
    start = time.perf_counter()
    output: Output | None = None
    status, reason, message = DONE, "", ""
    try:
        output = _checked(await variant.program(inputs, lm))
    except Unscored as error:
        status, reason, message = UNSCORED, error.reason, str(error)
    except (BudgetSpent, Quit, InputError):
        raise
    except Exception as error:
        status, reason, message = ERROR, *_failure(error, variant.name)
    record = _record(key, trace.calls, output, time.perf_counter() - start)
    if status != DONE:
        fields = {"status": status, "reason": reason, "message": message[:_MESSAGE]}
        record = OutcomeRecord(**{**_fields(record), **fields})
    return Produced(record, output, _paid(trace.calls))


async def held_against(
    scorer: Scorer, output: Output, example: Example, judge: Callable[[], LM]
) -> tuple[ScoreRecord, Paid]:
    """The score that `scorer` gives, with what it took now; its failures become unscored or error scores.

    `judge` makes the handle for scorers that ask a model. Raises as `produce` does.
    """
    calls: list[Call] = []
    try:
        score = scorer.score(output, example)
        if score is None:
            lm = judge()
            try:
                score = await scorer(output, example, lm)
            finally:
                calls = lm.trace.calls
        record = _score(score)
    except Unscored as error:
        record = ScoreRecord(UNSCORED, reason=error.reason, detail=ScoreDetail(str(error)))
    except (BudgetSpent, Quit, InputError):
        raise
    except Exception as error:
        kind, message = _failure(error, scorer.name)
        record = ScoreRecord(ERROR, reason=kind, detail=ScoreDetail(message[:_MESSAGE]))
    if not calls:
        return record, Paid()
    detail = ScoreDetail(record.detail.explanation, record.detail.answer, b"".join(c.key for c in calls))
    judged = ScoreRecord(record.state, record.value, record.reason, detail, len(calls), _cost(calls))
    return judged, _paid(calls)


def _checked(output: Any) -> Output:
    if isinstance(output, Output):
        return output
    if isinstance(output, str):
        return Output(text=output)
    raise ProgramError(f"the program returned {type(output).__name__}, not an Output or text")


def _failure(error: Exception, name: str) -> tuple[str, str]:
    """The kind and the words of an error; a fatal one is raised as what stops the run."""
    if isinstance(error, CallError):
        if error.fatal:
            raise InputError(f"{name}: {error}") from None
        return error.kind, str(error)
    if isinstance(error, ProgramError):
        return "program", str(error)
    return "program", f"{type(error).__name__}: {error}"


def _score(score: Score) -> ScoreRecord:
    if not score.explanation and score.answer is None:
        detail = ScoreDetail()
    else:
        answer = score.answer if isinstance(score.answer, str | int | float | bool | None) else repr(score.answer)
        detail = ScoreDetail(score.explanation, answer)
    if score.value is None:
        return ScoreRecord(UNSCORED, reason=score.unscored or "no answer", detail=detail)
    return ScoreRecord(DONE, float(score.value), detail=detail)


def _record(key: bytes, calls: list[Call], output: Output | None, seconds: float) -> OutcomeRecord:
    usages = [c.completion.usage for c in calls if c.completion.usage is not None]
    plain = output is not None and bool(calls) and output == plain_output(calls[-1])
    served = sorted({c.completion.model for c in calls if c.completion.model})
    return OutcomeRecord(
        key=key,
        status=DONE,
        truncated=output is not None and output.finish_reason == "length",
        cluster=int.from_bytes(request_digest(calls[0].request)[:8], "little", signed=True) if calls else 0,
        calls=b"".join(c.key for c in calls),
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        reasoning_tokens=sum(u.reasoning_tokens for u in usages),
        cost=_cost(calls),
        latency=_latency(calls, seconds),
        served=", ".join(served),
        output=None if plain else output,
    )


def _fields(record: OutcomeRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _cost(calls: list[Call]) -> float | None:
    costs = [c.cost_usd for c in calls]
    return None if any(c is None for c in costs) else sum(c for c in costs if c is not None)


def _paid(calls: list[Call]) -> Paid:
    made = [c for c in calls if not c.recorded]
    return Paid(len(made), _cost(made))


def _latency(calls: list[Call], seconds: float) -> float:
    """Seconds from question to answer: of a lone call its own, without our queue; of several the time that passed, or
    where some were recorded, so that less time passed now, at least what the calls took when they were made."""
    taken = sum(c.completion.latency for c in calls)
    if len(calls) == 1 or (calls and all(c.recorded for c in calls)):
        return taken
    return max(seconds, taken) if any(c.recorded for c in calls) else seconds
