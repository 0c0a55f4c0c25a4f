"""What becomes of every fault: of the wire (the fault server), of status and words, of the wishes to wait."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from email.utils import formatdate
from typing import Any

import fault_server
import msgspec
import pytest
from core_helpers import Scripted, run

from scansion.errors import CallError, InputError
from scansion.models import http
from scansion.models.faults import bad_response, fault
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.http import Reply
from scansion.models.lm import LM, Trace
from scansion.models.retry import Retry
from scansion.models.waits import asked_wait, used_up

FaultServer = fault_server.FaultServer

FINAL = {
    "429": ("rate_limited", False),
    "429 retry-after": ("rate_limited", False),
    "429 quota": ("bad_request", True),
    "500": ("server", False),
    "503": ("overloaded", False),
    "529": ("overloaded", False),
    "reset": ("connection", False),
    "half": ("bad_response", False),
    "silence": ("timeout", False),
    "invalid json": ("bad_response", False),
    "200 error": ("rate_limited", False),
    "content type": ("bad_response", False),
    "no choices": ("bad_response", False),
    "invalid utf-8": ("bad_response", False),
    "400": ("bad_request", True),  # fatal: no call of this model has succeeded yet
    "400 context": ("context_length", False),
    "400 policy": ("content_policy", False),
    "401": ("bad_request", True),
    "403": ("bad_request", True),
    "404": ("bad_request", True),
}


async def ask(server: Any, *, tries: int = 1, timeout: float = 10, max_wait: float | None = None) -> tuple[LM, Any]:
    gateway = Gateway(settings=CallSettings(timeout=timeout, tries=tries, max_wait=max_wait))
    gateway.retry = Retry(tries, max_wait=max_wait, uniform=lambda low, high: 0.0)
    lm = LM(gateway, gateway.channel(f"wire/x?base_url={server.url}"), Trace())
    try:
        return lm, await lm("hello")
    except CallError as error:
        return lm, error


@pytest.mark.parametrize("name", sorted(FINAL))
def test_a_lasting_fault_ends_as_what_it_was(name: str, scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer(answer=lambda _hit: fault_server.FAULTS[name]) as server:
            lm, error = await ask(server, timeout=0.2 if name == "silence" else 10)
            assert isinstance(error, CallError)
            assert (error.kind, error.fatal) == FINAL[name]
            assert "\n" not in str(error)
            assert len(str(error)) < 400
            assert "0123456789abcdef" not in str(error)
            assert lm.trace.errors == [error]
            assert lm.trace.calls == []
            assert len(server.hits) == 1

    run(main)


@pytest.mark.parametrize("name", sorted(n for n, (_, fatal) in FINAL.items() if not fatal and "400" not in n))
def test_a_passing_fault_is_tried_again(name: str, scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer(name, name) as server:
            lm, completion = await ask(server, tries=3, timeout=0.2 if name == "silence" else 10)
            assert completion.text == "42"
            assert len(server.hits) == 3
            assert lm.channel.counters.retries == 2
            assert lm.channel.counters.in_flight == 0

    run(main)


def test_a_content_filter_stop_is_a_completion(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer("content filter") as server:
            _, completion = await ask(server)
            assert completion.finish_reason == "content_filter"

    run(main)


def test_retry_after_is_obeyed_by_all(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer("429 retry-after") as server:
            started = time.monotonic()
            _, completion = await ask(server, tries=2)
            assert completion.text == "42"
            assert time.monotonic() - started >= 0.05

    run(main)


def test_a_long_wait_is_given_up_at_once_under_max_wait(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer("429 long") as server:
            lm, error = await ask(server, tries=6, max_wait=5)
            assert (error.kind, error.retry_after) == ("rate_limited", 3600)
            with pytest.raises(CallError, match="--max-wait") as later:  # the pause holds for the others too
                await asyncio.wait_for(lm("another"), 1)
            assert later.value.kind == "rate_limited"
            assert len(server.hits) == 1

    run(main)


def test_a_used_up_limit_pauses_before_the_next_call(scripted: Scripted) -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "60ms"}
    spent = fault_server.Answer(body=fault_server.completion(), headers=headers)

    async def main() -> None:
        async with FaultServer(spent) as server:
            lm, _ = await ask(server)
            started = time.monotonic()
            await lm("another")
            assert time.monotonic() - started >= 0.05

    run(main)


def test_connections_are_kept_and_not_reached_servers_said_so(scripted: Scripted) -> None:
    async def main() -> None:
        async with FaultServer() as server:
            for _ in range(5):
                reply = await http.post(server.url, {"content-type": "application/json"}, b"{}", 1)
                assert reply.status == 200
                assert reply.headers.get("content-type") == "application/json"
            assert (await http.get(server.url, {}, 1)).status == 200
            assert server.connections == 1
            address = server.url
        await http.close()  # a kept connection may not have seen the server go, and would fail as one that sent
        with pytest.raises(CallError) as error:
            await http.post(address, {}, b"", 1)
        assert (error.value.kind, error.value.sent) == ("connection", False)
        with pytest.raises(InputError, match="not valid"):
            await http.post("no address", {}, b"", 1)
        with pytest.raises(InputError) as header:
            await http.post(address, {"authorization": "Bearer se\ncret"}, b"", 1)
        assert "se" not in str(header.value).replace("send", "")

    run(main)


def test_a_redirect_is_not_followed() -> None:
    async def main() -> None:
        moved = fault_server.Answer(307, b"", {"location": "http://127.0.0.1:9/"})
        async with FaultServer(moved) as server:
            error = fault(await http.post(server.url, {}, b"", 1))
            assert (error.kind, error.fatal) == ("bad_request", True)

    run(main)


INTERRUPTED = """
import asyncio, os, signal, sys
from scansion.models import http

