from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import random_model

from scansion.errors import CallError, InputError
from scansion.models.budget import Budget
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.models.pocket import engines
from scansion.models.pocket.draw import Prompt
from scansion.models.pocket.folder import Folder
from scansion.models.pocket.model import Pocket, notional_rates
from scansion.models.pocket.vocabulary import Vocabulary
from scansion.models.registry import open_model
from scansion.types import ImagePart, Message, Request, ResponseFormat, Sampling, Tool, Usage

HI = (Message("user", "What is the answer?"),)


@pytest.fixture
def pocket(folder: Folder) -> Pocket:
    return Pocket("pocket/x", "pocket/x", folder)


def spec(folder: Folder, query: str = "") -> str:
    return f"pocket/{folder.path}{query}"


def handle(folder: Folder, query: str = "", **options: Any) -> LM:
    gateway = Gateway(**options)
    return LM(gateway, gateway.channel(spec(folder, query)), Trace())


def test_a_completion(pocket: Pocket) -> None:
    asked = Request(HI, sampling=Sampling(max_tokens=12, logprobs=2))
    reply = asyncio.run(pocket.complete(asked))
    assert reply.usage is not None
    assert reply.usage.input_tokens == len(Vocabulary(pocket.folder.path / "tokenizer.json").prompt(asked))
    assert reply.usage.output_tokens <= 12
    assert reply.finish_reason in ("stop", "length")
    assert reply.logprobs is not None
    assert "�" in reply.text or "".join(each.token for each in reply.logprobs) == reply.text
    assert reply.model == f"pocket/x@{pocket.folder.digest[:12]}"
    assert asyncio.run(pocket.complete(asked)) == reply


def test_trial_k_and_seed_tell_draws_apart(pocket: Pocket) -> None:
    asked = [
        Request(HI, sampling=Sampling(seed=seed, max_tokens=20), trial=trial, k=k)
        for seed in (None, 1)
        for trial in (0, 1)
        for k in (0, 1)
    ]

    async def all_of() -> list[str]:
        return [reply.text for reply in await asyncio.gather(*map(pocket.complete, asked))]

    texts = asyncio.run(all_of())
    assert len(set(texts)) == 8
    assert asyncio.run(all_of()) == texts


def test_a_stream_is_the_completion(pocket: Pocket) -> None:
    asked = Request(text="The answer", sampling=Sampling(max_tokens=40))

    async def pieces() -> list[str]:
        return [piece.text async for piece in pocket.follow(asked)]

    streamed = asyncio.run(pieces())
    assert "".join(streamed) == asyncio.run(pocket.complete(asked)).text
    assert len(streamed) > 3


def test_scores(pocket: Pocket) -> None:
    async def both() -> None:
        text = await pocket.score("The answer", " is 42", 3)
        assert [each.token for each in text][-2:] == ["4", "2"]
        assert all(each.logprob < 0 and len(each.top) == 3 for each in text)
        chat = await pocket.score(HI, " is 42")
        assert [each.token for each in chat] == [each.token for each in text]
        assert chat != text
        assert await pocket.score("x", "") == ()

    asyncio.run(both())


def test_scores_and_streams_through_the_handle(folder: Folder) -> None:
    async def use() -> None:
        lm = handle(folder, "?max_tokens=5")
        assert len(await lm.score("The answer", "12")) == 2
        assert await lm.score(HI, "12") == await Pocket("pocket/x", "pocket/x", folder).score(HI, "12")
        streamed = "".join([piece async for piece in lm.stream("hi")])
        assert streamed == lm.trace.calls[0].completion.text == (await handle(folder, "?max_tokens=5")("hi")).text

    asyncio.run(use())


async def _complete(pocket: Pocket, request: Request) -> None:
    await pocket.complete(request)


async def _follow(pocket: Pocket, request: Request) -> None:
    async with aclosing(pocket.follow(request)) as pieces:
        async for _ in pieces:
            pass


@pytest.mark.parametrize("way", [_complete, _follow])
def test_a_cancelled_call_leaves_the_engine_free(pocket: Pocket, way: Callable[[Pocket, Request], Any]) -> None:
    """The engine stands still until the calls are cancelled; were they drawn on, it would be busy after another one."""
    engine = engines.hold(pocket.folder)
    may_go_on = threading.Event()

    async def use() -> None:
        engine.submit(Prompt((3, 20), max_tokens=1), lambda _: may_go_on.wait() and None)
        waiting = [asyncio.create_task(way(pocket, Request(HI, k=k))) for k in range(150)]
        while engine.busy < 150:
            await asyncio.sleep(0.001)
        for task in waiting:
            task.cancel()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in found)
        may_go_on.set()
        await asyncio.to_thread(engine.generate, [Prompt((3, 21), max_tokens=1)])
        assert engine.busy == 0

    try:
        asyncio.run(use())
    finally:
        may_go_on.set()
        engines.release(pocket.folder)


def test_a_stream_that_is_left_is_drawn_no_further(pocket: Pocket) -> None:
    engine = engines.hold(pocket.folder)

    async def use() -> None:
        async with aclosing(pocket.follow(Request(HI))) as pieces:
            await anext(pieces)
        await asyncio.to_thread(engine.generate, [Prompt((3, 21), max_tokens=1)])
        assert engine.busy == 0

    asyncio.run(use())
    engines.release(pocket.folder)


