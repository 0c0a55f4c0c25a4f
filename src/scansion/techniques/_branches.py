"""Programs run side by side: all are finished before any failure is raised, so that nothing paid is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence

from scansion.errors import BudgetSpent, CallError, InputError, Quit, Unscored
from scansion.types import Output

__all__ = ["branches"]


async def branches(runs: Iterable[Awaitable[Output]], least: int | None = None) -> list[Output | Unscored | CallError]:
    """What each run gave, in order: its Output, the Unscored that it raised, or the CallError that it failed with.

    Once all are done the first failed call is raised, in the order of the branches, unless `least` branches are no
    failures. What stops a run or is a fault of the program is raised in any case. A cancellation cancels all and waits
    for them.
    """
    found = await asyncio.gather(*runs, return_exceptions=True)
    for one in found:
        if isinstance(one, BudgetSpent | InputError | Quit) or (isinstance(one, CallError) and one.fatal):
            raise one
    results: list[Output | Unscored | CallError] = []
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Unscored | CallError):
            raise one
        results.append(one)
    _raise_failure(results, least)
    return results


def _raise_failure(results: Sequence[Output | Unscored | CallError], least: int | None) -> None:
    failures = [one for one in results if isinstance(one, CallError)]
    if failures and (least is None or len(results) - len(failures) < least):
        raise failures[0]
