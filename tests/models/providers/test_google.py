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
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
)


def answered(*parts, finish="STOP", **more):
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish, "index": 0, **more}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "x"}


HELLO = {
    **answered({"text": "Hello"}),
    "usageMetadata": {
        "promptTokenCount": 100,
        "candidatesTokenCount": 12,
        "totalTokenCount": 145,
        "cachedContentTokenCount": 80,
        "thoughtsTokenCount": 33,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}],
    },
}
ASK = Request((Message("system", "Be terse."), Message("user", "Hi"), Message("assistant", "Ho"), Message("user", "?")))


def ask(wire, request, answer, status=200, name="gemini-2.5-flash"):
    return wire.ask(f"google/{name}", request, answer, status, "/v1beta")


def test_a_plain_call(wire):
    got = ask(wire, ASK, HELLO)
    sent = wire.sent[0]
    assert sent.path == "/v1beta/models/gemini-2.5-flash:generateContent"
    assert sent.headers["x-goog-api-key"] == "AIza-google-secret-0123456789"
    assert sent.json == {
        "systemInstruction": {"parts": [{"text": "Be terse."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Ho"}]},
            {"role": "user", "parts": [{"text": "?"}]},
        ],
        "generationConfig": {},
    }
    assert (got.text, got.finish_reason, got.model) == ("Hello", "stop", "gemini-2.5-flash")
    assert got.usage == Usage(100, 45, cached_tokens=80, reasoning_tokens=33)


def test_everything_that_a_request_holds(wire):
    request = Request(
        (
            Message("user", (TextPart("Look:"), ImagePart(data="QUJD", media_type="image/jpeg"))),
            Message("user", (ImagePart(url="https://x.org/a.png", media_type="image/png"),)),
            Message("assistant", tool_calls=(ToolCall("t1", "look", '{"at": 1}'), ToolCall("t2", "see", "{}"))),
            Message("tool", '{"what": "cat"}', tool_call_id="t1"),
            Message("tool", "a dog", tool_call_id="t2"),
        ),
        sampling=Sampling(
            temperature=0.0,
            top_p=0.5,
            top_k=3,
            max_tokens=100,
            stop=("###",),
            seed=4,
            logprobs=2,
            frequency_penalty=0.1,
            presence_penalty=0.2,
            extra={"generationConfig": {"candidateCount": 1}, "safetySettings": []},
        ),
        tools=(Tool("look", "Looks.", {"type": "object"}), Tool("see")),
        tool_choice="look",
        response_format=ResponseFormat({"type": "object"}),
    )
    call = {"functionCall": {"name": "look", "args": {"at": 2}}}
    got = ask(wire, request, answered({"text": "hm", "thought": True}, {"text": "So: "}, call))
    assert wire.sent[0].json == {
        "contents": [
            {"role": "user", "parts": [{"text": "Look:"}, {"inlineData": {"mimeType": "image/jpeg", "data": "QUJD"}}]},
            {"role": "user", "parts": [{"fileData": {"fileUri": "https://x.org/a.png", "mimeType": "image/png"}}]},
            {
                "role": "model",
                "parts": [
                    {
                        "functionCall": {"name": "look", "args": {"at": 1}, "id": "t1"},
                        "thoughtSignature": "skip_thought_signature_validator",
                    },
                    {"functionCall": {"name": "see", "args": {}, "id": "t2"}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "look", "response": {"what": "cat"}, "id": "t1"}},
                    {"functionResponse": {"name": "see", "response": {"result": "a dog"}, "id": "t2"}},
                ],
            },
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "look", "description": "Looks.", "parametersJsonSchema": {"type": "object"}},
                    {"name": "see"},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
        "generationConfig": {
            "temperature": 0.0,
            "topP": 0.5,
            "topK": 3,
            "maxOutputTokens": 100,
            "stopSequences": ["###"],
            "seed": 4,
            "responseLogprobs": True,
            "logprobs": 2,
            "frequencyPenalty": 0.1,
            "presencePenalty": 0.2,
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object"},
            "candidateCount": 1,
        },
        "safetySettings": [],
    }
    assert (got.text, got.reasoning, got.finish_reason) == ("So: ", "hm", "tool_calls")
    assert got.tool_calls == (ToolCall("call_2", "look", '{"at": 2}'),)


@pytest.mark.parametrize(
    ("name", "effort", "config"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-3-pro-preview", "high", {"thinkingLevel": "high", "includeThoughts": True}),
    ],
)
def test_effort(wire, name, effort, config):
    ask(wire, Request(ASK.messages, sampling=Sampling(effort=effort)), HELLO, name=name)
    assert wire.sent[0].json["generationConfig"]["thinkingConfig"] == config


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("OTHER", None),
    ],
)
def test_finish_reasons(wire, reason, finish):
    assert ask(wire, ASK, answered({"text": "a"}, finish=reason)).finish_reason == finish


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "SAFETY"])
def test_a_stopped_answer_may_be_empty(wire, reason):
    got = ask(wire, ASK, {"candidates": [{"finishReason": reason, "index": 0}]})
    assert got.text == ""
    assert got.finish_reason in ("length", "content_filter")


def test_logprobs(wire):
    result = {
        "chosenCandidates": [{"token": "He", "tokenId": 1, "logProbability": -0.1}],
        "topCandidates": [
            {"candidates": [{"token": "He", "logProbability": -0.1}, {"token": "Ho", "logProbability": -3}]}
        ],
    }
    got = ask(wire, ASK, answered({"text": "He"}, logprobsResult=result, avgLogprobs=-0.1))
    assert got.logprobs == (TokenLogprob("He", -0.1, (("He", -0.1), ("Ho", -3.0))),)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (
            200,
            {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}},
            "content_policy",
        ),
        (200, {"candidates": []}, "bad_response"),
        (200, {"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}, "bad_response"),
        (200, {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "print("}]}, "bad_response"),
        (429, {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}, "rate_limited"),
        (503, {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}, "overloaded"),
    ],
)
def test_errors(wire, status, answer, kind):
    with pytest.raises(CallError) as caught:
        ask(wire, ASK, answer, status)
    assert caught.value.kind == kind


def test_a_refused_key_is_named(wire):
    said = {
        "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
        }
    }
    with pytest.raises(CallError, match="check the key in GEMINI_API_KEY") as caught:
        ask(wire, ASK, said, 400)
    assert caught.value.fatal
    assert "secret" not in str(caught.value)


def test_keys(wire, monkeypatch):
    model = open_model("google/gemini-2.5-flash")
    assert "secret" not in f"{model!r} {vars(model)} {model.identity} {model._server.url}"
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.setenv("GOOGLE_API_KEY", "other-secret")
    assert open_model("google/gemini-2.5-flash")._server.sent_headers["x-goog-api-key"] == "other-secret"
    monkeypatch.delenv("GOOGLE_API_KEY")
    with pytest.raises(InputError, match="GEMINI_API_KEY"):
        open_model("google/gemini-2.5-flash").ready()


def test_wrong_requests(wire):
    with pytest.raises(InputError, match="messages only"):
        ask(wire, Request(text="a"), HELLO)
    with pytest.raises(InputError, match="effort"):
        ask(wire, Request(ASK.messages, sampling=Sampling(effort="hard")), HELLO)
    with pytest.raises(InputError, match="names no model"):
        open_model("google/a:b")
