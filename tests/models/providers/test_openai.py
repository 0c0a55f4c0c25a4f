from __future__ import annotations

import json

import pytest

from scansion.errors import CallError, InputError
from scansion.models.providers._compatible import SERVERS
from scansion.models.registry import open_model, providers
from scansion.types import (
    ImagePart,
    Message,
    Request,
    ResponseFormat,
    Sampling,
    TextPart,
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
)

HELLO = {
    "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
    "object": "chat.completion",
    "created": 1741569952,
    "model": "gpt-4.1-2025-04-14",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello! How can I assist you today?",
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 2006,
        "completion_tokens": 310,
        "total_tokens": 2316,
        "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 300, "audio_tokens": 0},
    },
    "service_tier": "default",
}
ASK = Request((Message("system", "Be terse."), Message("user", "Hello!")))


def replied(**message):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"model": "m", "choices": [choice]}


def test_a_plain_chat_call(wire):
    got = wire.ask("openai/gpt-4.1", ASK, HELLO)
    sent = wire.sent[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == "Bearer sk-openai-secret-0123456789"
    assert sent.json == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hello!"}],
    }
    assert got.text == "Hello! How can I assist you today?"
    assert got.finish_reason == "stop"
    assert got.model == "gpt-4.1-2025-04-14"
    assert got.usage == Usage(2006, 310, cached_tokens=1920, reasoning_tokens=300)


def test_all_sampling_fields_are_sent_and_extra_is_merged(wire):
    sampling = Sampling(
        temperature=0.0,
        top_p=0.9,
        top_k=5,
        max_tokens=7,
        stop=("a", "b"),
        seed=3,
        logprobs=2,
        effort="low",
        frequency_penalty=0.1,
        presence_penalty=0.2,
        extra={"user": "u", "temperature": 0.5, "metadata": {"a": 1}},
    )
    wire.ask("openai/gpt-5-mini?service_tier=flex", Request((Message("user", ""),), sampling=sampling), HELLO)
    assert wire.sent[0].json == {
        "model": "gpt-5-mini",
        "messages": [{"role": "user", "content": ""}],
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "max_tokens": 7,
        "stop": ["a", "b"],
        "seed": 3,
        "logprobs": True,
        "top_logprobs": 2,
        "reasoning_effort": "low",
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "service_tier": "flex",
        "user": "u",
        "metadata": {"a": 1},
    }


def test_the_output_limit_goes_by_the_name_that_the_server_takes(wire):
    request = Request((Message("user", "x"),), sampling=Sampling(max_tokens=9, seed=1))
    wire.ask("openai/x?max_tokens_field=max_completion_tokens", request, HELLO)
    wire.ask("mistral/x", request, HELLO)
    assert wire.sent[0].json["max_completion_tokens"] == 9
    assert "max_tokens" not in wire.sent[0].json
    assert wire.sent[1].json["max_tokens"] == 9
    assert wire.sent[1].json["random_seed"] == 1
    assert "seed" not in wire.sent[1].json
    assert SERVERS["openai"].limit == "max_completion_tokens"


def test_tools_images_formats(wire):
    request = Request(
        (
            Message("user", (TextPart("What is it?"), ImagePart(data="QUJD", media_type="image/jpeg", detail="low"))),
            Message("user", (ImagePart(url="https://x.org/a.png"),)),
            Message("assistant", tool_calls=(ToolCall("c1", "look", '{"at": 1}'),)),
            Message("tool", "a cat", tool_call_id="c1"),
        ),
        tools=(Tool("look", "Looks.", {"type": "object"}),),
        tool_choice="look",
        response_format=ResponseFormat({"type": "object"}, "answer"),
    )
    called = replied(
        content=None,
        tool_calls=[{"id": "call_abc", "type": "function", "function": {"name": "look", "arguments": '{"at":2}'}}],
    )
    called["choices"][0]["finish_reason"] = "tool_calls"
    got = wire.ask("openai/gpt-4.1", request, called)
    assert wire.sent[0].json == {
        "model": "gpt-4.1",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QUJD", "detail": "low"}},
                ],
            },
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
                ],
            },
            {"role": "tool", "content": "a cat", "tool_call_id": "c1"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object"}},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
    }
    assert got.tool_calls == (ToolCall("call_abc", "look", '{"at":2}'),)
    assert (got.text, got.finish_reason) == ("", "tool_calls")


