"""Workers that share one list of jobs: whatever ends one of them, none of the others waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from scansion.experiments.crew import Gate, work_off
from scansion.experiments.progress import Stop

_LONG = 5.0  # seconds after which a crew hangs


def through(jobs: Iterator[int | Gate | None], stop: Stop, *, broken: int | None = None, size: int = 5) -> list[int]:
    """The jobs that were done; the one numbered `broken` raises before anybody else has had a turn."""
    done: list[int] = []

    async def do(job: int) -> None:
        if job == broken:
            raise ValueError("broken")
        done.append(job)

    asyncio.run(asyncio.wait_for(work_off(jobs, do, size, stop), _LONG))
    return done


def gated(gate: Gate, first: int) -> Iterator[int | Gate | None]:
    """Some jobs, and then a gate that nobody opens."""
    yield from range(first)
    while True:
        yield gate


def test_a_job_that_breaks_before_the_others_begin_leaves_none_at_the_gate() -> None:
    with pytest.raises(ValueError, match="broken"):
        through(gated(Gate(), 1), Stop(), broken=0)


def test_a_list_that_breaks_leaves_none_at_the_gate() -> None:
    def jobs() -> Iterator[int | Gate | None]:
        gate = Gate()
        yield gate
        yield gate
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        through(jobs(), Stop())


def test_a_job_that_cancels_itself_leaves_none_at_the_gate() -> None:
    gate = Gate()
    done: list[int] = []

    def jobs() -> Iterator[int | Gate | None]:
        yield 0
        while True:
            yield gate

    async def do(job: int) -> None:
        await asyncio.sleep(0.01)
        done.append(job)
        raise asyncio.CancelledError

    asyncio.run(asyncio.wait_for(work_off(jobs(), do, 5, Stop()), _LONG))
    assert done == [0]


@pytest.mark.parametrize("how", ["soft", "hard"])
def test_a_stop_opens_the_gate_where_all_wait(how: str) -> None:
    stop = Stop()

    async def main() -> None:
        async def do(job: int) -> None:
            raise AssertionError("there is no job")

        crew = asyncio.create_task(work_off(gated(Gate(), 0), do, 5, stop))
        await asyncio.sleep(0.01)
        getattr(stop, how)()
        await asyncio.wait_for(crew, _LONG)

    asyncio.run(main())


def test_a_stop_before_the_first_job_ends_at_once() -> None:
    stop = Stop()
    stop.soft()
    assert through(gated(Gate(), 3), stop) == []