async def keep_asking():
    while True:
        await http.post(sys.argv[1], {}, b"{}", 5)

async def main():
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.gather(*(keep_asking() for _ in range(20)))

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("stopped")
"""


def test_a_process_that_stops_amid_requests_ends_in_good_order() -> None:
    slow = fault_server.Answer(body=b"{}", delay=0.005)
    with FaultServer(answer=lambda _hit: slow) as server:
        for _ in range(3):
            command = [sys.executable, "-c", INTERRUPTED, server.url]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, "stopped\n", "")


def reply(status: int, body: Any, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


@pytest.mark.parametrize(
    ("status", "body", "kind", "fatal"),
    [
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}},
         "context_length", False),
        (400, {"error": {"code": 400, "message": "The input token count (9) exceeds the maximum number of tokens",
                         "status": "INVALID_ARGUMENT"}}, "context_length", False),
        (400, {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
                         "details": [{"reason": "API_KEY_INVALID"}]}}, "bad_request", True),
        (400, {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
         "bad_request", True),
        (400, {"error": {"code": "content_filter", "message": "The response was filtered"}}, "content_policy", False),
        (400, {"error": {"message": "Invalid value at 'safety_settings'"}}, "bad_request", False),
        (400, {"object": "error", "message": "maximum context length is 2048", "code": 400}, "context_length", False),
        (403, {"error": {"message": "Your input was flagged", "code": 403}}, "content_policy", False),
        (402, {"error": "Insufficient credits"}, "bad_request", True),
        (408, b"", "server", False),
        (409, b"", "server", False),
        (413, b"<html><title>Too Large</title></html>", "context_length", False),
        (422, {"detail": "no"}, "bad_request", False),
        (425, b"", "server", False),
        (429, [{"error": {"code": 429, "message": "quota, check your plan and billing details",
                          "status": "RESOURCE_EXHAUSTED"}}], "rate_limited", False),
        (502, b"bad gateway", "server", False),
        (504, b"\xff\xfe", "server", False),
        (200, {"error": {"message": "Overloaded", "type": "overloaded_error"}}, "overloaded", False),
        (200, {"error": {"message": "Incorrect key", "type": "authentication_error"}}, "bad_request", True),
        (200, {"error": {"message": "Upstream timeout", "code": 504}}, "server", False),
        (200, {"error": {"message": "something odd"}}, "bad_response", False),
    ],
)  # fmt: skip
def test_errors_of_many_shapes(status: int, body: Any, kind: str, fatal: bool) -> None:
    error = fault(reply(status, body))
    assert (error.kind, error.fatal) == (kind, fatal), str(error)


def test_words_are_short_and_of_one_line() -> None:
    error = fault(reply(500, {"error": {"message": "a\nb " * 1000}}))
    assert str(error).startswith("HTTP 500: a b a b")
    assert len(str(error)) < 330
    assert str(bad_response("no JSON", b"\xff" + b"x" * 1000)).startswith("no JSON: ")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "20ms"}, None),
        ({"x-ratelimit-reset": "1h2m3s"}, 3723),
        ({}, None),
    ],
)
def test_wishes_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers) == (None if seconds is None else pytest.approx(seconds))


def test_wishes_to_wait_until_a_time() -> None:
    now = time.time()
    assert asked_wait({"retry-after": formatdate(now + 60, usegmt=True)}) == pytest.approx(60, abs=2)
    assert asked_wait({"retry-after": formatdate(now - 60, usegmt=True)}) == 0
    assert asked_wait({"x-ratelimit-reset": str(int(now + 30))}) == pytest.approx(30, abs=2)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 30))
    limits = {"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": stamp}
    assert used_up(limits) == pytest.approx(30, abs=2)
    google = fault(reply(429, {"error": {"message": "x", "details": [{"retryDelay": "17s"}]}}))
    assert google.retry_after == 17
