"""Who else is at work on this lab, so that two processes on one plan make each call once.

A process alone on its lab claims nothing: claims cost a write each. One that joins waits until every other has noticed
it and has written down what it has in flight; from then on all of them claim in the database before they ask.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import time
from collections.abc import Collection

from scansion.experiments.progress import Stop

__all__ = ["Presence"]

BEAT = 0.25  # seconds between two signs of life
SILENCE = 60.0  # seconds without one after which a process counts as dead


class Presence:
    """This process's entry among the workers of a lab, and its claims."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._host = socket.gethostname()
        self.shared = False
        db.execute("BEGIN IMMEDIATE")
        self._bury_the_dead()
        row = db.execute(
            "INSERT INTO workers (pid, host, beat, seen) VALUES (?, ?, ?, 0) RETURNING id",
            (os.getpid(), self._host, time.time()),
        ).fetchone()
        self.id: int = row[0]
        db.execute("UPDATE workers SET seen = id WHERE id = ?", (self.id,))
        db.execute("COMMIT")

    async def join(self, stop: Stop) -> None:
        """Return once every other living process knows of this one, or as soon as the run is to stop."""
        others = self._others()
        self.shared = bool(others)
        while not stop.requested and any(seen < self.id for _, seen in others):
            await asyncio.sleep(BEAT / 5)
            others = [(i, seen) for i, seen in self._others() if i < self.id]

    async def beat(self, in_flight: Collection[bytes]) -> None:
        """Give signs of life until cancelled; on seeing a newcomer, claim what is in flight here."""
        while True:
            others = self._others()
            self.shared = bool(others)
            newest = max([i for i, _ in others], default=0)
            self._db.execute("BEGIN IMMEDIATE")
            if newest > self.id:
                claims = [(key, self.id) for key in in_flight]
                self._db.executemany("INSERT OR IGNORE INTO claims (key, worker) VALUES (?, ?)", claims)
            self._db.execute(
                "UPDATE workers SET beat = ?, seen = max(seen, ?) WHERE id = ?", (time.time(), newest, self.id)
            )
            self._db.execute("COMMIT")
            await asyncio.sleep(BEAT)

    def take(self, key: bytes) -> bool:
        """Claim `key` for this process: True if it is now ours, False if another living process holds it."""
        mine = self._db.execute("INSERT OR IGNORE INTO claims (key, worker) VALUES (?, ?)", (key, self.id)).rowcount
        if mine:
            return True
        row = self._db.execute("SELECT worker FROM claims WHERE key = ?", (key,)).fetchone()
        if row is None:
            return self.take(key)
        if row[0] == self.id:
            return True
        if row[0] in {i for i, _ in self._others()}:
            return False
        moved = self._db.execute(
            "UPDATE claims SET worker = ? WHERE key = ? AND worker = ?", (self.id, key, row[0])
        ).rowcount
        return moved == 1

    def drop(self, key: bytes) -> None:
        """Give up the claim on `key`."""
        self._db.execute("DELETE FROM claims WHERE key = ? AND worker = ?", (key, self.id))

    def leave(self) -> None:
        """Take this process and its claims off the books."""
        self._db.execute("DELETE FROM claims WHERE worker = ?", (self.id,))
        self._db.execute("DELETE FROM workers WHERE id = ?", (self.id,))

    def _others(self) -> list[tuple[int, int]]:
        """The other living processes, each with the newest process that it knows of."""
        rows = self._db.execute("SELECT id, pid, host, beat, seen FROM workers WHERE id != ?", (self.id,)).fetchall()
        return [(i, seen) for i, pid, host, beat, seen in rows if self._alive(pid, host, beat)]

    def _bury_the_dead(self) -> None:
        for i, pid, host, beat in self._db.execute("SELECT id, pid, host, beat FROM workers").fetchall():
            if not self._alive(pid, host, beat):
                self._db.execute("DELETE FROM claims WHERE worker = ?", (i,))
                self._db.execute("DELETE FROM workers WHERE id = ?", (i,))

    def _alive(self, pid: int, host: str, beat: float) -> bool:
        if time.time() - beat > SILENCE:
            return False
        if host != self._host:
            return True
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
