from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from bare_client import Client, against, post

from scansion.models.pocket.server import Answer, Asked, Times


async def named(asked: Asked) -> Answer:
    """An answer that says the path."""
    return Answer(200, asked.path.encode())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", 413),
        (b"POST /v1/completions HTTP/1.1\r\norigin: https://example.com\r\n\r\n", 403),
        (b"POST /v1/completions HTTP/1.1\r\norigin: http://localhost.example.com\r\n\r\n", 403),
        (b"POST /v1/completions HTTP/1.1\r\nOrigin: null\r\n\r\n", 403),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_requests_that_are_none(head: bytes, status: int) -> None:
    async def use(client: Client) -> None:
        found = await client.raw(head)
        assert found.startswith(b"HTTP/1.1 %d " % status)
        assert b'"error"' in found
        assert b"connection: close" in found

    against(named, Times(), use)


def test_a_body_that_is_too_long_is_answered_all_the_same() -> None:
    async def use(client: Client) -> None:
        body = b"x" * (12 << 20)
        found = await client.raw(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert found.startswith(b"HTTP/1.1 413 ")

    against(named, Times(), use)


@pytest.mark.parametrize(
    "begun", [b"G", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{", post({})[:-1]]
)
def test_a_request_that_is_not_finished(begun: bytes) -> None:
    async def use(client: Client) -> None:
        found = await client.raw(begun, more=True)
        assert found.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in found
        assert b"was not there within 0.05 s" in found

    against(named, Times(whole=0.05), use)


def test_a_connection_on_which_nothing_is_asked() -> None:
    async def use(client: Client) -> None:
        assert await client.raw(b"", more=True) == b""

    against(named, Times(whole=0.01, idle=0.05), use)


def test_a_kept_connection_may_wait_longer_than_a_request() -> None:
    async def use(client: Client) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        for path in ("/a", "/b"):
            writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
            assert (await reader.readuntil(path.encode())).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)
        writer.close()

    against(named, Times(whole=0.2, idle=60), use)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80"])
def test_a_page_of_this_machine_may_ask(origin: str) -> None:
    async def use(client: Client) -> None:
        found = await client.raw(f"GET /v1/models HTTP/1.1\r\norigin: {origin}\r\n\r\n".encode())
        assert found.startswith(b"HTTP/1.1 200 ")

    against(named, Times(), use)


def test_a_head_is_not_followed_on_its_connection() -> None:
    async def use(client: Client) -> None:
        found = await client.raw(b"HEAD /v1/models HTTP/1.1\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n")
        assert found.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in found

    against(named, Times(), use)


def test_a_fault_of_the_server_is_answered() -> None:
    async def broken(_: Asked) -> Answer:
        raise ZeroDivisionError

    async def use(client: Client) -> None:
        raised = []
        asyncio.get_running_loop().set_exception_handler(lambda _, about: raised.append(about["exception"]))
        found = await client.raw(b"GET /v1/models HTTP/1.1\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 500 ")
        assert b"server_error" in found
        while not raised:
            await asyncio.sleep(0)
        assert [type(error) for error in raised] == [ZeroDivisionError]

    against(broken, Times(), use)


def test_a_client_that_goes_away_while_it_is_told() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            ended.set()

    async def handle(asked: Asked) -> Answer:
        return Answer(200, events=events())

    async def use(client: Client) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(post({}))
        await reader.readexactly(100)
        writer.close()
        await ended.wait()

    ended = asyncio.Event()
    against(handle, Times(), use)


@pytest.mark.parametrize("way", ["close", "abort"])
def test_a_client_that_does_not_wait_ends_the_handler(way: str) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handle(asked: Asked) -> Answer:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async def use(client: Client) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(post({}))
        await begun.wait()
        writer.close() if way == "close" else writer.transport.abort()
        await ended.wait()

    against(handle, Times(glance=0.01), use)


def test_a_client_that_has_said_all_is_still_answered() -> None:
    noticed = asyncio.Event()

    async def handle(asked: Asked) -> Answer:
        await noticed.wait()
        return Answer(200, b"here")

    async def use(client: Client) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(post({}))
        writer.write_eof()
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert await reader.readexactly(2 * len(interim)) == 2 * interim
        noticed.set()
        rest = (await reader.read()).replace(interim, b"")
        assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
        assert rest.endswith(b"\r\n\r\nhere")
        writer.close()

    against(handle, Times(glance=0.01), use)


def test_an_old_client_is_sent_no_interim_answer() -> None:
    async def handle(asked: Asked) -> Answer:
        await asyncio.sleep(0.1)
        return Answer(200, b"here")

    async def use(client: Client) -> None:
        found = await client.raw(post({}, version="1.0"))
        assert found.startswith(b"HTTP/1.1 200 OK\r\n")
        assert found.endswith(b"\r\n\r\nhere")

    against(handle, Times(glance=0.01), use)


def test_what_is_sent_ahead_is_not_lost_while_an_answer_is_made() -> None:
    async def handle(asked: Asked) -> Answer:
        await asyncio.sleep(0.05)
        return Answer(200, asked.path.encode())

    async def use(client: Client) -> None:
        found = await client.raw(b"".join(post({}, path) for path in ("/a", "/b", "/c")))
        answers = [part for part in found.split(b"HTTP/1.1 ") if part.startswith(b"200")]
        assert [answer[-2:] for answer in answers] == [b"/a", b"/b", b"/c"]

    against(handle, Times(glance=0.01), use)


def test_a_client_that_leaves_half_of_its_request() -> None:
    async def use(client: Client) -> None:
        assert await client.raw(b"POST /v1/completions HTTP/1.1\r\ncontent-length: 50\r\n\r\n{") == b""

    against(named, Times(), use)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/v1/models", "/v1/models"),
        ("http://127.0.0.1:1234/v1/models", "/v1/models"),
        ("HTTP://localhost/v1/models?x=http://y/z", "/v1/models"),
        ("/v1/models?x=http://y/z", "/v1/models"),
        ("http://127.0.0.1?x=1", "/"),
        ("https://127.0.0.1/x/http://y/z", "/x/http://y/z"),
        ("/x/http://y/z", "/x/http://y/z"),
    ],
)
def test_targets(target: str, path: str) -> None:
    async def use(client: Client) -> None:
        found = await client.raw(f"GET {target} HTTP/1.1\r\n\r\n".encode())
        assert found.endswith(f"\r\n\r\n{path}".encode())

    against(named, Times(), use)
