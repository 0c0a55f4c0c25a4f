"""Who may begin under a budget: an outcome of several calls is begun only while the budget can carry it to its end.

Without this a crowd that starts together spends the budget on its first calls, and nothing is ever finished. An outcome
passes here before its first call that nobody holds; what is recorded waits for nothing. As long as the budget carries
all that are at hand they pass as they come; after that in the order of their seats, so that variants stay level row by
row. Where none is under way the next one is let through all the same, until one was stopped half-way: it may fit, and
the budget itself is kept by the till.

The calls that a program takes at most are known. What it takes in tokens or money is what those of its kind have taken
so far, and room for one more worst case; of a kind of which nothing is known a few begin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from scansion.errors import BudgetSpent
from scansion.models.base import Charge
from scansion.models.till import Till

__all__ = ["Admission", "admitted", "answered", "charged"]

_FEW = 2  # outcomes that begin while nothing is known of what their kind takes
_MARGIN = 1.25  # times the mean that an outcome is taken to cost


class _Kind:
    """Outcomes that take about the same: those at hand, those begun, and the sums of those that are finished."""

    def __init__(self) -> None:
        self.at_hand = self.begun = self.finished = 0
        self.calls = 0  # the most that one has taken, where that is not known beforehand
        self.seats: set[_Seat] = set()  # at hand, where it is not
        self.tokens = self.usd = 0.0  # of all finished
        self.open_tokens = self.open_usd = 0.0  # of those under way, so far

    def owed(self, count: int) -> tuple[float, float]:
        """What so many outcomes, those under way among them, will still take in tokens and USD."""
        each = _MARGIN * count / max(1, self.finished)
        return max(0.0, each * self.tokens - self.open_tokens), max(0.0, each * self.usd - self.open_usd)


class _Seat:
    """One outcome at hand: the calls that it may still make, and what it was charged."""

    def __init__(self, door: Admission, kind: _Kind, calls: int) -> None:
        self.door, self.kind, self.owed = door, kind, calls
        self.calls = self.tokens = 0
        self.usd = 0.0
        self.begun = self.refused = self.over = False
        self.turn: asyncio.Future[None] | None = None


_seat: ContextVar[_Seat | None] = ContextVar("seat", default=None)


async def admitted() -> bool:
    """Wait until the current task's outcome may begin, if it has to; whether it had to."""
    seat = _seat.get()
    return seat is not None and not seat.begun and await seat.door.enter(seat)


def answered() -> None:
    """Note that the current task's outcome has the answer of one call, made now or held before."""
    if (seat := _seat.get()) is not None:
        seat.door.answer(seat)


def charged(worst: Charge, charge: Charge) -> None:
    """Note that the current task's outcome booked `worst` and was charged `charge`."""
    if (seat := _seat.get()) is not None:
        seat.door.charge(seat, worst, charge)