def test_json_without_a_schema(wire):
    wire.ask("openai/x", Request((Message("user", "x"),), response_format=ResponseFormat()), HELLO)
    assert wire.sent[0].json["response_format"] == {"type": "json_object"}


def test_logprobs(wire):
    answer = replied(content="Hi")
    top = [{"token": "Hi", "logprob": -0.1, "bytes": [72]}, {"token": "Ho", "logprob": -2.5, "bytes": None}]
    answer["choices"][0]["logprobs"] = {"content": [{"token": "Hi", "logprob": -0.1, "top_logprobs": top}]}
    got = wire.ask("openai/x", ASK, answer)
    assert got.logprobs == (TokenLogprob("Hi", -0.1, (("Hi", -0.1), ("Ho", -2.5))),)


def test_raw_text_goes_to_completions_as_it_is(wire):
    answer = {
        "id": "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7",
        "object": "text_completion",
        "model": "davinci-002",
        "choices": [
            {
                "text": " 8",
                "index": 0,
                "logprobs": {
                    "tokens": [" 8"],
                    "token_logprobs": [-0.2],
                    "top_logprobs": [{" 9": -1.9, " 8": -0.2}],
                    "text_offset": [5],
                },
                "finish_reason": "length",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    }
    request = Request(text=" Q: x\nA:\n", sampling=Sampling(max_tokens=1, logprobs=2, stop=("\n",)))
    got = wire.ask("openai/davinci-002", request, answer)
    assert wire.sent[0].path == "/v1/completions"
    assert wire.sent[0].json == {
        "model": "davinci-002",
        "prompt": " Q: x\nA:\n",
        "max_tokens": 1,
        "logprobs": 2,
        "stop": ["\n"],
    }
    assert (got.text, got.finish_reason, got.usage) == (" 8", "length", Usage(5, 1))
    assert got.logprobs == (TokenLogprob(" 8", -0.2, ((" 8", -0.2), (" 9", -1.9))),)


@pytest.mark.parametrize(
    ("message", "finish", "text", "reasoning"),
    [
        ({"content": "a", "reasoning_content": "why"}, "stop", "a", "why"),
        ({"content": "a", "reasoning": "why"}, "stop", "a", "why"),
        ({"content": None, "reasoning": "why"}, "stop", "", "why"),
        ({"content": None, "refusal": "I will not."}, "stop", "I will not.", ""),
        ({"content": None}, "content_filter", "", ""),
        ({"content": ""}, "length", "", ""),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "a"},
                ]
            },
            "stop",
            "a",
            "hm",
        ),
    ],
)
def test_what_a_message_may_hold(wire, message, finish, text, reasoning):
    answer = replied(**message)
    answer["choices"][0]["finish_reason"] = finish
    got = wire.ask("openai/x", ASK, answer)
    assert (got.text, got.reasoning, got.finish_reason) == (text, reasoning, finish)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": None}, Usage(3, 2)),
        ({"prompt_tokens": 30, "completion_tokens": 2, "prompt_cache_hit_tokens": 20}, Usage(30, 2, 20)),
        (  # xAI counts reasoning beside the completion, and shows so in its total
            {
                "prompt_tokens": 37,
                "completion_tokens": 530,
                "total_tokens": 800,
                "completion_tokens_details": {"reasoning_tokens": 233},
            },
            Usage(37, 763, reasoning_tokens=233),
        ),
    ],
)
def test_usage(wire, usage, expected):
    assert wire.ask("openai/x", ASK, {**replied(content="a"), "usage": usage}).usage == expected


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"choices": []}, "bad_response"),
        ({"choices": [{"index": 0, "message": {"role": "assistant"}, "finish_reason": "stop"}]}, "bad_response"),
        ({"id": "x"}, "bad_response"),
        (b'{"choices": [{"mess', "bad_response"),
        (b'{"choices": [{"message": {"content": "\xff\xfe"}}]}', "bad_response"),
        (b"<html><title>Gateway</title></html>", "bad_response"),
        ({"choices": "many"}, "bad_response"),
        ({"error": {"message": "Rate limit reached", "code": 429}}, "rate_limited"),
        ({"error": {"message": "boom", "type": "server_error"}, "choices": 3}, "server"),
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "error"}]}, "server"),
    ],
)
def test_a_reply_that_is_no_answer_is_an_error(wire, answer, kind):
    with pytest.raises(CallError) as caught:
        wire.ask("openai/x", ASK, answer)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("status", "kind", "fatal"),
    [(401, "bad_request", True), (404, "bad_request", True), (429, "rate_limited", False), (500, "server", False)],
)
def test_error_statuses(wire, status, kind, fatal):
    said = {"error": {"message": "no: sk-openai-secret-0123456789", "type": "x"}}
    with pytest.raises(CallError) as caught:
        wire.ask("openai/x", ASK, said, status)
    assert (caught.value.kind, caught.value.fatal) == (kind, fatal)
    assert "secret" not in str(caught.value)
    assert ("OPENAI_API_KEY" in str(caught.value)) == (status == 401)


