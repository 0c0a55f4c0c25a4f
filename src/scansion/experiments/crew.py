"""Workers that share one list of jobs, as many jobs at once as there are workers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from scansion.experiments.progress import Stop

__all__ = ["Gate", "work_off"]

J = TypeVar("J")


class _End:
    """What stands behind the last job."""


_NO_MORE = _End()


class Gate:
    """Holds workers back while no job may be begun. A list of jobs gives it in a job's place; the worker that takes it
    waits there until it is let through, and then asks the list again."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Wait to be let through."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def let_one(self) -> None:
        """Let one worker through. One that finds a job lets the next through: a crowd is never woken for one job."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def let_all(self) -> None:
        """Let all workers through that wait now."""
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()


async def work_off(jobs: Iterator[J | Gate | None], do: Callable[[J], Awaitable[None]], size: int, stop: Stop) -> None:
    """Do all jobs, taking the next one only when a worker is free; `stop` ends it after the jobs in hand, or now.

    A None among the jobs is a pause in which other tasks have their turn, a Gate one that lasts until it lets through,
    another worker is done for good, or `stop` is asked for.

    The first exception, of a job or of the list itself, is raised after the jobs in hand, too: what they have paid for
    is kept.
    """
    failures: list[Exception] = []
    gates: set[Gate] = set()
    lost = False  # a job was cancelled, by itself or with all: a gate may wait for what it would have made

    def open_all() -> None:
        for gate in gates:  # whoever waits there sees whether there is anything left to wait for
            gate.let_all()

    async def hand() -> None:
        nonlocal lost
        try:
            # asked before each job, the first too: the others may have ended before this worker begins, and would
            # never let it through a gate
            while not (failures or lost or stop.requested):
                job = next(jobs, _NO_MORE)
                if isinstance(job, _End):
                    return
                if isinstance(job, Gate):
                    gates.add(job)
                    await job.wait()
                else:
                    await (asyncio.sleep(0) if job is None else do(job))
        except asyncio.CancelledError:
            lost = bool(gates)
            raise
        except Exception as error:
            failures.append(error)
        finally:
            open_all()

    crew = [asyncio.create_task(hand()) for _ in range(size)]
    loop = asyncio.get_running_loop()
    stop.wakes(lambda: loop.call_soon_threadsafe(open_all))
    stop.cancels(lambda: loop.call_soon_threadsafe(_cancel, crew))
    try:
        await asyncio.wait(crew)
    finally:
        stop.wakes(lambda: None)  # the loop may be gone when it is asked for again
        _cancel(crew)
        await asyncio.gather(*crew, return_exceptions=True)
    if failures:
        raise failures[0]


def _cancel(crew: list[asyncio.Task[None]]) -> None:
    for task in crew:
        task.cancel()
