"""OpenAI's wire: a Request as the JSON of `/chat/completions` or `/completions`, and their replies as a Completion.

Source: OpenAI API reference, "Create chat completion" and "Create completion"; what compatible servers add to it
(`reasoning`, `reasoning_content`, DeepSeek's cache counts, Mistral's content chunks) is read where it is there.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from scansion.errors import CallError
from scansion.models.faults import bad_response
from scansion.models.http import Reply
from scansion.models.providers._compatible import Compatible
from scansion.models.providers._wire import Answer, image_url, read
from scansion.types import (
    Completion,
    FinishReason,
    ImagePart,
    Message,
    Request,
    TextPart,
    TokenLogprob,
    ToolCall,
    Usage,
)

__all__ = ["ChatBody", "TextBody", "chat_body", "chat_completion", "text_body", "text_completion"]


class _Function(Struct, omit_defaults=True):
    name: str
    arguments: str | None = None
    description: str = ""
    parameters: dict[str, Any] = {}


class _Call(Struct):
    id: str
    function: _Function
    type: Literal["function"] = "function"


class _Tool(Struct):
    function: _Function
    type: Literal["function"] = "function"


class _Url(Struct, omit_defaults=True):
    url: str
    detail: str | None = None


class _Image(Struct, tag_field="type", tag="image_url"):
    image_url: _Url


class _Turn(Struct, omit_defaults=True):
    role: str
    content: str | list[TextPart | _Image] | None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


class _Schema(Struct, omit_defaults=True):
    name: str
    schema: dict[str, Any]
    strict: bool | None = None


class _Format(Struct, omit_defaults=True):
    type: str
    json_schema: _Schema | None = None


class _Body(Struct, omit_defaults=True, kw_only=True):
    """The fields that both endpoints take; None is not sent."""

    model: str
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stream: bool | None = None
    stream_options: dict[str, bool] | None = None


class ChatBody(_Body, omit_defaults=True, kw_only=True):
    """The body of `/chat/completions`."""

    messages: list[_Turn]
    max_completion_tokens: int | None = None
    random_seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    response_format: _Format | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Tool | None = None
    service_tier: str | None = None


class TextBody(_Body, omit_defaults=True, kw_only=True):
    """The body of `/completions`."""

    prompt: str
    logprobs: int | None = None


def chat_body(request: Request, model: str, server: Compatible) -> ChatBody:
    """The JSON that `/chat/completions` takes, in the dialect of `server`."""
    s = request.sampling
    body = ChatBody(
        model=model,
        messages=[_turn(m) for m in request.messages],
        temperature=s.temperature,
        top_p=s.top_p,
        top_k=s.top_k,
        stop=s.stop,
        frequency_penalty=s.frequency_penalty,
        presence_penalty=s.presence_penalty,
        reasoning_effort=s.effort,
    )
    if s.max_tokens is not None:
        setattr(body, server.limit, s.max_tokens)
    if s.seed is not None:
        setattr(body, server.seed, s.seed)
    if s.logprobs is not None:
        body.logprobs, body.top_logprobs = True, s.logprobs or None
    if request.response_format is not None:
        body.response_format = _format(request)
    if request.tools:
        body.tools = [_Tool(_Function(t.name, None, t.description, t.parameters)) for t in request.tools]
        body.tool_choice = _tool_choice(request.tool_choice)
    return body


def text_body(request: Request, model: str) -> TextBody:
    """The JSON that `/completions` takes: the text exactly as it is."""
    s = request.sampling
    return TextBody(
        model=model,
        prompt=request.text or "",
        temperature=s.temperature,
        top_p=s.top_p,
        top_k=s.top_k,
        max_tokens=s.max_tokens,
        stop=s.stop,
        seed=s.seed,
        frequency_penalty=s.frequency_penalty,
        presence_penalty=s.presence_penalty,
        logprobs=s.logprobs,
    )


def _turn(message: Message) -> _Turn:
    content = message.content
    turn = _Turn(message.role, content if isinstance(content, str) else [_part(p) for p in content], message.name)
    if message.tool_calls:
        turn.tool_calls = [_Call(c.id, _Function(c.name, c.arguments)) for c in message.tool_calls]
        turn.content = turn.content or None
    if message.role == "tool":
        turn.tool_call_id = message.tool_call_id
    return turn


def _part(part: TextPart | ImagePart) -> TextPart | _Image:
    return part if isinstance(part, TextPart) else _Image(_Url(image_url(part), part.detail))


def _format(request: Request) -> _Format:
    wanted = request.response_format
    if wanted is None or wanted.schema is None:
        return _Format("json_object")
    return _Format("json_schema", _Schema(wanted.name, wanted.schema, wanted.strict or None))


def _tool_choice(choice: str | None) -> str | _Tool | None:
    """`auto`, `none` and `required` as they are; any other word is the name of the tool to call."""
    return choice if choice in (None, "auto", "none", "required") else _Tool(_Function(choice))


class _Chunk(Struct):
    """A piece of a content that is a list (Mistral): text, or thinking that is again such a list."""

    type: str = "text"
    text: str = ""
    thinking: str | list[_Chunk] = ""


class _RepliedFunction(Struct):
    name: str
    arguments: str | dict[str, Any] | None = None


class _RepliedCall(Struct):
    function: _RepliedFunction
    id: str | None = None


class _RepliedMessage(Struct):
    content: str | list[_Chunk] | None = None
    refusal: str | None = None
    tool_calls: list[_RepliedCall] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Top(Struct):
    token: str
    logprob: float


class _Token(Struct):
    token: str
    logprob: float
    top_logprobs: list[_Top] | None = None


class _Logprobs(Struct):
    content: list[_Token] | None = None


class _TextLogprobs(Struct):
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None


class _ChatChoice(Struct):
    message: _RepliedMessage
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None
    error: Any = None


class _TextChoice(Struct):
    text: str
    finish_reason: str | None = None
    logprobs: _TextLogprobs | None = None
    error: Any = None


class _InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(Struct):
    reasoning_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None


class _ChatAnswer(Answer):
    choices: list[_ChatChoice] | None = None
    usage: _Usage | None = None
    model: str | None = None


class _TextAnswer(Answer):
    choices: list[_TextChoice] | None = None
    usage: _Usage | None = None
    model: str | None = None


_read_chat = msgspec.json.Decoder(_ChatAnswer)
_read_text = msgspec.json.Decoder(_TextAnswer)

_FINISHED: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


def chat_completion(reply: Reply) -> Completion:
    """The Completion of a `/chat/completions` reply.

    A refusal's words are the text, for they are what the model answered. A message without content is an empty
    answer where something explains it (a filter, the output limit, reasoning, tool calls).
    Raises CallError: `bad_response` for a reply without a choice or an answer, else the error that it holds.
    """
    answer = read(reply, _read_chat)
    if not answer.choices:
        raise bad_response("the reply holds no choice", reply.body)
    choice = answer.choices[0]
    message = choice.message
    text, thought = _text(message.content)
    reasoning = message.reasoning_content or message.reasoning or thought
    finish = _finish(choice.finish_reason, choice.error)
    explained = message.tool_calls or reasoning or finish in ("content_filter", "length")
    if message.content is None and not message.refusal and not explained:
        raise bad_response("the reply's message holds no content", reply.body)
    return Completion(
        text=text or message.refusal or "",
        finish_reason=finish,
        usage=_usage(answer.usage),
        logprobs=_chat_logprobs(choice.logprobs),
        tool_calls=tuple(_call(c, at) for at, c in enumerate(message.tool_calls or ())),
        reasoning=reasoning,
        model=answer.model or "",
    )


def text_completion(reply: Reply) -> Completion:
    """The Completion of a `/completions` reply. Raises CallError as `chat_completion` does."""
    answer = read(reply, _read_text)
    if not answer.choices:
        raise bad_response("the reply holds no choice", reply.body)
    choice = answer.choices[0]
    return Completion(
        text=choice.text,
        finish_reason=_finish(choice.finish_reason, choice.error),
        usage=_usage(answer.usage),
        logprobs=_text_logprobs(choice.logprobs),
        model=answer.model or "",
    )


def _text(content: str | list[_Chunk] | None) -> tuple[str, str]:
    """The text and the thinking of a content."""
    if not isinstance(content, list):
        return content or "", ""
    thoughts = (c.thinking if isinstance(c.thinking, str) else _text(c.thinking)[0] for c in content)
    return "".join(c.text for c in content if c.type == "text"), "".join(thoughts)


def _call(call: _RepliedCall, at: int) -> ToolCall:
    arguments = call.function.arguments
    if isinstance(arguments, dict):
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCall(call.id or f"call_{at}", call.function.name, arguments or "{}")


def _finish(reason: str | None, error: Any) -> FinishReason | None:
    """Our word for a finish reason. Raises CallError where the server says that it broke off."""
    if reason == "error" or error:
        raise CallError("server", f"the server broke off its answer: {str(error or 'no reason given')[:200]}")
    if reason == "insufficient_system_resource":
        raise CallError("overloaded", "the server broke off its answer: insufficient system resource")
    return _FINISHED.get(reason or "")


def _usage(usage: _Usage | None) -> Usage | None:
    """Our counts. Servers that report reasoning beside the completion (xAI) show it in a total that only so adds up."""
    if usage is None or usage.prompt_tokens is None:
        return None
    details, drawn = usage.prompt_tokens_details, usage.completion_tokens_details
    reasoned = (drawn.reasoning_tokens if drawn else 0) or 0
    output = usage.completion_tokens or 0
    if reasoned and usage.total_tokens == usage.prompt_tokens + output + reasoned:
        output += reasoned
    cached = (details.cached_tokens if details else None) or usage.prompt_cache_hit_tokens or 0
    written = (details.cache_write_tokens if details else 0) or 0
    return Usage(usage.prompt_tokens, output, cached, written, reasoned)


def _chat_logprobs(logprobs: _Logprobs | None) -> tuple[TokenLogprob, ...] | None:
    if logprobs is None or logprobs.content is None:
        return None
    return tuple(
        TokenLogprob(t.token, t.logprob, tuple((a.token, a.logprob) for a in t.top_logprobs or ()))
        for t in logprobs.content
    )


def _text_logprobs(logprobs: _TextLogprobs | None) -> tuple[TokenLogprob, ...] | None:
    """Tokens whose log-probability is missing (the first of an echoed prompt) are left out."""
    if logprobs is None or logprobs.tokens is None or logprobs.token_logprobs is None:
        return None
    tops = logprobs.top_logprobs or [None] * len(logprobs.tokens)
    drawn = zip(logprobs.tokens, logprobs.token_logprobs, tops, strict=False)
    return tuple(
        TokenLogprob(token, value, tuple(sorted((top or {}).items(), key=lambda pair: -pair[1])))
        for token, value, top in drawn
        if value is not None
    )