class Admission:
    """The door of one run under the budget of `till`."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self._kinds: dict[Hashable, _Kind] = {}
        self._unbegun: dict[int, _Seat] = {}  # in the order of their coming
        self._waiting = self._begun = 0
        self._owed = self._owed_begun = 0  # calls, of all at hand and of those begun
        self._worst = Charge()  # the dearest that was booked
        self._short = False  # whether the budget has stopped an outcome that was begun

    @contextmanager
    def outcome(self, kind: Hashable, calls: int, *, sure: bool) -> Iterator[None]:
        """Within this the current task works on an outcome of that kind, which makes `calls` calls at most, or, unless
        that is `sure`, as many as its kind has been seen to make."""
        known = self._kinds.setdefault(kind, _Kind())
        seat = _Seat(self, known, calls if sure else max(calls, known.calls))
        if sure and self._till.limits is not None and not self._till.limits.bounds_output:
            known.finished = max(known.finished, 1)  # all that counts is known
        if not sure:
            known.seats.add(seat)
        known.at_hand += 1
        self._owed += seat.owed
        self._unbegun[id(seat)] = seat
        token = _seat.set(seat)
        try:
            yield
        except BudgetSpent:
            self._short = self._short or (seat.begun and seat.calls > 0)
            raise
        finally:
            _seat.reset(token)
            self._leave(seat)

    async def enter(self, seat: _Seat) -> bool:
        """Let `seat` begin, when its turn has come; whether that took waiting. Raises BudgetSpent."""
        if seat.turn is None:
            if self._carries_all() or (self._head() is seat and self._may_begin(seat)):
                self._begin(seat)
                self._wake()
                self._check(seat)
                return False
            seat.turn = asyncio.get_running_loop().create_future()
            self._waiting += 1
        await asyncio.shield(seat.turn)
        self._check(seat)
        return True

    def _check(self, seat: _Seat) -> None:
        if seat.refused:
            limits = self._till.limits
            budget = f"the budget of {limits.text}" if limits is not None else "the budget"
            raise BudgetSpent(f"{budget} has no room for an outcome to its end")

    def answer(self, seat: _Seat) -> None:
        """One call less is owed."""
        if seat.over:  # a call that its outcome did not wait for
            return
        seat.calls += 1
        if seat.owed:
            seat.owed -= 1
            self._owed -= 1
            self._owed_begun -= seat.begun
        self._wake()

    def charge(self, seat: _Seat, worst: Charge, charge: Charge) -> None:
        """An attempt was paid."""
        self._worst = Charge(0, max(self._worst.tokens, worst.tokens), max(self._worst.usd, worst.usd))
        if seat.over:
            return
        seat.tokens += charge.tokens
        seat.usd += charge.usd
        seat.kind.open_tokens += charge.tokens
        seat.kind.open_usd += charge.usd

    def _leave(self, seat: _Seat) -> None:
        """The outcome is over: what it did not use is free."""
        kind = seat.kind
        kind.at_hand -= 1
        kind.seats.discard(seat)
        kind.open_tokens -= seat.tokens
        kind.open_usd -= seat.usd
        self._owed -= seat.owed
        seat.over = True
        if self._unbegun.pop(id(seat), None) is not None:
            seat.begun = True  # what it has left behind waits for nothing
            if seat.turn is not None:
                self._waiting -= 1
                seat.turn.cancel()
        else:
            self._begun -= 1
            kind.begun -= 1
            self._owed_begun -= seat.owed
            kind.finished += 1
            self._learn(kind, seat.calls)
            kind.tokens += seat.tokens
            kind.usd += seat.usd
        self._wake()

    def _learn(self, kind: _Kind, calls: int) -> None:
        """One of the kind took so many calls: the others may, too."""
        if calls <= kind.calls:
            return
        kind.calls = calls
        for seat in kind.seats:
            more = max(0, calls - seat.calls - seat.owed)
            seat.owed += more
            self._owed += more
            self._owed_begun += more * seat.begun

    def _begin(self, seat: _Seat) -> None:
        del self._unbegun[id(seat)]
        seat.begun = True
        seat.kind.begun += 1
        self._begun += 1
        self._owed_begun += seat.owed
        if seat.turn is not None:
            self._waiting -= 1
            if not seat.turn.done():
                seat.turn.set_result(None)

    def _wake(self) -> None:
        """Let those begin whose turn has come."""
        if not self._waiting:
            return
        if self._carries_all():
            for seat in [each for each in self._unbegun.values() if each.turn is not None]:
                self._begin(seat)
        while (head := self._head()) is not None and head.turn is not None and self._may_begin(head):
            self._begin(head)

    def _head(self) -> _Seat | None:
        return next(iter(self._unbegun.values()), None)

    def _carries_all(self) -> bool:
        """Whether the budget carries all outcomes at hand to their end."""
        kinds = [kind for kind in self._kinds.values() if kind.at_hand]
        if not all(kind.finished for kind in kinds):
            return False
        return self._fits(self._owed, [(kind, kind.at_hand) for kind in kinds])

    def _may_begin(self, seat: _Seat) -> bool:
        """Whether the budget carries `seat` besides what is under way."""
        if not self._begun and not self._short:
            return True
        if not seat.kind.finished and self._begun >= _FEW:
            return False
        counts = [(kind, kind.begun + (kind is seat.kind)) for kind in self._kinds.values() if kind.at_hand]
        fits = self._fits(self._owed_begun + seat.owed, counts)
        seat.refused = not (fits or self._begun)  # one that was let through all the same could not be finished
        return fits or seat.refused

    def _fits(self, calls: int, counts: list[tuple[_Kind, int]]) -> bool:
        limits, used = self._till.limits, self._till.used
        if limits is None:
            return True
        if limits.calls is not None and used.calls + calls > limits.calls:
            return False
        if not limits.bounds_output:
            return True
        owed = [kind.owed(count) for kind, count in counts]
        tokens = used.tokens + self._worst.tokens + sum(each[0] for each in owed)
        usd = used.usd + self._worst.usd + sum(each[1] for each in owed)
        return (limits.tokens is None or tokens <= limits.tokens) and (limits.usd is None or usd <= limits.usd)
