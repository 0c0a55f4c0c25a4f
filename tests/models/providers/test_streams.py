"""Streamed replies of each provider add up to what the whole reply would have been."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scansion.errors import CallError, InputError
from scansion.models.base import Piece
from scansion.types import Completion, Message, Request, Sampling, TokenLogprob, ToolCall, Usage

ASK = Request((Message("user", "Hello!"),))


def events(*data: Any) -> bytes:
    lines = [f"data: {each if isinstance(each, str) else json.dumps(each)}\r\n\r\n" for each in data]
    return ("event: message\r\n: a comment\r\n" + "".join(lines)).encode()


def texts(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.text]


def done(pieces: list[Piece]) -> Completion:
    assert [piece.completion is not None for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    found = pieces[-1].completion
    assert found is not None
    return found


def delta(finish: str | None = None, logprobs: Any = None, **said: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "model": "gpt-x-2025",
        "choices": [{"index": 0, "delta": said, "logprobs": logprobs, "finish_reason": finish}],
        "usage": None,
    }


USAGE = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}}


def test_openai_chat(wire: Any) -> None:
    token = {"token": "Hel", "logprob": -0.5, "top_logprobs": [{"token": "Hal", "logprob": -2.0}]}
    stream = events(
        delta(role="assistant", content=""),
        delta(content="Hel", logprobs={"content": [token]}),
        delta(content="lo \u20ac", logprobs={"content": [{"token": "lo \u20ac", "logprob": -0.1}]}),
        delta("stop"),
        USAGE,
        "[DONE]",
    )
    found = wire.follow("openai/gpt-x", ASK, stream)
    assert texts(found) == ["Hel", "lo \u20ac"]
    logprobs = (TokenLogprob("Hel", -0.5, (("Hal", -2.0),)), TokenLogprob("lo \u20ac", -0.1))
    assert done(found) == Completion("Hello \u20ac", "stop", Usage(7, 3), logprobs, model="gpt-x-2025")
    assert wire.sent[0].json["stream"] is True
    assert wire.sent[0].json["stream_options"] == {"include_usage": True}
    assert wire.sent[0].path == "/v1/chat/completions"
    assert wire.sent[0].headers["authorization"].startswith("Bearer sk-openai")


def test_openai_tool_calls_reasoning_and_refusals(wire: Any) -> None:
    def part(index: int, arguments: str, **named: Any) -> dict[str, Any]:
        function = {"arguments": arguments, **({"name": named.pop("name")} if "name" in named else {})}
        return delta(tool_calls=[{"index": index, "function": function, **named}])

    called = done(
        wire.follow(
            "openai/x",
            ASK,
            events(
                delta(reasoning_content="Let me "),
                delta(reasoning_content="see."),
                part(0, '{"a"', id="c1", name="add"),
                part(1, "{}", id="c2", name="stop"),
                part(0, ": 1}"),
                delta("tool_calls"),
                "[DONE]",
            ),
        )
    )
    assert called.tool_calls == (ToolCall("c1", "add", '{"a": 1}'), ToolCall("c2", "stop", "{}"))
    assert called.reasoning == "Let me see."
    assert called.finish_reason == "tool_calls"
    refused = wire.follow("openai/x", ASK, events(delta(refusal="I "), delta(refusal="won't"), delta("stop")))
    assert (texts(refused), done(refused).text) == (["I ", "won't"], "I won't")


def test_what_compatible_servers_do_otherwise(wire: Any) -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
    last = {**delta("stop", content=" you"), "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    found = wire.follow("mistral/m", ASK, events(delta(content=thinking), delta(content="Hi"), last, "[DONE]"))
    assert texts(found) == ["Hi", " you"]
    assert (done(found).text, done(found).reasoning, done(found).usage) == ("Hi you", "Hm.", Usage(5, 2))
    assert "stream_options" not in wire.sent[0].json
    no_done = wire.follow("openai/m", ASK, events(delta(content="Hi"), delta("length")))
    assert done(no_done) == Completion("Hi", "length", model="gpt-x-2025")
    no_reason = wire.follow("openai/m", ASK, events(delta(content="Hi"), "[DONE]"))
    assert done(no_reason).text == "Hi"


def test_raw_text(wire: Any) -> None:
    def piece(text: str, finish: str | None = None) -> dict[str, Any]:
        logprobs = {"tokens": [text], "token_logprobs": [-0.5], "top_logprobs": [{text: -0.5}]}
        return {"model": "b", "choices": [{"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish}]}

    request = Request(text="Once", sampling=Sampling(logprobs=1))
    found = wire.follow("vllm/b", request, events(piece(" upon"), piece(" a", "stop"), USAGE, "[DONE]"))
    assert texts(found) == [" upon", " a"]
    logprobs = (TokenLogprob(" upon", -0.5, ((" upon", -0.5),)), TokenLogprob(" a", -0.5, ((" a", -0.5),)))
    assert done(found) == Completion(" upon a", "stop", Usage(7, 3), logprobs, model="b")
    assert wire.sent[0].path == "/v1/completions"
    with pytest.raises(InputError, match="messages only"):
        wire.follow("groq/b", request, b"")


ANTHROPIC = (
    {
        "type": "message_start",
        "message": {"model": "claude-x", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}},
    },
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "t", "name": "add", "input": {}},
    },
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ""}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": " 1}"}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 12}},
    {"type": "message_stop"},
)


def test_anthropic(wire: Any) -> None:
    found = wire.follow("anthropic/claude-x", ASK, events(*ANTHROPIC))
    assert texts(found) == ["Hel", "lo"]
    whole = done(found)
    assert (whole.text, whole.reasoning, whole.finish_reason, whole.model) == ("Hello", "Hm.", "tool_calls", "claude-x")
    assert whole.usage == Usage(5, 12)
    assert [(call.name, json.loads(call.arguments)) for call in whole.tool_calls] == [("add", {"a": 1})]
    assert wire.sent[0].json["stream"] is True
    with pytest.raises(CallError, match="ended before") as cut:
        wire.follow("anthropic/claude-x", ASK, events(*ANTHROPIC[:-1]))
    assert cut.value.passing


def test_an_overloaded_anthropic_breaks_off(wire: Any) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(CallError) as found:
        wire.follow("anthropic/claude-x", ASK, events(*ANTHROPIC[:8], error))
    assert (found.value.kind, found.value.begun) == ("overloaded", True)
    with pytest.raises(CallError) as turned_away:
        wire.follow("anthropic/claude-x", ASK, json.dumps(error).encode(), status=529)
    assert (turned_away.value.kind, turned_away.value.begun) == ("overloaded", False)


def chunk(text: str, finish: str | None = None, **more: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    return {"candidates": [{**candidate, **({"finishReason": finish} if finish else {})}], "modelVersion": "g", **more}


def test_google(wire: Any) -> None:
    thought = {"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True}]}, "index": 0}]}
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}
    last = chunk("lo", "STOP", usageMetadata=usage)
    first = chunk("Hel", usageMetadata={"promptTokenCount": 4, "candidatesTokenCount": 1})
    found = wire.follow("google/gemini-x", ASK, events(thought, first, last))
    assert texts(found) == ["Hel", "lo"]
    assert done(found) == Completion("Hello", "stop", Usage(4, 5, reasoning_tokens=3), reasoning="Hm.", model="g")
    assert wire.sent[0].path == "/v1/models/gemini-x:streamGenerateContent?alt=sse"
    assert wire.sent[0].headers["x-goog-api-key"].startswith("AIza")


def test_google_calls_blocks_and_breaks(wire: Any) -> None:
    call = {
        "candidates": [
            {"content": {"parts": [{"functionCall": {"name": "add", "args": {"a": 1}}}]}, "finishReason": "STOP"}
        ]
    }
    found = done(wire.follow("google/gemini-x", ASK, events(chunk("So "), call)))
    assert (found.text, found.finish_reason, found.tool_calls) == (
        "So ",
        "tool_calls",
        (ToolCall("call_1", "add", '{"a":1}'),),
    )
    with pytest.raises(CallError, match="blocked the prompt") as blocked:
        wire.follow("google/gemini-x", ASK, events({"promptFeedback": {"blockReason": "SAFETY"}}))
    assert blocked.value.kind == "content_policy"
    with pytest.raises(CallError, match="ended before"):
        wire.follow("google/gemini-x", ASK, events(chunk("Hel")))
    with pytest.raises(CallError) as error:
        wire.follow("google/gemini-x", ASK, events(chunk("Hel"), {"error": {"code": 503, "status": "UNAVAILABLE"}}))
    assert (error.value.kind, error.value.begun) == ("overloaded", True)
