"""What a plan would send and cost, without sending it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from msgspec import Struct

from scansion.data import Dataset, Row
from scansion.experiments.agenda import inputs_digest, outcome_key
from scansion.experiments.lab import Lab
from scansion.experiments.plan import Options, Plan
from scansion.experiments.session import open_parts, rows_of
from scansion.experiments.variants import Variant
from scansion.models.channel import Channel
from scansion.models.gateway import Gateway, Purpose
from scansion.models.hearing import Hearing
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer
from scansion.types import Call, Completion, Output, Request, Usage, canonical, request_digest

__all__ = ["Preview", "preview"]

_SAMPLE = 200  # rows that the estimate is made from
_OUTPUT = 300  # tokens of output a call that the estimate assumes where no limit is lower
_BYTES = 4.0  # bytes of text a token, on average


_ASSUMED = (
    f"output is taken as {_OUTPUT} tokens a call, or max_tokens where that is lower; "
    "calls that depend on earlier answers are counted as if those were empty"
)


class Preview(Struct, frozen=True):
    """What a run would do: the first rendered requests as (variant, example id, request), and in all, estimated, the
    calls to make, those held already, the input and output tokens, the cost in USD (None: a model without a price).
    """

    requests: list[tuple[str, str, Request]]
    rows: int
    calls: int
    held: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    notes: list[str]


class _DryGateway(Gateway):
    """Answers every call with an empty reply and sends none."""

    async def ask(
        self,
        channel: Channel,
        request: Request,
        key: bytes,
        purpose: Purpose = "subject",
        hearing: Hearing | None = None,  # noqa: ARG002
    ) -> Call:
        """The call with nothing in it."""
        return Call(key, channel.name, request, Completion(text="", finish_reason="stop"), 0.0, True, purpose)


async def preview(plan: Plan, lab: Lab | None = None, *, show: int = 1) -> Preview:
    """The requests of each variant for the first `show` rows, and an estimate from a sample of the rows.

    What `lab` holds already would not be asked and is not counted; repeats of one request are shown once.
    """
    data, scorers, gateway, variants = open_parts(plan, Options(), None, _DryGateway)
    try:
        rows = rows_of(plan, data)
        sample = list(islice(rows, _SAMPLE))
        total = len(sample) + sum(1 for _ in rows)
        scale = total / max(1, len(sample))
        estimate = _Estimate()
        for variant in variants:
            for number, row in enumerate(sample):
                requests = await _requests(variant, row, data, scorers, gateway)
                if number < show:
                    distinct = {request_digest(r): r for r in requests}.values()
                    estimate.shown += [(variant.name, row.example.id, request) for request in distinct]
                missing = _missing(variant, row, data, plan.trials, lab)
                estimate.add(variant, requests, missing, plan.trials - missing)
        return estimate.scaled(total, scale)
    finally:
        await gateway.close()


class _Estimate:
    """Sums over the sampled rows: calls, tokens, USD (None: a model without a known price), calls held already."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str, Request]] = []
        self.calls = self.held = self.input_tokens = self.output_tokens = 0
        self.cost: float | None = 0.0

    def add(self, variant: Variant, requests: list[Request], times: int, held: int) -> None:
        """Count the requests of one outcome `times` times, and as held already `held` times."""
        self.held += len(requests) * held
        for request in requests:
            tokens_in, tokens_out = _tokens(request)
            self.calls += times
            self.input_tokens += tokens_in * times
            self.output_tokens += tokens_out * times
            cost = _cost(variant, tokens_in, tokens_out)
            self.cost = None if self.cost is None or cost is None else self.cost + cost * times

    def scaled(self, rows: int, scale: float) -> Preview:
        """The estimate for all rows."""
        return Preview(
            requests=self.shown,
            rows=rows,
            calls=round(self.calls * scale),
            held=round(self.held * scale),
            input_tokens=round(self.input_tokens * scale),
            output_tokens=round(self.output_tokens * scale),
            cost_usd=None if self.cost is None else self.cost * scale,
            notes=[_ASSUMED],
        )


def _missing(variant: Variant, row: Row, data: Dataset, trials: int, lab: Lab | None) -> int:
    """How many trials of an outcome the lab does not hold."""
    if lab is None:
        return trials
    inputs = inputs_digest(variant.inputs(row, data))
    keys = [outcome_key(variant, inputs, trial) for trial in range(trials)]
    return trials - len(lab.outcome_table.settled(keys))


async def _requests(
    variant: Variant, row: Row, data: Dataset, scorers: Sequence[Scorer], gateway: Gateway
) -> list[Request]:
    """What one outcome would ask, and its judges, as far as that can be told from empty replies."""
    trace = Trace()
    with suppress(Exception):  # a program or judge may well fail on an empty reply
        output = await variant.program(variant.inputs(row, data), LM(gateway, variant.channel, trace))
        for scorer in scorers:
            if scorer.uses_model and isinstance(output, Output):
                await scorer(output, row.example, LM(gateway, variant.channel, trace, purpose="judge"))
    return [call.request for call in trace.calls]


def _tokens(request: Request) -> tuple[int, int]:
    text = request.text.encode() if request.text is not None else canonical([m.content for m in request.messages])
    limit = request.sampling.max_tokens
    return max(1, round(len(text) / _BYTES)), min(_OUTPUT, limit) if limit is not None else _OUTPUT


def _cost(variant: Variant, tokens_in: int, tokens_out: int) -> float | None:
    rates = variant.channel.find_rates()
    return rates.cost(Usage(input_tokens=tokens_in, output_tokens=tokens_out)) if rates is not None else None
