"""What a plan would send and cost, without sending it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from random import Random
from typing import Any

from msgspec import Struct, structs

from scansion.data import Dataset, Row
from scansion.errors import InputError, Unscored
from scansion.experiments.lab import Lab
from scansion.experiments.only import settle
from scansion.experiments.people.corrections import roles_of
from scansion.experiments.plan import Options, Plan
from scansion.experiments.session import open_parts, rows_of
from scansion.experiments.variants import Variant
from scansion.models.channel import Channel
from scansion.models.embeddings import check_embeds, embedding_key, embedding_request
from scansion.models.gateway import Gateway, Purpose
from scansion.models.hearing import Hearing
from scansion.models.lm import LM, Trace
from scansion.models.vectors import packed
from scansion.scorers import Scorer
from scansion.types import Call, Completion, Output, Request, Usage, canonical, request_digest

__all__ = ["DryGateway", "Estimate", "Preview", "preview", "requests_of"]

_SAMPLE = 200  # rows that the estimate is made from
_OUTPUT = 300  # tokens of output a call that the estimate assumes where no limit is lower
_DIMENSIONS = 16  # of vectors that stand for embeddings whose length is not known
_BYTES = 4.0  # bytes of text a token, on average


_ASSUMED = (
    f"output is taken as {_OUTPUT} tokens a call, or max_tokens where that is lower; "
    "calls that depend on answers to come are counted as if those were empty"
)


_AT_MOST = "what may stop early (a vote, a cascade) is counted in full: calls and cost are the most that it takes"


_BLIND = "a program asks for scores of texts: what it asks after that is not known, nor what all costs"


_BY_CHANCE = "embeddings are not asked for yet: what they choose is drawn by lot in this preview"


_SOONER = "until: decided: the calls end as soon as every comparison is decided"


class Preview(Struct, frozen=True):
    """What a run would do: the first rendered requests as (variant, example id, request), and in all, estimated, the
    calls to make (one that several outcomes share once), those held already, the input and output tokens, the cost in
    USD (None: a model without a price). `at_most` says that answers may end the calls earlier.
    """

    requests: list[tuple[str, str, Request]]
    rows: int
    calls: int
    held: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    notes: list[str]
    at_most: bool = False


class DryGateway(Gateway):
    """Answers what is recorded from the recording, all else with an empty reply, and sends nothing.

    `unasked` are the embeddings that would be asked for; vectors drawn by their keys stand in their places.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.unasked: dict[bytes, Call] = {}

    async def embed(self, channel: Channel, texts: Sequence[str], purpose: Purpose = "subject") -> list[Call]:
        """The recorded calls, and for all else vectors of no meaning."""
        check_embeds(channel)
        requests = [embedding_request(channel, text) for text in texts]
        found = [self.recorder.get(embedding_key(channel, request)) for request in requests]
        sizes = (len(call.completion.vector) // 4 for call in found if call is not None)
        channel.dimensions = next(sizes, None) or channel.dimensions or _DIMENSIONS
        return [call or self._vector(channel, each, purpose) for call, each in zip(found, requests, strict=True)]

    def _vector(self, channel: Channel, request: Request, purpose: Purpose) -> Call:
        key = embedding_key(channel, request)
        drawn = Random(key)
        vector = packed([drawn.gauss(0.0, 1.0) for _ in range(channel.dimensions or _DIMENSIONS)])
        nothing = Completion(text="", vector=vector)
        self.unasked[key] = Call(key, channel.name, request, nothing, purpose=purpose)
        return self.unasked[key]

    async def ask(
        self,
        channel: Channel,
        request: Request,
        key: bytes,
        purpose: Purpose = "subject",
        hearing: Hearing | None = None,  # noqa: ARG002
    ) -> Call:
        """The recorded call, or one with nothing in it."""
        nothing = Completion(text="", finish_reason="stop")
        return self.recorder.get(key) or Call(key, channel.name, request, nothing, purpose=purpose)

    async def attempt(self, *_args: Any, **_more: Any) -> Any:
        """What is no call, such as the score of a text, is not sent either. Raises _Unsent."""
        raise _Unsent("a preview sends nothing")


class _Unsent(InputError):
    """Something that a preview cannot answer."""


async def preview(plan: Plan, lab: Lab | None = None, *, show: int = 1) -> Preview:
    """The requests of each variant for the first `show` rows, and an estimate from a sample of the rows.

    What `lab` holds already would not be asked and is not counted; repeats of one request are shown once.
    """
    plan = settle(plan, lab)
    gateway: Any  # a DryGateway
    data, scorers, gateway, variants = open_parts(plan, Options(), lab, DryGateway)
    try:
        rows = rows_of(plan, data)
        sample = list(islice(rows, _SAMPLE))
        total = len(sample) + sum(1 for _ in rows)
        scale = total / max(1, len(sample))
        estimate, blind = Estimate(gateway.channels), False
        for variant in variants:
            for number, row in enumerate(sample):
                for trial in range(plan.trials):
                    calls, cut = await _calls(variant, row, data, scorers, gateway, trial)
                    blind = blind or cut
                    estimate.add(calls)
                    if number < show and trial == 0:
                        distinct = {request_digest(call.request): call.request for call in calls}.values()
                        estimate.shown += [(variant.name, row.example.id, request) for request in distinct]
        found = estimate.scaled(total, scale, plan.notes)
        if gateway.unasked:
            found = estimate.with_pools(found, gateway.unasked.values())
        if any(variant.fewer for variant in variants):
            found = structs.replace(found, notes=[*found.notes, _AT_MOST], at_most=True)
        if plan.until:
            found = structs.replace(found, notes=[*found.notes, _SOONER], at_most=True)
        return structs.replace(found, cost_usd=None, notes=[*found.notes, _BLIND]) if blind else found
    finally:
        await gateway.close()


class Estimate:
    """Sums over the sampled rows: calls, tokens, USD (None: a model without a known price), calls held already."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self.shown: list[tuple[str, str, Request]] = []
        self.calls = self.held = self.input_tokens = self.output_tokens = 0
        self.cost: float | None = 0.0
        self._keys: set[tuple[bytes, ...]] = set()

    def add(self, calls: list[Call]) -> None:
        """Count the calls of one outcome that no other outcome has made.

        What judges are asked about answers to come looks alike here and is not: it is one call where the answers are.
        """
        to_come = tuple(call.key for call in calls if call.purpose != "judge" and not call.recorded)
        for call in calls:
            key = (call.key, *to_come) if call.purpose == "judge" else (call.key,)
            if key in self._keys:
                continue
            self._keys.add(key)
            if call.recorded:
                self.held += 1
                continue
            tokens_in, tokens_out = _tokens(call.request)
            self.calls += 1
            self.input_tokens += tokens_in
            self.output_tokens += tokens_out
            cost = _cost(self._channels[call.model], tokens_in, tokens_out)
            self.cost = None if self.cost is None or cost is None else self.cost + cost

    def with_pools(self, found: Preview, unasked: Iterable[Call]) -> Preview:
        """`found` with the embeddings besides that stand in no outcome: texts that the whole run shares."""
        apart, seen = Estimate(self._channels), {key[0] for key in self._keys}
        apart.add([call for call in unasked if call.key not in seen])
        known = found.cost_usd is not None and apart.cost is not None
        return structs.replace(
            found,
            calls=found.calls + apart.calls,
            input_tokens=found.input_tokens + apart.input_tokens,
            cost_usd=(found.cost_usd or 0.0) + (apart.cost or 0.0) if known else None,
            notes=[*found.notes, _BY_CHANCE],
        )

    def scaled(self, rows: int, scale: float, notes: tuple[str, ...]) -> Preview:
        """The estimate for all rows, with the plan's notes."""
        return Preview(
            requests=self.shown,
            rows=rows,
            calls=round(self.calls * scale),
            held=round(self.held * scale),
            input_tokens=round(self.input_tokens * scale),
            output_tokens=round(self.output_tokens * scale),
            cost_usd=None if self.cost is None else self.cost * scale,
            notes=[_ASSUMED, *notes],
        )


async def _calls(
    variant: Variant, row: Row, data: Dataset, scorers: Sequence[Scorer], gateway: Gateway, trial: int = 0
) -> tuple[list[Call], bool]:
    """What one outcome would ask, and its judges, as far as that can be told from what is recorded; and whether the
    program asked for something that is no call, after which nothing is known."""
    prompt, blind = variant.source, False
    trace = Trace(prompt.template if prompt is not None else "", roles_of(data))
    with suppress(Exception, SystemExit):  # a program or judge may well fail on an empty reply
        try:
            output = await variant.program(variant.inputs(row, data), LM(gateway, variant.channel, trace, trial=trial))
        except _Unsent:
            blind = True
            raise
        output = Output(text=output) if isinstance(output, str) else output
        for scorer in scorers:
            if scorer.uses_model and isinstance(output, Output):
                judge = LM(gateway, variant.channel, trace, trial=trial, purpose="judge")
                with suppress(Unscored):  # a judge's empty reply says nothing, and the next judge is asked all the same
                    await scorer(output, row.example, judge)
    return trace.calls, blind


async def requests_of(variant: Variant, row: Row, data: Dataset) -> list[Request]:
    """What a variant would ask about a row, as far as that can be told from empty replies; nothing is sent."""
    return [call.request for call in (await _calls(variant, row, data, (), DryGateway()))[0]]


def _tokens(request: Request) -> tuple[int, int]:
    text = request.text.encode() if request.text is not None else canonical([m.content for m in request.messages])
    limit = 0 if request.embeds else request.sampling.max_tokens
    return max(1, round(len(text) / _BYTES)), min(_OUTPUT, limit) if limit is not None else _OUTPUT


def _cost(channel: Channel, tokens_in: int, tokens_out: int) -> float | None:
    rates = channel.find_rates()
    return rates.cost(Usage(input_tokens=tokens_in, output_tokens=tokens_out)) if rates is not None else None
