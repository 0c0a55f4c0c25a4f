"""The OpenAI-compatible API of the pocket models: `/v1/models`, `/v1/chat/completions`, `/v1/completions`.

A request with a seed is answered with the same text every time, its n replies apart from each other; one without gets
a new seed. `/v1/completions` takes `echo` with `logprobs` (and `max_tokens` 0), which is how a given text is scored.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from scansion.errors import CallError, InputError, nearest
from scansion.models.pocket.model import Pocket
from scansion.models.pocket.server import Answer, Asked, Refused
from scansion.models.pocket.wire import (
    ChatBody,
    Drawn,
    TextBody,
    chat_choice,
    read,
    reply,
    requests,
    text_choice,
    usage_of,
)
from scansion.types import Completion, Request, TokenLogprob, Usage

__all__ = ["Api", "refusal"]


class Api:
    """Answers requests with `models`, by the names that they are served under."""

    def __init__(self, models: Mapping[str, Pocket]) -> None:
        self._models = models

    async def __call__(self, asked: Asked) -> Answer:
        """The answer to a request. Raises Refused for one that cannot be answered."""
        path = asked.path.removeprefix("/v1").rstrip("/")
        if path == "/models" or path.startswith("/models/"):
            return self._listed(asked.method, path.removeprefix("/models").lstrip("/"))
        kind = {"/chat/completions": ChatBody, "/completions": TextBody}.get(path)
        if kind is None:
            raise Refused(404, f"there is no {asked.path}; there are /v1/models, /v1/chat/completions, /v1/completions")
        if asked.method != "POST":
            raise Refused(405, f"{asked.path} takes POST", "POST")
        body = read(asked.body, kind)
        model = self._model(body.model)
        try:
            return await self._answered(model, body)
        except CallError as error:
            raise Refused(500 if error.kind == "program" else 400, str(error)) from error
        except InputError as error:
            raise Refused(500, str(error)) from error

    def _listed(self, method: str, name: str) -> Answer:
        if method != "GET":
            raise Refused(405, "/v1/models takes GET", "GET")
        rows = [_row(each, self._models[each]) for each in self._models]
        if name:
            wanted = self._model(name)
            rows = [row for row in rows if self._models[row["id"]] is wanted]
        return Answer(200, msgspec.json.encode(rows[0] if name else {"object": "list", "data": rows}))

    def _model(self, name: str) -> Pocket:
        found = self._models.get(name) or self._models.get(f"pocket/{name}")
        if found is None:
            raise Refused(404, f"there is no model {name!r}; {nearest(name, self._models)}")
        return found

    async def _answered(self, model: Pocket, body: ChatBody | TextBody) -> Answer:
        chat = isinstance(body, ChatBody)
        name = f"{'chatcmpl' if chat else 'cmpl'}-{secrets.token_hex(12)}"
        asked = requests(body, secrets.randbits(63))
        if body.stream:
            events = _Stream(model, body, name).events(asked)
            first = await anext(events)  # so that what is wrong is said with a status
            return Answer(200, events=_after(first, events))
        drawn = await _all([_drawn(model, request, body) for request in asked])
        choices = [(chat_choice if chat else text_choice)(i, each) for i, each in enumerate(drawn)]
        usage = usage_of([each.completion for each in drawn], len(asked) // body.count)
        kind = "chat.completion" if chat else "text_completion"
        return Answer(200, reply(name, kind, model.served, choices=choices, usage=usage))


async def _all(works: Sequence[Any]) -> list[Drawn]:
    """The results of all, in order; the first failure ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _drawn(model: Pocket, request: Request, body: ChatBody | TextBody) -> Drawn:
    """One reply, with the prompt before it where it is to be repeated."""
    if isinstance(body, ChatBody) or not body.echo:
        return Drawn(await model.complete(request))
    text = request.text or ""
    before: tuple[TokenLogprob, ...] = ()
    if body.logprobs is not None or body.max_tokens == 0:
        before = await model.score("", text, body.logprobs or 0)
    if body.max_tokens == 0:
        given = () if body.logprobs is not None else None
        usage = Usage(1 + len(before))  # with the mark before a raw text, which counts where a reply follows too
        return Drawn(Completion("", "length", usage, given, model=model.served), text, before)
    return Drawn(await model.complete(request), text, before)


class _Stream:
    """The events of one streamed reply."""

    def __init__(self, model: Pocket, body: ChatBody | TextBody, name: str) -> None:
        self._model, self._name = model, name
        self._chat = isinstance(body, ChatBody)
        self._usage = body.stream_options is not None and body.stream_options.include_usage
        self._prompts = 1 if isinstance(body, ChatBody) or isinstance(body.prompt, str) else len(body.prompt)

    async def events(self, asked: list[Request]) -> AsyncGenerator[bytes, None]:
        """The chunks as they come, the counts where they are wanted, `[DONE]`."""
        ready: asyncio.Queue[bytes | BaseException | Completion] = asyncio.Queue()
        tasks = [asyncio.ensure_future(self._pump(i, request, ready)) for i, request in enumerate(asked)]
        done: list[Completion] = []
        try:
            while len(done) < len(asked):
                item = await ready.get()
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, Completion):
                    done.append(item)
                else:
                    yield item
        finally:
            for task in tasks:
                task.cancel()
        if self._usage:
            yield self._chunk([], usage=usage_of(done, self._prompts))
        yield b"[DONE]"

    async def _pump(self, index: int, request: Request, ready: asyncio.Queue[Any]) -> None:
        """Put one reply's chunks into the queue, then its completion, or what kept it from being finished."""
        first = self._chat
        try:
            async with aclosing(self._model.follow(request)) as pieces:
                async for piece in pieces:
                    finish = piece.completion.finish_reason if piece.completion is not None else None
                    ready.put_nowait(self._chunk([self._choice(index, piece.text, finish, first)]))
                    first = False
                    if piece.completion is not None:
                        ready.put_nowait(piece.completion)
        except Exception as error:
            ready.put_nowait(error)

    def _choice(self, index: int, text: str, finish: str | None, first: bool) -> dict[str, Any]:
        if not self._chat:
            return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
        delta = {**({"role": "assistant"} if first else {}), **({"content": text} if text or first else {})}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}

    def _chunk(self, choices: list[dict[str, Any]], **fields: Any) -> bytes:
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        return reply(self._name, kind, self._model.served, choices=choices, **fields)


async def _after(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
    """The first event and the others; an error in their midst becomes the last event."""
    try:
        yield first
        async for event in rest:
            yield event
    except CallError as error:
        yield refusal(Refused(500, str(error)))
    finally:
        await rest.aclose()


def _row(name: str, model: Pocket) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "scansion", "root": model.served}


_CODES = {404: "not_found"}


def refusal(error: Refused) -> bytes:
    """The JSON of an error, in OpenAI's form."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    code: str | None = _CODES.get(error.status)
    cause = error.__cause__
    if isinstance(cause, CallError) and cause.kind == "context_length":
        code = "context_length_exceeded"
    return msgspec.json.encode({"error": {"message": str(error), "type": kind, "param": None, "code": code}})
