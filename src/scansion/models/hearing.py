"""Who listens to one reply as it comes: its pieces, a new beginning where it broke off, its completion in the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from scansion.models.base import Model, Piece
from scansion.models.faults import bad_response
from scansion.types import Completion, Request

__all__ = ["Hearing"]


class Hearing:
    """Tells one listener of one reply, however often it is tried: what is told adds up to the completion's text.

    A Piece with `again` takes back what was said before it; the last Piece holds the completion.
    """

    def __init__(self, tell: Callable[[Piece], None]) -> None:
        self._tell = tell
        self._said = ""

    def sender(self, model: Model) -> Callable[[Request], Awaitable[Completion]]:
        """What completes a request of `model`: with its pieces told on the way where it gives them."""
        follow = getattr(model, "follow", None)
        if follow is None:
            return model.complete

        async def send(request: Request) -> Completion:
            return await self._followed(follow, request)

        return send

    async def _followed(self, follow: Callable[[Request], Any], request: Request) -> Completion:
        self._take_back()
        async with aclosing(follow(request)) as pieces:
            async for piece in pieces:
                self._say(piece.text)
                if piece.completion is not None:
                    done: Completion = piece.completion
                    return done
        raise bad_response("the reply broke off")

    def end(self, completion: Completion) -> None:
        """Tell what of the completion was not told yet, and that it is whole."""
        if not completion.text.startswith(self._said):
            self._take_back()
        self._tell(Piece(completion.text[len(self._said) :], completion))

    def _say(self, text: str) -> None:
        if text:
            self._said += text
            self._tell(Piece(text))

    def _take_back(self) -> None:
        if self._said:
            self._said = ""
            self._tell(Piece("", again=True))
