"""Models of Google through the Gemini API: `google/NAME` (generateContent and streamGenerateContent, v1beta).

The key goes in the `x-goog-api-key` header, never in the URL. A prompt that Google blocks is a `content_policy` error;
an answer that it stops (safety, recitation ...) is an answer with the finish reason `content_filter`. Repeated
prefixes are cached by Google itself; nothing is sent for it.

Effort: models from 3 on get it as `thinkingLevel`; earlier ones a `thinkingBudget` in tokens (none 0, minimal and low
1,024, medium 8,192, high 24,576: what Google's own OpenAI-compatible door maps them to).

Source: Gemini API reference, "Generating content" (https://ai.google.dev/api/generate-content), "Gemini thinking".
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from msgspec.structs import replace

from scansion.errors import InputError
from scansion.models.base import Capabilities, Piece
from scansion.models.capabilities import lookup
from scansion.models.providers._google_chunks import Chunks
from scansion.models.providers._google_wire import ContentBody, Thinking, completion, content_body
from scansion.models.providers._options import check_options
from scansion.models.providers._streaming import follow
from scansion.models.providers._wire import Server, base_url, body, key_for, timeout
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, Request

__all__ = ["Google", "google"]

_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_EARLIER = re.compile(r"(?:models/)?gemini-[12](?:\.|-|$)")


class Google:
    """A model behind generateContent."""

    def __init__(self, spec: ModelSpec, server: Server, can: Capabilities) -> None:
        self.name, self.identity, self.capabilities = spec.spec, spec.identity, can
        self._server = server
        self._budgeted = _EARLIER.match(spec.name) is not None
        path = f"/{spec.name if '/' in spec.name else 'models/' + spec.name}"
        self._path, self._stream_path = path + ":generateContent", path + ":streamGenerateContent?alt=sse"

    async def complete(self, request: Request) -> Completion:
        """The model's answer. Raises CallError as `faults` and `_google_wire` say."""
        return await self._server.ask(self._path, self._sent(request), completion)

    def follow(self, request: Request) -> AsyncGenerator[Piece, None]:
        """The model's answer in pieces. Raises as `complete` does."""
        return follow(self._server, self._stream_path, self._sent(request), Chunks(), completion)

    def _sent(self, request: Request) -> bytes:
        if request.text is not None:
            raise InputError(f"model {self.name!r} takes messages only; a prompt for a base model needs another model")
        sent = content_body(request)
        self._think(sent, request.sampling.effort)
        return body(sent, request.sampling.extra)

    def _think(self, sent: ContentBody, effort: str | None) -> None:
        if effort is None:
            return
        if not self._budgeted:
            sent.generation_config.thinking_config = Thinking(thinking_level=effort, include_thoughts=True)
            return
        if effort not in _BUDGETS:
            raise InputError(f"model {self.name!r} takes no effort {effort!r}; it takes {', '.join(_BUDGETS)}")
        budget = _BUDGETS[effort]
        sent.generation_config.thinking_config = Thinking(budget, include_thoughts=True if budget else None)

    def ready(self) -> None:
        """Raises InputError when the key is missing."""
        self._server.ready()

    async def close(self) -> None:
        """Nothing to free: connections belong to the shared client."""


@providers("google", "gemini")
def google(spec: ModelSpec) -> Google:
    """A model of Google. Raises InputError for a wrong option."""
    check_options(spec, ("base_url", "key", "timeout", "api_version"))
    if not re.fullmatch(r"[\w.\-]+(/[\w.\-]+)?", spec.name):
        raise InputError(f"model {spec.spec!r} names no model; write google/NAME, such as google/gemini-2.5-flash")
    key = key_for(spec, "GEMINI_API_KEY", "GOOGLE_API_KEY", header="x-goog-api-key")
    version = spec.options.get("api_version", "v1beta")
    url = base_url(spec, f"https://generativelanguage.googleapis.com/{version}")
    known = lookup("google", spec.name)
    server = Server(url, {"content-type": "application/json"}, timeout(spec), key)
    return Google(spec, server, replace(known, completions=False))