def test_the_key_is_nowhere_to_be_seen(wire):
    model = open_model("openai/gpt-5-mini")
    shown = f"{model!r} {model.name} {model.identity} {vars(model)}"
    assert "secret" not in shown
    assert not open_model("openai/x?base_url=http://localhost:1/v1").identity.count("secret")


def test_a_key_goes_to_a_foreign_address_only_when_told(wire, monkeypatch):
    assert "authorization" not in open_model("openai/x?base_url=http://10.0.0.1/v1")._server.sent_headers
    assert "authorization" in open_model("openai/x?base_url=https://gateway.example/v1")._server.sent_headers
    monkeypatch.setenv("MY_KEY", "another-secret")
    told = open_model("openai/x?base_url=http://10.0.0.1/v1&key=MY_KEY")
    assert told._server.sent_headers["authorization"] == "Bearer another-secret"


def test_servers_by_name(wire):
    got = wire.ask("openrouter/meta-llama/llama-3.3-70b", ASK, HELLO)
    assert wire.sent[0].json["model"] == "meta-llama/llama-3.3-70b"
    assert wire.sent[0].headers["authorization"] == "Bearer sk-or-secret-0123456789"
    assert got.finish_reason == "stop"
    local = open_model("ollama/qwen3:8b")
    assert local._server.url == "http://localhost:11434/v1"
    assert not local.capabilities.priced
    assert open_model("openai/gpt-5-mini").capabilities.priced
    for name in SERVERS:
        assert providers.find(name).name == "openai"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("groq/llama", "GROQ_API_KEY"),
        ("openai/x?base_url=localhost:8000", "base_url"),
        ("openai/x?base_url=http://me:pw@localhost/v1", "password"),
        ("openai/x?timeout=soon", "timeout"),
        ("openai/x?max_tokens_field=limit", "max_tokens_field"),
        ("openai/x?completions=maybe", "completions"),
        ("openai/x?model=y", "model"),
    ],
)
def test_wrong_specs(wire, spec, message):
    with pytest.raises(InputError, match=message) as caught:
        open_model(spec).ready()
    assert "\n" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_api_version_goes_in_the_query(wire):
    wire.ask("openai/x?api_version=2024-10-21", ASK, HELLO)
    assert wire.sent[0].path == "/v1/chat/completions?api-version=2024-10-21"


def test_a_chat_server_refuses_raw_text(wire):
    with pytest.raises(InputError, match="messages only"):
        wire.ask("mistral/x", Request(text="a"), json.dumps({}).encode())
