"""Anthropic's wire: a Request as the JSON of `/messages`, and its reply as a Completion.

Source: Anthropic API reference, "Create a Message"; "Prompt caching" for `cache_control` and the usage counts.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, as_object, parts, read
from scansion.types import Completion, FinishReason, ImagePart, Message, Part, Request, TextPart, ToolCall, Usage

__all__ = ["Effort", "MessagesBody", "Thinking", "completion", "messages_body"]


class _Mark(Struct):
    type: Literal["ephemeral"] = "ephemeral"


class _Block(Struct, omit_defaults=True, kw_only=True, tag_field="type"):
    """A content block; `cache_control` marks the end of what may be cached."""

    cache_control: _Mark | None = None


class _Text(_Block, tag="text", kw_only=True):
    text: str


class _Source(Struct, omit_defaults=True):
    type: Literal["base64", "url"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class _Image(_Block, tag="image", kw_only=True):
    source: _Source


class _ToolUse(_Block, tag="tool_use", kw_only=True):
    id: str
    name: str
    input: dict[str, Any]


class _ToolResult(_Block, tag="tool_result", kw_only=True):
    tool_use_id: str
    content: list[_Text | _Image]


class _Turn(Struct):
    role: Literal["user", "assistant"]
    content: str | list[_Block]


class _Tool(Struct, omit_defaults=True):
    name: str
    input_schema: dict[str, Any]
    description: str = ""


class _Choice(Struct, omit_defaults=True):
    type: str
    name: str | None = None


class Thinking(Struct, omit_defaults=True):
    """How the model may think: adaptively, or within a budget in tokens."""

    type: Literal["adaptive", "enabled"]
    budget_tokens: int | None = None


class _Format(Struct):
    schema: dict[str, Any]
    type: Literal["json_schema"] = "json_schema"


class Effort(Struct, omit_defaults=True):
    """The `output_config` field: effort and format."""

    effort: str | None = None
    format: _Format | None = None


class MessagesBody(Struct, omit_defaults=True):
    """The body of `/messages`; None is not sent."""

    model: str
    max_tokens: int
    messages: list[_Turn]
    system: str | list[_Block] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: Thinking | None = None
    output_config: Effort | None = None
    service_tier: str | None = None
    stream: bool | None = None


def messages_body(request: Request, model: str, limit: int) -> MessagesBody:
    """The JSON that `/messages` takes; `limit` is the output limit where the request states none."""
    s = request.sampling
    body = MessagesBody(
        model,
        limit if s.max_tokens is None else s.max_tokens,
        [],
        temperature=s.temperature,
        top_p=s.top_p,
        top_k=s.top_k,
        stop_sequences=s.stop,
    )
    if request.cache_prefix:
        _cached_turns(body, request)
    else:
        _turns(body, request.messages)
    if request.tools:
        body.tools = [_Tool(t.name, t.parameters or {"type": "object"}, t.description) for t in request.tools]
        body.tool_choice = _tool_choice(request.tool_choice)
    if request.response_format is not None and request.response_format.schema is not None:
        body.output_config = Effort(format=_Format(request.response_format.schema))
    return body


def _turns(body: MessagesBody, messages: tuple[Message, ...]) -> None:
    """Messages as turns and system text; results of tools that stand together share one turn, as the API demands."""
    system = [_plain(m) for m in messages if m.role == "system"]
    if system:
        body.system = "\n\n".join(system)
    last = ""
    for message in messages:
        if message.role == "system":
            continue
        if message.role == "tool" and last == "tool":
            _blocks(body.messages[-1]).extend(_content(message))
        else:
            body.messages.append(_turn(message))
        last = message.role


def _cached_turns(body: MessagesBody, request: Request) -> None:
    """As `_turns`, with a mark at the end of the prefix: on its last turn, or on the system text if it has none."""
    prefix, rest = request.messages[: request.cache_prefix], request.messages[request.cache_prefix :]
    _turns(body, prefix)
    marked = bool(body.messages) and _mark(_blocks(body.messages[-1]))
    if not marked and isinstance(body.system, str):
        body.system = [_Text(text=body.system, cache_control=_Mark())]
    later = MessagesBody("", 0, [])
    _turns(later, rest)
    body.messages += later.messages
    if later.system is not None:
        said = later.system if isinstance(later.system, str) else ""
        system = body.system if isinstance(body.system, list) else [_Text(text=body.system)] if body.system else []
        body.system = [*system, _Text(text=said)]


def _mark(blocks: list[_Block]) -> bool:
    if blocks:
        blocks[-1].cache_control = _Mark()
    return bool(blocks)


def _blocks(turn: _Turn) -> list[_Block]:
    """The turn's content as blocks, put in place of a plain text."""
    if isinstance(turn.content, str):
        turn.content = [_Text(text=turn.content)]
    return turn.content