@pytest.mark.parametrize(
    "sampling", [Sampling(temperature=-1), Sampling(top_p=0), Sampling(top_k=0), Sampling(max_tokens=0)]
)
def test_settings_that_nothing_is_drawn_by(pocket: Pocket, sampling: Sampling) -> None:
    with pytest.raises(CallError) as caught:
        asyncio.run(pocket.complete(Request(HI, sampling=sampling)))
    assert caught.value.kind == "bad_request"


def test_a_prompt_that_is_too_long(folder: Folder) -> None:
    with pytest.raises(CallError, match="256") as caught:
        asyncio.run(_ask(handle(folder), "word " * 300))
    assert caught.value.kind == "context_length"


def test_a_prompt_that_is_far_too_long_is_refused_unread(pocket: Pocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vocabulary, "encode", lambda *_: pytest.fail("it was read"))
    with pytest.raises(CallError, match="too long") as caught:
        asyncio.run(pocket.complete(Request(text="word " * 100_000)))
    assert caught.value.kind == "context_length"


async def _ask(lm: LM, prompt: Any, **sampling: Any) -> Any:
    return await lm(prompt, **sampling)


@pytest.mark.parametrize(
    ("prompt", "sampling"),
    [
        (Request((Message("user", (ImagePart(url="http://x/y.png"),)),)), {}),
        (Request(HI, tools=(Tool("f"),)), {}),
        (Request(HI, response_format=ResponseFormat()), {}),
        ("hi", {"effort": "low"}),
        ("hi", {"presence_penalty": 1.0}),
        ("hi", {"extra": {"min_p": 0.1}}),
        ("hi", {"max_tokens": 10_000}),
    ],
)
def test_what_is_refused_before_it_is_asked(folder: Folder, prompt: Any, sampling: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        asyncio.run(_ask(handle(folder), prompt, **sampling))


def test_the_price_is_in_proportion_and_notional(folder: Folder) -> None:
    small, tiny = notional_rates(2_853_312), notional_rates(698_400)
    million = Usage(0, 1_000_000)
    assert small.cost(million) == pytest.approx(0.40)
    assert tiny.cost(million) == pytest.approx(0.098)
    assert small.cost(Usage(1_000_000, 0)) == pytest.approx(0.10)

    async def use() -> None:
        lm = handle(folder, "?max_tokens=8", limits=Budget.parse("1usd"))
        reply = await lm("hi")
        channel = lm.channel
        assert channel.rates is not None
        assert channel.counters.spent_usd == pytest.approx(channel.rates.cost(reply.usage or Usage()))
        assert channel.counters.spent_usd > 0

    asyncio.run(use())


def test_identity_is_that_of_the_files(folder: Folder, tmp_path: Path) -> None:
    one = open_model(spec(folder, "?temperature=0.5"))
    assert one.identity == open_model(f"pocket/./{folder.path.name}", folder.path.parent).identity
    other = random_model.build(tmp_path / "other", seed=3)
    assert open_model(f"pocket/{other}").identity != one.identity


@pytest.mark.parametrize(("name", "said"), [("smal", "did you mean 'pocket/small'"), ("./nowhere", "no such folder")])
def test_a_model_that_is_not_there(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        open_model(f"pocket/{name}", tmp_path)


def test_an_option_that_it_has_no_use_for(folder: Folder) -> None:
    with pytest.raises(InputError, match="base_url"):
        open_model(spec(folder, "?base_url=http://localhost"))


def test_opening_loads_nothing(folder: Folder) -> None:
    code = f"""
import sys
from scansion.models.gateway import Gateway
channel = Gateway().channel({spec(folder)!r})
assert channel.find_rates() is channel.model.rates
loaded = {{"numpy", "tokenizers", "genai_prices", "scansion.models.pocket.engine"}} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_process_can_end_while_replies_are_drawn(folder: Folder) -> None:
    code = f"""
import asyncio
from scansion.models.registry import open_model
from scansion.types import Message, Request
model = open_model({spec(folder)!r})
async def main():
    tasks = [asyncio.create_task(model.complete(Request((Message("user", "hi"),), k=k))) for k in range(50)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_forked_process_loads_its_own(folder: Folder) -> None:
    code = f"""
import asyncio, os, signal
from scansion.models.registry import open_model
from scansion.types import Request, Sampling
model = open_model({spec(folder)!r})
asked = Request(text="The answer", sampling=Sampling(max_tokens=9))
said = asyncio.run(model.complete(asked))
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(0 if asyncio.run(model.complete(asked)) == said else 1)
assert os.waitpid(child, 0)[1] == 0
assert asyncio.run(model.complete(asked)) == said
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_many_calls_at_once(folder: Folder) -> None:
    async def use() -> list[str]:
        gateway = Gateway(settings=CallSettings(concurrency=100))
        channel = gateway.channel(spec(folder, "?max_tokens=10"))
        replies = await asyncio.gather(*(_ask(LM(gateway, channel, Trace()), f"{i}") for i in range(150)))
        return [reply.text for reply in replies]

    assert asyncio.run(use()) == asyncio.run(use())
