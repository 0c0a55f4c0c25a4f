"""Whatever a server does wrong, every outcome ends as what it was: nothing hangs, nothing becomes 0."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from scansion.errors import InputError

EXPECTED = {
    "429": "rate_limited",
    "429 wait": "rate_limited",
    "500": "server",
    "529": "overloaded",
    "reset": "connection",
    "half": "bad_response",
    "invalid JSON": "bad_response",
    "200 with error": "server",
    "silence": "timeout",
    "wrong type": "bad_response",
    "empty choices": "bad_response",
    "invalid UTF-8": "bad_response",
}


def answers(module: ModuleType) -> dict[str, Any]:
    answer = module.Answer
    return {
        "429": module.refusal(429, "slow down"),
        "429 wait": module.refusal(429, "slow down", retry_after="0.01"),
        "500": module.refusal(500, "broken"),
        "529": module.refusal(529, "overloaded"),
        "reset": answer(how="reset"),
        "half": answer(body=module.completion("9"), how="half"),
        "invalid JSON": answer(body=b"{not json"),
        "200 with error": answer(body={"error": {"message": "upstream failed", "type": "server_error"}}),
        "silence": answer(how="silence"),
        "wrong type": answer(body=b"<html>hello</html>", headers={"content-type": "text/html"}),
        "empty choices": answer(body={**module.completion("9"), "choices": []}),
        "invalid UTF-8": answer(body=b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
    }


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return lambda server: f"openai/stub?base_url={server.url}/v1"


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_that_stays_is_an_error_of_its_kind(
    project: Any, fault_server: ModuleType, model: Any, fault: str
) -> None:
    bad = answers(fault_server)[fault]

    def answer(hit: Any) -> Any:
        number = int(hit.json()["messages"][-1]["content"].rsplit(" ", 1)[1])
        return bad if number == 2 else fault_server.ok(str(number + 1))

    project.rows(4)
    with fault_server.FaultServer(answer=answer) as server:
        result = project.run(prompts=["direct.txt"], models=[model(server)], tries=2, timeout=0.6)
    [variant] = result.variants
    assert variant.error_kinds == {EXPECTED[fault]: 1}
    assert (variant.scored, variant.unscored, variant.errors, variant.unreached) == (3, 0, 1, 0)
    assert variant.mean == 1.0
    assert variant.bounds == (0.75, 1.0)
    assert not result.complete


@pytest.mark.parametrize("fault", [f for f in EXPECTED if f != "silence"])
def test_a_fault_that_passes_is_tried_again(project: Any, fault_server: ModuleType, model: Any, fault: str) -> None:
    bad = answers(fault_server)[fault]
    project.rows(1)
    with fault_server.FaultServer(bad, answer=lambda _: fault_server.ok("1")) as server:
        result = project.run(prompts=["direct.txt"], models=[model(server)])
    assert result.variants[0].mean == 1.0
    assert result.complete


def test_a_content_filter_is_no_answer_and_not_zero(project: Any, fault_server: ModuleType, model: Any) -> None:
    project.rows(2)
    filtered = fault_server.ok("", finish="content_filter")
    with fault_server.FaultServer(answer=lambda _: filtered) as server:
        result = project.run(prompts=["direct.txt"], models=[model(server)])
    [variant] = result.variants
    assert variant.scored == 0
    assert variant.mean is None
    assert variant.unscored + variant.errors == 2


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [(401, "bad key", None), (403, "not yours", None), (404, "no such model", "model_not_found"), (400, "what", None)],
)
def test_what_no_call_can_survive_stops_the_run(
    project: Any, fault_server: ModuleType, model: Any, status: int, message: str, code: str | None
) -> None:
    refused = fault_server.refusal(status, message, code)
    with fault_server.FaultServer(answer=lambda _: refused) as server, pytest.raises(InputError, match=message):
        project.run(prompts=["direct.txt"], models=[model(server)], concurrency=4)


def test_a_refusal_of_one_row_is_that_rows_error(project: Any, fault_server: ModuleType, model: Any) -> None:
    def answer(hit: Any) -> Any:
        number = int(hit.json()["messages"][-1]["content"].rsplit(" ", 1)[1])
        if number == 5:
            return fault_server.refusal(400, "maximum context length is 8192 tokens", "context_length_exceeded")
        if number == 6:
            return fault_server.refusal(400, "something odd about this one")
        return fault_server.ok(str(number + 1))

    project.rows(8)
    with fault_server.FaultServer(answer=answer) as server:
        result = project.run(prompts=["direct.txt"], models=[model(server)], concurrency=1)
    assert result.variants[0].error_kinds == {"context_length": 1, "bad_request": 1}
    assert result.variants[0].scored == 6


def test_money_is_never_overspent_by_the_servers_own_count(
    project: Any, fault_server: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    served = []

    def answer(hit: Any) -> Any:
        if hit.number % 5 == 1:
            return fault_server.refusal(500, "try again")
        served.append(1)
        used = fault_server.completion("1", input_tokens=30, output_tokens=1000)
        return fault_server.Answer(body=used, how="silence" if hit.number % 7 == 3 else "whole")

    project.write("direct.txt", "Add one to {{number}}")
    with fault_server.FaultServer(answer=answer) as server:
        result = project.run(
            prompts=["direct.txt"],
            models=[f"openai/gpt-4o?base_url={server.url}/v1&max_tokens=1000"],
            budget="$0.50",
            concurrency=16,
            timeout=0.4,
            tries=2,
        )
    cost = len(served) * (30 * 2.5 + 1000 * 10) / 1e6  # USD; a silent answer counts as served
    assert cost <= 0.50
    assert result.variants[0].unreached > 0
    assert result.spent_usd is not None
    assert 0 < result.spent_usd <= 0.50
