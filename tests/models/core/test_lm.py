"""The handle: how calls are numbered, what is sent, and what the trace keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from core_helpers import Scripted, run

from scansion.errors import BudgetSpent, CallError, InputError, ProgramError
from scansion.models.base import Piece
from scansion.models.budget import MESSAGE_TOKENS, Limits
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.models.registry import providers
from scansion.types import Call, Completion, Message, Request, Sampling, TextPart, call_key, request_digest


class Recording:
    """A recorder that only lists what passes."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def get(self, _key: bytes) -> Call | None:
        return None

    async def claim(self, _key: bytes) -> Call | None:
        return None

    async def put(self, call: Call) -> None:
        self.calls.append(call)

    def release(self, key: bytes) -> None:
        pass


async def echo(request: Request) -> Completion:
    return Completion(f"{request.text or request.messages[-1].content} #{request.k}")


def handle(spec: str, **options: Any) -> tuple[LM, Recording]:
    recorder = Recording()
    gateway = Gateway(recorder)
    return LM(gateway, gateway.channel(spec), Trace(), **options), recorder


def test_five_equal_calls_are_numbered_as_they_are_written(scripted: Scripted) -> None:
    async def main() -> None:
        lm, recorder = handle(scripted(echo))
        asked = [lm("again") for _ in range(5)]
        other = lm("other")
        replies = await asyncio.gather(*reversed(asked), other)
        assert [r.text for r in replies] == ["again #4", "again #3", "again #2", "again #1", "again #0", "other #0"]
        assert [c.request.k for c in lm.trace.calls] == [0, 1, 2, 3, 4, 0]
        assert len({c.key for c in recorder.calls}) == 6

    run(main)


def test_a_key_is_that_of_model_request_trial_and_repeat(scripted: Scripted) -> None:
    async def main() -> None:
        spec = scripted(echo)
        lm, recorder = handle(spec, trial=2)
        await lm("a")
        await lm("a")
        identity, asked = lm.channel.identity, request_digest(Request((Message("user", "a"),)))
        assert [c.key for c in recorder.calls] == [call_key(identity, asked, 2, 0), call_key(identity, asked, 2, 1)]
        assert [c.request.trial for c in recorder.calls] == [2, 2]
        again, repeated = handle(spec, trial=2)  # another outcome of that trial starts from k = 0
        await again("a")
        assert repeated.calls[0].key == recorder.calls[0].key
        later, third = handle(spec, trial=3)
        await later("a")
        assert third.calls[0].key != recorder.calls[0].key

    run(main)


def test_the_forms_of_a_prompt(scripted: Scripted) -> None:
    async def main() -> None:
        lm, recorder = handle(scripted(echo))
        await lm("a")
        await lm([Message("system", "s"), {"role": "user", "content": "a"}])
        await lm(Request(text="raw"))
        sent = [c.request for c in recorder.calls]
        assert sent[0].messages == (Message("user", "a"),)
        assert sent[1].messages == (Message("system", "s"), Message("user", "a"))
        assert (sent[2].text, sent[2].messages) == ("raw", ())
        wrong: list[Any] = [3, [], {"role": "user"}, [{"role": "nobody", "content": ""}], [3]]
        for prompt in wrong:
            with pytest.raises(ProgramError, match=r"lm\(\)"):
                lm(prompt)

    run(main)


def test_sampling_of_request_model_and_call_in_that_order(scripted: Scripted) -> None:
    async def main() -> None:
        spec = scripted(echo) + "?temperature=0.5&seed=1&stop=z"
        lm, recorder = handle(spec, sampling=Sampling(top_k=3))
        stated = Request((Message("user", "a"),), sampling=Sampling(temperature=0.1, top_p=0.9, max_tokens=5))
        await lm(stated)
        await lm(stated, temperature=1, stop="x", max_tokens=None)
        first, second = (c.request.sampling for c in recorder.calls)
        assert first == Sampling(temperature=0.5, top_p=0.9, max_tokens=5, seed=1, stop=("z",), top_k=3)
        assert second == Sampling(temperature=1.0, top_p=0.9, max_tokens=5, seed=1, stop=("x",), top_k=3)
        with pytest.raises(ProgramError, match=r"no sampling field 'temprature'; did you mean 'temperature'"):
            lm("a", temprature=1)
        with pytest.raises(ProgramError, match="temperature"):
            lm("a", temperature="hot")

    run(main)


