"""The limiter: slots in turn, growth, halving once a window, pauses for all."""

from __future__ import annotations

import asyncio

import pytest
from core_helpers import run

from scansion.errors import CallError
from scansion.models.limit import Limiter


def test_growth_doubles_a_round_trip_until_the_ceiling() -> None:
    limiter = Limiter(ceiling=100, start=10)
    for _ in range(10):
        limiter.succeeded()
    assert limiter.limit == 20
    for _ in range(500):
        limiter.succeeded()
    assert limiter.limit == 100


def test_trouble_halves_once_for_the_calls_in_flight_then_growth_is_slow() -> None:
    limiter = Limiter(ceiling=100, start=40)
    for _ in range(40):
        limiter.troubled(started=1.0, now=2.0)
    assert limiter.limit == 20
    limiter.troubled(started=2.5, now=3.0)
    assert limiter.limit == 10
    for _ in range(10):
        limiter.succeeded()
    assert limiter.limit in (10, 11)
    for n in range(20):
        limiter.troubled(started=10.0 + n, now=10.5 + n)
    assert limiter.limit == 1


def test_slots_are_given_in_turn_and_a_cancelled_waiter_loses_none() -> None:
    async def main() -> None:
        limiter = Limiter(ceiling=1)
        order: list[int] = []

        async def work(n: int) -> None:
            await limiter.acquire()
            order.append(n)
            await asyncio.sleep(0)
            limiter.release()

        assert limiter.try_acquire()
        assert not limiter.try_acquire()
        tasks = [asyncio.create_task(work(n)) for n in range(5)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        limiter.release()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 3, 4]
        assert (limiter.in_flight, limiter.waiting) == (0, 0)

    run(main)


def test_a_slot_that_comes_with_the_cancellation_is_passed_on() -> None:
    async def main() -> None:
        limiter = Limiter(ceiling=1)
        assert limiter.try_acquire()
        first = asyncio.create_task(limiter.acquire())
        second = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        limiter.release()
        first.cancel()
        await asyncio.wait_for(second, 1)
        assert limiter.in_flight == 1

    run(main)


def test_a_pause_holds_everyone_and_ends() -> None:
    async def main() -> None:
        limiter = Limiter(ceiling=10)
        now = asyncio.get_running_loop().time
        limiter.pause(0.03)
        limiter.pause(0.06)
        limiter.pause(0.01)  # a shorter wish does not shorten it
        started = now()
        assert not limiter.try_acquire()
        assert 0.03 < limiter.paused <= 0.06
        await asyncio.gather(*(limiter.acquire() for _ in range(5)))
        assert now() - started >= 0.055
        assert limiter.paused == 0
        assert limiter.in_flight == 5

    run(main)


def test_a_pause_longer_than_max_wait_is_refused_to_those_who_stand_and_those_who_come() -> None:
    async def main() -> None:
        limiter = Limiter(ceiling=1, max_wait=1.0)
        await limiter.acquire()
        standing = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        limiter.pause(60)
        with pytest.raises(CallError, match="max-wait") as error:
            await standing
        assert not error.value.sent
        with pytest.raises(CallError, match="max-wait"):
            await limiter.acquire()
        limiter.release()
        assert limiter.in_flight == 0

    run(main)


def test_never_more_than_the_ceiling_in_flight() -> None:
    async def main() -> None:
        limiter = Limiter(ceiling=7, start=3)
        most = 0

        async def work(n: int) -> None:
            nonlocal most
            if not limiter.try_acquire():
                await limiter.acquire()
            most = max(most, limiter.in_flight)
            await asyncio.sleep(0.0001 * (n % 3))
            limiter.succeeded() if n % 5 else limiter.troubled(n, n)
            limiter.release()

        await asyncio.gather(*(work(n) for n in range(200)))
        assert most <= 7
        assert limiter.in_flight == 0

    run(main)
