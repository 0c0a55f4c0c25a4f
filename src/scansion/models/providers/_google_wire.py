"""Google's wire: a Request as the JSON of `generateContent`, and its reply as a Completion.

Source: Gemini API reference, "Generating content", "Function calling", "Thought signatures".
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import CallError
from scansion.models.faults import bad_response
from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, as_object, parts, read
from scansion.types import (
    Completion,
    FinishReason,
    Message,
    Part,
    Request,
    TextPart,
    TokenLogprob,
    ToolCall,
    Usage,
)

__all__ = ["ContentBody", "Thinking", "completion", "content_body"]

_UNSIGNED = "skip_thought_signature_validator"
"""Stands in for the signature that models from 3 on want back with a function call; the documented way to do without,
for a transcript that did not come from the same model."""


class _Wire(Struct, omit_defaults=True, rename="camel"):
    """JSON in camel case, unset fields left out."""


class _Blob(_Wire):
    mime_type: str
    data: str


class _File(_Wire):
    file_uri: str
    mime_type: str | None = None


class _Called(_Wire):
    name: str
    args: dict[str, Any]
    id: str | None = None


class _Responded(_Wire):
    name: str
    response: dict[str, Any]
    id: str | None = None


class _Part(_Wire):
    text: str | None = None
    inline_data: _Blob | None = None
    file_data: _File | None = None
    function_call: _Called | None = None
    function_response: _Responded | None = None
    thought_signature: str | None = None


class _Content(_Wire):
    parts: list[_Part]
    role: str | None = None


class _Declaration(_Wire):
    name: str
    description: str = ""
    parameters_json_schema: dict[str, Any] | None = None


class _Tools(_Wire):
    function_declarations: list[_Declaration]


class _CallingConfig(_Wire):
    mode: str
    allowed_function_names: list[str] | None = None


class _ToolConfig(_Wire):
    function_calling_config: _CallingConfig


class Thinking(_Wire):
    """The `thinkingConfig` field: a budget in tokens (models 2.5) or a level (from 3 on)."""

    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool | None = None


class _Config(_Wire):
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    response_mime_type: str | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: Thinking | None = None


class ContentBody(_Wire):
    """The body of `generateContent`."""

    contents: list[_Content]
    generation_config: _Config
    system_instruction: _Content | None = None
    tools: list[_Tools] | None = None
    tool_config: _ToolConfig | None = None


def content_body(request: Request) -> ContentBody:
    """The JSON that `generateContent` takes."""
    system = [
        _Part(p.text) for m in request.messages if m.role == "system" for p in parts(m) if isinstance(p, TextPart)
    ]
    body = ContentBody(_contents(request.messages), _config(request))
    if system:
        body.system_instruction = _Content(system)
    if request.tools:
        declared = [_Declaration(t.name, t.description, t.parameters or None) for t in request.tools]
        body.tools = [_Tools(declared)]
        body.tool_config = _tool_config(request.tool_choice)
    return body


def _config(request: Request) -> _Config:
    s = request.sampling
    config = _Config(
        temperature=s.temperature,
        top_p=s.top_p,
        top_k=s.top_k,
        max_output_tokens=s.max_tokens,
        stop_sequences=s.stop,
        seed=s.seed,
        frequency_penalty=s.frequency_penalty,
        presence_penalty=s.presence_penalty,
    )
    if s.logprobs is not None:
        config.response_logprobs, config.logprobs = True, s.logprobs or None
    if request.response_format is not None:
        config.response_mime_type = "application/json"
        config.response_json_schema = request.response_format.schema
    return config


def _contents(messages: tuple[Message, ...]) -> list[_Content]:
    """Messages as contents; results of tools that stand together share one content."""
    contents: list[_Content] = []
    last = ""
    for message in messages:
        if message.role == "system":
            continue
        if message.role == "tool":
            response = _Part(function_response=_response(message, messages))
            if last == "tool":
                contents[-1].parts.append(response)
            else:
                contents.append(_Content([response], "user"))
        else:
            contents.append(_turn(message))
        last = message.role
    return contents


def _turn(message: Message) -> _Content:
    content = message.content
    sent = [_Part(content)] if isinstance(content, str) and content else [_part(p) for p in parts(message)]
    calls = [
        _Part(function_call=_Called(c.name, as_object(c.arguments) or {}, c.id or None)) for c in message.tool_calls
    ]
    if calls:
        calls[0].thought_signature = _UNSIGNED
    return _Content([*sent, *calls] or [_Part("")], "model" if message.role == "assistant" else "user")


def _response(message: Message, messages: tuple[Message, ...]) -> _Responded:
    """A tool's result: a JSON object as it is, else as `{"result": text}`; its name from the call if need be."""
    text = "".join(p.text for p in parts(message) if isinstance(p, TextPart))
    called = {c.id: c.name for m in messages for c in m.tool_calls}
    name = message.name or called.get(message.tool_call_id or "", message.tool_call_id or "")
    value = as_object(text)
    return _Responded(name, {"result": text} if value is None else value, message.tool_call_id)


