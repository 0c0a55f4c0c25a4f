"""The gateway: recording, sharing, cancelling, pricing, and the rules about what stops a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from core_helpers import Scripted, run
from fault_server import FaultServer

from scansion.errors import CallError, InputError, Unscored
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.retry import Retry
from scansion.types import Call, Completion, Message, Request, Usage


class Shelf:
    """A recorder in memory that writes down what is done with it."""

    def __init__(self) -> None:
        self.calls: dict[bytes, Call] = {}
        self.elsewhere: dict[bytes, Call] = {}
        self.log: list[str] = []

    def get(self, key: bytes) -> Call | None:
        return self.calls.get(key)

    async def claim(self, key: bytes) -> Call | None:
        self.log.append("claim")
        return self.elsewhere.get(key)

    async def put(self, call: Call) -> None:
        await asyncio.sleep(0.001)
        self.calls[call.key] = call
        self.log.append("put")

    def release(self, key: bytes) -> None:
        self.log.append("release")


def hello(text: str = "hello") -> Request:
    return Request((Message("user", text),))


def answering(delay: float = 0.0) -> tuple[Any, list[Request]]:
    seen: list[Request] = []

    async def complete(request: Request) -> Completion:
        seen.append(request)
        await asyncio.sleep(delay)
        return Completion(f"answer {len(seen)}", "stop", Usage(10, 2))

    return complete, seen


def test_a_call_is_stored_before_it_is_returned_and_never_made_twice(scripted: Scripted) -> None:
    complete, seen = answering()

    async def main() -> None:
        shelf = Shelf()
        gateway = Gateway(shelf)
        channel = gateway.channel(scripted(complete))
        first = await gateway.ask(channel, hello(), b"k1")
        assert shelf.log == ["claim", "put"]
        assert not first.recorded
        assert first.cost_usd == 0.0
        assert first.completion.latency > 0
        again = await gateway.ask(channel, hello(), b"k1", "judge")
        assert (again.recorded, again.purpose, again.completion) == (True, "judge", first.completion)
        assert len(seen) == 1
        counters = channel.counters
        assert (counters.calls, counters.recorded, counters.input_tokens, counters.output_tokens) == (1, 1, 10, 2)

    run(main)


def test_equal_calls_under_way_share_one_attempt(scripted: Scripted) -> None:
    complete, seen = answering(0.01)

    async def main() -> None:
        gateway = Gateway()
        channel = gateway.channel(scripted(complete))
        calls = await asyncio.gather(*(gateway.ask(channel, hello(), b"k") for _ in range(5)))
        assert len(seen) == 1
        assert [c.recorded for c in calls] == [False, True, True, True, True]
        assert {c.completion.text for c in calls} == {"answer 1"}

    run(main)


def test_a_cancelled_asker_takes_no_one_along(scripted: Scripted) -> None:
    complete, seen = answering(0.02)

    async def main() -> None:
        shelf = Shelf()
        gateway = Gateway(shelf)
        channel = gateway.channel(scripted(complete))
        tasks = [asyncio.create_task(gateway.ask(channel, hello(), b"k")) for _ in range(4)]
        await asyncio.sleep(0.005)
        tasks[2].cancel()  # one who waits
        tasks[0].cancel()  # the one who asks: another takes his place
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(f) for f in found] == [asyncio.CancelledError, Call, asyncio.CancelledError, Call]
        assert len(seen) == 2
        assert shelf.log == ["claim", "release", "claim", "put"]
        assert channel.limiter.in_flight == 0

    run(main)


def test_an_error_is_shared_and_then_forgotten(scripted: Scripted) -> None:
    asked = 0

    async def complete(_request: Request) -> Completion:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.005)
        raise CallError("content_policy", "no")

    async def main() -> None:
        shelf = Shelf()
        gateway = Gateway(shelf)
        channel = gateway.channel(scripted(complete))
        asks = (gateway.ask(channel, hello(), b"k") for _ in range(3))
        found = await asyncio.gather(*asks, return_exceptions=True)
        assert [type(f) for f in found] == [CallError] * 3
        assert asked == 1
        with pytest.raises(CallError):
            await gateway.ask(channel, hello(), b"k")
        assert asked == 2
        assert shelf.log == ["claim", "release"] * 2

    run(main)


def test_a_call_that_another_process_made_is_taken_from_it(scripted: Scripted) -> None:
    complete, seen = answering()

    async def main() -> None:
        shelf = Shelf()
        gateway = Gateway(shelf)
        channel = gateway.channel(scripted(complete))
        made = Call(b"k", channel.name, hello(), Completion("theirs"))
        shelf.elsewhere[b"k"] = made
        call = await gateway.ask(channel, hello(), b"k")
        assert (call.completion.text, call.recorded, seen) == ("theirs", True, [])

    run(main)


def test_what_a_model_raises_on_purpose_passes_and_frees_everything(scripted: Scripted) -> None:
    async def complete(_request: Request) -> Completion:
        raise Unscored("skipped")

    async def main() -> None:
        shelf = Shelf()
        gateway = Gateway(shelf)
        channel = gateway.channel(scripted(complete))
        with pytest.raises(Unscored):
            await gateway.ask(channel, hello(), b"k")
        assert shelf.log == ["claim", "release"]
        assert (channel.limiter.in_flight, channel.counters.in_flight) == (0, 0)

    run(main)


def test_another_400_stops_the_run_only_before_the_first_success(scripted: Scripted) -> None:
    async def complete(request: Request) -> Completion:
        if request.messages[0].content == "bad":
            raise CallError("bad_request", "HTTP 400: odd")
        return Completion("fine")

    async def main() -> None:
        gateway = Gateway()
        channel = gateway.channel(scripted(complete))
        with pytest.raises(CallError) as first:
            await gateway.ask(channel, hello("bad"), b"1")
        await gateway.ask(channel, hello("good"), b"2")
        with pytest.raises(CallError) as second:
            await gateway.ask(channel, hello("bad"), b"3")
        assert (first.value.fatal, second.value.fatal) == (True, False)

    run(main)


def test_a_timeout_is_tried_again_and_ends_as_one(scripted: Scripted) -> None:
    async def complete(_request: Request) -> Completion:
        await asyncio.sleep(30)
        raise AssertionError

    async def main() -> None:
        gateway = Gateway(settings=CallSettings(timeout=0.02, tries=3))
        gateway.retry = Retry(3, uniform=lambda low, high: 0.0)
        channel = gateway.channel(scripted(complete))
        with pytest.raises(CallError, match=r"within 0\.02 s") as error:
            await gateway.ask(channel, hello(), b"k")
        assert error.value.kind == "timeout"
        assert (channel.counters.calls, channel.counters.retries) == (3, 2)
        with pytest.raises(InputError, match="timeout"):
            gateway.channel(scripted(complete) + "?timeout=never")

    run(main)


def test_a_patient_model_is_not_hurried_and_asked_one_at_a_time(scripted: Scripted) -> None:
    under_way = most = 0

    async def complete(_request: Request) -> Completion:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.03)
        under_way -= 1
        return Completion("hm")

    async def main() -> None:
        gateway = Gateway(settings=CallSettings(timeout=0.01))
        channel = gateway.channel(scripted(complete, patient=True, at_once=1))
        await asyncio.gather(*(gateway.ask(channel, hello(), bytes([n])) for n in range(3)))
        assert most == 1

    run(main)


def test_overload_halves_the_calls_in_flight(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer(*["529"] * 40) as server:
            gateway = Gateway(settings=CallSettings(concurrency=64, tries=9))
            gateway.retry = Retry(9, uniform=lambda low, high: 0.001)
            channel = gateway.channel(f"wire/x?base_url={server.url}")
            start = channel.limiter.limit
            asks = (gateway.ask(channel, hello(str(n)), b"%d" % n) for n in range(80))
            await asyncio.gather(*asks)
            assert server.most <= start
            assert channel.limiter.limit < start

    run(main)


def test_channels_of_one_model_share_its_limiter_and_a_spec_its_channel(scripted: Scripted) -> None:
    complete, _ = answering()

    async def main() -> None:
        gateway = Gateway()
        spec = scripted(complete)
        assert gateway.channel(spec) is gateway.channel(spec)
        assert gateway.channel(spec).limiter is gateway.channel(spec + "?temperature=1").limiter
        assert gateway.channel(spec).identity == gateway.channel(spec + "?temperature=1").identity
        await gateway.close()

    run(main)


def test_a_call_is_priced_by_its_usage(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer() as server:
            gateway = Gateway()
            channel = gateway.channel(f"openai/gpt-5-mini?base_url={server.url}")
            asks = (gateway.ask(channel, hello(str(n)), b"%d" % n) for n in range(3))
            for call in await asyncio.gather(*asks):
                assert call.cost_usd == pytest.approx(10 * 0.25e-6 + 2 * 2e-6)
            assert channel.counters.spent_usd == pytest.approx(3 * 6.5e-6)

    run(main)


def test_check_finds_what_only_a_run_needs(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    gateway = Gateway()
    gateway.check()
    gateway.channel("ollama/llama3")
    gateway.check()
    channel = gateway.channel("openai/gpt-4o")  # opened for a preview, without a key
    with pytest.raises(InputError, match="set OPENAI_API_KEY"):
        gateway.check()

    async def main() -> None:
        with pytest.raises(InputError, match="set OPENAI_API_KEY"):
            await gateway.ask(channel, Request(text="x"), b"key")

    run(main)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-later-0123456789")
    gateway.check()
