"""The till: attempts book their worst case in the ledger, in turn, and wait while those in flight may give some back.

A booking that does not fit is final only when nothing of this process is in flight any more: before that, the settling
of another attempt (which mostly costs less than its worst case) may make room.
"""

from __future__ import annotations

import asyncio
from collections import deque

from scansion.errors import BudgetSpent
from scansion.models.base import Charge, Ledger
from scansion.models.budget import Limits

__all__ = ["Till"]


class Till:
    """One process's door to a ledger."""

    def __init__(self, ledger: Ledger, limits: Limits | None) -> None:
        self.ledger = ledger
        self.limits = limits
        self._booked = 0
        self._worst = Charge()  # of what is booked now
        self._turns: deque[asyncio.Future[None]] = deque()

    @property
    def used(self) -> Charge:
        """What the ledger holds, without what this process has booked and not settled."""
        all_, mine = self.ledger.spent, self._worst
        return Charge(all_.calls - mine.calls, all_.tokens - mine.tokens, all_.usd - mine.usd)

    async def reserve(self, worst: Charge) -> None:
        """Book `worst`. Raises BudgetSpent if it does not fit and nothing in flight could make room."""
        newcomer = True
        while (newcomer and self._turns) or not self.ledger.reserve(worst):
            if not self._booked:
                self._next()
                raise BudgetSpent(self._refusal(worst))
            await self._turn(newcomer)
            newcomer = False
        self._booked += 1
        self._book(worst, 1)
        self._next()

    def settle(self, worst: Charge, charge: Charge) -> None:
        """Replace a booking by what was charged, and let the next one try."""
        self._booked -= 1
        self._book(worst, -1)
        self.ledger.settle(worst, charge)
        self._next()

    def _book(self, worst: Charge, sign: int) -> None:
        now = self._worst
        self._worst = Charge(
            now.calls + sign * worst.calls, now.tokens + sign * worst.tokens, now.usd + sign * worst.usd
        )

    async def _turn(self, newcomer: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if newcomer:
            self._turns.append(turn)
        else:
            self._turns.appendleft(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _refusal(self, worst: Charge) -> str:
        budget = f"the budget of {self.limits.text}" if self.limits is not None else "the budget"
        usd = f" or {worst.usd:.4g} USD" if worst.usd else ""
        return f"{budget} has no room for a call that may take {worst.tokens} tokens{usd}"