def test_what_the_model_refuses_is_an_input_error(scripted: Scripted) -> None:
    async def main() -> None:
        spec = scripted(echo, refuses=frozenset({"temperature"}), completions=False, images=False)
        lm, _ = handle(spec)
        with pytest.raises(InputError, match="does not take temperature"):
            lm("a", temperature=0.5)
        with pytest.raises(InputError, match="does not take temperature"):
            lm(Request((Message("user", "a"),), sampling=Sampling(temperature=0.5)))
        with pytest.raises(InputError, match="takes no raw text"):
            lm(Request(text="raw"))
        with pytest.raises(InputError, match="takes no images"):
            lm([{"role": "user", "content": [{"type": "image", "url": "http://x"}]}])
        with pytest.raises(InputError, match="does not take temperature"):
            Gateway().channel(spec + "?temperature=0.5")
        base, _ = handle(scripted(echo, chat=False))
        with pytest.raises(InputError, match="base model"):
            base("a")
        assert lm.trace.calls == []

    run(main)


def test_another_model_and_the_judge_share_the_trace(scripted: Scripted) -> None:
    async def main() -> None:
        one, two = scripted(echo), scripted(echo)
        lm, _ = handle(one, trial=1)
        await lm("a")
        await lm.using(two)("a")
        gateway = Gateway()
        await LM(gateway, gateway.channel(one), lm.trace, trial=1, purpose="judge")("a")
        assert [(c.model, c.purpose, c.request.k, c.request.trial) for c in lm.trace.calls] == [
            (one, "subject", 0, 1),
            (two, "subject", 0, 1),
            (one, "judge", 1, 1),
        ]
        assert (lm.model, lm.using(two).model) == (one, two)

    run(main)


def test_an_error_is_kept_beside_the_calls(scripted: Scripted) -> None:
    async def complete(request: Request) -> Completion:
        if request.messages[0].content == "bad":
            raise CallError("context_length", "too long")
        return Completion("fine")

    async def main() -> None:
        lm, _ = handle(scripted(complete))
        found = await asyncio.gather(lm("a"), lm("bad"), lm("c"), return_exceptions=True)
        assert [type(f) for f in found] == [Completion, CallError, Completion]
        assert [c.request.messages[0].content for c in lm.trace.calls] == ["a", "c"]
        assert lm.trace.errors == [found[1]]

    run(main)


class Able:
    """A model that can do everything."""

    name = identity = "able/x"
    from scansion.models.base import Capabilities

    capabilities = Capabilities(priced=False)

    async def complete(self, request: Request) -> Completion:
        return await echo(request)

    async def embed(self, texts: tuple[str, ...]) -> list[list[float]]:
        return [[float(len(t))] for t in texts]

    async def score(self, prompt: str | Sequence[Message], continuation: str) -> list[float]:
        return [-float(len(prompt)), -float(len(continuation))]

    async def follow(self, request: Request) -> AsyncIterator[Piece]:
        for word in str(request.messages[-1].content).split():
            yield Piece(word)
        yield Piece("", Completion("abc", "stop"))

    async def close(self) -> None:
        pass


def test_embedding_scoring_and_streaming_where_a_model_can(scripted: Scripted) -> None:
    async def main() -> None:
        providers("able")(lambda spec: Able())
        lm, _ = handle("able/x")
        assert (await lm.embed(["a", "bb"])).tolist() == [[1.0], [2.0]]
        assert await lm.score("abc", "d") == [-3.0, -1.0]
        assert [piece async for piece in lm.stream("a b c", temperature=0.1)] == ["a", "b", "c"]
        assert lm.channel.limiter.in_flight == 0
        assert [call.completion.text for call in lm.trace.calls] == ["", "", "abc"]
        del providers.entries["able"]
        plain, _ = handle(scripted(echo))
        refused = (lambda: plain.embed(["a"]), lambda: plain.score("a", "b"), lambda: anext(plain.stream("a")))
        for ask in refused:
            with pytest.raises(InputError, match="cannot"):
                await ask()

    run(main)


def test_messages_are_scored_within_the_budget() -> None:
    parts = Message("user", (TextPart("x" * 60), TextPart("é" * 20)))
    asked = [("x" * 100, "yy"), ([Message("user", "x" * 100)], "yy"), ((Message("system", ""), parts), "yy")]

    def within(tokens: int) -> LM:
        gateway = Gateway(limits=Limits(tokens=tokens))
        return LM(gateway, gateway.channel("able/x"), Trace())

    async def main() -> None:
        providers("able")(lambda spec: Able())
        for prompt, continuation in asked:
            messages = 1 if isinstance(prompt, str) else len(prompt)
            bound = 100 + 2 + MESSAGE_TOKENS * (messages + 1)
            lm = within(bound)
            assert await lm.score(prompt, continuation) == [-float(len(prompt)), -2.0]
            lm = within(bound - 1)
            with pytest.raises(BudgetSpent):
                await lm.score(prompt, continuation)
        del providers.entries["able"]

    run(main)
