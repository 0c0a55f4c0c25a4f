from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bare_client import Client, against, post

from scansion.errors import CallError, InputError
from scansion.models import http
from scansion.models.pocket import engines
from scansion.models.pocket.api import Api, refusal
from scansion.models.pocket.draw import Prompt
from scansion.models.pocket.folder import Folder
from scansion.models.pocket.model import Pocket
from scansion.models.pocket.server import Answer, Asked, Times, listen
from scansion.models.registry import open_model
from scansion.types import Message, Request, Sampling

HI = [{"role": "user", "content": "What is the answer?"}]
CHAT = {"model": "pocket/x", "messages": HI, "max_tokens": 8, "seed": 1}
TEXT = {"model": "pocket/x", "prompt": "The answer", "max_tokens": 8, "seed": 1}


@pytest.fixture
def serve(folder: Folder) -> Callable[[Callable[[Client], Awaitable[None]]], None]:
    """Runs a test's coroutine against a server."""

    @asynccontextmanager
    async def running() -> AsyncIterator[Client]:
        server = await listen(Api({"pocket/x": Pocket("pocket/x", "pocket/x", folder)}), refusal, 0)
        async with server:
            yield Client(server.sockets[0].getsockname()[1])

    def run(use: Callable[[Client], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with running() as client:
                await use(client)
            await http.close()

        asyncio.run(whole())

    return run


Serve = Callable[[Callable[[Client], Awaitable[None]]], None]


def test_our_own_provider_reads_it(serve: Serve, folder: Folder) -> None:
    here = Pocket("pocket/x", "pocket/x", folder)

    async def use(client: Client) -> None:
        there = open_model(f"openai/pocket/x?base_url=http://127.0.0.1:{client.port}/v1")
        sampling = Sampling(temperature=0.8, top_p=0.9, max_tokens=9, stop=("zz",), seed=4, logprobs=2)
        for asked in (
            Request((Message("system", "Count."), Message("user", "one")), sampling=sampling),
            Request(text="The answer", sampling=sampling),
        ):
            far, near = await there.complete(asked), await here.complete(asked)
            assert (far.text, far.finish_reason, far.usage) == (near.text, near.finish_reason, near.usage)
            assert far.model == near.model
            assert far.logprobs is not None
            assert [t.logprob for t in far.logprobs] == pytest.approx([t.logprob for t in near.logprobs or ()])
        replies = await asyncio.gather(*(there.complete(Request((Message("user", str(i)),))) for i in range(30)))
        assert len({reply.text for reply in replies}) == 30
        for prompt, kind in (("word " * 300, "context_length"), ("x", "bad_request")):
            with pytest.raises(CallError) as caught:
                await there.complete(
                    Request(
                        (Message("user", prompt),),
                        sampling=Sampling(presence_penalty=1.0) if kind == "bad_request" else Sampling(),
                    )
                )
            assert caught.value.kind == kind
        nobody = open_model(f"openai/nobody?base_url=http://127.0.0.1:{client.port}/v1")
        with pytest.raises(CallError, match="no model 'nobody'"):
            await nobody.complete(Request(text="x"))

    serve(use)


def test_models(serve: Serve) -> None:
    async def use(client: Client) -> None:
        status, found = await client.ask("/v1/models")
        assert (status, [row["id"] for row in found["data"]]) == (200, ["pocket/x"])
        assert (await client.ask("/v1/models/pocket/x"))[1]["id"] == "pocket/x"
        assert (await client.ask("/v1/models/x"))[1]["id"] == "pocket/x"

    serve(use)


def test_several_replies(serve: Serve) -> None:
    async def use(client: Client) -> None:
        status, found = await client.ask("/v1/chat/completions", {**CHAT, "n": 3, "logprobs": True, "top_logprobs": 2})
        assert status == 200
        texts = [choice["message"]["content"] for choice in found["choices"]]
        assert len(set(texts)) == 3
        assert len(found["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 2
        assert found["usage"]["prompt_tokens"] < 40
        again = (await client.ask("/v1/chat/completions", {**CHAT, "n": 3}))[1]
        assert [choice["message"]["content"] for choice in again["choices"]] == texts
        unseeded = {key: value for key, value in CHAT.items() if key != "seed"}
        fresh = [(await client.ask("/v1/chat/completions", unseeded))[1]["choices"] for _ in range(2)]
        assert fresh[0] != fresh[1]

    serve(use)


def test_several_prompts(serve: Serve) -> None:
    async def use(client: Client) -> None:
        both = (await client.ask("/v1/completions", {**TEXT, "prompt": ["one", "two"], "n": 2}))[1]
        assert [choice["index"] for choice in both["choices"]] == [0, 1, 2, 3]
        one = (await client.ask("/v1/completions", {**TEXT, "prompt": "two", "n": 2}))[1]
        assert [c["text"] for c in both["choices"][2:]] == [c["text"] for c in one["choices"]]
        assert both["usage"]["completion_tokens"] > one["usage"]["completion_tokens"]
        twice = (await client.ask("/v1/completions", {**TEXT, "prompt": ["two", "one", "two"]}))[1]
        assert [c["text"] for c in twice["choices"][::2]] == [c["text"] for c in one["choices"]]

    serve(use)


def test_streams(serve: Serve) -> None:
    async def use(client: Client) -> None:
        whole = (await client.ask("/v1/chat/completions", {**CHAT, "n": 2}))[1]
        events = await client.events(
            "/v1/chat/completions", {**CHAT, "n": 2, "stream_options": {"include_usage": True}}
        )
        assert events[-1]["usage"] == whole["usage"]
        for index, choice in enumerate(whole["choices"]):
            parts = [e["choices"][0] for e in events[:-1] if e["choices"][0]["index"] == index]
            assert parts[0]["delta"]["role"] == "assistant"
            assert "".join(p["delta"].get("content", "") for p in parts) == choice["message"]["content"]
            assert [p["finish_reason"] for p in parts[-2:]] == [None, choice["finish_reason"]]
        text = (await client.ask("/v1/completions", TEXT))[1]["choices"][0]["text"]
        assert "".join(e["choices"][0]["text"] for e in await client.events("/v1/completions", TEXT)) == text

    serve(use)


def test_a_given_text_is_scored(serve: Serve) -> None:
    async def use(client: Client) -> None:
        given = {**TEXT, "echo": True, "logprobs": 1}
        scored = (await client.ask("/v1/completions", {**given, "max_tokens": 0}))[1]["choices"][0]
        assert scored["text"] == "The answer" == "".join(scored["logprobs"]["tokens"])
        assert all(value < 0 for value in scored["logprobs"]["token_logprobs"])
        assert scored["logprobs"]["text_offset"][0] == 0
        longer = (await client.ask("/v1/completions", given))[1]["choices"][0]
        count = len(scored["logprobs"]["tokens"])
        assert longer["logprobs"]["token_logprobs"][:count] == scored["logprobs"]["token_logprobs"]
        assert longer["text"].startswith("The answer")
        assert len(longer["logprobs"]["tokens"]) > count
        most = (await client.ask("/v1/completions", {**given, "logprobs": 20}))[1]["choices"][0]
        assert all(1 < len(top) <= 20 for top in most["logprobs"]["top_logprobs"])  # parts of characters share a name

    serve(use)


def test_the_prompt_counts_the_same_however_it_is_asked(serve: Serve) -> None:
    async def use(client: Client) -> None:
        wanted = (await client.ask("/v1/completions", {**TEXT, "max_tokens": 1}))[1]["usage"]["prompt_tokens"]
        assert wanted > 2
        for more in ({}, {"logprobs": 1}):
            found = (await client.ask("/v1/completions", {**TEXT, **more, "echo": True, "max_tokens": 0}))[1]
            assert found["usage"] == {"prompt_tokens": wanted, "completion_tokens": 0, "total_tokens": wanted}
            assert found["choices"][0]["text"] == TEXT["prompt"]
            assert (found["choices"][0]["logprobs"] is None) == (not more)

    serve(use)


@pytest.mark.parametrize(
    ("words", "allow"), [("DELETE /v1/models", "GET"), ("HEAD /v1/models/x", "GET"), ("GET /v1/completions", "POST")]
)
def test_the_methods_that_are_taken(serve: Serve, words: str, allow: str) -> None:
    async def use(client: Client) -> None:
        found = await client.raw(f"{words} HTTP/1.1\r\n\r\n".encode())
        assert found.startswith(b"HTTP/1.1 405 ")
        assert f"\r\nallow: {allow}\r\n".encode() in found.partition(b"\r\n\r\n")[0] + b"\r\n"

    serve(use)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/chat/completions", b"{", 400, "no JSON"),
        ("/v1/chat/completions", {"model": "pocket/x"}, 400, "messages"),
        ("/v1/chat/completions", {**CHAT, "messages": []}, 400, "no messages"),
        ("/v1/chat/completions", {**CHAT, "model": "gpt"}, 404, "no model 'gpt'"),
        ("/v1/chat/completions", {**CHAT, "n": 0}, 400, "n must be"),
        ("/v1/chat/completions", {**CHAT, "tools": [{}]}, 400, "no tools"),
        ("/v1/chat/completions", {**CHAT, "response_format": {"type": "json_object"}}, 400, "response_format"),
        ("/v1/chat/completions", {**CHAT, "temperature": -1}, 400, "temperature"),
        ("/v1/chat/completions", {**CHAT, "stream": True, "temperature": -1}, 400, "temperature"),
        ("/v1/chat/completions", {**CHAT, "max_completion_tokens": 0}, 400, "max_tokens"),
        ("/v1/chat/completions", b'{"x": ' + b"[" * 100_000, 400, "nested"),
        ("/v1/completions", {**TEXT, "echo": True, "logprobs": -1, "max_tokens": 0}, 400, "logprobs"),
        ("/v1/chat/completions", {**CHAT, "stream": True, "logprobs": True}, 400, "stream"),
        ("/v1/completions", {**TEXT, "prompt": "word " * 300}, 400, "too long"),
        ("/v1/completions", {**TEXT, "best_of": 4}, 400, "best_of"),
        (
            "/v1/chat/completions",
            {**CHAT, "logprobs": True, "top_logprobs": 21},
            400,
            "top_logprobs must be from 0 to 20",
        ),
        ("/v1/chat/completions", {**CHAT, "top_logprobs": -1}, 400, "top_logprobs must be from 0 to 20"),
        ("/v1/completions", {**TEXT, "logprobs": 21}, 400, "logprobs must be from 0 to 20"),
        ("/v1/completions", {**TEXT, "prompt": []}, 400, "at least one"),
        ("/v1/completions", {**TEXT, "prompt": [], "stream": True}, 400, "at least one"),
        ("/v1/completions", {**TEXT, "prompt": "word " * 300, "echo": True, "max_tokens": 0}, 400, "too long"),
        ("/v1/embeddings", {}, 404, "there is no"),
        ("/v1/completions", None, 405, "POST"),
        ("/v1/models", {}, 405, "GET"),
    ],
)
def test_refusals(serve: Serve, path: str, body: Any, status: int, said: str) -> None:
    async def use(client: Client) -> None:
        got, found = await client.ask(path, body)
        assert got == status
        assert said in found["error"]["message"]
        assert found["error"]["type"] == "invalid_request_error"
        assert (found["error"]["code"] == "context_length_exceeded") == ("too long" in said)

    serve(use)


def test_a_connection_is_kept(serve: Serve) -> None:
    async def use(client: Client) -> None:
        one = b"GET /v1/models HTTP/1.1\r\n\r\n"
        found = await client.raw(one + one + b"GET /v1/nothing?x=1 HTTP/1.1\r\n\r\n" + one)
        assert found.count(b"HTTP/1.1 200 OK") == 3
        assert found.count(b"HTTP/1.1 404 Not Found") == 1
        old = await client.raw(b"GET /v1/models HTTP/1.0\r\n\r\n" + one)
        assert old.count(b"200 OK") == 1
        body = json.dumps(TEXT).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body)
        waited = await client.raw(head + body)
        assert waited.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")

    serve(use)


@pytest.mark.parametrize("way", ["close", "abort"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away(folder: Folder, way: str, stream: bool) -> None:
    """Its replies wait behind one that holds the engine, so that none of them can have ended by itself."""
    engine = engines.hold(folder)
    may_go_on, gone = threading.Event(), asyncio.Event()
    api = Api({"pocket/x": Pocket("pocket/x", "pocket/x", folder)})

    async def handle(asked: Asked) -> Answer:
        try:
            return await api(asked)
        except asyncio.CancelledError:
            gone.set()
            raise

    async def use(client: Client) -> None:
        before = engine.submit(Prompt((3, 20), max_tokens=1), lambda _: may_go_on.wait() and None)
        _, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(post({**CHAT, "n": 30, "max_tokens": 150, "stream": stream}))
        while engine.busy < 30:
            await asyncio.sleep(0.001)
        writer.close() if way == "close" else writer.transport.abort()
        await gone.wait()
        may_go_on.set()
        await asyncio.to_thread(engine.generate, [Prompt((3, 21), max_tokens=1)])
        assert (before.finish is not None, engine.busy) == (True, 0)

    try:
        against(handle, Times(glance=0.01), use)
    finally:
        may_go_on.set()
        engines.release(folder)


def test_a_port_that_cannot_be_had(folder: Folder) -> None:
    async def use() -> None:
        api = Api({})
        server = await listen(api, refusal, 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is in use"):
            await listen(api, refusal, port)
        server.close()

    asyncio.run(use())
