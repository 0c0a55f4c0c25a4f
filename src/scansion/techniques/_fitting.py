"""How many shots fit what a model can read at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from scansion.errors import CallError, InputError
from scansion.models.budget import bytes_of
from scansion.types import ImagePart, Request

__all__ = ["Fitting"]

_BYTES = 3  # of UTF-8 that are taken as a token where the model does not count: fewer than most tokenizers need
_MESSAGE = 8  # tokens that a chat template adds to a message
_REPLY = 4096  # tokens that are left for the reply where max_tokens is not said, and a quarter of the context is more


class Fitting(Struct, frozen=True):
    """The bound is what the model can read, prompt and reply together, and `tokens` where that is less."""

    tokens: int | None = None

    def bound(self, channel: Any, k: int | None) -> int:
        """The tokens of prompt and reply together. Raises InputError where they are not known."""
        context = channel.capabilities.context if channel is not None else None
        known = [each for each in (self.tokens, context) if each is not None]
        if not known:
            name = channel.name if channel is not None else "this model"
            what = f"shots({'max' if k is None else f'{k}, fit=true'}"
            raise InputError(
                f"{what}): how many tokens {name} can read is not known; say it, as in {what}, tokens=8192)"
            )
        return min(known)

    async def most(self, request: Callable[[int], Request], count: int, lm: Any, k: int | None) -> int:
        """The most shots, up to `count`, with which `request(shots)` leaves room for the reply.

        Raises InputError where the bound is not known.
        """
        channel = getattr(lm, "channel", None)
        context = self.bound(channel, k)
        room = context - _reply(channel, request(0), context)
        low, high = 0, count
        while low < high:
            middle = (low + high + 1) // 2
            if await _tokens(channel, request(middle)) <= room:
                low = middle
            else:
                high = middle - 1
        return low


def _reply(channel: Any, request: Request, context: int) -> int:
    """The tokens to leave for the reply."""
    sampling = channel.effective(request.sampling) if channel is not None else request.sampling
    return sampling.max_tokens or min(context // 4, _REPLY)


async def _tokens(channel: Any, request: Request) -> float:
    """How many tokens a request has: counted by the model where it counts, else estimated from above."""
    count = getattr(channel.model, "count", None) if channel is not None else None
    if count is None:
        return _estimate(request, channel.capabilities.image_tokens if channel is not None else 0)
    try:
        return float(await count(request))
    except CallError:
        return float("inf")


def _estimate(request: Request, image: int) -> int:
    total = bytes_of(request.text or "") / _BYTES
    for message in request.messages:
        parts = (message.content,) if isinstance(message.content, str) else message.content
        total += _MESSAGE
        for part in parts:
            total += (
                image
                if isinstance(part, ImagePart)
                else bytes_of(part if isinstance(part, str) else part.text) / _BYTES
            )
    return round(total)
