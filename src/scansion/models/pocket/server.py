"""A small HTTP/1.1 server on asyncio streams: requests with a known length in, answers or event streams out.

Source: RFC 9112 (HTTP/1.1); the "Server-sent events" part of the HTML standard.
"""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from http import HTTPStatus

from msgspec import Struct

from scansion.errors import InputError

__all__ = ["Answer", "Asked", "Handler", "Refused", "Times", "listen"]

LOOPBACK = "127.0.0.1"
_HEAD = 32 << 10  # the most bytes of a request's head
_BODY = 8 << 20  # and of its body
_PATIENCE = 2  # seconds that a refused client has for what it is still sending

# What a browser sends with what a page from elsewhere asks, also where its name was made to lead here (DNS rebinding).
_FOREIGN = re.compile(r"null|https?://(?!(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$).*")


# A target may name the server too, as clients of a proxy write it (RFC 9112, 3.2.2).
_SERVER = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Times(Struct, frozen=True):
    """How long the server waits, in seconds.

    `whole`: for a request to be there once it has begun. `idle`: for one to begin; longer than the 90 s that reqwest
    and Go's client keep a connection, so that none is closed just as they send on it. `glance`: between looks at
    whether a client still waits for its answer.
    """

    whole: float = 30
    idle: float = 120
    glance: float = 0.5


TIMES = Times()


class Asked(Struct, frozen=True):
    """A request: its method, its path without the query, its body, its HTTP version."""

    method: str
    path: str
    body: bytes
    version: str = "HTTP/1.1"


class Answer(Struct, frozen=True):
    """A reply: a status and a JSON body, or the events of a stream (each the text of one event, sent as it comes).

    `allow` names the methods that would have been taken, where the one asked with is not.
    """

    status: int
    body: bytes = b""
    events: AsyncGenerator[bytes, None] | None = None
    allow: str = ""


Handler = Callable[[Asked], Awaitable[Answer]]


class Refused(Exception):
    """A request that is answered with an error of this status; `allow` as in Answer."""

    def __init__(self, status: int, message: str, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.allow = allow


class _Gone(Exception):
    """The client did not wait for its answer."""


async def listen(
    handle: Handler, refuse: Callable[[Refused], bytes], port: int, times: Times = TIMES
) -> asyncio.Server:
    """A server on the loopback address; `port` 0 takes any free one. `refuse` writes the body of a refusal.

    Raises InputError for a port that cannot be had.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _exchange(reader, writer, handle, refuse, times):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, _Gone):
            pass  # nobody is there to be told
        except asyncio.CancelledError:
            pass  # the server ends; Python 3.11 would print a traceback for a connection that is cancelled
        finally:
            with suppress(ConnectionError):
                writer.close()

    try:
        return await asyncio.start_server(connected, LOOPBACK, port, limit=_HEAD)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"port {port} is in use; give another one with --port, or --port 0 for any free one"
            ) from None
        raise InputError(f"port {port} cannot be used: {error.strerror}; give another one with --port") from None


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    handle: Handler,
    refuse: Callable[[Refused], bytes],
    times: Times,
) -> bool:
    """One request and its answer; whether another may follow on this connection."""
    try:
        asked, again = await _next(reader, writer, times)
    except Refused as error:
        _write(writer, Answer(error.status, refuse(error)), False)
        await writer.drain()
        writer.write_eof()
        await _discard(reader)
        return False
    if asked is None:
        return False
    again = again and asked.method != "HEAD"  # whose client reads no body: what follows one would be misread
    try:
        answer = await _handled(asked, handle, reader, writer, times.glance)
    except Refused as error:
        answer = Answer(error.status, refuse(error), allow=error.allow)
    except _Gone:
        raise
    except Exception:
        _write(writer, Answer(500, refuse(Refused(500, "the server failed; what it printed says why"))), False)
        raise
    if answer.events is None:
        _write(writer, answer, again)
        await writer.drain()
    else:
        await _stream(writer, answer.events, again)
    return again


async def _handled(
    asked: Asked, handle: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, glance: float
) -> Answer:
    """The handler's answer. Raises _Gone, and ends the handler, where the client goes before it is there.

    A client that has closed its connection and one that has only shut its sending side, and reads on, look alike
    until something is sent: the first one's system then answers that nobody is there, and the next write fails. So
    both are sent an interim answer, which every client passes over (RFC 9110, 15.2), and the second one still gets its
    own. HTTP/1.0 knows none: its clients are answered whether they are there or not. Requests that were sent ahead
    hide the end behind them; it is noticed once they are read.
    """
    task = asyncio.ensure_future(handle(asked))
    try:
        while not (await asyncio.wait({task}, timeout=glance))[0]:
            if reader.at_eof() and asked.version == "HTTP/1.1":
                writer.write(_CONTINUE)
            if writer.is_closing():
                raise _Gone
        return task.result()
    finally:
        task.cancel()


async def _discard(reader: asyncio.StreamReader) -> None:
    """Take what a refused client still sends, for a while: closing on it would lose the answer (RFC 9112, 9.6)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while await reader.read(1 << 16):
                pass


async def _next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, times: Times) -> tuple[Asked | None, bool]:
    """The next request (None: there is none), and whether the connection is kept."""
    first = b""
    with suppress(TimeoutError):  # told nothing: an answer would be taken for that to a request now on its way
        async with asyncio.timeout(times.idle):
            first = await reader.read(1)
    if not first:
        return None, False
    try:
        async with asyncio.timeout(times.whole):
            return await _read(first, reader, writer)
    except TimeoutError:
        raise Refused(408, f"the request was not there within {times.whole:g} s") from None


