"""A model whose answers are drawn by the digest of the request, behind the real handle, gateway, trace and prices.

`wind/a`, `wind/b` ... answer differently, or what a script says to the model's name and the request. Latencies are
drawn by a seed of their own, so that replies come in another order each time, while what is said stays the same.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scansion.errors import CallError
from scansion.models.base import Capabilities
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.models.prices import flat
from scansion.models.registry import ModelSpec, providers
from scansion.types import Call, Completion, Request, TokenLogprob, Usage, hexdigest

SAYINGS = (
    *("5", "7", "The answer is 5.", "I see 3 and 4.\nSo the answer is 7.", "unsure", "", "A", "B", "yes", "no", "4/5"),
    *(
        "Final choice: A",
        "3",
        "def solution():\n    return 5\n",
        "1. How many are there?\n2. How many are left?",
        "0.4",
    ),
)


Script = Callable[[str, Request], str | Completion]


class Wind:
    """What one run of the model is like, and what it was asked."""

    def __init__(self, latency: int = 0, failing: float = 0.0, script: Script | None = None) -> None:
        self.script = script
        self.latency, self.failing = random.Random(latency), failing
        self.asked: list[tuple[str, Request]] = []
        self.cost = 0.0
        self.in_flight = 0


_wind: list[Wind] = []


class _Model:
    capabilities = Capabilities(embeds=False, context=4000)
    rates = flat(0.001, 0.002)

    def __init__(self, spec: ModelSpec) -> None:
        self.name, self.identity = spec.spec, spec.identity

    async def complete(self, request: Request) -> Completion:
        wind = _wind[-1]
        wind.asked.append((self.name, request))
        found = wind.script(self.name, request) if wind.script is not None else None
        wind.in_flight += 1
        try:
            for _ in range(wind.latency.randrange(6)):
                await asyncio.sleep(0)
        finally:
            wind.in_flight -= 1
        if found is not None:
            return found if isinstance(found, Completion) else Completion(found, "stop")
        drawn = random.Random(hexdigest(self.identity, request.messages, request.text, request.trial, request.k))
        if drawn.random() < wind.failing:
            raise CallError("server", "gone with the wind")
        text = drawn.choice(SAYINGS)
        usage = Usage(drawn.randrange(1, 50), len(text.split()))
        wind.cost += self.rates.cost(usage)
        logprobs = None
        if request.sampling.logprobs is not None:
            logprobs = tuple(TokenLogprob(word, -drawn.random() / 5) for word in text.split())
        return Completion(text, "length" if drawn.random() < 0.05 else "stop", usage, logprobs)

    async def close(self) -> None:
        pass


class Kept:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.calls: dict[bytes, Call] = {}

    def get(self, key: bytes) -> Call | None:
        return self.calls.get(key)

    async def claim(self, key: bytes) -> Call | None:
        return self.calls.get(key)

    async def put(self, call: Call) -> None:
        self.calls[call.key] = call

    def release(self, key: bytes) -> None:
        pass


@contextmanager
def registered() -> Iterator[None]:
    """Within this there is a provider `wind`."""
    providers("wind")(_Model)
    try:
        yield
    finally:
        providers.entries.pop("wind")


class Ran:
    """One run of a program: its output or what it raised, its trace, and what the model was asked."""

    def __init__(self, output: Any, trace: Trace, wind: Wind) -> None:
        self.output, self.trace, self.wind = output, trace, wind
        self.keys = [call.key for call in trace.calls]


def run(
    program: Any, inputs: dict[str, Any], wind: Wind, recorder: Kept | None = None, cancel_after: int | None = None
) -> Ran:
    """The program on `wind/a`; `cancel_after` so many turns of the event loop it is cancelled.

    Whatever comes of it, no task and no call is left behind.
    """

    async def main() -> Ran:
        gateway = Gateway(recorder=recorder, settings=CallSettings(tries=1))
        trace = Trace()
        task = asyncio.ensure_future(program(inputs, LM(gateway, gateway.channel("wind/a"), trace)))
        for _ in range(cancel_after or 0):
            await asyncio.sleep(0)
        if cancel_after is not None:
            task.cancel()
        (found,) = await asyncio.gather(task, return_exceptions=True)
        made = len(wind.asked)
        for _ in range(20):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left behind"
        assert (wind.in_flight, len(wind.asked)) == (0, made), "calls go on behind its back"
        return Ran(found, trace, wind)

    _wind.append(wind)
    try:
        return asyncio.run(main())
    finally:
        _wind.pop()