def _part(part: Part) -> _Part:
    if isinstance(part, TextPart):
        return _Part(part.text)
    if part.url and part.url.startswith("data:"):
        head, _, data = part.url.partition(",")
        return _Part(inline_data=_Blob(head[5:].partition(";")[0], data))
    if part.url:
        return _Part(file_data=_File(part.url, part.media_type))
    return _Part(inline_data=_Blob(part.media_type or "image/png", part.data or ""))


def _tool_config(choice: str | None) -> _ToolConfig | None:
    """Modes AUTO, NONE, ANY for `auto`, `none`, `required`; another word is the name of the tool to call."""
    if choice is None:
        return None
    mode = {"auto": "AUTO", "none": "NONE", "required": "ANY"}.get(choice)
    return _ToolConfig(_CallingConfig(mode) if mode else _CallingConfig("ANY", [choice]))


class _RepliedCall(_Wire):
    name: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None


class _RepliedPart(_Wire):
    text: str | None = None
    thought: bool | None = None
    function_call: _RepliedCall | None = None


class _RepliedContent(_Wire):
    parts: list[_RepliedPart] | None = None


class _Token(_Wire):
    token: str = ""
    log_probability: float = 0.0


class _Tops(_Wire):
    candidates: list[_Token] = []


class _Logprobs(_Wire):
    chosen_candidates: list[_Token] = []
    top_candidates: list[_Tops] = []


class _Candidate(_Wire):
    content: _RepliedContent | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    logprobs_result: _Logprobs | None = None


class _Feedback(_Wire):
    block_reason: str | None = None
    block_reason_message: str | None = None


class _Usage(_Wire):
    prompt_token_count: int = 0
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class _Generated(Answer, rename="camel", kw_only=True):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None


_read = msgspec.json.Decoder(_Generated)

_FINISHED: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}


def completion(reply: Reply) -> Completion:
    """The Completion of a `generateContent` reply.

    A candidate without content is an empty answer where the output limit or a filter explains it.
    Raises CallError: `content_policy` for a blocked prompt, `bad_response` for a reply without an answer, else the
    error that it holds.
    """
    answer = read(reply, _read)
    if not answer.candidates:
        raise _no_candidate(answer, reply)
    candidate = answer.candidates[0]
    finish = _FINISHED.get(candidate.finish_reason or "")
    said = candidate.content.parts if candidate.content else None
    if not said and finish not in ("length", "content_filter"):
        why = candidate.finish_message or candidate.finish_reason or "no reason given"
        raise bad_response("the reply's candidate holds no content", why)
    calls = tuple(_call(p.function_call, at) for at, p in enumerate(said or ()) if p.function_call)
    return Completion(
        text="".join(p.text or "" for p in said or () if not p.thought),
        finish_reason="tool_calls" if calls and finish == "stop" else finish,
        usage=_usage(answer.usage_metadata),
        logprobs=_logprobs(candidate.logprobs_result),
        tool_calls=calls,
        reasoning="".join(p.text or "" for p in said or () if p.thought),
        model=answer.model_version or "",
    )


def _no_candidate(answer: _Generated, reply: Reply) -> CallError:
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason:
        words = feedback.block_reason_message or feedback.block_reason
        return CallError("content_policy", f"Google blocked the prompt: {words}")
    return bad_response("the reply holds no candidate", reply.body)


def _call(call: _RepliedCall, at: int) -> ToolCall:
    return ToolCall(call.id or f"call_{at}", call.name, bytes(call.args).decode())


def _usage(usage: _Usage | None) -> Usage | None:
    """Our counts: Google counts thoughts beside the candidates' tokens, and cached input within the prompt."""
    if usage is None:
        return None
    thoughts = usage.thoughts_token_count or 0
    input = usage.prompt_token_count + (usage.tool_use_prompt_token_count or 0)
    output = (usage.candidates_token_count or 0) + thoughts
    return Usage(input, output, usage.cached_content_token_count or 0, 0, thoughts)


def _logprobs(result: _Logprobs | None) -> tuple[TokenLogprob, ...] | None:
    if result is None or not result.chosen_candidates:
        return None
    tops = [tuple((t.token, t.log_probability) for t in top.candidates) for top in result.top_candidates]
    tops += [()] * (len(result.chosen_candidates) - len(tops))
    drawn = zip(result.chosen_candidates, tops, strict=False)
    return tuple(TokenLogprob(t.token, t.log_probability, top) for t, top in drawn)
