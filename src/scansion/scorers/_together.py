"""Several questions to a judge, asked side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from scansion.errors import CallError, Unscored

__all__ = ["together"]

T = TypeVar("T")


async def together(questions: Sequence[Coroutine[Any, Any, T]]) -> list[T | Unscored]:
    """What each question gave, in order: its answer, or the Unscored that it raised.

    All are finished before anything is raised, so that nothing paid is lost: what ends a run or is a fault of the
    program first, then a call that could not be done.
    """
    found = await asyncio.gather(*questions, return_exceptions=True)
    faults = [one for one in found if isinstance(one, BaseException) and not isinstance(one, Unscored)]
    if faults:
        raise min(faults, key=lambda one: isinstance(one, CallError) and not one.fatal)
    return [one for one in found if not isinstance(one, BaseException) or isinstance(one, Unscored)]
