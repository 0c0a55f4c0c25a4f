"""Adaptive concurrency for one model at one host: how many calls may be in flight now.

The limit starts at `start`, grows by one with each good answer (so that it doubles in a round trip) until the first
trouble, and by about one a round trip from then on; trouble halves it, once for all calls that were in flight. This
is the additive-increase, multiplicative-decrease control of TCP (RFC 5681), with overload as the congestion signal.
A provider's wish to wait (Retry-After, a used-up rate limit) pauses all calls together.
"""

from __future__ import annotations

import asyncio
from collections import deque

from scansion.errors import CallError
from scansion.models.http import Reply
from scansion.models.waits import used_up

__all__ = ["Limiter"]

START = 100  # slots before anything is known of the server


class Limiter:
    """Slots for calls, first come first served.

    `ceiling` is the most calls that are ever in flight; `max_wait` the longest pause in seconds that is waited out
    (None: any). Take a slot with `try_acquire` or `await acquire`, give it back with `release`.
    """

    __slots__ = ("_cut_at", "_grow", "_limit", "_queue", "_resume", "_room", "ceiling", "in_flight", "max_wait")

    def __init__(self, ceiling: int = 100, start: int = START, max_wait: float | None = None) -> None:
        self.ceiling = max(1, ceiling)
        self.max_wait = max_wait
        self.in_flight = 0
        self._limit = float(min(max(1, start), self.ceiling))
        self._room = int(self._limit)
        self._grow = False  # True after the first trouble: grow by one a round trip, no longer by one an answer
        self._cut_at = float("-inf")
        self._resume: float | None = None
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """How many calls may be in flight, a pause apart."""
        return int(self._limit)

    @property
    def waiting(self) -> int:
        """How many callers stand in the queue."""
        return len(self._queue)

    @property
    def paused(self) -> float:
        """Seconds until calls begin again, 0 when there is no pause."""
        return 0.0 if self._resume is None else max(0.0, self._resume - asyncio.get_running_loop().time())

    def try_acquire(self) -> bool:
        """Take a slot if one is free and nobody waits."""
        if self.in_flight < self._room and not self._queue:
            self.in_flight += 1
            return True
        return False

    async def acquire(self) -> None:
        """Take a slot, in turn. Raises CallError (rate_limited) when a pause is longer than `max_wait`."""
        self._refuse_long_pause()
        if self.try_acquire():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()  # the slot came together with the cancellation
            elif turn in self._queue:
                self._queue.remove(turn)
            raise

    def release(self) -> None:
        """Give a slot back."""
        self.in_flight -= 1
        if self._queue:
            self._admit()

    def succeeded(self) -> None:
        """A call was answered well: grow."""
        if self._limit < self.ceiling:
            step = 1.0 / self._limit if self._grow else 1.0
            self._limit = min(self._limit + step, float(self.ceiling))
            self._update()

    def troubled(self, started: float, now: float) -> None:
        """A call that began at loop time `started` was turned away: halve, unless that has been done since it began."""
        if started < self._cut_at:
            return
        self._cut_at = now
        self._grow = True
        self._limit = max(1.0, self._limit / 2)
        self._update()

    def heard(self, reply: Reply) -> None:
        """Read a reply's rate-limit headers: pause until a limit that it used up is reset."""
        if reply.status < 400:
            wait = used_up(reply.headers)
            if wait:
                self.pause(wait)

    def pause(self, seconds: float) -> None:
        """Let no call begin for `seconds`. A running pause is made longer, never shorter."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if seconds <= 0 or (self._resume is not None and until <= self._resume):
            return
        self._resume = until
        self._room = 0
        loop.call_at(until, self._maybe_resume)
        if self.max_wait is not None and seconds > self.max_wait:
            while self._queue:
                turn = self._queue.popleft()
                if not turn.done():
                    turn.set_exception(self._too_long(seconds))

    def _maybe_resume(self) -> None:
        if self._resume is not None and asyncio.get_running_loop().time() >= self._resume - 1e-3:
            self._resume = None
            self._update()

    def _update(self) -> None:
        if self._resume is None:
            self._room = int(self._limit)
            if self._queue:
                self._admit()

    def _admit(self) -> None:
        while self._queue and self.in_flight < self._room:
            turn = self._queue.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def _refuse_long_pause(self) -> None:
        if self.max_wait is not None and self.paused > self.max_wait:
            raise self._too_long(self.paused)

    def _too_long(self, seconds: float) -> CallError:
        wait = f"asks to wait {seconds:.0f} s, longer than --max-wait {self.max_wait:g}"
        return CallError("rate_limited", f"the provider {wait}", retry_after=seconds, sent=False)
