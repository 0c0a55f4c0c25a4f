"""One outcome: a program asked once about one example, and the one place where its failures are caught."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, structs

from scansion.errors import CallError, InputError, ProgramError, Quit, Unreached, Unscored, fault
from scansion.experiments.results import known_sum
from scansion.experiments.store.codec import pack
from scansion.experiments.store.outcomes import (
    DONE,
    ERROR,
    UNSCORED,
    OutcomeRecord,
    ScoreDetail,
    ScoreRecord,
    packed_output,
)
from scansion.experiments.variants import Variant
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer
from scansion.techniques._way_out import wanted
from scansion.types import Call, Example, Output, Score, digest, request_digest

__all__ = ["Produced", "held_against", "produce"]

_NO_ANSWER = ScoreDetail("the row has no answer, and one is given")
_MESSAGE = 500  # characters of an error's words that are kept


class Produced(Struct, frozen=True):
    """A fresh outcome and the output in it."""

    record: OutcomeRecord
    output: Output | None


async def produce(
    variant: Variant,
    inputs: dict[str, Any],
    key: bytes,
    trial: int,
    gateway: Gateway,
    trace: Trace | None = None,
) -> Produced:
    """Ask the variant's program. Failures become the outcome they are; raises Unreached, Quit, and InputError for
    what no other outcome of the run could survive either. `trace` takes the calls of those who want to hear them."""
    trace = Trace() if trace is None else trace
    lm = LM(gateway, variant.channel, trace, trial=trial)
    start = time.perf_counter()
    output, packed = None, None
    status, reason, message = DONE, "", ""
    try:
        output, packed = _packed(_checked(await variant.program(inputs, lm)), trace.calls)
    except Unscored as error:
        status, reason, message = UNSCORED, error.reason, str(error)
    except (Unreached, Quit, InputError):
        raise
    except (Exception, SystemExit) as error:
        output = None
        status, reason, message = ERROR, *_failure(error, variant.name)
    record = _record(key, trace.calls, time.perf_counter() - start)
    record = structs.replace(
        record,
        status=status,
        reason=reason,
        message=_storable(message[:_MESSAGE]),
        truncated=output is not None and output.finish_reason == "length",
        output=packed,
    )
    return Produced(record, output)


async def held_against(
    scorer: Scorer,
    made: tuple[OutcomeRecord, Output],
    example: Example,
    judge: Callable[[], LM],
    ways_out: Sequence[str] = (),
) -> ScoreRecord:
    """The score that `scorer` gives to an outcome's output; its failures become unscored or error scores.

    `judge` makes the handle for scorers that ask a model; `ways_out` are the words with which variants of the run
    abstain. Where a row wants one of these and the scorer cannot compare with it, to abstain is right and all else
    wrong. Raises as `produce` does.
    """
    calls: list[Call] = []
    output = _with_measures(*made) if scorer.measured else made[1]
    word, abstains = _way_out(output), output.data.get("abstained") is True
    if abstains:  # it says that it does not know: neither right nor wrong, by any scorer
        if not (scorer.needs_target and wanted(example.target, word)):
            return ScoreRecord(UNSCORED, reason="abstained")
        output = structs.replace(output, text=word[0], answer=word[0])  # the row wants that, and the output says it
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
        record = ScoreRecord(UNSCORED, reason=error.reason, detail=ScoreDetail(_storable(str(error))))
    except (Unreached, Quit, InputError):
        raise
    except (Exception, SystemExit) as error:
        kind, message = _failure(error, scorer.name)
        record = ScoreRecord(ERROR, reason=kind, detail=ScoreDetail(_storable(message[:_MESSAGE])))
    if record.reason == "gold refused" and scorer.needs_target and wanted(example.target, [*ways_out, *word]):
        record = ScoreRecord(DONE, float(abstains), detail=ScoreDetail() if abstains else _NO_ANSWER)
    if not calls:
        return record
    detail = structs.replace(record.detail, calls=b"".join(c.key for c in calls))
    return structs.replace(record, detail=detail, judge_calls=len(calls), judge_cost=_cost(calls))


def _way_out(output: Output) -> tuple[str, ...]:
    """The word with which an output could abstain, if its program has one."""
    word = output.data.get("way_out")
    return (word,) if isinstance(word, str) else ()


def _with_measures(record: OutcomeRecord, output: Output) -> Output:
    """An output that says what it took."""
    return structs.replace(output, data={**output.data, "latency": record.latency, "cost_usd": record.cost})


def _checked(output: Any) -> Output:
    if isinstance(output, Output) and isinstance(output.text, str):
        return output
    if isinstance(output, str):
        return Output(text=output)
    what = f"an Output whose text is {output.text!r}" if isinstance(output, Output) else type(output).__name__
    raise ProgramError(f"the program returned {what}, not an Output with text, or text")


def _packed(output: Output, calls: list[Call]) -> tuple[Output, bytes | None]:
    """The output as it will be read again, and as it is stored beside its last call."""
    last = calls[-1] if calls else None
    try:
        return output, packed_output(output, last)
    except (TypeError, OverflowError, ValueError):
        pass  # an answer or data of a kind that the lab does not know is kept as its text
    try:
        data = {str(name): _plain(value) for name, value in output.data.items()}
        plain = structs.replace(output, answer=_plain(output.answer), data=data)
        return plain, packed_output(plain, last)
    except (TypeError, OverflowError, ValueError) as error:
        raise ProgramError(f"the output cannot be stored: {error}") from None


def _plain(value: Any) -> Any:
    """`value` if the lab can keep it as it is, else its text."""
    try:
        pack(value)
    except (TypeError, OverflowError, ValueError):
        return _storable(repr(value))
    return value


def _storable(text: str) -> str:
    """`text` with what UTF-8 cannot hold (lone surrogates) written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _failure(error: BaseException, name: str) -> tuple[str, str]:
    """The kind and the words of an error; a fatal one is raised as what stops the run."""
    if isinstance(error, CallError):
        if error.fatal:
            raise InputError(f"{name}: {error}") from None
        return error.kind, str(error)
    if isinstance(error, ProgramError):
        return "program", str(error)
    if isinstance(error, SystemExit):
        return "program", f"{name} {fault(error)}"
    return "program", f"{type(error).__name__}: {error}"


