"""The lab's recorder: calls are committed before they are used, together with the outcomes that wait.

What comes in during one turn of the event loop is written in one transaction at the next turn, so that a crowd of
completions costs one commit and a lone one waits for nothing.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from scansion.errors import CallError, InputError
from scansion.experiments.store.codec import pack, unpack
from scansion.experiments.store.presence import Presence
from scansion.types import Call

__all__ = ["Journal", "payer"]

_PUT = "INSERT OR IGNORE INTO calls (key, body, created, run, variant, judge, cost) VALUES (?, ?, ?, ?, ?, ?, ?)"
_POOL = "INSERT OR IGNORE INTO pools (variant, mark, calls) VALUES (?, ?, ?)"
_POLL = 0.02  # seconds between two looks for a call that another process is making


payer: ContextVar[int | None] = ContextVar("payer", default=None)
"""The variant on whose behalf the current task asks: it pays for the calls that it is the first to make."""


class Journal:
    """Implements `models.base.Recorder` on the lab's database, and batches its other writes.

    `run` is the run that pays for the calls that are put; `variants` are the identities of its variants, by number.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.run: int | None = None
        self.variants: list[bytes] = []
        self._pools: set[tuple[int, bytes]] = set()
        self.presence: Presence | None = None
        self.in_flight: set[bytes] = set()
        self._calls: dict[bytes, tuple[Any, ...]] = {}
        self._writes: list[Callable[[], None]] = []
        self._flushed: asyncio.Future[None] | None = None
        self.failure: Exception | None = None

    def get(self, key: bytes) -> Call | None:
        """The recorded call of that key."""
        row = self._db.execute("SELECT body FROM calls WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        return msgspec.structs.replace(unpack(row[0], Call), recorded=True)

    async def claim(self, key: bytes) -> Call | None:
        """None when the caller shall make the call, else the call that another process made meanwhile."""
        self.in_flight.add(key)
        while self.presence is not None and self.presence.shared:
            mine = self.presence.take(key)
            made = self.get(key)
            if made is not None:
                self.release(key)
                return made
            if mine:
                return None
            await asyncio.sleep(_POLL)
        return None

    def release(self, key: bytes) -> None:
        """Give up a claimed call that was not made."""
        self.in_flight.discard(key)
        if self.presence is not None and self.presence.shared:
            self.presence.drop(key)

    def pooled(self, keys: bytes) -> None:
        """Note that the variant whose outcome asks now rests on these calls, which are in no outcome's trace."""
        variant = payer.get()
        if variant is None or variant >= len(self.variants) or (variant, keys) in self._pools:
            return
        self._pools.add((variant, keys))
        row = (self.variants[variant], blake2b(keys, digest_size=16).digest(), keys)
        self.later(partial(self._note_pool, row))

    def _note_pool(self, row: tuple[bytes, bytes, bytes]) -> None:
        self._db.execute(_POOL, row)

    async def put(self, call: Call) -> None:
        """Store a call; returns once it is committed. Raises CallError for what cannot be written down."""
        try:
            body = pack(msgspec.structs.replace(call, recorded=False))
        except (TypeError, OverflowError, ValueError) as error:
            raise CallError("bad_response", f"the answer cannot be stored: {error}") from None
        paid = (None, None) if call.recorded else (self.run, payer.get())
        self._calls[call.key] = (call.key, body, time.time(), *paid, call.purpose == "judge", call.cost_usd)
        await asyncio.shield(self._scheduled())

    def later(self, write: Callable[[], None]) -> None:
        """Run `write` inside the next transaction."""
        self._writes.append(write)
        self._scheduled()

    def _scheduled(self) -> asyncio.Future[None]:
        if self._flushed is None:
            loop = asyncio.get_running_loop()
            self._flushed = loop.create_future()
            loop.call_soon(self.flush)
        return self._flushed

    def flush(self) -> None:
        """Commit what waits, now."""
        calls, writes, waiting = self._calls, self._writes, self._flushed
        self._calls, self._writes, self._flushed = {}, [], None
        try:
            if calls or writes:
                self._commit(calls, writes)
        except Exception as error:
            refused = f"the lab cannot be written: {error}; mend that, then run the same again"
            self.failure = InputError(refused) if isinstance(error, sqlite3.Error) else error
            if waiting is not None and not waiting.done():
                waiting.set_exception(self.failure)
                waiting.exception()  # writes that nobody awaits must not warn; `failure` is looked at
            return
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _commit(self, calls: dict[bytes, tuple[Any, ...]], writes: list[Callable[[], None]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(_PUT, calls.values())
            if calls and self.presence is not None and self.presence.shared:
                self._db.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in calls])
            for write in writes:
                write()
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self.in_flight.difference_update(calls)
