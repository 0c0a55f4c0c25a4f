"""A bare HTTP client for tests, and a server with any handler for it to ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from scansion.models.pocket.api import refusal
from scansion.models.pocket.server import Handler, Times, listen


class Client:
    """A bare client: what it sends and what comes back, byte by byte."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def raw(self, data: bytes, more: bool = False) -> bytes:
        """Everything that comes back until the connection is closed; unless there may be `more`, all is said."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        if not more:
            writer.write_eof()
        found = await reader.read()
        writer.close()
        return found

    async def ask(self, path: str, body: Any = None, method: str = "") -> tuple[int, Any]:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        verb = method or ("GET" if body is None else "POST")
        head = f"{verb} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(sent)}\r\n\r\n"
        found = await self.raw(head.encode() + sent, more=True)
        first, _, rest = found.partition(b"\r\n\r\n")
        return int(first.split()[1]), json.loads(rest)

    async def events(self, path: str, body: Any) -> list[Any]:
        """The events of a stream, its chunks put together."""
        sent = json.dumps({**body, "stream": True}).encode()
        head = f"POST {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {len(sent)}\r\n\r\n"
        first, _, rest = (await self.raw(head.encode() + sent, more=True)).partition(b"\r\n\r\n")
        assert b"text/event-stream" in first
        text = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            text += rest[: int(size, 16)]
            rest = rest[int(size, 16) + 2 :]
        found = text.decode().split("\n\n")
        assert found.pop() == ""
        assert found.pop() == "data: [DONE]"
        return [json.loads(event.removeprefix("data: ")) for event in found]


def post(body: Any, path: str = "/v1/chat/completions", version: str = "1.1") -> bytes:
    """A request as it is sent."""
    sent = json.dumps(body).encode()
    return f"POST {path} HTTP/{version}\r\ncontent-length: {len(sent)}\r\n\r\n".encode() + sent


def against(handle: Handler, times: Times, use: Callable[[Client], Awaitable[None]]) -> None:
    """Run `use` against a server with a handler of the test's own."""

    async def whole() -> None:
        async with await listen(handle, refusal, 0, times) as server:
            await use(Client(server.sockets[0].getsockname()[1]))

    asyncio.run(whole())
