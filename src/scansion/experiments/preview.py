"""What a plan would send and cost, without sending it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from msgspec import Struct, convert, structs

from scansion.data import Dataset, Row
from scansion.errors import ProgramError, Unscored
from scansion.experiments.agenda import inputs_digest, outcome_key
from scansion.experiments.lab import Lab
from scansion.experiments.plan import Options, Plan
from scansion.experiments.session import open_parts, rows_of
from scansion.experiments.variants import Variant
from scansion.models import prices
from scansion.types import Completion, Message, Request, Sampling, Usage, canonical, request_digest

__all__ = ["Preview", "preview"]

_SAMPLE = 200  # rows that the estimate is made from
_OUTPUT = 300  # tokens of output a call that the estimate assumes where no limit is lower
_BYTES = 4.0  # bytes of text a token, on average


_ASSUMED = (
    f"output is taken as {_OUTPUT} tokens a call, or max_tokens where that is lower; "
    "calls that depend on earlier answers are counted as if those were empty"
)


class Preview(Struct, frozen=True):
    """What a run would do: the first rendered requests as (variant, example id, request), and in all the calls, the
    input and output tokens and the cost in USD (None: a model without a known price), estimated."""

    requests: list[tuple[str, str, Request]]
    rows: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    notes: list[str]


class _DryLM:
    """Stands in for a model: keeps what it is asked and answers with nothing."""

    trial = 0

    def __init__(self, variant: Variant) -> None:
        self._channel = variant.channel
        self.model = variant.model
        self.requests: list[Request] = []

    async def __call__(self, prompt: Any, **sampling: Any) -> Completion:
        request = prompt if isinstance(prompt, Request) else _as_request(prompt)
        effective = self._channel.effective(request.sampling)
        if sampling:
            effective = effective.merged(convert(sampling, Sampling))
        self.requests.append(structs.replace(request, sampling=effective))
        return Completion(text="", finish_reason="stop")

    def using(self, _model: str) -> _DryLM:
        """The same, whatever the model."""
        return self

    def as_judge(self) -> _DryLM:
        """The same."""
        return self


def _as_request(prompt: str | Sequence[Message | Mapping[str, Any]]) -> Request:
    if isinstance(prompt, str):
        return Request((Message("user", prompt),))
    return Request(tuple(m if isinstance(m, Message) else Message(**m) for m in prompt))


async def preview(plan: Plan, lab: Lab | None = None, *, show: int = 1) -> Preview:
    """The requests of each variant for the first `show` rows, and an estimate from a sample of the rows.

    What `lab` holds already would not be asked and is not counted; repeats of one request are shown once.
    """
    data, _, gateway, variants = open_parts(plan, Options(), None)
    try:
        rows = rows_of(plan, data)
        sample = list(islice(rows, _SAMPLE))
        total = len(sample) + sum(1 for _ in rows)
        shown: list[tuple[str, str, Request]] = []
        sums = [0.0, 0.0, 0.0]
        cost: float | None = 0.0
        for variant in variants:
            asked = [(row, await _requests(variant, row, data)) for row in sample]
            for row, requests in asked[:show]:
                distinct = {request_digest(r): r for r in requests}.values()
                shown += [(variant.name, row.example.id, request) for request in distinct]
            tokens = []
            for row, requests in asked:
                missing = _missing(variant, row, data, plan.trials, lab)
                tokens += [_tokens(request) for request in requests] * missing
            scale = total / max(1, len(sample))
            sums = [s + x * scale for s, x in zip(sums, _sums(tokens), strict=True)]
            cost = _plus(cost, _cost(variant, tokens, scale))
        return Preview(shown, total, round(sums[0]), round(sums[1]), round(sums[2]), cost, [_ASSUMED])
    finally:
        await gateway.close()


def _missing(variant: Variant, row: Row, data: Dataset, trials: int, lab: Lab | None) -> int:
    """How many trials of an outcome the lab does not hold."""
    if lab is None:
        return trials
    inputs = inputs_digest(variant.inputs(row, data))
    keys = [outcome_key(variant, inputs, trial) for trial in range(trials)]
    return trials - len(lab.outcome_table.settled(keys))


async def _requests(variant: Variant, row: Row, data: Dataset) -> list[Request]:
    lm = _DryLM(variant)
    with suppress(Unscored, ProgramError):
        await variant.program(variant.inputs(row, data), lm)
    return lm.requests


def _tokens(request: Request) -> tuple[int, int]:
    text = request.text.encode() if request.text is not None else canonical([m.content for m in request.messages])
    limit = request.sampling.max_tokens
    return max(1, round(len(text) / _BYTES)), min(_OUTPUT, limit) if limit is not None else _OUTPUT


def _sums(tokens: list[tuple[int, int]]) -> tuple[int, int, int]:
    return len(tokens), sum(i for i, _ in tokens), sum(o for _, o in tokens)


def _cost(variant: Variant, tokens: list[tuple[int, int]], scale: float) -> float | None:
    if not variant.channel.capabilities.priced:
        return 0.0
    rates = prices.rates(variant.channel.spec.plain)
    if rates is None:
        return None
    return scale * sum(rates.cost(Usage(input_tokens=i, output_tokens=o)) for i, o in tokens)


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b
