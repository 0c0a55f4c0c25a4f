"""Our requests and completions in the form of Inspect's logs: chat messages, model outputs, usage, model events.

Source: https://inspect.aisi.org.uk/reference/inspect_ai.model.html, inspect_ai.event.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scansion.types import (
    Call,
    Completion,
    FinishReason,
    Message,
    Part,
    Request,
    Sampling,
    TextPart,
    TokenLogprob,
    ToolCall,
    Usage,
)

__all__ = ["config_of", "message", "messages_of", "model_event", "model_output", "total_usage", "usage_of"]

_STOPPED = {
    "stop": "stop",
    "length": "max_tokens",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    None: "unknown",
}


def message(said: Message) -> dict[str, Any]:
    """A chat message."""
    content = said.content if isinstance(said.content, str) else [_part(part) for part in said.content]
    found: dict[str, Any] = {"role": said.role, "content": content}
    if said.tool_calls:
        found["tool_calls"] = [_tool_call(call) for call in said.tool_calls]
    if said.role == "tool":
        found |= {"tool_call_id": said.tool_call_id, "function": said.name}
    return found


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    url = part.url or f"data:{part.media_type or 'image/png'};base64,{part.data or ''}"
    return {"type": "image", "image": url, "detail": part.detail if part.detail in ("low", "high") else "auto"}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    """A tool call; arguments that are no JSON object go along as the error that they are."""
    found: dict[str, Any] = {"id": call.id, "function": call.name, "arguments": {}, "type": "function"}
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError as error:
        return {**found, "parse_error": f"{error}: {call.arguments}"}
    return {**found, "arguments": arguments if isinstance(arguments, dict) else {"value": arguments}}


def messages_of(request: Request) -> list[dict[str, Any]]:
    """What was sent, as chat messages; raw text is one message of the user."""
    if request.text is not None:
        return [{"role": "user", "content": request.text}]
    return [message(each) for each in request.messages]


def config_of(sampling: Sampling) -> dict[str, Any]:
    """Sampling as Inspect names it; what is not set is left out."""
    named = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_tokens,
        "stop_seqs": list(sampling.stop) or None,
        "seed": sampling.seed,
        "logprobs": True if sampling.logprobs is not None else None,
        "top_logprobs": sampling.logprobs or None,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "extra_body": sampling.extra or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def usage_of(usage: Usage, cost_usd: float | None) -> dict[str, Any]:
    """Tokens of a call; Inspect counts what caches had part in apart from the input."""
    found: dict[str, Any] = {
        "input_tokens": usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens or usage.cache_write_tokens:
        found |= {
            "input_tokens_cache_read": usage.cached_tokens,
            "input_tokens_cache_write": usage.cache_write_tokens,
        }
    if usage.reasoning_tokens:
        found["reasoning_tokens"] = usage.reasoning_tokens
    return found if cost_usd is None else {**found, "total_cost": cost_usd}


def total_usage(calls: Iterable[Call]) -> dict[str, dict[str, Any]]:
    """The usage of calls, by model; a cost is there where that of each of the model's calls is known."""
    by_model: dict[str, list[Call]] = {}
    for call in calls:
        by_model.setdefault(call.model, []).append(call)
    return {model: _total(each) for model, each in by_model.items()}


def _total(calls: list[Call]) -> dict[str, Any]:
    usages = [call.completion.usage or Usage() for call in calls]
    total = Usage(**{f: sum(getattr(u, f) for u in usages) for f in Usage.__struct_fields__})
    costs = [call.cost_usd for call in calls]
    return usage_of(total, None if None in costs else sum(c for c in costs if c is not None))


def model_output(
    text: str,
    model: str,
    *,
    finish_reason: FinishReason | None = None,
    logprobs: tuple[TokenLogprob, ...] | None = None,
    done: Completion | None = None,
) -> dict[str, Any]:
    """A model's output with this text; `done` adds the reasoning and tool calls of one completion."""
    content: Any = text
    if done is not None and done.reasoning:
        content = [{"type": "reasoning", "reasoning": done.reasoning}, {"type": "text", "text": text}]
    said: dict[str, Any] = {"role": "assistant", "content": content, "source": "generate", "model": model}
    if done is not None and done.tool_calls:
        said["tool_calls"] = [_tool_call(call) for call in done.tool_calls]
    choice: dict[str, Any] = {"message": said, "stop_reason": _STOPPED[finish_reason]}
    if logprobs is not None:
        choice["logprobs"] = {"content": [_logprob(each) for each in logprobs]}
    return {"model": model, "choices": [choice], "completion": text}


def _logprob(token: TokenLogprob) -> dict[str, Any]:
    top = [{"token": text, "logprob": value} for text, value in token.top]
    return {"token": token.token, "logprob": token.logprob, **({"top_logprobs": top} if top else {})}


def model_event(call: Call, key: str, when: str) -> dict[str, Any]:
    """A call as an event of the transcript; `when` is an ISO time."""
    done = call.completion
    said = f"[a vector of {len(done.vector) // 4} numbers]" if done.vector else done.text
    output = model_output(
        said, done.model or call.model, finish_reason=done.finish_reason, logprobs=done.logprobs, done=done
    )
    if done.usage is not None:
        output["usage"] = usage_of(done.usage, call.cost_usd)
    return {
        "event": "model",
        "uuid": key,
        "timestamp": when,
        "working_start": 0.0,
        "working_time": done.latency,
        "model": call.model,
        **({"role": "grader"} if call.purpose == "judge" else {}),
        "input": messages_of(call.request),
        "tools": [],
        "tool_choice": "auto",
        "config": config_of(call.request.sampling),
        "output": {**output, "time": done.latency},
    }
