"""Votes to ratings: who is better than whom, how sure that is, and which pair to ask about next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from scansion.errors import InputError
from scansion.experiments.rating.judge_calls import JudgeCalls
from scansion.experiments.rating.methods import Method, find_method
from scansion.experiments.rating.notes import notes_of
from scansion.experiments.rating.votes import UNREAD, VoteColumns, Votes, read_votes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scansion.stats.next_pair import Pair
    from scansion.stats.units import Floats
    from scansion.stats.votes import Ballot, Whole

__all__ = ["NextPair", "PlayerRating", "RatingTerms", "Ratings", "rate", "rate_votes"]

_MOST_PLAYERS = 2000
_FEW_VOTES = 30  # of a player, below which the bootstrap knows too little of rarer votes

_FIRST = "bradley-terry"
_MOST_SEARCHED = 100  # players up to which the worst that unreadable votes between others may say is looked for
_MOST_REFITTED = 20  # players up to which other methods rate anew for each two of them

Span = tuple[float, float]


class RatingTerms(Struct, frozen=True):
    """How votes are rated. `by` is one of `rating_methods.METHODS`. `unit` is what is drawn anew for the intervals:
    question, voter or vote (None: question where the votes name it, else vote), `rounds` how often, `seed` the chance.
    `level` is that of the intervals and of all claims of order together. `next` is how many pairs to ask are named."""

    by: str = _FIRST
    unit: str | None = None
    level: float = 0.95
    rounds: int = 1000
    seed: int = 0
    next: int = 0


class PlayerRating(Struct, frozen=True):
    """A player's rating. `rank` is the first and the last rank, from 1, that the votes leave it; `above` are those that
    it is above of beyond chance. `bounds` are its ratings if all its unreadable votes were lost, and won."""

    player: str
    rank: tuple[int, int]
    rating: float
    interval: Span | None
    bounds: Span | None
    wins: int
    losses: int
    ties: int
    unreadable: int
    above: list[str]


class NextPair(Struct, frozen=True):
    """A pair to ask about, `times` times: `a` is the better one by now, `uncertain` the chance (to 1/2) that it is not,
    `asked` how often they met, `gain` what the first vote is expected to bring, comparable within one list."""

    a: str
    b: str
    times: int
    asked: int
    uncertain: float
    gain: float


class Ratings(Struct, frozen=True):
    """Players by their votes, the best first; the document of `scansion rate`.

    `votes` counts those that were read, `unit` and `units` what was drawn anew. `win_probability` is the chance that
    row is preferred to column, a tie counting half, in the order of `ratings`; None for methods without such, and
    between `groups`: players that never met those of another group. `notes` are what to know before believing. `judge`
    is there where votes were not read from a file but made by one.
    """

    file: str
    by: str
    title: str
    scale: str
    votes: int
    ties: int
    unit: str
    units: int
    level: float
    rounds: int
    seed: int
    unreadable: dict[str, int]
    unplaced: int
    ratings: list[PlayerRating]
    win_probability: list[list[float | None]] | None
    groups: list[list[str]]
    notes: list[str]
    next: list[NextPair]
    judge: JudgeCalls | None = None


def rate(
    source: str | Path | Sequence[Mapping[str, Any]],
    terms: RatingTerms | None = None,
    columns: VoteColumns | None = None,
) -> Ratings:
    """Rates the players of a table of votes: a file, or rows in memory. Raises InputError (see `read_votes`)."""
    return rate_votes(read_votes(source, columns), terms or RatingTerms())


def rate_votes(votes: Votes, terms: RatingTerms) -> Ratings:
    """Rates the players of votes. Raises InputError for terms that do not fit and for too many players."""
    method = find_method(terms.by)
    _check(votes, terms)
    unit, labels = _unit(votes, terms)
    return _Rating(votes, terms, method, unit, labels).document()


def _check(votes: Votes, terms: RatingTerms) -> None:
    if not 0.0 < terms.level < 1.0:
        raise InputError(f"rate: a level lies between 0 and 1, not {terms.level:g}; say 0.95 for 95%")
    if terms.rounds < 100:
        raise InputError(f"rate: {terms.rounds} rounds are too few for an interval; give 100 or more")
    if terms.rounds * (1.0 - terms.level) < 4.0:
        needed = math.ceil(4.0 / (1.0 - terms.level))
        raise InputError(f"rate: {terms.rounds} rounds are too few for a level of {terms.level:g}; give {needed:,}")
    if len(votes.players) > _MOST_PLAYERS:
        raise InputError(
            f"{votes.label}: {len(votes.players):,} players, and at most {_MOST_PLAYERS:,} are rated at once; "
            "are the columns those of the players? (--left, --right)"
        )


def _unit(votes: Votes, terms: RatingTerms) -> tuple[str, Whole | None]:
    """What is drawn anew, and the number of its unit for each vote."""
    unit = terms.unit or ("question" if votes.question is not None else "vote")
    if unit not in ("question", "voter", "vote"):
        raise InputError(f"rate: the unit is question, voter or vote, not {unit!r}")
    labels = {"question": votes.question, "voter": votes.voter, "vote": None}[unit]
    if labels is None and unit != "vote":
        raise InputError(f"{votes.label}: no column says the {unit} of a vote; name it with --{unit}")
    return unit, labels


class _Rating:
    """The parts of one document."""

    def __init__(self, votes: Votes, terms: RatingTerms, method: Method, unit: str, labels: Whole | None) -> None:
        self.votes, self.terms, self.method, self.unit, self.labels = votes, terms, method, unit, labels
        self.ballot = self._ballot(votes.outcome)
        self.counts = self.ballot.counts()
        self.ratings = method.rate(self.ballot)
        self.draws: Floats | None = None
        if self.ballot.units > 1:
            self.draws = method.draws(self.ballot, terms.rounds, terms.seed)

    def document(self) -> Ratings:
        import numpy as np

        votes, terms = self.votes, self.terms
        low, high, lead = self._extremes()
        above = self._above(lead)
        order = np.argsort(-self.method.merit(self.ratings), kind="stable").tolist()
        return Ratings(
            file=votes.label,
            by=self.method.name,
            title=self.method.title,
            scale=self.method.scale,
            votes=self.ballot.count,
            ties=int(self.counts.ties.sum()) // 2,
            unit=self.unit,
            units=self.ballot.units,
            level=terms.level,
            rounds=0 if self.draws is None else len(self.draws),
            seed=terms.seed,
            unreadable=votes.unreadable,
            unplaced=votes.unplaced,
            ratings=self._players(order, above, (low, high)),
            win_probability=self._matrix(order),
            groups=[[votes.players[i] for i in group] for group in self._groups()],
            notes=notes_of(self.votes, self.ballot, self.unit, method=self.method, drawn=self.draws is not None),
            next=self._next(),
        )

    def _ballot(self, outcome: Whole) -> Ballot:
        """The votes that are read in `outcome`."""
        from scansion.stats.votes import ballot

        votes, read = self.votes, outcome != UNREAD
        units = None if self.labels is None else self.labels[read]
        left, right = votes.left[read], votes.right[read]
        return ballot(left, right, outcome[read], players=len(votes.players), units=units)

    def _extremes(self) -> tuple[Floats, Floats, Floats | None]:
        """Ratings if all unreadable votes of a player were lost, and won; by how much each leads each other at least.

        The lead of i over j is what is left of it when i loses its unreadable votes and j wins its own: the two losses
        are added, to first order. Votes between the two count twice: `_worst_leads` does better where it can.
        """
        import numpy as np

        low, high = self.ratings.copy(), self.ratings.copy()
        unread = self.votes.outcome == UNREAD
        if not unread.any():
            return low, high, None
        worst = np.repeat(self.ratings[None], low.size, axis=0)
        best = worst.copy()
        for player in np.unique(np.concatenate([self.votes.left[unread], self.votes.right[unread]])).tolist():
            worst[player], best[player] = self._filled(loser=player), self._filled(winner=player)
        low, high = (np.diag(each).copy() for each in (worst, best))
        worst, best, now = (self.method.merit(each) for each in (worst, best, self.ratings))
        own = np.diag(worst)[:, None] - worst  # i over j, had i lost its unreadable votes
        other = best.T - np.diag(best)[None, :]  # had j won its own
        return low, high, own + other - (now[:, None] - now[None, :])

    def _filled(self, *, loser: int | None = None, winner: int | None = None) -> Floats:
        """The ratings of all players if all unreadable votes of `loser` were lost, and all of `winner` won."""
        from scansion.stats.votes import LEFT, RIGHT, Counts

        votes, outcome = self.votes, self.votes.outcome.copy()
        if self.method.ordered:
            unread = votes.outcome == UNREAD
            for side, own, other in ((votes.left, LEFT, RIGHT), (votes.right, RIGHT, LEFT)):
                outcome[unread & (side == loser)] = other
                outcome[unread & (side == winner)] = own
            return self.method.rate(self._ballot(outcome))
        filled, missing = self.counts.wins.copy(), self._missing()
        if loser is not None:
            filled[:, loser] += missing[:, loser]
            missing[loser] = missing[:, loser] = 0.0
        if winner is not None:
            filled[winner] += missing[winner]
        return self.method.of_counts(Counts(filled, self.counts.ties))

    def _missing(self) -> Floats:
        """How many votes between each two players could not be read, (K, K), symmetric."""
        import numpy as np

        missing, unread = np.zeros_like(self.counts.wins), self.votes.outcome == UNREAD
        np.add.at(missing, (self.votes.left[unread], self.votes.right[unread]), 1.0)
        return missing + missing.T

    def _above(self, lead: Floats | None) -> NDArray[np.bool_]:
        """Whether i is above j beyond chance and whatever the unreadable votes said; never among those not linked.

        Rankings without a model of the votes claim an order only where Bradley-Terry claims it too, and so do all where
        there are unreadable votes: it alone knows what votes between others do.
        """
        import numpy as np

        if self.draws is None:
            return np.zeros((len(self.ratings), len(self.ratings)), dtype=np.bool_)
        found = self._separated(None)
        if lead is not None:
            found = self._separated(self._worst_leads(found, lead))
        if self.method.name != _FIRST and (lead is not None or not self.method.fitted):
            model = _Rating(self.votes, replace(self.terms, by=_FIRST), find_method(_FIRST), self.unit, self.labels)
            return np.asarray(found & model._above(model._extremes()[2]))
        group = self._group_numbers()
        return np.asarray(found & (group[:, None] == group[None, :]))

    def _separated(self, lead: Floats | None) -> NDArray[np.bool_]:
        from scansion.stats.rank_ranges import deviations, separated
        from scansion.stats.rating_bootstrap import widening

        covariance = self.method.covariance(self.counts)
        assert self.draws is not None
        return separated(
            self.method.merit(self.ratings),
            self.method.merit(self.draws),
            level=self.terms.level,
            factor=widening(self.ballot.units, self.terms.level).factor,
            error=None if covariance is None else deviations(covariance),
            lead=lead,
        )

    def _worst_leads(self, pairs: NDArray[np.bool_], added: Floats) -> Floats:
        """By how much i leads j at least, for the marked `pairs`: rated anew with the worst that unreadable votes may
        say; `added`, the sum of two effects, where there are too many players for that."""
        import numpy as np

        from scansion.stats.bradley_terry import ELO_PER_LOG
        from scansion.stats.unread_votes import least_leads

        if self.method.name == _FIRST and len(pairs) <= _MOST_SEARCHED:
            return ELO_PER_LOG * least_leads(self.counts, self._missing(), pairs)
        if len(pairs) > _MOST_REFITTED:
            return added
        lead = np.full(pairs.shape, -np.inf)
        for i, j in zip(*np.nonzero(pairs), strict=True):
            merit = self.method.merit(self._filled(loser=i, winner=j))
            lead[i, j] = merit[i] - merit[j]
        return lead

    def _intervals(self) -> list[Span] | None:
        """Percentile intervals; those of players with few votes, and all where some won or lost every vote, so that
        drawing knows no other, take in the model's own."""
        import numpy as np

        from scansion.stats.comparison_graph import is_rateable
        from scansion.stats.rating_bootstrap import percentile_intervals
        from scansion.stats.special import normal_ppf

        if self.draws is None:
            return None
        low, high = percentile_intervals(self.draws, self.ballot.units, self.terms.level)
        covariance = self.method.covariance(self.counts)
        if covariance is not None:
            reach = normal_ppf(0.5 * (1.0 + self.terms.level)) * np.sqrt(np.diag(covariance))
            few = (self.counts.games.sum(axis=1) < _FEW_VOTES) | ~is_rateable(self.counts.points[None])
            below, over = self.method.around(self.ratings, reach)
            low = np.where(few, np.minimum(low, below), low)
            high = np.where(few, np.maximum(high, over), high)
        return list(zip(low.tolist(), high.tolist(), strict=True))

    def _players(self, order: list[int], above: NDArray[np.bool_], bounds: tuple[Floats, Floats]) -> list[PlayerRating]:
        import numpy as np

        from scansion.stats.rank_ranges import rank_ranges

        names, ranks, intervals = self.votes.players, rank_ranges(above), self._intervals()
        wins, ties = self.counts.wins, self.counts.ties
        unread = self.votes.outcome == UNREAD
        missing = np.bincount(np.append(self.votes.left[unread], self.votes.right[unread]), minlength=len(names))
        return [
            PlayerRating(
                player=names[i],
                rank=ranks[i],
                rating=float(self.ratings[i]),
                interval=None if intervals is None else intervals[i],
                bounds=_span(bounds[0][i], bounds[1][i]) if unread.any() else None,
                wins=int(wins[i].sum()),
                losses=int(wins[:, i].sum()),
                ties=int(ties[i].sum()),
                unreadable=int(missing[i]),
                above=[names[j] for j in order if above[i, j]],
            )
            for i in order
        ]

    def _matrix(self, order: list[int]) -> list[list[float | None]] | None:
        chances, group = self._chances(), self._group_numbers()
        if chances is None:
            return None
        return [[float(chances[i, j]) if group[i] == group[j] else None for j in order] for i in order]

    def _chances(self) -> Floats | None:
        from scansion.stats.bradley_terry import ELO_MEAN, ELO_PER_LOG, win_probability
        from scansion.stats.davidson import davidson, outcome_probabilities

        if not self.method.model:
            return None
        if self.method.name in ("davidson", "newman"):
            found = davidson(self.counts)
            win, tie = outcome_probabilities(found.log, found.tie)
            return win + 0.5 * tie
        return win_probability((self.ratings - ELO_MEAN) / ELO_PER_LOG)

    def _groups(self) -> list[list[int]]:
        from scansion.stats.comparison_graph import groups

        return groups(self.counts.points)

    def _group_numbers(self) -> Whole:
        """The number of each player's group."""
        import numpy as np

        numbers = np.zeros(len(self.ratings), dtype=np.int64)
        for number, members in enumerate(self._groups()):
            numbers[members] = number
        return numbers

    def _next(self) -> list[NextPair]:
        from scansion.stats.next_pair import next_pairs

        if not self.terms.next:
            return []
        names, games = self.votes.players, self.counts.games
        chosen: dict[tuple[int, int], list[Pair]] = {}
        for pair in next_pairs(self.counts, self.terms.next):
            chosen.setdefault((pair.first, pair.second), []).append(pair)
        return [
            NextPair(names[i], names[j], len(same), int(games[i, j]), same[0].uncertain, same[0].gain)
            for (i, j), same in chosen.items()
        ]


def _span(one: float, other: float) -> Span:
    return min(float(one), float(other)), max(float(one), float(other))