def _score(score: Score) -> ScoreRecord:
    plain = not score.explanation and score.answer is None
    detail = ScoreDetail() if plain else ScoreDetail(_storable(score.explanation), _plain(score.answer))
    if score.value is None:
        return ScoreRecord(UNSCORED, reason=score.unscored or "no answer", detail=detail)
    value = float(score.value)
    if not math.isfinite(value):
        raise ProgramError(f"the scorer gave {value}, which is not a finite number")
    return ScoreRecord(DONE, value, detail=detail)


def _record(key: bytes, calls: list[Call], seconds: float) -> OutcomeRecord:
    """What the calls of an outcome tell of it."""
    usages = [c.completion.usage for c in calls if c.completion.usage is not None]
    return OutcomeRecord(
        key=key,
        status=DONE,
        cluster=_cluster(calls),
        calls=b"".join(c.key for c in calls),
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        reasoning_tokens=sum(u.reasoning_tokens for u in usages),
        cost=_cost(calls),
        latency=_latency(calls, seconds),
        served=", ".join(sorted({c.completion.model for c in calls if c.completion.model and not c.request.embeds})),
        made=time.time(),
    )


def _cluster(calls: list[Call]) -> int:
    """The label that outcomes share whose requests are all equal; 0 where nothing was asked."""
    if not calls:
        return 0
    requests = [request_digest(c.request) for c in calls]
    mark = requests[0] if len(requests) == 1 else digest(*(r.hex() for r in requests))
    return int.from_bytes(mark[:8], "little", signed=True)


def _cost(calls: list[Call]) -> float | None:
    return known_sum(c.cost_usd for c in calls)


def _latency(calls: list[Call], seconds: float) -> float:
    """Seconds from question to answer: of a lone call its own, without our queue; of several the time that passed, or
    where some were recorded, so that less time passed now, at least what the calls took when they were made."""
    taken = sum(c.completion.latency for c in calls)
    if len(calls) == 1 or (calls and all(c.recorded for c in calls)):
        return taken
    return max(seconds, taken) if any(c.recorded for c in calls) else seconds
