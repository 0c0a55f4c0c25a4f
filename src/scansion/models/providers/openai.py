"""Models of OpenAI, and of every server that speaks its protocol.

`openai/NAME` asks OpenAI itself; `?base_url=` or one of the names in `_compatible.SERVERS` (`ollama/NAME`,
`openrouter/VENDOR/NAME` ...) another server. Messages go to `/chat/completions`, raw text to `/completions` exactly as
it is. The seed is sent only where the sampling sets one. `max_tokens` goes out as `max_completion_tokens` to OpenAI
itself, whose reasoning models take nothing else, and under its old name to other servers (`?max_tokens_field=`).

Source: OpenAI API reference (https://platform.openai.com/docs/api-reference/chat/create, .../completions/create).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import Literal, cast
from urllib.parse import quote

from msgspec.structs import replace

from scansion.errors import InputError
from scansion.models.base import Capabilities, Embedded, Piece
from scansion.models.capabilities import lookup
from scansion.models.providers._compatible import SERVERS, Compatible
from scansion.models.providers._openai_chunks import Chunks
from scansion.models.providers._openai_embeddings import embed_body, vectors
from scansion.models.providers._openai_wire import (
    ChatBody,
    TextBody,
    chat_body,
    chat_completion,
    text_body,
    text_completion,
)
from scansion.models.providers._options import batch_of, check_options
from scansion.models.providers._streaming import follow
from scansion.models.providers._wire import Server, base_url, body, key_for, timeout
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, Request

__all__ = ["OpenAI", "openai"]

_TAKES = ("base_url", "key", "timeout", "api_version", "service_tier", "completions", "max_tokens_field", "batch")


class OpenAI:
    """A model behind the Chat Completions protocol."""

    def __init__(self, spec: ModelSpec, dialect: Compatible, server: Server, can: Capabilities) -> None:
        self.name, self.identity, self.capabilities = spec.spec, spec.identity, can
        self._model, self._dialect, self._server = spec.name, dialect, server
        self._extra = spec.sampling.extra
        self._tier = spec.options.get("service_tier")
        version = spec.options.get("api_version")
        query = f"?api-version={quote(version)}" if version else ""
        self._chat_path, self._text_path = "/chat/completions" + query, "/completions" + query
        self._embed_path = "/embeddings" + query

    async def complete(self, request: Request) -> Completion:
        """The model's answer. Raises CallError as `faults` and `_openai_wire` say, InputError for refused text."""
        extra = request.sampling.extra
        if request.text is None:
            return await self._server.ask(self._chat_path, body(self._chat(request), extra), chat_completion)
        return await self._server.ask(self._text_path, body(self._text(request), extra), text_completion)

    def follow(self, request: Request) -> AsyncGenerator[Piece, None]:
        """The model's answer in pieces. Raises as `complete` does."""
        sent = self._chat(request) if request.text is None else self._text(request)
        sent.stream = True
        sent.stream_options = None if self._dialect.counts_unasked else {"include_usage": True}
        chat = request.text is None
        path, parse = (self._chat_path, chat_completion) if chat else (self._text_path, text_completion)
        return follow(self._server, path, body(sent, request.sampling.extra), Chunks(), parse)

    def _chat(self, request: Request) -> ChatBody:
        sent = chat_body(request, self._model, self._dialect)
        sent.service_tier = self._tier
        return sent

    def _text(self, request: Request) -> TextBody:
        if not self.capabilities.completions:
            raise InputError(f"model {self.name!r} takes messages only; a prompt for a base model needs another model")
        return text_body(request, self._model)

    async def embed(self, texts: tuple[str, ...]) -> Embedded:
        """The embeddings of `texts`, one a text. Raises CallError as `complete` does."""
        sent = embed_body(self._model, texts, self._extra)
        return await self._server.ask(self._embed_path, sent, partial(vectors, len(texts)))

    def ready(self) -> None:
        """Raises InputError when the key is missing."""
        self._server.ready()

    async def close(self) -> None:
        """Nothing to free: connections belong to the shared client."""


@providers("openai", *(name for name in SERVERS if name != "openai"))
def openai(spec: ModelSpec) -> OpenAI:
    """A model of OpenAI or of a compatible server. Raises InputError for a wrong option."""
    check_options(spec, _TAKES)
    if not spec.name:
        raise InputError(f"model {spec.spec!r} names no model; write {spec.provider}/NAME")
    dialect = _dialect(spec)
    key = key_for(spec, dialect.key, header="authorization", form="Bearer {}", needed=not dialect.local)
    server = Server(base_url(spec, dialect.url), {"content-type": "application/json"}, timeout(spec), key)
    return OpenAI(spec, dialect, server, _capabilities(spec, dialect))


def _dialect(spec: ModelSpec) -> Compatible:
    """The server's row, with what a foreign address and the options change in it."""
    row = SERVERS[spec.provider]
    if spec.provider == "openai" and "base_url" in spec.options:
        row = replace(row, limit="max_tokens", refuses=frozenset())
    limit = spec.options.get("max_tokens_field", row.limit)
    if limit not in ("max_tokens", "max_completion_tokens"):
        raise InputError(f"model {spec.spec!r}: max_tokens_field is max_tokens or max_completion_tokens, not {limit!r}")
    return replace(row, limit=cast(Literal["max_tokens", "max_completion_tokens"], limit))


def _capabilities(spec: ModelSpec, dialect: Compatible) -> Capabilities:
    known = lookup(spec.provider, spec.name)
    asked = spec.options.get("completions", "true" if known.completions and dialect.completions else "false")
    if asked not in ("true", "false"):
        raise InputError(f"model {spec.spec!r}: completions is true or false, not {asked!r}")
    return replace(
        known,
        refuses=known.refuses | dialect.refuses,
        completions=asked == "true",
        priced=known.priced and not dialect.local,
        batch=batch_of(spec),
    )
