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

    The first exception ends it too: jobs in hand are cancelled, and it is raised.
    """

    async def hand() -> None:
        for job in jobs:
            await (asyncio.sleep(0) if job is None else do(job))
            if stop.requested:
                return

    crew = [asyncio.create_task(hand()) for _ in range(size)]
    stop.cancels(lambda: [task.cancel() for task in crew])
    try:
        done, _ = await asyncio.wait(crew, return_when=asyncio.FIRST_EXCEPTION)
        failed = next((t.exception() for t in done if not t.cancelled() and t.exception()), None)
        if failed is not None:
            raise failed
    finally:
        for task in crew:
            task.cancel()
        await asyncio.gather(*crew, return_exceptions=True)
