"""Models of Anthropic through the Messages API: `anthropic/NAME`.

System messages, wherever they stand, become the `system` field. JSON of a schema is asked for by
`output_config.format`; JSON without a schema is not offered and is an InputError. The leading `cache_prefix` messages
are sent as cacheable by one `cache_control` mark on the last of them. `max_tokens`, which the API demands, is the
request's, else the model's limit but at most what it serves without streaming, else 4096.

Effort: models from 4.6 on think adaptively at `output_config.effort`; earlier ones get a thinking budget that is a
share of `max_tokens` (low 0.2, medium 0.5, high 0.8, at least 1,024 tokens). `none` sends no thinking at all.

Source: Anthropic API reference, "Messages" (version 2023-06-01), "Prompt caching", "Structured outputs", "Effort".
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from msgspec.structs import replace

from scansion.errors import InputError
from scansion.models.base import Capabilities, Piece
from scansion.models.capabilities import lookup
from scansion.models.providers._anthropic_events import Blocks
from scansion.models.providers._anthropic_wire import (
    Effort,
    MessagesBody,
    Thinking,
    completion,
    messages_body,
)
from scansion.models.providers._options import check_options
from scansion.models.providers._streaming import follow
from scansion.models.providers._wire import Server, base_url, body, key_for, timeout
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, Request

__all__ = ["Anthropic", "anthropic"]

VERSION = "2023-06-01"
UNSTREAMED = 21_333  # tokens; beyond ten minutes of output the API wants streaming
_REFUSES = frozenset({"seed", "logprobs", "frequency_penalty", "presence_penalty"})
_SHARES = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.9, "max": 0.95}
_RELEASE = re.compile(r"claude-[a-z]+-(\d+)(?:[-.](\d{1,2}))?(?!\d)")


class Anthropic:
    """A model behind the Messages API."""

    def __init__(self, spec: ModelSpec, server: Server, can: Capabilities) -> None:
        self.name, self.identity, self.capabilities = spec.spec, spec.identity, can
        self._model, self._server = spec.name, server
        self._tier = spec.options.get("service_tier")
        self._limit = min(can.max_output, UNSTREAMED) if can.max_output else 4096
        self._adaptive = _thinks_adaptively(spec.name)

    async def complete(self, request: Request) -> Completion:
        """The model's answer. Raises CallError as `faults` says, InputError for what the API does not offer."""
        return await self._server.ask("/messages", body(self._sent(request), request.sampling.extra), completion)

    def follow(self, request: Request) -> AsyncGenerator[Piece, None]:
        """The model's answer in pieces. Raises as `complete` does."""
        sent = self._sent(request)
        sent.stream = True
        return follow(self._server, "/messages", body(sent, request.sampling.extra), Blocks(), completion)

    def _sent(self, request: Request) -> MessagesBody:
        if request.text is not None:
            raise InputError(f"model {self.name!r} takes messages only; a prompt for a base model needs another model")
        wanted = request.response_format
        if wanted is not None and wanted.schema is None:
            raise InputError(f"model {self.name!r} gives JSON only by a schema; state the prompt's outputs")
        sent = messages_body(request, self._model, self._limit)
        sent.service_tier = self._tier
        self._think(sent, request.sampling.effort)
        return sent

    def _think(self, sent: MessagesBody, effort: str | None) -> None:
        if effort is None or effort == "none":
            return
        if self._adaptive:
            sent.thinking = Thinking("adaptive")
            sent.output_config = replace(sent.output_config, effort=effort) if sent.output_config else Effort(effort)
            return
        budget = max(1024, int(sent.max_tokens * _SHARES.get(effort, 0.5)))
        if budget >= sent.max_tokens:
            raise InputError(f"model {self.name!r} needs max_tokens above 1024 to think at effort {effort!r}")
        sent.thinking = Thinking("enabled", budget)

    def ready(self) -> None:
        """Raises InputError when the key is missing."""
        self._server.ready()

    async def close(self) -> None:
        """Nothing to free: connections belong to the shared client."""


def _thinks_adaptively(name: str) -> bool:
    """Whether a model is of release 4.6 or later; names of another form count as late."""
    if re.match(r"claude-\d", name):
        return False
    match = _RELEASE.match(name)
    return match is None or (int(match[1]), int(match[2] or 0)) >= (4, 6)


@providers("anthropic")
def anthropic(spec: ModelSpec) -> Anthropic:
    """A model of Anthropic. Raises InputError for a wrong option."""
    check_options(spec, ("base_url", "key", "timeout", "api_version", "service_tier"))
    if not spec.name:
        raise InputError(f"model {spec.spec!r} names no model; write anthropic/NAME")
    key = key_for(spec, "ANTHROPIC_API_KEY", header="x-api-key")
    headers = {"content-type": "application/json", "anthropic-version": spec.options.get("api_version", VERSION)}
    server = Server(base_url(spec, "https://api.anthropic.com/v1"), headers, timeout(spec), key)
    known = lookup(spec.provider, spec.name)
    return Anthropic(spec, server, replace(known, refuses=known.refuses | _REFUSES, completions=False))
