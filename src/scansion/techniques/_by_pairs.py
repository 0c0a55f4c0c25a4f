"""Choosing among candidates by comparing two at a time, each pair in both orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scansion.errors import Unscored
from scansion.scorers._pairs import both_orders
from scansion.scorers._together import together
from scansion.techniques._choosing import Case, Choice, Chooser, Criteria, best, read_criteria, spread

__all__ = ["ALL_PAIRS", "by_pairs"]

ALL_PAIRS = 5
"""Up to so many candidates each meets every other, 20 calls for 5; more play a knockout, 10 calls for 6."""

Pair = tuple[int, int]


def by_pairs(n: int, rubric: str, prompt: str | None, model: str | None, knockout: bool | None) -> Chooser:
    """All pairs are n (n - 1) calls, a knockout 2 (n - 1)."""
    criteria = read_criteria(rubric, prompt, model, ("a", "b"))
    out = n > ALL_PAIRS if knockout is None else knockout

    async def choose(case: Case, lm: Any) -> Choice:
        groups, games = case.distinct, _Games(case, criteria, criteria.judge(lm))
        return await (games.knockout(groups) if out or len(groups) == 1 else games.all_pairs(groups))

    return criteria.chooser(choose, (2 if out else n) * (n - 1))


class _Games:
    """The comparisons of one case. One that cannot be read decides nothing and is counted; where none can be read the
    case is unscored."""

    def __init__(self, case: Case, criteria: Criteria, judge: Any) -> None:
        self._case, self._judge = case, judge
        self._asked, self._criteria, self._prompt = case.asked, criteria.text, criteria.about(case)
        self._read = 0
        self._unread: list[Unscored] = []

    async def play(self, pairs: Sequence[Pair]) -> list[float | None]:
        """What the first of each pair won, None where the judge could not be read."""
        found = await together([self._game(a, b) for a, b in pairs])
        unread = [one for one in found if isinstance(one, Unscored)]
        self._unread += unread
        self._read += len(found) - len(unread)
        return [None if isinstance(one, Unscored) else one for one in found]

    async def _game(self, a: int, b: int) -> float:
        first, second = (self._case.outputs[number].text for number in (a, b))
        return await both_orders(self._asked, first, second, self._judge, self._criteria, self._prompt)

    async def all_pairs(self, groups: Sequence[Sequence[int]]) -> Choice:
        """Rates all by their games; equal candidates are one player."""
        places = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
        points = await self.play([(groups[i][0], groups[j][0]) for i, j in places])
        found = best(spread(groups, _strengths(len(groups), list(zip(places, points, strict=True)))))
        return self._told(found.chosen, found.data)

    async def knockout(self, groups: Sequence[Sequence[int]]) -> Choice:
        """Who wins every game; of two alike the earlier goes on. One left over goes on without a game."""
        players = [numbers[0] for numbers in groups]
        while len(players) > 1:
            pairs = list(zip(players[::2], players[1::2], strict=False))
            points = await self.play(pairs)
            through = [b if won == 0.0 else a for (a, b), won in zip(pairs, points, strict=True)]
            players = through + players[2 * len(pairs) :]
        return self._told(players[0], {})

    def _told(self, chosen: int, data: dict[str, Any]) -> Choice:
        if self._unread and not self._read:
            raise self._unread[0]
        return Choice(chosen, {**data, "unread": len(self._unread)})


def _strengths(players: int, games: Sequence[tuple[Pair, float | None]]) -> list[float]:
    """The log strengths of Bradley and Terry, a tie half a win, rounded so that equals are equal."""
    import numpy as np

    from scansion.stats.bradley_terry import bradley_terry
    from scansion.stats.votes import Counts

    wins, ties = np.zeros((players, players)), np.zeros((players, players))
    for (i, j), won in games:
        wins[i, j] += won == 1.0
        wins[j, i] += won == 0.0
        ties[i, j] += won == 0.5
        ties[j, i] += won == 0.5
    return [round(float(one), 6) for one in bradley_terry(Counts(wins, ties))]