def _plain(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    if any(isinstance(p, ImagePart) for p in message.content):
        raise InputError("Anthropic takes no images in a system message; put them in a user message")
    return "".join(p.text for p in message.content if isinstance(p, TextPart))


def _turn(message: Message) -> _Turn:
    role: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
    if isinstance(message.content, str) and message.role != "tool" and not message.tool_calls:
        return _Turn(role, message.content)
    return _Turn(role, _content(message))


def _content(message: Message) -> list[_Block]:
    if message.role == "tool":
        return [_ToolResult(tool_use_id=message.tool_call_id or "", content=[_part(p) for p in parts(message)])]
    calls = [_ToolUse(id=c.id, name=c.name, input=as_object(c.arguments) or {}) for c in message.tool_calls]
    return [*(_part(p) for p in parts(message)), *calls]


def _part(part: Part) -> _Text | _Image:
    if isinstance(part, TextPart):
        return _Text(text=part.text)
    if part.url and not part.url.startswith("data:"):
        return _Image(source=_Source("url", url=part.url))
    if part.url:
        head, _, data = part.url.partition(",")
        return _Image(source=_Source("base64", head[5:].partition(";")[0], data))
    if part.data is None:
        raise InputError("an image part holds neither data nor a url")
    return _Image(source=_Source("base64", part.media_type or "image/png", part.data))


def _tool_choice(choice: str | None) -> _Choice | None:
    """`required` is `any` here; a word other than that, `auto` and `none` is the name of the tool to call."""
    if choice is None or choice in ("auto", "none"):
        return _Choice(choice) if choice else None
    return _Choice("any") if choice == "required" else _Choice("tool", choice)


class _RepliedBlock(Struct):
    """A block of a reply, of any type; the fields of other types are empty."""

    type: str
    text: str | None = None
    thinking: str | None = None
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _OutputDetails(Struct):
    thinking_tokens: int | None = None


class _Usage(Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _Message(Answer, kw_only=True):
    content: list[_RepliedBlock]
    stop_reason: str | None = None
    usage: _Usage | None = None
    model: str = ""


_read = msgspec.json.Decoder(_Message)

_FINISHED: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}


def completion(reply: Reply) -> Completion:
    """The Completion of a `/messages` reply; one without any block is an empty answer, which the API allows.

    Raises CallError: `bad_response` for what is no message, else the error that it holds.
    """
    answer = read(reply, _read)
    blocks = answer.content
    calls = (ToolCall(b.id, b.name, bytes(b.input).decode()) for b in blocks if b.type == "tool_use")
    return Completion(
        text="".join(b.text or "" for b in blocks if b.type == "text"),
        finish_reason=_FINISHED.get(answer.stop_reason or ""),
        usage=_usage(answer.usage),
        tool_calls=tuple(calls),
        reasoning="".join(b.thinking or "" for b in blocks if b.type == "thinking"),
        model=answer.model,
    )


def _usage(usage: _Usage | None) -> Usage | None:
    """Our counts: Anthropic's `input_tokens` leaves out what was read from a cache or written to one; ours does not."""
    if usage is None:
        return None
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = usage.output_tokens_details
    reasoned = (details.thinking_tokens if details else 0) or 0
    return Usage(usage.input_tokens + cached + written, usage.output_tokens, cached, written, reasoned)
