"""The chunks of Google's streamed replies, gathered into the reply that was not streamed.

Source: Gemini API reference, "Generating content" (streamGenerateContent with `alt=sse`): each event is a
GenerateContentResponse; the parts of the first candidate follow each other, usage is cumulative, the last chunk has
the finish reason, and a blocked prompt has feedback in place of candidates.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, read

__all__ = ["Chunks"]


class _Content(Struct):
    parts: list[dict[str, Any]] | None = None


class _Candidate(Struct, rename="camel"):
    index: int = 0
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    logprobs_result: dict[str, Any] | None = None


class _Chunk(Answer, rename="camel", kw_only=True):
    candidates: list[_Candidate] | None = None
    prompt_feedback: dict[str, Any] | None = None
    usage_metadata: dict[str, Any] | None = None
    model_version: str | None = None


_read = msgspec.json.Decoder(_Chunk)


class Chunks:
    """Implements `_streaming.Gathered`."""

    def __init__(self) -> None:
        self.over = False
        self._whole: dict[str, Any] = {}  # what a later chunk says in place of an earlier one
        self._candidate: dict[str, Any] = {}
        self._parts: list[dict[str, Any]] = []
        self._logprobs: dict[str, list[Any]] = {}

    def add(self, event: Reply) -> str:
        """Take a chunk; the text that it adds."""
        chunk = read(event, _read)
        later = {
            "promptFeedback": chunk.prompt_feedback,
            "usageMetadata": chunk.usage_metadata,
            "modelVersion": chunk.model_version,
        }
        self._whole |= {name: value for name, value in later.items() if value}
        return "".join(self._add(each) for each in chunk.candidates or () if each.index == 0)

    def _add(self, candidate: _Candidate) -> str:
        later = {"finishReason": candidate.finish_reason, "finishMessage": candidate.finish_message}
        self._candidate |= {name: value for name, value in later.items() if value}
        for name, more in (candidate.logprobs_result or {}).items():
            if isinstance(more, list):
                self._logprobs.setdefault(name, []).extend(more)
        parts = (candidate.content.parts if candidate.content is not None else None) or []
        self._parts += parts
        return "".join(str(part.get("text") or "") for part in parts if not part.get("thought"))

    def reply(self) -> bytes | None:
        """The reply as JSON; None where neither a finish reason nor a blocked prompt has come."""
        if not self._candidate:
            blocked = self._whole.get("promptFeedback", {}).get("blockReason")
            return msgspec.json.encode(self._whole) if blocked else None
        found = {**self._candidate, **({"content": {"parts": self._parts}} if self._parts else {})}
        if self._logprobs:
            found["logprobsResult"] = self._logprobs
        return msgspec.json.encode({**self._whole, "candidates": [found]})
