from __future__ import annotations

import pytest

from scansion.errors import CallError, InputError
from scansion.models.registry import open_model
from scansion.types import (
    ImagePart,
    Message,
    Request,
    ResponseFormat,
    Sampling,
    TextPart,
    Tool,
    ToolCall,
    Usage,
)

HELLO = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 21,
        "cache_creation_input_tokens": 188086,
        "cache_read_input_tokens": 4000,
        "output_tokens": 393,
        "output_tokens_details": {"thinking_tokens": 300},
        "service_tier": "standard",
    },
}
ASK = Request((Message("user", "Hello"),))


def test_a_plain_call(wire):
    got = wire.ask("anthropic/claude-opus-4-6", ASK, HELLO)
    sent = wire.sent[0]
    assert sent.path == "/v1/messages"
    assert sent.headers["x-api-key"] == "sk-ant-secret-0123456789"
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.json.pop("max_tokens") > 0
    assert {k: v for k, v in sent.json.items() if k != "max_tokens"} == {
        "model": "claude-opus-4-6",
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert (got.text, got.finish_reason, got.model) == ("Hello!", "stop", "claude-opus-4-6")
    assert got.usage == Usage(192107, 393, cached_tokens=4000, cache_write_tokens=188086, reasoning_tokens=300)


def test_an_unknown_model_gets_a_default_limit(wire):
    wire.ask("anthropic/some-model", ASK, HELLO)
    assert wire.sent[0].json["max_tokens"] == 4096


def test_everything_that_a_request_holds(wire):
    request = Request(
        (
            Message("system", "Be terse."),
            Message("user", (TextPart("Look:"), ImagePart(data="QUJD", media_type="image/jpeg"))),
            Message("user", (ImagePart(url="https://x.org/a.png"), ImagePart(url="data:image/gif;base64,R0lG"))),
            Message(
                "assistant", "Looking.", tool_calls=(ToolCall("t1", "look", '{"at": 1}'), ToolCall("t2", "see", ""))
            ),
            Message("tool", "a cat", tool_call_id="t1"),
            Message("tool", "a dog", tool_call_id="t2"),
            Message("system", "Be kind."),
        ),
        sampling=Sampling(
            temperature=0.0, top_p=0.5, top_k=3, max_tokens=100, stop=("###",), extra={"metadata": {"user_id": "u"}}
        ),
        tools=(Tool("look", "Looks.", {"type": "object", "properties": {}}), Tool("see")),
        tool_choice="required",
        response_format=ResponseFormat({"type": "object", "additionalProperties": False}),
    )
    answer = {
        **HELLO,
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": 2}},
        ],
        "stop_reason": "tool_use",
    }
    got = wire.ask("anthropic/claude-opus-4-6", request, answer)
    assert wire.sent[0].json == {
        "model": "claude-opus-4-6",
        "max_tokens": 100,
        "system": "Be terse.\n\nBe kind.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look:"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "url", "url": "https://x.org/a.png"}},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lG"}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
                    {"type": "tool_use", "id": "t2", "name": "see", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a cat"}]},
                    {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "a dog"}]},
                ],
            },
        ],
        "temperature": 0.0,
        "top_p": 0.5,
        "top_k": 3,
        "stop_sequences": ["###"],
        "tools": [
            {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}},
            {"name": "see", "input_schema": {"type": "object"}},
        ],
        "tool_choice": {"type": "any"},
        "output_config": {
            "format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
        },
        "metadata": {"user_id": "u"},
    }
    assert (got.text, got.reasoning, got.finish_reason) == ("I look.", "Hm.", "tool_calls")
    assert got.tool_calls == (ToolCall("toolu_1", "look", '{"at": 2}'),)


MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    ("prefix", "system", "contents"),
    [
        (0, "S", ["a", "b", "c"]),
        (1, [{"type": "text", "text": "S", **MARK}], ["a", "b", "c"]),
        (3, "S", ["a", [{"type": "text", "text": "b", **MARK}], "c"]),
        (4, "S", ["a", "b", [{"type": "text", "text": "c", **MARK}]]),
    ],
)
def test_the_fixed_prefix_is_marked_as_cacheable(wire, prefix, system, contents):
    turns = (Message("system", "S"), Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    wire.ask("anthropic/claude-opus-4-6", Request(turns, cache_prefix=prefix), HELLO)
    sent = wire.sent[0].json
    assert sent["system"] == system
    assert [m["content"] for m in sent["messages"]] == contents
    assert wire.sent[0].body.count(b"cache_control") == (prefix > 0)


def test_system_text_after_a_cached_one_follows_it(wire):
    turns = (Message("system", "S"), Message("system", "T"), Message("user", "a"))
    wire.ask("anthropic/claude-opus-4-6", Request(turns, cache_prefix=1), HELLO)
    assert wire.sent[0].json["system"] == [{"type": "text", "text": "S", **MARK}, {"type": "text", "text": "T"}]


@pytest.mark.parametrize(
    ("name", "effort", "thinking", "config"),
    [
        ("claude-opus-4-6", "low", {"type": "adaptive"}, {"effort": "low"}),
        ("claude-sonnet-5", "high", {"type": "adaptive"}, {"effort": "high"}),
        ("claude-haiku-4-5-20251001", "medium", {"type": "enabled", "budget_tokens": 5000}, None),
        ("claude-sonnet-4-20250514", "low", {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-3-7-sonnet-20250219", "high", {"type": "enabled", "budget_tokens": 8000}, None),
        ("claude-opus-4-6", "none", None, None),
    ],
)
def test_effort(wire, name, effort, thinking, config):
    sampling = Sampling(effort=effort, max_tokens=10_000)
    wire.ask(f"anthropic/{name}", Request(ASK.messages, sampling=sampling), HELLO)
    assert wire.sent[0].json.get("thinking") == thinking
    assert wire.sent[0].json.get("output_config") == config


def test_effort_and_a_schema_share_the_output_config(wire):
    request = Request(ASK.messages, sampling=Sampling(effort="low"), response_format=ResponseFormat({"type": "object"}))
    wire.ask("anthropic/claude-opus-4-6", request, HELLO)
    assert wire.sent[0].json["output_config"] == {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("tool_use", "tool_calls"),
        ("something_new", None),
    ],
)
def test_stop_reasons(wire, reason, finish):
    assert wire.ask("anthropic/claude-opus-4-6", ASK, {**HELLO, "stop_reason": reason}).finish_reason == finish


def test_an_empty_answer_is_an_answer(wire):
    assert wire.ask("anthropic/claude-opus-4-6", ASK, {**HELLO, "content": []}).text == ""


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (200, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded"),
        (200, {"type": "message"}, "bad_response"),
        (200, b"", "bad_response"),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded"),
        (
            401,
            {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}},
            "bad_request",
        ),
    ],
)
def test_errors(wire, status, answer, kind):
    with pytest.raises(CallError) as caught:
        wire.ask("anthropic/claude-opus-4-6", ASK, answer, status)
    assert caught.value.kind == kind
    assert ("ANTHROPIC_API_KEY" in str(caught.value)) == (status == 401)
    assert str(caught.value).count("ANTHROPIC_API_KEY") <= 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(text="a"), "messages only"),
        (Request(ASK.messages, response_format=ResponseFormat()), "schema"),
        (Request((Message("system", (ImagePart(url="x"),)),)), "images"),
    ],
)
def test_what_it_does_not_offer(wire, request_, message):
    with pytest.raises(InputError, match=message):
        wire.ask("anthropic/claude-opus-4-6", request_, HELLO)


def test_no_room_to_think(wire):
    with pytest.raises(InputError, match="max_tokens above 1024"):
        wire.ask(
            "anthropic/claude-haiku-4-5", Request(ASK.messages, sampling=Sampling(effort="low", max_tokens=900)), HELLO
        )


def test_what_it_refuses(wire):
    model = open_model("anthropic/claude-opus-4-6")
    assert {"seed", "logprobs"} <= model.capabilities.refuses
    assert not model.capabilities.completions
    assert "secret" not in f"{model!r} {vars(model)} {model.identity}"
