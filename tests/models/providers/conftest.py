"""A loopback server that records what it is sent and answers what it is told, and a door to ask a model through it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from scansion.models import http
from scansion.models.base import Piece
from scansion.models.registry import open_model
from scansion.types import Completion, Request

KEYS = {
    "OPENAI_API_KEY": "sk-openai-secret-0123456789",
    "ANTHROPIC_API_KEY": "sk-ant-secret-0123456789",
    "GEMINI_API_KEY": "AIza-google-secret-0123456789",
    "OPENROUTER_API_KEY": "sk-or-secret-0123456789",
    "MISTRAL_API_KEY": "mistral-secret-0123456789",
}


@dataclass
class Sent:
    """One request as the server got it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """What the server answers (status, JSON or bytes), and what it was sent."""

    answer: Any = None
    status: int = 200
    headers: str = "content-type: application/json\r\n"
    sent: list[Sent] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode().strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.sent.append(Sent(first.split()[1], headers, body))
            content = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
            status = f"HTTP/1.1 {self.status} OK\r\n{self.headers}content-length: {len(content)}\r\n\r\n"
            writer.write(status.encode() + content)
            await writer.drain()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _ask(self, spec: str, request: Request, path: str, use: Callable[[Any, Request], Any]) -> Any:
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        mark = "&" if "?" in spec else "?"
        model = open_model(f"{spec}{mark}base_url=http://127.0.0.1:{port}{path}")
        try:
            return await use(model, request)
        finally:
            await model.close()
            await http.close()
            server.close()

    def ask(self, spec: str, request: Request, answer: Any, status: int = 200, path: str = "/v1") -> Completion:
        """The completion of `request` when the server gives `answer`."""
        self.answer, self.status = answer, status
        done: Completion = asyncio.run(self._ask(spec, request, path, lambda model, asked: model.complete(asked)))
        return done

    def follow(self, spec: str, request: Request, events: bytes, status: int = 200) -> list[Piece]:
        """The pieces of the reply to `request` when the server streams `events`."""
        self.answer, self.status = events, status
        self.headers = "content-type: text/event-stream; charset=utf-8\r\n"
        pieces: list[Piece] = asyncio.run(self._ask(spec, request, "/v1", _followed))
        return pieces


async def _followed(model: Any, request: Request) -> list[Piece]:
    return [piece async for piece in model.follow(request)]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Wire:
    monkeypatch.chdir(tmp_path)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return Wire()
