"""Embeddings as calls: recorded once, shared, budgeted, priced, sent in batches; against a server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from core_helpers import run
from fault_server import Answer, FaultServer, Hit
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import BudgetSpent, CallError, InputError, ProgramError
from scansion.models import embeddings
from scansion.models.base import Charge
from scansion.models.budget import MESSAGE_TOKENS, Budget
from scansion.models.embeddings import _parts
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.models.vectors import packed, unpacked
from scansion.types import Call, Request, request_digest

SIZE = 4


def vector(text: str) -> list[float]:
    return [byte / 255 for byte in hashlib.blake2b(text.encode(), digest_size=SIZE).digest()]


class Embedder:
    """Answers as /embeddings does: a vector a text, a token a word."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.bodies: list[Any] = []

    def __call__(self, hit: Hit) -> Answer:
        sent = hit.json()
        assert hit.path == "/v1/embeddings"
        self.bodies.append(sent)
        self.asked.update(sent["input"])
        data = [{"index": i, "embedding": vector(text)} for i, text in enumerate(sent["input"])]
        tokens = sum(len(text.split()) for text in sent["input"])
        body = {"data": data[::-1], "model": "served", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
        return Answer(body=body, delay=0.01)


class Kept:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.calls: dict[bytes, Call] = {}
        self.claimed: list[bytes] = []
        self.released: list[bytes] = []

    def get(self, key: bytes) -> Call | None:
        return self.calls.get(key)

    async def claim(self, key: bytes) -> Call | None:
        self.claimed.append(key)
        return None

    async def put(self, call: Call) -> None:
        self.calls[call.key] = call

    def release(self, key: bytes) -> None:
        self.released.append(key)

    def pooled(self, keys: bytes) -> None:
        pass


def handle(server: FaultServer, options: str = "", **settings: Any) -> LM:
    gateway = Gateway(settings=CallSettings(tries=1), **settings)
    spec = f"openai/text-embedding-3-small?base_url={server.url}/v1{options}"
    return LM(gateway, gateway.channel(spec), Trace())


def again(lm: LM) -> LM:
    """Another outcome on the same gateway."""
    return LM(lm._gateway, lm.channel, Trace(), trial=lm.trial + 1)


def test_a_text_is_a_call_of_its_own_recorded_once_for_every_trial() -> None:
    async def main() -> None:
        told, kept = Embedder(), Kept()
        async with FaultServer(answer=told) as server:
            lm = handle(server, recorder=kept)
            found = await lm.embed(["a b", "c", "a b"])
            assert found.dtype == np.float32
            assert np.allclose(found, [vector("a b"), vector("c"), vector("a b")])
            assert [call.request.text for call in lm.trace.calls] == ["a b", "c"]
            assert all(call.request.embeds and call.completion.text == "" for call in lm.trace.calls)
            assert len(told.bodies) == 1
            other = again(lm)
            assert np.array_equal(await other.embed(["c", "d e f"]), np.float32([vector("c"), vector("d e f")]))
            assert told.asked == {"a b": 1, "c": 1, "d e f": 1}
            assert [call.recorded for call in other.trace.calls] == [True, False]
            assert len(kept.calls) == 3
            await other.embed(["c"])
            assert len(other.trace.calls) == 2  # asked again by the same outcome, it counts once

    run(main)


def test_tokens_and_cost_of_a_batch_are_shared_out_to_its_texts() -> None:
    async def main() -> None:
        async with FaultServer(answer=Embedder()) as server:
            lm = handle(server)
            await lm.embed(["one", "two words here and more", "three"])
            usages = [call.completion.usage for call in lm.trace.calls]
            assert sum(u.input_tokens for u in usages if u) == 7
            first, second, _ = (usage.input_tokens for usage in usages if usage is not None)
            assert second > first
            costs = [call.cost_usd for call in lm.trace.calls]
            assert math.fsum(c for c in costs if c is not None) == pytest.approx(7 * 0.02e-6)
            assert lm.channel.counters.spent_usd == pytest.approx(7 * 0.02e-6)
            assert {call.completion.model for call in lm.trace.calls} == {"served"}
            assert sum(call.completion.latency for call in lm.trace.calls) >= 0.01

    run(main)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_parts_add_up_to_the_whole_and_follow_the_weights(total: int, weights: list[int]) -> None:
    parts = _parts(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < 1


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_vectors_come_back_as_they_were_packed(numbers: list[float]) -> None:
    assert unpacked(packed(numbers)) == numbers


def test_unknown_texts_go_out_in_batches_bounded_by_number_and_bytes() -> None:
    async def main() -> None:
        told = Embedder()
        async with FaultServer(answer=told) as server:
            await handle(server).embed([f"n{i}" for i in range(2 * embeddings.BATCH_TEXTS + 1)])
            assert sorted(len(b["input"]) for b in told.bodies) == [1, embeddings.BATCH_TEXTS, embeddings.BATCH_TEXTS]
            told.bodies.clear()
            await handle(server, "&batch=3").embed([f"m{i}" for i in range(8)])
            assert sorted(len(b["input"]) for b in told.bodies) == [2, 3, 3]
            told.bodies.clear()
            long = [letter * (embeddings.BATCH_BYTES // 2 + 1) for letter in "xyz"]
            await handle(server).embed(long)
            assert [len(b["input"]) for b in told.bodies] == [1, 1, 1]

    run(main)


def test_options_of_the_spec_are_sent_and_tell_vectors_apart() -> None:
    async def main() -> None:
        told, kept = Embedder(), Kept()
        async with FaultServer(answer=told) as server:
            await handle(server, recorder=kept).embed(["a"])
            await handle(server, "&extra.dimensions=4", recorder=kept).embed(["a"])
            assert [b.get("dimensions") for b in told.bodies] == [None, 4]
            assert len(kept.calls) == 2

    run(main)


def test_outcomes_that_ask_for_the_same_at_once_share_one_flight() -> None:
    async def main() -> None:
        told = Embedder()
        async with FaultServer(answer=told) as server:
            lm = handle(server)
            others = [again(lm) for _ in range(5)]
            await asyncio.gather(*(o.embed(["a", f"b{i}"]) for i, o in enumerate(others)))
            assert told.asked["a"] == 1
            assert [len(o.trace.calls) for o in others] == [2] * 5

    run(main)


def test_a_pool_is_asked_for_once_in_a_run_and_stands_in_no_trace() -> None:
    async def main() -> None:
        told, kept = Embedder(), Kept()
        texts = tuple(f"row {i}" for i in range(300))
        async with FaultServer(answer=told) as server:
            lm = handle(server, recorder=kept)
            others = [again(lm) for _ in range(4)]
            found = await asyncio.gather(*(o.embed(texts, shared=True) for o in others))
            assert all(each is found[0] for each in found)
            assert np.allclose(found[0], [vector(text) for text in texts])
            with pytest.raises(ValueError, match="read-only"):
                found[0][0] = 0
            assert max(told.asked.values()) == 1
            assert [o.trace.calls for o in others] == [[]] * 4
            assert len(kept.calls) == 300
            assert lm.channel.counters.spent_usd > 0
            assert await again(lm).embed(list(texts), shared=True) is found[0]
            fresh = await handle(server, recorder=kept).embed(texts, shared=True)  # the next run
            assert np.array_equal(fresh, found[0])
            assert max(told.asked.values()) == 1

    run(main)


def test_a_pool_goes_on_for_the_others_when_who_began_it_goes_away() -> None:
    async def main() -> None:
        told = Embedder()
        async with FaultServer(answer=told) as server:
            lm = handle(server)
            first = asyncio.ensure_future(again(lm).embed(("a", "b"), shared=True))
            second = asyncio.ensure_future(again(lm).embed(("a", "b"), shared=True))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).shape == (2, SIZE)
            alone = asyncio.ensure_future(again(lm).embed(("c",), shared=True))
            await asyncio.sleep(0)
            alone.cancel()
            await asyncio.gather(alone, return_exceptions=True)
            assert (await again(lm).embed(("c",), shared=True)).shape == (1, SIZE)

    run(main)


def test_a_budget_books_a_batch_at_its_worst_and_settles_on_what_was_used() -> None:
    async def main() -> None:
        async with FaultServer(answer=Embedder()) as server:
            need = 2 * MESSAGE_TOKENS + len("a b") + len("c")
            lm = handle(server, limits=Budget.parse(f"{need}tokens,1usd"))
            await lm.embed(["a b", "c"])
            assert lm._gateway.till is not None
            ledger: Any = lm._gateway.till.ledger
            assert ledger.spent == Charge(2, 3, pytest.approx(3 * 0.02e-6))
            short = handle(server, limits=Budget.parse(f"{need - 1}tokens"))
            with pytest.raises(BudgetSpent):
                await short.embed(["a b", "c"])
            calls = handle(server, limits=Budget.parse("2calls"))
            await calls.embed(["a", "b"])
            with pytest.raises(BudgetSpent):
                await calls.embed(["c"])

    run(main)


def bad(data: Any) -> Answer:
    return Answer(body={"data": data, "model": "m"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (bad([]), "0 embeddings came back for 2 texts"),
        (bad([{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0, 2.0]}]), "of 1 and of 2 numbers"),
        (bad([{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]), "of 0 and of 0 numbers"),
        (bad([{"index": 0, "embedding": [1e300]}, {"index": 1, "embedding": [1.0]}]), "not finite"),
        (
            Answer(body=b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}'),
            "cannot be read",
        ),
    ],
)
def test_vectors_that_are_none_are_errors_and_nothing_is_kept(answer: Answer, words: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with FaultServer(answer=lambda _: answer) as server:
            lm = handle(server, recorder=kept)
            with pytest.raises(CallError, match=words) as caught:
                await lm.embed(["a", "b"])
            assert caught.value.kind == "bad_response"
            assert not kept.calls
            assert sorted(kept.released) == sorted(kept.claimed) == kept.claimed
            assert len(lm.trace.errors) == 1

    run(main)


def test_another_length_than_before_is_an_error() -> None:
    async def main() -> None:
        sizes = iter([3, 4])
        answer = lambda _: bad([{"index": 0, "embedding": [1.0] * next(sizes)}])  # noqa: E731
        async with FaultServer(answer=answer) as server:
            lm = handle(server, recorder=Kept())
            await lm.embed(["a"])
            with pytest.raises(CallError, match="of 3 and of 4 numbers"):
                await lm.embed(["b"])

    run(main)


def test_a_batch_that_fails_costs_no_other_outcome_its_own_texts() -> None:
    async def main() -> None:
        told = Embedder()

        def answer(hit: Hit) -> Answer:
            refused = {"error": {"message": "maximum context length is 8192 tokens", "code": "context_length_exceeded"}}
            return Answer(400, refused, delay=0.01) if "bad" in hit.json()["input"] else told(hit)

        async with FaultServer(answer=answer) as server:
            lm = handle(server)
            await lm.embed(["warm"])
            one, two = again(lm).embed(["bad", "good"]), again(lm).embed(["good"])
            failed, found = await asyncio.gather(one, two, return_exceptions=True)
            assert isinstance(failed, CallError)
            assert failed.kind == "context_length"
            assert "2 texts, the longest of 4 characters" in str(failed)
            assert np.allclose(found, [vector("good")])

    run(main)


def test_batches_that_were_answered_are_kept_when_another_fails() -> None:
    async def main() -> None:
        told, kept = Embedder(), Kept()

        def answer(hit: Hit) -> Answer:
            return Answer(500, {"error": {"message": "no"}}) if "n5" in hit.json()["input"] else told(hit)

        async with FaultServer(answer=answer) as server:
            lm = handle(server, "&batch=2", recorder=kept)
            with pytest.raises(CallError):
                await lm.embed([f"n{i}" for i in range(10)])
            assert len(kept.calls) == 8

    run(main)


@pytest.mark.parametrize("spec", ["pocket/tiny", "openai/gpt-4o?base_url=http://127.0.0.1:9/v1", "echo"])
def test_a_model_that_gives_none_is_refused_at_once(spec: str) -> None:
    gateway = Gateway()
    lm = LM(gateway, gateway.channel(spec), Trace())
    with pytest.raises(InputError, match="cannot give embeddings; use an embedding model"):
        lm.embed(["a"])

    async def shared() -> None:
        await lm.embed(["a"], shared=True)

    with pytest.raises(InputError, match="cannot give embeddings"):
        run(shared)


def test_an_embedding_model_answers_no_prompt() -> None:
    gateway = Gateway()
    lm = LM(gateway, gateway.channel("openai/text-embedding-3-small?base_url=http://127.0.0.1:9/v1"), Trace())
    with pytest.raises(InputError, match="gives embeddings and answers no prompt"):
        lm("hello")


@pytest.mark.parametrize("texts", ["one text", [1], None])
def test_what_is_no_list_of_texts_is_refused(texts: Any) -> None:
    async def main() -> None:
        async with FaultServer() as server:
            with pytest.raises(ProgramError, match=r"lm\.embed\(\) takes"):
                handle(server).embed(texts)

    run(main)


def test_no_texts_are_no_call() -> None:
    async def main() -> None:
        async with FaultServer() as server:
            assert (await handle(server).embed([])).shape == (0, 0)
            assert not server.hits

    run(main)


def test_an_embedding_and_a_prompt_of_the_same_text_are_different_requests() -> None:
    assert request_digest(Request(text="a")) != request_digest(Request(text="a", embeds=True))


@pytest.mark.parametrize("option", ["batch=0", "batch=x", "batch=1.5"])
def test_wrong_batches_are_refused(option: str) -> None:
    with pytest.raises(InputError, match="batch is a whole number of texts from 1"):
        Gateway().channel(f"openai/text-embedding-3-small?{option}")
