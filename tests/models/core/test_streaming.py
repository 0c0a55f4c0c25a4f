"""A streamed call is a call like any other: recorded once, limited, paid for, tried again, and told as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from core_helpers import run
from fault_server import Answer, FaultServer, completion

from scansion.errors import BudgetSpent, CallError, InputError
from scansion.models.base import Capabilities, Piece
from scansion.models.budget import Limits, MemoryLedger
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.models.registry import providers
from scansion.models.retry import Retry
from scansion.types import Call, Completion, Request, Usage


class Shelf:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.calls: dict[bytes, Call] = {}
        self.claimed: set[bytes] = set()

    def get(self, key: bytes) -> Call | None:
        return self.calls.get(key)

    async def claim(self, key: bytes) -> Call | None:
        self.claimed.add(key)
        return None

    async def put(self, call: Call) -> None:
        self.calls[call.key] = call

    def release(self, key: bytes) -> None:
        self.claimed.discard(key)


class Telling:
    """A model that tells its replies word by word; `breaks` says after how many words each attempt breaks off."""

    name = identity = "telling/x"
    capabilities = Capabilities(priced=False)

    def __init__(self, *breaks: int, kind: Any = "connection") -> None:
        self.breaks, self.kind, self.attempts = list(breaks), kind, 0

    async def complete(self, request: Request) -> Completion:
        raise AssertionError("asked for a whole reply")

    async def follow(self, request: Request) -> AsyncIterator[Piece]:
        self.attempts += 1
        stop = self.breaks.pop(0) if self.breaks else None
        words = ["one", " two", " three"]
        for word in words[:stop]:
            yield Piece(word)
            await asyncio.sleep(0)
        if stop is not None:
            error = CallError(self.kind, "broke off")
            error.begun = stop > 0
            raise error
        yield Piece("", Completion("".join(words), "stop", Usage(10, 3)))

    async def close(self) -> None:
        pass


def handle(model: Any, recorder: Any = None, **options: Any) -> LM:
    providers("telling")(lambda spec: model)
    try:
        gateway = Gateway(recorder, settings=CallSettings(tries=3, concurrency=2), **options)
        gateway.retry = Retry(tries=3, base=0.001)
        return LM(gateway, gateway.channel("telling/x"), Trace())
    finally:
        del providers.entries["telling"]


async def pieces(lm: LM, prompt: str = "hi") -> list[str]:
    return [piece async for piece in lm.stream(prompt)]


def test_a_streamed_call_is_recorded_as_one_completion_and_asked_once() -> None:
    async def main() -> None:
        model, shelf = Telling(), Shelf()
        assert await pieces(handle(model, shelf)) == ["one", " two", " three"]
        [call] = shelf.calls.values()
        assert call.completion.text == "one two three"
        assert call.completion.usage == Usage(10, 3)
        again = handle(model, shelf)
        assert await pieces(again) == ["one two three"]
        assert (await handle(model, shelf)("hi")).text == "one two three"
        assert model.attempts == 1
        assert [c.recorded for c in again.trace.calls] == [True]

    run(main)


def test_equal_streams_at_once_share_one_call() -> None:
    async def main() -> None:
        model, shelf = Telling(), Shelf()
        lm = handle(model, shelf)
        other = LM(lm._gateway, lm.channel, Trace())
        one, two = await asyncio.gather(pieces(lm), pieces(other))
        assert ("".join(one), "".join(two)) == ("one two three", "one two three")
        assert model.attempts == 1
        assert await pieces(lm)  # k = 1 is another call
        assert model.attempts == 2

    run(main)


def test_a_reply_that_breaks_off_is_asked_again_and_taken_back() -> None:
    async def main() -> None:
        told: list[tuple[int, Piece]] = []
        lm = handle(Telling(0, 2))
        lm.trace.heard = lambda slot, piece: told.append((slot, piece))
        done = await lm("hi")
        said = [(slot, piece.text, piece.again) for slot, piece in told]
        taken_back = said.index((0, "", True))
        assert said[:taken_back] == [(0, "one", False), (0, " two", False)]
        assert "".join(text for _, text, _ in said[taken_back:]) == done.text == "one two three"
        assert told[-1][1].completion is done
        assert lm.channel.counters.retries == 2

    run(main)


def test_a_stream_that_began_anew_cannot_be_taken_back() -> None:
    async def main() -> None:
        lm = handle(Telling(2))
        with pytest.raises(CallError, match="began anew"):
            await pieces(lm)
        assert lm.channel.limiter.in_flight == 0
        assert await pieces(handle(Telling(0))) == ["one", " two", " three"]
        with pytest.raises(CallError, match="broke off"):
            await pieces(handle(Telling(0, kind="bad_request")))

    run(main)


def test_leaving_a_stream_gives_the_slot_back_and_records_nothing() -> None:
    async def main() -> None:
        shelf = Shelf()
        lm = handle(Telling(), shelf)
        stream = lm.stream("hi")
        assert await anext(stream) == "one"
        await stream.aclose()
        assert (lm.channel.limiter.in_flight, shelf.calls, shelf.claimed) == (0, {}, set())

    run(main)


def test_a_stream_is_paid_for_and_a_reply_that_had_begun_stays_charged() -> None:
    async def main() -> None:
        limits = Limits(tokens=100_000)
        ledger = MemoryLedger(limits)
        await pieces(handle(Telling(), ledger=ledger, limits=limits))
        assert (ledger.calls, ledger.tokens) == (1, 13)
        turned_away, begun = MemoryLedger(limits), MemoryLedger(limits)
        for book, stop in ((turned_away, 0), (begun, 1)):
            with pytest.raises(CallError):
                await pieces(handle(Telling(stop, stop, stop, kind="bad_request"), ledger=book, limits=limits))
        assert turned_away.tokens == 0
        assert begun.tokens > 4096
        with pytest.raises(BudgetSpent):
            await pieces(handle(Telling(), limits=Limits(tokens=50)))

    run(main)


def test_a_model_that_gives_its_reply_whole_is_heard_at_the_end(scripted: Callable[..., str]) -> None:
    async def complete(request: Request) -> Completion:
        return Completion("whole")

    async def main() -> None:
        gateway = Gateway()
        lm = LM(gateway, gateway.channel(scripted(complete)), Trace())
        told: list[Piece] = []
        lm.trace.heard = lambda _, piece: told.append(piece)
        done = await lm("hi")
        assert told == [Piece("whole", done)]
        with pytest.raises(InputError, match="cannot stream"):
            await pieces(lm)

    run(main)


def sse(*chunks: Any) -> Answer:
    text = "".join(f"data: {json.dumps(c) if not isinstance(c, str) else c}\n\n" for c in chunks)
    return Answer(body=text.encode(), headers={"content-type": "text/event-stream"})


def said(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


GOOD = (said("4"), said("2", "stop"), {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}, "[DONE]")


async def streamed(server: FaultServer, tries: int = 4) -> tuple[LM, str]:
    gateway = Gateway(Shelf(), settings=CallSettings(timeout=5, tries=tries))
    gateway.retry = Retry(tries=tries, base=0.001)
    lm = LM(gateway, gateway.channel(f"openai/x?base_url={server.url}/v1"), Trace())
    told: list[str] = []
    lm.trace.heard = lambda _, piece: told.append("^" if piece.again else piece.text)
    await lm("hi")
    return lm, "".join(told)


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        (sse(said("4"), {"error": {"message": "The server had an error", "type": "server_error"}}), "4^"),
        (sse(said("4"), said("1")), "41^"),  # the stream ends and the reply does not
        (Answer(body=sse(*GOOD).body, headers={"content-type": "text/event-stream"}, how="half"), "4^"),
        (sse(said("4"), '{"choices": [{"delta": 7}]}'), "4^"),
        (sse('{"choices": [{"delta": {"content": "\xff'), ""),
        (Answer(how="reset"), ""),
        (Answer(429, {"error": {"message": "Rate limit reached"}}), ""),
        (Answer(headers={"content-type": "text/event-stream"}), ""),
    ],
)
def test_every_way_a_stream_can_break_is_tried_again(fault: Answer, before: str) -> None:
    async def main() -> None:
        async with FaultServer(fault, answer=lambda _: sse(*GOOD)) as server:
            lm, told = await streamed(server)
            assert told == before + "42"
            assert [call.completion.text for call in lm.trace.calls] == ["42"]
            assert lm.trace.calls[0].completion.usage == Usage(9, 2)
            assert len(server.hits) == 2

    run(main)


def test_pieces_are_told_before_the_reply_has_ended() -> None:
    async def main() -> None:
        heard = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            first, *rest = sse(*GOOD).body.split(b"\n\n")
            writer.write(first + b"\n\n")
            await heard.wait()
            writer.write(b"\n\n".join(rest))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        gateway = Gateway(settings=CallSettings(timeout=10, tries=1))
        lm = LM(gateway, gateway.channel(f"openai/x?base_url=http://127.0.0.1:{port}/v1"), Trace())
        told: list[str] = []
        async for piece in lm.stream("hi"):
            told.append(piece)
            heard.set()
        assert told == ["4", "2"]
        server.close()

    run(main)


def test_a_server_that_does_not_stream_is_read_as_a_whole() -> None:
    async def main() -> None:
        async with FaultServer(answer=lambda _: Answer(body=completion("42"))) as server:
            lm, told = await streamed(server)
            assert told == "42"
            assert lm.trace.calls[0].completion.usage == Usage(10, 2)

    run(main)


def test_a_refused_key_and_a_silent_server_end_a_stream() -> None:
    async def main() -> None:
        async with FaultServer("401", "silence") as server:
            with pytest.raises(CallError, match="API key is refused") as refused:
                await streamed(server)
            assert refused.value.fatal
            gateway = Gateway(settings=CallSettings(timeout=0.05, tries=1))
            lm = LM(gateway, gateway.channel(f"openai/x?base_url={server.url}/v1"), Trace())
            with pytest.raises(CallError, match="no full answer"):
                await pieces(lm)

    run(main)
