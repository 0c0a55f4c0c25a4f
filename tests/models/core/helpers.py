"""A small model that speaks to the fault server, a model that a function answers, and a loop to run them in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from scansion.models import http
from scansion.models.base import Capabilities
from scansion.models.faults import bad_response, fault
from scansion.models.registry import ModelSpec
from scansion.types import Completion, Request, Usage


class WireModel:
    """A minimal chat client over the room's own HTTP client and fault reader."""

    def __init__(self, spec: ModelSpec) -> None:
        self.name, self.identity = spec.spec, spec.identity
        self.url = spec.options["base_url"] + "/v1/chat/completions"
        self.capabilities = Capabilities(priced=spec.name.startswith("gpt"))
        self.timeout = 5.0

    async def complete(self, request: Request) -> Completion:
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        sent = {"messages": messages, "max_tokens": request.sampling.max_tokens}
        headers = {"content-type": "application/json", "authorization": "Bearer sk-test-0123456789abcdef"}
        reply = await http.post(self.url, headers, msgspec.json.encode(sent), self.timeout)
        if reply.status != 200:
            raise fault(reply)
        try:
            body = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise bad_response("the reply is not JSON", reply.body) from None
        if "error" in body:
            raise fault(reply)
        if not body["choices"]:
            raise bad_response("the reply holds no choices")
        usage = Usage(body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"])
        choice = body["choices"][0]
        return Completion(choice["message"]["content"], choice["finish_reason"], usage, model=body["model"])

    async def close(self) -> None:
        pass


class ScriptedModel:
    """A model that a Python function answers."""

    def __init__(self, name: str, complete: Callable[[Request], Any], capabilities: Capabilities) -> None:
        self.name = self.identity = name
        self.complete = complete
        self.capabilities = capabilities
        self.closed = False

    async def close(self) -> None:
        self.closed = True


Scripted = Callable[..., str]
"""What the fixture `scripted` gives: registers an answering function, gives the spec of its model."""


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine in a fresh loop, with the HTTP client closed afterwards."""

    async def whole() -> Any:
        try:
            return await asyncio.wait_for(main(), 20)
        finally:
            await http.close()

    return asyncio.run(whole())
