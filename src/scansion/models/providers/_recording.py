"""The file format of recordings: JSON lines, optionally gzipped, each one prompt with what was answered.

    {"prompt": "...", "completion": "..."}
    {"messages": [{"role": "user", "content": "..."}], "completions": ["k = 0", "k = 1"], "sampling": {"seed": 0}}
    {"prompt": "...", "completions": [["trial 0, k = 0", "trial 0, k = 1"], ["trial 1, k = 0", null]]}
    {"embed": "...", "vector": [0.25, -1.5, 0.125]}

A line holds `prompt` or `messages`, and `completion` or `completions`: a list over k, or a list over trials of lists
over k; null stands for a call that was not answered. Lines of the same prompt add completions in file order, each to
the lowest free k; `k` on a line says where its first completion stands instead. A prompt also answers a request of one
user message with that text, and the other way round. A line with `embed` holds the `vector` of a text instead, as
numbers or as float32, little-endian, in base64.

What a line may also hold:

- matched where present: `model`, `sampling` (null for unset), `tools`, `tool_choice`, `response_format`. With
  `exact: true` whatever the line does not name must be unset in the request. A sampling field that the request leaves
  unset contradicts none: of the lines of its prompt those answer that state the fewest such fields, and they must agree
  on them.
- answered where present: `usage`, `finish_reason`, `logprobs`, `reasoning`, `tool_calls`. With `completion` a value is
  its own; with `completions` a list of the same shape gives each its own, and a single `usage`, `finish_reason` or
  `reasoning` holds for all. `served` is the model name that the server gave.

Blank lines and unknown keys are passed over. Errors are InputErrors that name file and line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.models.vectors import packed, unpacked
from scansion.types import (
    Completion,
    Message,
    Request,
    ResponseFormat,
    Sampling,
    TextPart,
    Tool,
    canonical,
    digest,
)

__all__ = ["Line", "Places", "asked_text", "content_key", "encode_line", "line_key", "parse_line", "readable"]

_ANSWERED = ("usage", "finish_reason", "logprobs", "reasoning", "tool_calls")
_PER_ITEM = ("logprobs", "tool_calls")  # lists already: never one value for all completions


class Line(Struct, omit_defaults=True):
    """One line of a recording as it is written."""

    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    embed: str | None = None
    vector: Any = None
    completion: str | None = None
    completions: list[Any] | None = None
    model: str | None = None
    sampling: dict[str, Any] | None = None
    exact: bool = False
    k: int | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: str | None = None
    response_format: ResponseFormat | None = None
    usage: Any = None
    finish_reason: Any = None
    logprobs: Any = None
    reasoning: Any = None
    tool_calls: Any = None
    served: str = ""

    def mismatch(self, request: Request, model: str | None) -> str | None:
        """Why this line does not answer `request` (of `model`, where one is named); None if it does, or differs only in
        sampling fields that the request leaves unset."""
        if model is not None and self.model is not None and self.model != model:
            return f"recorded for model {self.model}, asked of {model}"
        if self.exact and (self.messages is None) != (request.text is not None):
            return "recorded as raw text" if self.messages is None else "recorded as messages"
        asked, recorded = request.sampling, self.sampling or {}
        for field in asked.__struct_fields__ if self.exact else recorded:
            wanted, got = _plain_value(recorded.get(field)), _plain_value(getattr(asked, field))
            if wanted != got and got is not None:
                return f"recorded with {field}={_shown(wanted)}, asked with {field}={_shown(got)}"
        for field in ("tools", "tool_choice", "response_format"):
            wanted, got = getattr(self, field), getattr(request, field)
            if (wanted is not None or self.exact) and (wanted or None) != (got or None):
                return f"recorded with other {field}"
        if self.exact and (self.messages or ()) != request.messages:
            return "recorded with other message parts"
        return None

    def beyond(self, request: Request) -> dict[str, Any]:
        """The sampling fields that this line states and `request` leaves unset."""
        values = {field: _plain_value(value) for field, value in (self.sampling or {}).items()}
        asked = request.sampling
        return {f: v for f, v in values.items() if v is not None and _plain_value(getattr(asked, f)) is None}


def _plain_value(value: Any) -> Any:
    """A sampling field so that JSON's form and ours compare: lists for tuples, None for what is empty."""
    return None if value in ((), [], {}) else list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    return "none" if value is None else repr(value)


def readable(messages: tuple[Message, ...]) -> str:
    """Messages as one text."""
    if len(messages) == 1 and messages[0].role == "user":
        return _content_text(messages[0])
    return "\n\n".join(f"{m.role}: {_content_text(m)}" for m in messages)


