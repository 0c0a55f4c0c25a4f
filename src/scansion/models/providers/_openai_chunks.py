"""The chunks of OpenAI's streamed replies, of both endpoints, gathered into the reply that was not streamed.

Source: OpenAI API reference, "The chat completion chunk object", "Create completion"; what compatible servers do
otherwise is read where it is there: Mistral's content chunks, usage in every chunk (the last one counts), no `[DONE]`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, read

__all__ = ["Chunks"]


class _Function(Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Delta(Struct):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None
    error: Any = None


class _Chunk(Answer, kw_only=True):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None


_read = msgspec.json.Decoder(_Chunk)

_SPOKEN = ("content", "refusal", "reasoning_content", "reasoning")


class Chunks:
    """Implements `_streaming.Gathered`. Only the first choice counts, as in a reply that is not streamed."""

    def __init__(self) -> None:
        self.over = False
        self._model: str | None = None
        self._usage: dict[str, Any] | None = None
        self._message: dict[str, Any] = {}
        self._calls: dict[int, dict[str, Any]] = {}
        self._text: str | None = None
        self._logprobs: dict[str, Any] = {}
        self._finish: str | None = None
        self._error: Any = None

    def add(self, event: Reply) -> str:
        """Take a chunk; the text that it adds."""
        chunk = read(event, _read)
        self._model = chunk.model or self._model
        self._usage = chunk.usage or self._usage
        return "".join(self._choice(choice) for choice in chunk.choices or () if choice.index == 0)

    def _choice(self, choice: _Choice) -> str:
        self._finish = choice.finish_reason or self._finish
        self._error = choice.error or self._error
        for name, more in (choice.logprobs or {}).items():
            if isinstance(more, list):
                self._logprobs.setdefault(name, []).extend(more)
        if choice.text is not None:
            self._text = (self._text or "") + choice.text
        return (choice.text or "") + (self._delta(choice.delta) if choice.delta is not None else "")

    def _delta(self, delta: _Delta) -> str:
        for name in _SPOKEN:
            more = getattr(delta, name)
            if more is not None:
                self._message[name] = _joined(self._message.get(name), more)
        for call in delta.tool_calls or ():
            self._call(call)
        said = delta.content if isinstance(delta.content, str) else _texts(delta.content or [])
        return said + (delta.refusal or "")

    def _call(self, call: _Call) -> None:
        """Take a part of a tool call: the parts of one have its index; one without an index is a call of its own."""
        known = self._calls.setdefault(
            len(self._calls) if call.index is None else call.index, {"id": None, "function": {"name": ""}}
        )
        known["id"] = call.id or known["id"]
        function = known["function"]
        function["name"] += call.function.name or ""
        more = call.function.arguments
        if more is not None:
            text = more if isinstance(more, str) else msgspec.json.encode(more).decode()
            function["arguments"] = function.get("arguments", "") + text

    def reply(self) -> bytes | None:
        """The reply as JSON, in the form of its endpoint; None where nothing said that it was finished."""
        if self._finish is None and self._error is None and not self.over:
            return None
        choice: dict[str, Any] = {"finish_reason": self._finish, "error": self._error}
        if self._text is not None:
            choice["text"] = self._text
        else:
            calls = [self._calls[at] for at in sorted(self._calls)]
            choice["message"] = {**self._message, **({"tool_calls": calls} if calls else {})}
        if self._logprobs:
            choice["logprobs"] = self._logprobs
        return msgspec.json.encode({"choices": [choice], "usage": self._usage, "model": self._model})


def _joined(before: Any, more: Any) -> Any:
    """Contents one after the other; a list of Mistral's pieces as soon as one of the two is one."""
    if before is None:
        return more
    if isinstance(before, str) and isinstance(more, str):
        return before + more
    return [*_pieces(before), *_pieces(more)]


def _pieces(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _texts(content: list[dict[str, Any]]) -> str:
    return "".join(str(piece.get("text", "")) for piece in content if piece.get("type") == "text")