async def _read(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[Asked, bool]:
    """The request that begins with the byte `first`, and whether the connection is kept."""
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(431, "the request's head is too long") from None
    method, target, version, fields = _parse(head)
    if _FOREIGN.fullmatch(fields.get("origin", "").lower()):
        raise Refused(403, "pages of other sites may not ask this server")
    length = _length(fields)
    if fields.get("expect", "").lower() == "100-continue":
        writer.write(_CONTINUE)
    body = await reader.readexactly(length) if length else b""
    said = fields.get("connection", "").lower()
    kept = "close" not in said if version == "HTTP/1.1" else "keep-alive" in said
    return Asked(method, _path(target), body, version), kept


def _path(target: str) -> str:
    named = _SERVER.match(target)
    return target[named.end() if named else 0 :].partition("?")[0] or "/"


def _parse(head: bytes) -> tuple[str, str, str, dict[str, str]]:
    """Method, target, version and header fields (names in lower case) of a request's head."""
    first, *lines = head.decode("latin-1").strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(400, "this is no HTTP/1.1 request")
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or not name:
            raise Refused(400, "a header field of the request is malformed")
        name, value = name.lower(), value.strip()
        if name == "content-length" and fields.get(name, value) != value:
            raise Refused(400, "the request states two lengths")
        fields[name] = value
    return words[0], words[1], words[2], fields


def _length(fields: dict[str, str]) -> int:
    """The bytes of the body that follows a head."""
    if "transfer-encoding" in fields:
        raise Refused(411, "send the body with a Content-Length, not in chunks")
    stated = fields.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise Refused(400, "the request's Content-Length is no number")
    if len(stated) > 12 or int(stated) > _BODY:
        raise Refused(413, f"the request's body is longer than {_BODY >> 20} MiB")
    return int(stated)


def _write(writer: asyncio.StreamWriter, answer: Answer, again: bool) -> None:
    """An answer with a body."""
    fields = f"content-length: {len(answer.body)}" + (f"\r\nallow: {answer.allow}" if answer.allow else "")
    writer.write(_head(answer.status, "application/json", fields, again) + answer.body)


def _head(status: int, kind: str, fields: str, again: bool) -> bytes:
    kept = "keep-alive" if again else "close"
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    return f"{first}\r\ncontent-type: {kind}\r\n{fields}\r\nconnection: {kept}\r\n\r\n".encode()


async def _stream(writer: asyncio.StreamWriter, events: AsyncGenerator[bytes, None], again: bool) -> None:
    """An answer as a stream of events, each sent as a chunk."""
    writer.write(_head(200, "text/event-stream", "cache-control: no-cache\r\ntransfer-encoding: chunked", again))
    async with aclosing(events) as sent:
        async for event in sent:
            data = b"data: %b\n\n" % event
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