def _content_text(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(p.text if isinstance(p, TextPart) else "[image]" for p in message.content)


def content_key(prompt: str | None, messages: tuple[Message, ...], *, embeds: bool = False) -> bytes:
    """The digest by which a request finds its lines: of its text, or of its messages with text parts put together."""
    if embeds:
        return digest("embed", prompt)
    if prompt is not None:
        return digest(prompt)
    plain = tuple(_plain(m) for m in messages)
    if len(plain) == 1 and plain[0] == Message("user", plain[0].content) and isinstance(plain[0].content, str):
        return digest(plain[0].content)
    return digest(plain)


def _plain(message: Message) -> Message:
    if isinstance(message.content, str) or not all(isinstance(p, TextPart) for p in message.content):
        return message
    return msgspec.structs.replace(message, content=_content_text(message))


def line_key(line: Line) -> bytes:
    """The key under which a line answers."""
    if line.embed is not None:
        return content_key(line.embed, (), embeds=True)
    return content_key(line.prompt, line.messages or ())


class _Asked(Struct):
    """What a line was asked, its answers passed over."""

    prompt: str | None = None
    messages: tuple[Message, ...] = ()
    embed: str | None = None


_decoder = msgspec.json.Decoder(Line)
_asked_decoder = msgspec.json.Decoder(_Asked)


def asked_text(raw: bytes) -> str:
    """What a line that `parse_line` takes was asked, as one text for people to read."""
    asked = _asked_decoder.decode(raw)
    if asked.embed is not None:
        return asked.embed
    return readable(asked.messages) if asked.prompt is None else asked.prompt


def parse_line(raw: bytes, path: Path | str, number: int) -> tuple[Line, list[list[Completion | None]]]:
    """A line and its completions by trial and k. Raises InputError that names `path` and line `number`."""
    try:
        line = _decoder.decode(raw)
        _check(line)
        return line, list(_trials(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, InputError) as error:
        raise InputError(f"{path}:{number}: {error}") from None


def _check(line: Line) -> None:
    if line.embed is not None or line.vector is not None:
        _check_embedding(line)
    elif (line.prompt is None) == (line.messages is None):
        raise InputError("a recorded line holds either prompt or messages")
    elif (line.completion is None) == (line.completions is None):
        raise InputError("a recorded line holds either completion or completions")
    if line.k is not None and line.k < 0:
        raise InputError("k counts from 0")
    for field in line.sampling or ():
        if field not in Sampling.__struct_fields__:
            raise InputError(f"unknown sampling field {field!r}; {nearest(field, Sampling.__struct_fields__)}")


def _check_embedding(line: Line) -> None:
    if line.embed is None or line.vector is None:
        raise InputError("a recorded embedding holds both embed, the text, and vector")
    if [line.prompt, line.messages, line.completion, line.completions].count(None) != 4:
        raise InputError("a recorded embedding holds no prompt and no completion")


def _trials(line: Line) -> Iterator[list[Completion | None]]:
    """The completions of a line by trial and k."""
    values = {name: getattr(line, name) for name in _ANSWERED if getattr(line, name) is not None}
    if line.embed is not None:
        yield [_completion(line, "", {**values, "vector": _vector(line.vector)})]
        return
    if line.completions is None:
        yield [_completion(line, line.completion, values)]
        return
    nested = [isinstance(c, list) for c in line.completions]
    if any(nested) and not all(nested):
        raise InputError("completions mixes texts and lists; it is a list over k, or a list over trials of such lists")
    trials = line.completions if any(nested) else [line.completions]
    answered = {name: _spread(name, value, trials, any(nested)) for name, value in values.items()}
    for at, texts in enumerate(trials):
        each = {name: value[at] for name, value in answered.items()}
        yield [_completion(line, text, {n: v[k] for n, v in each.items()}) for k, text in enumerate(texts)]


def _vector(stated: Any) -> bytes:
    """The vector of a line as a Completion holds it."""
    try:
        numbers = unpacked(stated) if isinstance(stated, str) else msgspec.convert(stated, list[float])
        if numbers and all(map(math.isfinite, numbers)):
            return packed(numbers)
    except (ValueError, OverflowError, msgspec.ValidationError):
        pass
    raise InputError("vector is a list of numbers, or float32 numbers in base64")


def _spread(name: str, value: Any, trials: list[list[Any]], nested: bool) -> list[list[Any]]:
    """A value for each completion: the list that stands beside them, or one value for all."""
    if not isinstance(value, list):
        if name in _PER_ITEM:
            raise InputError(f"{name} must be a list beside completions, with one entry each")
        return [[value] * len(texts) for texts in trials]
    beside: list[Any] = value if nested else [value]
    shape = [len(v) if isinstance(v, list) else -1 for v in beside]
    if shape != [len(texts) for texts in trials]:
        raise InputError(f"{name} does not have the shape of completions")
    return beside


def _completion(line: Line, text: Any, values: dict[str, Any]) -> Completion | None:
    if text is None:
        return None
    given = {name: value for name, value in values.items() if value is not None}
    return msgspec.convert({"text": text, "model": line.served or line.model or "", **given}, Completion)


class Places:
    """Which k of one request and trial are taken: all below `next`, and those in `beyond`."""

    def __init__(self) -> None:
        self.next = 0
        self.beyond: set[int] = set()

    def __contains__(self, k: int) -> bool:
        return k < self.next or k in self.beyond

    def take(self, count: int, k: int | None = None) -> list[int]:
        """The places of a line's `count` completions: from its `k` on, or else the lowest that are free."""
        if k is not None:
            self.beyond.update(range(k, k + count))
            self._advance()
            return list(range(k, k + count))
        taken = []
        for _ in range(count):
            taken.append(self.next)
            self.next += 1
            self._advance()
        return taken

    def _advance(self) -> None:
        while self.next in self.beyond:
            self.beyond.discard(self.next)
            self.next += 1


def encode_line(line: Line) -> bytes:
    """A line as it stands in the file, with its newline."""
    return canonical(line) + b"\n"
