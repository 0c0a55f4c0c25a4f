"""One HTTP client for all providers: a pooled, keep-alive HTTP/1.1 client (pyreqwest) for each event loop.

Nothing here knows what a provider says; `faults` reads replies, the providers read bodies. Redirects are not followed,
for a redirected request would carry its key to another place.
"""

from __future__ import annotations

import asyncio
import atexit
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct

from scansion.errors import CallError, InputError
from scansion.models.keys import redact

if TYPE_CHECKING:
    from pyreqwest.client import Client
    from pyreqwest.http import Url
    from pyreqwest.request import RequestBuilder
    from pyreqwest.response import Response

__all__ = ["Opened", "Reply", "close", "get", "listener", "post", "posting"]

IDLE_CONNECTIONS = 1024  # kept open for each host: never less than a user's --concurrency would need
IDLE_SECONDS = 20.0  # below the idle limits of common servers, so that a kept connection is rarely a dead one
CONNECT_SECONDS = 30.0
EXIT_SECONDS = 0.02  # for the client's thread to drop what it holds of Python at exit


class Reply(Struct, frozen=True):
    """An HTTP reply with its whole body; the keys of `headers` are lower-case, and looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


listener: ContextVar[Callable[[Reply], None] | None] = ContextVar("scansion_http_listener", default=None)
"""Who is told of every reply received in this context, before the caller sees it (the gateway reads rate limits)."""

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bool, Client]] = WeakKeyDictionary()

_LOOPBACK = re.compile(
    r"https?://(?:[^/@]*@)?(?:localhost|127(?:\.\d+){3}|\[::1\]|[^/:]+\.localhost)(?=[:/?]|$)", re.IGNORECASE
)


@lru_cache(maxsize=512)
def _loopback(url: str) -> bool:
    return _LOOPBACK.match(url) is not None


@lru_cache(maxsize=64)
def _seconds(timeout: float) -> timedelta:
    return timedelta(seconds=timeout)


@lru_cache(maxsize=512)
def _parsed(url: str) -> Url:
    """Parsing an address costs as much as all else in a request; a run has a handful of them."""
    from pyreqwest.http import Url

    return Url(url)


def _client(url: str) -> Client:
    """The running loop's client for `url`: loopback goes direct, all else by the environment's proxies."""
    loop = asyncio.get_running_loop()
    clients = _clients.get(loop)
    if clients is None:
        if not _clients:
            atexit.unregister(_settle)
            atexit.register(_settle)
        clients = _clients[loop] = {}
    direct = _loopback(url)
    client = clients.get(direct)
    if client is None:
        client = clients[direct] = _build(direct)
    return client


def _settle() -> None:
    """Let the client's own thread finish before the interpreter goes away under it, which would abort the process."""
    _clients.clear()
    time.sleep(EXIT_SECONDS)


def _build(direct: bool) -> Client:
    from pyreqwest.client import ClientBuilder
    from pyreqwest.exceptions import BuilderError

    builder = (
        ClientBuilder()
        .http1_only()
        .tcp_nodelay(True)
        .follow_redirects(False)
        .user_agent("scansion")
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
    )
    try:
        return (builder.no_proxy() if direct else builder).build()
    except BuilderError as error:
        raise InputError(
            f"the HTTP client cannot start: {error}; check the proxy variables and SSL_CERT_FILE"
        ) from None


async def post(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:  # noqa: ASYNC109  (the client keeps it)
    """Send `body` to `url`. `timeout` in seconds covers the whole exchange.

    Raises CallError: `connection`, `timeout`, or `bad_response` for a reply that breaks off or is not HTTP. A reply
    with an error status is a reply; see `faults.fault`.
    """
    return await _send("POST", url, headers, body, timeout)


async def get(url: str, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109
    """Fetch `url`, as `post` does."""
    return await _send("GET", url, headers, None, timeout)


class Opened:
    """A reply whose head has come, and whose body is read while it comes."""

    def __init__(self, response: Response, url: str, timeout: float) -> None:
        self.status, self.headers = response.status, response.headers
        self._body, self._url, self._timeout = response.body_reader, url, timeout

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, cut anywhere. Raises CallError as `post` does."""
        while True:
            try:
                chunk = await self._body.read_chunk()
            except Exception as error:
                raise _transport_error(error, self._url, self._timeout) from None
            if chunk is None:
                return
            yield chunk.to_bytes()

    async def whole(self) -> Reply:
        """The reply with its whole body, nothing of which was read before."""
        return Reply(self.status, self.headers, b"".join([chunk async for chunk in self.chunks()]))


@asynccontextmanager
async def posting(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout: float,  # noqa: ASYNC109
) -> AsyncIterator[Opened]:
    """Send `body` to `url` and give the reply as soon as its head is there; leaving ends the exchange.

    Raises CallError as `post` does; the listener is told of the head.
    """
    try:
        builder = _request("POST", url, headers, body, timeout)
        request = builder.streamed_read_buffer_limit(0).build_streamed()  # else it waits for a buffer to be filled
        response = await request.__aenter__()
    except Exception as error:
        raise _transport_error(error, url, timeout) from None
    try:
        _tell(Reply(response.status, response.headers, b""))
        yield Opened(response, url, timeout)
    finally:
        await request.__aexit__(None, None, None)


async def close() -> None:
    """Close the running loop's clients; the next request opens new ones."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


async def _send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,  # noqa: ASYNC109
) -> Reply:
    try:
        response = await _request(method, url, headers, body, timeout).build().send()
        reply = Reply(response.status, response.headers, (await response.bytes()).to_bytes())
    except Exception as error:
        raise _transport_error(error, url, timeout) from None
    _tell(reply)
    return reply


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> RequestBuilder:
    builder = _client(url).request(method, _parsed(url)).headers(headers).timeout(_seconds(timeout))
    return builder if body is None else builder.body_bytes(body)


def _tell(reply: Reply) -> None:
    told = listener.get()
    if told is not None:
        told(reply)


def _transport_error(error: Exception, url: str, timeout: float) -> Exception:
    """What a failure of pyreqwest is in our words; other exceptions are returned as they are.

    The client calls a connection lost before the reply began a ConnectError too: only the causes tell whether the
    request can have reached the server.
    """
    from pyreqwest import exceptions as failed

    place = _place(url)
    if isinstance(error, ValueError) and not isinstance(error, failed.RequestError):
        # the text of the error may quote a header, and so a key
        return InputError(f"cannot send a request to {place}: the address or a header is not valid")
    if not isinstance(error, failed.RequestError):
        return error
    causes = [str(c["message"]) for c in (error.details or {}).get("causes") or []] or [error.message]
    sent = "client error (Connect)" not in causes
    last = redact(" ".join(causes[-1].split()))[:200]
    if not sent:
        return CallError("connection", f"no connection to {place}: {last}", sent=False)
    if isinstance(error, failed.RequestTimeoutError):
        return CallError("timeout", f"no full answer from {place} within {timeout:g} s")
    if isinstance(error, failed.DecodeError):
        return CallError("bad_response", f"broken reply from {place}: {last}")
    return CallError("connection", f"connection to {place} lost: {last}")


def _place(url: str) -> str:
    """Scheme, host and port of a URL: never its user, path or query, which may hold a key."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]}"
