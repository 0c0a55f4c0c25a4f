"""Programs run side by side, for one outcome.

All branches are finished before any failure is raised, so that nothing paid is lost. Calls are made in
one order, whichever reply comes first: the first calls of the branches in the order of the branches, then the second
calls, and so on. So repeats of equal requests are numbered alike in every run. A call waits only for those before it to
be made, not to be answered; for a branch that has ended nobody waits.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from scansion.errors import CallError, InputError, ProgramError, Quit, Unreached, Unscored, fault
from scansion.techniques._algebra import Program
from scansion.types import Completion, Output

__all__ = ["Branch", "Result", "check_most", "needed", "repeats", "side_by_side"]

T = TypeVar("T")

MOST = 1000  # branches of one outcome; a number above is a slip, and would cost as it says

Result = Output | Unscored | CallError

Branch = Callable[[Any], Awaitable[Output]]
"""What one branch does with its handle."""


def check_most(technique: str, option: str, number: int) -> None:
    """Raise InputError for more branches than one outcome may have."""
    if number > MOST:
        raise InputError(f"{technique}: {option} is {number}; at most {MOST}")


def repeats(program: Program, n: int, inputs: Mapping[str, Any]) -> list[Branch]:
    """`n` branches that each run the program on these inputs."""
    return [lambda lm: program(inputs, lm)] * n


async def side_by_side(branches: Sequence[Branch], lm: Any) -> list[Result]:
    """What each branch gave, in order: its Output, the Unscored that it raised, or the CallError it failed with.

    What stops a run or is a fault of a program is raised. A cancellation cancels all branches and waits for them.
    """
    turns = _Turns(len(branches))
    runs = (_run(branch, _Handle(lm, turns, number)) for number, branch in enumerate(branches))
    found = await asyncio.gather(*runs, return_exceptions=True)
    for one in found:
        if isinstance(one, Unreached | InputError | Quit) or (isinstance(one, CallError) and one.fatal):
            raise one
    results: list[Result] = []
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Unscored | CallError):
            raise one
        results.append(one)
    return results


def needed(results: Sequence[Result]) -> list[Output]:
    """The outputs, where every branch gave one. Raises the first call that failed, else the first Unscored."""
    for kind in (CallError, Unscored):
        for one in results:
            if isinstance(one, kind):
                raise one
    return [one for one in results if isinstance(one, Output)]


async def _run(branch: Branch, handle: _Handle) -> Output:
    try:
        return await branch(handle)
    except SystemExit as error:  # out of a task of its own it would end the process
        raise ProgramError(f"the program {fault(error)}") from error
    finally:
        handle.end()


class _Turns:
    """Who has made how many calls, and who waits for a turn. The next turn is that of the first of the branches that
    have made the fewest calls, among those that have not ended."""

    def __init__(self, n: int) -> None:
        self.asked = [0] * n
        self.made = [0] * n
        self._ended = [False] * n
        self._next = [(0, branch) for branch in range(n)]  # a heap; what no longer holds is left out when it comes up
        self._waiting: dict[tuple[int, int], asyncio.Future[None]] = {}

    def is_turn(self, branch: int, number: int) -> bool:
        """Whether all calls with a lower number, and those with this number of branches before, have been made. Who
        calls after the end of its branch waits for nobody."""
        return self._ended[branch] or self._first() == (number, branch)

    async def turn(self, branch: int, number: int) -> None:
        while not self.is_turn(branch, number):
            change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[number, branch] = change
            await change

    def make(self, branch: int) -> None:
        """This branch makes its next call."""
        self.made[branch] += 1
        if not self._ended[branch]:
            heapq.heappush(self._next, (self.made[branch], branch))
        self._wake()

    def end(self, branch: int) -> None:
        """Nobody waits for this branch any more."""
        self._ended[branch] = True
        self._wake()

    def _first(self) -> tuple[int, int] | None:
        """Whose turn it is: the number of the call and its branch."""
        while self._next and (self._ended[self._next[0][1]] or self.made[self._next[0][1]] != self._next[0][0]):
            heapq.heappop(self._next)
        return self._next[0] if self._next else None

    def _wake(self) -> None:
        first = self._first()
        change = self._waiting.pop(first, None) if first is not None else None
        if change is not None and not change.done():
            change.set_result(None)


class _Handle:
    """The handle of one branch: the outcome's own, that makes its calls in turn."""

    def __init__(self, lm: Any, turns: _Turns, branch: int) -> None:
        self._lm, self._turns, self._branch = lm, turns, branch
        self._later: list[asyncio.Task[Any]] = []

    def __call__(self, prompt: Any, **sampling: Any) -> Awaitable[Completion]:
        return self._turned(lambda: self._lm(prompt, **sampling))

    def embed(self, texts: Sequence[str], *, shared: bool = False) -> Awaitable[Any]:
        """The vectors of texts; shared ones are in no outcome's trace, and so need no turn."""

        def ask() -> Awaitable[Any]:
            found: Awaitable[Any] = self._lm.embed(texts, shared=shared)
            return found

        return ask() if shared else self._turned(ask)

    def _turned(self, ask: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """What `ask` gives, asked at once or when it is this branch's turn."""
        turns, branch = self._turns, self._branch
        number = turns.asked[branch]
        turns.asked[branch] += 1
        if turns.is_turn(branch, number):
            return self._ask(ask)
        task = asyncio.ensure_future(self._in_turn(number, ask))
        self._later.append(task)
        return task

    async def _in_turn(self, number: int, ask: Callable[[], Awaitable[T]]) -> T:
        await self._turns.turn(self._branch, number)
        return await self._ask(ask)

    def _ask(self, ask: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        self._turns.make(self._branch)
        return ask()

    def using(self, model_spec: str) -> _Handle:
        """A handle on another model that keeps the same turns."""
        other = _Handle(self._lm.using(model_spec), self._turns, self._branch)
        other._later = self._later
        return other

    def end(self) -> None:
        """The branch has ended: nobody waits for it any more, and calls that it did not wait for are not made."""
        self._turns.end(self._branch)
        for task in self._later:
            task.cancel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lm, name)
