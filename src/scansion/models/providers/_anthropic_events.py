"""The events of Anthropic's streamed messages, gathered into the message that was not streamed.

Source: Anthropic API reference, "Streaming Messages": message_start, content_block_start, content_block_delta,
content_block_stop, message_delta (its usage is cumulative), message_stop, ping, error. Unknown events are passed over.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, as_object, read

__all__ = ["Blocks"]


class _Start(Struct):
    model: str = ""
    usage: dict[str, Any] | None = None


class _Delta(Struct):
    """What an event adds to a block, or to the message."""

    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Event(Answer, kw_only=True):
    type: str = ""
    index: int = 0
    message: _Start | None = None
    content_block: dict[str, Any] | None = None
    delta: _Delta | None = None
    usage: dict[str, Any] | None = None


_read = msgspec.json.Decoder(_Event)


class Blocks:
    """Implements `_streaming.Gathered`."""

    def __init__(self) -> None:
        self.over = False
        self._model = ""
        self._usage: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, str] = {}
        self._stop: str | None = None

    def add(self, event: Reply) -> str:
        """Take an event; the text that it adds."""
        found = read(event, _read)
        self.over = found.type == "message_stop"
        if found.message is not None:
            self._model, self._usage = found.message.model, dict(found.message.usage or {})
        self._usage |= {name: count for name, count in (found.usage or {}).items() if count is not None}
        if found.content_block is not None:
            self._blocks[found.index] = dict(found.content_block)
            return _text(found.content_block)
        return self._delta(found.index, found.delta) if found.delta is not None else ""

    def _delta(self, index: int, delta: _Delta) -> str:
        self._stop = delta.stop_reason or self._stop
        if delta.partial_json is not None:
            self._inputs[index] = self._inputs.get(index, "") + delta.partial_json
        for name, more in (("text", delta.text), ("thinking", delta.thinking)):
            if more is not None:
                block = self._blocks.setdefault(index, {"type": name})
                block[name] = (block.get(name) or "") + more
        return delta.text or ""

    def reply(self) -> bytes | None:
        """The message as JSON; None before `message_stop`."""
        if not self.over:
            return None
        for index, text in self._inputs.items():
            if index in self._blocks and (given := as_object(text)) is not None:
                self._blocks[index]["input"] = given
        return msgspec.json.encode(
            {
                "content": [self._blocks[index] for index in sorted(self._blocks)],
                "stop_reason": self._stop,
                "usage": self._usage or None,
                "model": self._model,
            }
        )


def _text(block: dict[str, Any]) -> str:
    """The text that a block begins with, mostly none."""
    text = block.get("text") if block.get("type") == "text" else ""
    return text if isinstance(text, str) else ""
