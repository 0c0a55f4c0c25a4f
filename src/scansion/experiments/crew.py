"""Workers that share one list of jobs, as many jobs at once as there are workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from scansion.experiments.progress import Stop

__all__ = ["work_off"]

J = TypeVar("J")


async def work_off(jobs: Iterator[J | None], do: Callable[[J], Awaitable[None]], size: int, stop: Stop) -> None:
    """Do all jobs, taking the next one only when a worker is free; `stop` ends it after the jobs in hand, or now.

    A None among the jobs is a pause in which other tasks have their turn.

    The first exception, of a job or of the list itself, is raised after the jobs in hand, too: what they have paid for
    is kept.
    """
    failures: list[Exception] = []

    async def hand() -> None:
        try:
            for job in jobs:
                await (asyncio.sleep(0) if job is None else do(job))
                if failures or stop.requested:
                    return
        except Exception as error:
            failures.append(error)

    crew = [asyncio.create_task(hand()) for _ in range(size)]
    loop = asyncio.get_running_loop()
    stop.cancels(lambda: loop.call_soon_threadsafe(_cancel, crew))
    try:
        await asyncio.wait(crew)
    finally:
        _cancel(crew)
        await asyncio.gather(*crew, return_exceptions=True)
    if failures:
        raise failures[0]


def _cancel(crew: list[asyncio.Task[None]]) -> None:
    for task in crew:
        task.cancel()
