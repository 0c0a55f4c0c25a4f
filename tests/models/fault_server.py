"""An HTTP server on loopback that answers well or badly, as told: for tests of what becomes of every fault.

    async with FaultServer("429", "500") as server:      # then good answers
        ... f"{server.url}/v1/chat/completions" ...
    with FaultServer(answer=lambda hit: ok("42")) as server:   # in a thread of its own, for tests that start a process

Answers are taken from the script in order, then from `answer(hit)`, by default a good chat completion. Only asyncio and
the standard library; nothing of the package under test. Import by path:

    spec = importlib.util.spec_from_file_location("fault_server", Path(__file__).parents[1] / "fault_server.py")
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Hit:
    """A request that arrived; header names are lower-case. `number` counts requests from 0."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """How to answer: after `delay` seconds; `how` is `whole`, `half` (close in mid-body), `reset` or `silence`."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    how: str = "whole"

    def encoded(self) -> bytes:
        """The body as bytes: JSON of whatever is not bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def completion(
    text: str = "42", *, input_tokens: int = 10, output_tokens: int = 2, finish: str = "stop"
) -> dict[str, Any]:
    """The body of a good chat completion in OpenAI's shape."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "stub-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        },
    }


def ok(text: str = "42", **usage: Any) -> Answer:
    """A good answer."""
    return Answer(body=completion(text, **usage))


def refusal(status: int, message: str, code: str | None = None, type: str = "error", **headers: str) -> Answer:
    """An error in OpenAI's shape; `headers` are given with underscores."""
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Answer(status, {"error": {"message": message, "type": type, "code": code}}, named)


FAULTS: dict[str, Answer] = {
    "429": refusal(429, "Rate limit reached", "rate_limit_exceeded"),
    "429 retry-after": refusal(429, "Rate limit reached", "rate_limit_exceeded", retry_after="0.05"),
    "429 long": refusal(429, "Rate limit reached", "rate_limit_exceeded", retry_after="3600"),
    "429 quota": refusal(429, "You exceeded your current quota", "insufficient_quota"),
    "500": refusal(500, "The server had an error", type="server_error"),
    "503": refusal(503, "The engine is overloaded"),
    "529": Answer(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "reset": Answer(how="reset"),
    "half": Answer(body=completion(), how="half"),
    "silence": Answer(how="silence"),
    "invalid json": Answer(body=b'{"choices": [{"message": {"content": "4'),
    "200 error": Answer(body={"error": {"message": "Rate limit reached", "type": "rate_limit_error", "code": 429}}),
    "content type": Answer(body=b"<html><title>Login</title></html>", headers={"content-type": "text/html"}),
    "no choices": Answer(body={**completion(), "choices": []}),
    "content filter": Answer(body=completion("", finish="content_filter")),
    "invalid utf-8": Answer(body=json.dumps(completion("XY")).encode().replace(b"XY", b"\xff\xfe")),
    "400": refusal(400, "Invalid value for 'foo'", "invalid_value", "invalid_request_error"),
    "400 context": refusal(400, "This model's maximum context length is 8192 tokens", "context_length_exceeded"),
    "400 policy": refusal(400, "Your request was rejected by our safety system", "content_policy_violation"),
    "401": refusal(401, "Incorrect API key provided: sk-test-0123456789abcdef", "invalid_api_key"),
    "403": refusal(403, "Country not supported"),
    "404": refusal(404, "The model `nope` does not exist", "model_not_found"),
}


class FaultServer:
    """The server. `hits` are the requests so far, `most` how many were ever under way at once."""

    def __init__(self, *script: Answer | str, answer: Callable[[Hit], Answer] | None = None) -> None:
        self.script = [FAULTS[s] if isinstance(s, str) else s for s in script]
        self.answer = answer or (lambda _hit: ok())
        self.hits: list[Hit] = []
        self.connections = 0
        self.most = 0
        self.port = 0
        self._under_way = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> FaultServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def __enter__(self) -> FaultServer:
        started = threading.Event()

        async def main() -> None:
            async with self:
                self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
                started.set()
                await self._stop.wait()

        self._thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while (hit := await self._read(reader)) is not None:
                if not await self._reply(hit, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Hit | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, path, _ = head[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        hit = Hit(len(self.hits), method, path, headers, body)
        self.hits.append(hit)
        return hit

    async def _reply(self, hit: Hit, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        told = self.script[hit.number] if hit.number < len(self.script) else self.answer(hit)
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        try:
            if told.how == "silence":
                await asyncio.sleep(30)
                return False
            if told.delay:
                await asyncio.sleep(told.delay)
            if told.how == "reset":
                writer.transport.abort()
                return False
            body = told.encoded()
            headers = {"content-type": "application/json", "content-length": str(len(body)), **told.headers}
            lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
            head = f"HTTP/1.1 {told.status} X\r\n{lines}\r\n".encode("latin-1")
            half = told.how == "half"
            writer.write(head + (body[: len(body) // 2] if half else body))
            await writer.drain()
            return not half
        finally:
            self._under_way -= 1
