"""What the providers that stream over server-sent events share: the events of a reply gathered into a whole one.

A streamed reply is read by the same code as a whole one: `Gathered` adds its events up to the JSON that the server
would have sent at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol

from scansion.errors import CallError
from scansion.models.base import Piece
from scansion.models.events import Events
from scansion.models.faults import bad_response
from scansion.models.http import Opened, Reply
from scansion.models.providers._wire import Server, good
from scansion.types import Completion

__all__ = ["Gathered", "follow"]

DONE = b"[DONE]"


class Gathered(Protocol):
    """The events of one streamed reply so far. `over` says that nothing more is to come: an event or `[DONE]` did."""

    over: bool

    def add(self, event: Reply) -> str:
        """Take an event, the body of `event`; the text that it adds to the reply. Raises CallError."""
        ...

    def reply(self) -> bytes | None:
        """The whole reply as JSON; None where the stream ended before the reply did."""
        ...


async def follow(
    server: Server, path: str, request: bytes, gathered: Gathered, parse: Callable[[Reply], Completion]
) -> AsyncGenerator[Piece, None]:
    """The pieces of the reply to `request`, the last with the completion that `parse` reads from all events together.

    A server that does not stream after all is read as a whole. Raises CallError as `Server.ask` does; one that comes
    after the first event is marked as `begun`.
    """
    async with server.posting(path, request) as opened:
        kind = opened.headers.get("content-type", "")
        if not 200 <= opened.status < 300 or not kind.lower().startswith("text/event-stream"):
            reply = await opened.whole()
            with server.explaining(reply):
                done = parse(good(reply))
            yield Piece(done.text, done)
            return
        try:
            async for data in _events(opened):
                gathered.over = gathered.over or data == DONE
                if data != DONE and (text := gathered.add(Reply(opened.status, opened.headers, data))):
                    yield Piece(text)
                if gathered.over:
                    break
            yield Piece("", _whole(gathered, opened, parse))
        except CallError as error:
            error.begun = True
            raise


async def _events(opened: Opened) -> AsyncIterator[bytes]:
    events = Events()
    async for chunk in opened.chunks():
        for data in events.feed(chunk):
            yield data
    for data in events.end():
        yield data


def _whole(gathered: Gathered, opened: Opened, parse: Callable[[Reply], Completion]) -> Completion:
    body = gathered.reply()
    if body is None:
        raise bad_response("the stream ended before the reply did")
    return parse(Reply(opened.status, opened.headers, body))
