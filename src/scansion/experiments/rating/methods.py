"""The ways to rate players, by name: what `scansion rate --by` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.errors import InputError, nearest

if TYPE_CHECKING:
    from scansion.stats.units import Floats
    from scansion.stats.votes import Ballot, Counts

__all__ = ["METHODS", "Method", "find_method"]

_ELO = "Elo points: mean 1000, 400 more are odds of 10 to 1"
_ELO_DRAWS = 20_000_000
"""Votes that Elo's rounds go through in all: it has no count matrix to draw."""


class Method(Struct, frozen=True):
    """A way to rate. `title` names it in a sentence, `scale` says what its numbers mean; `low_is_good` where they do
    not grow with quality, `ratios` where only their ratios mean anything. `model` says whether it gives chances of one
    player over another, `fitted` whether it is the likeliest model of the votes, with errors of its own; `ordered`
    ratings depend on the order of the votes."""

    name: str
    title: str
    scale: str
    low_is_good: bool = False
    ratios: bool = False
    model: bool = False
    fitted: bool = False
    ordered: bool = False

    def rate(self, votes: Ballot) -> Floats:
        """The ratings (K,) of all votes."""
        if self.ordered:
            from scansion.stats.elo import elo

            return elo(votes)
        return self.of_counts(votes.counts())

    def of_counts(self, counts: Counts) -> Floats:
        """The ratings (K,) of counts (K, K)."""
        return _functions()[self.name](counts)

    def merit(self, ratings: Floats) -> Floats:
        """Ratings on a scale on which more is better and differences mean something."""
        import numpy as np

        return np.log(ratings) if self.ratios else -ratings if self.low_is_good else ratings

    def around(self, ratings: Floats, reach: Floats) -> tuple[Floats, Floats]:
        """The ratings whose merit is less and more by `reach`; for those that grow with quality."""
        import numpy as np

        return (
            (ratings * np.exp(-reach), ratings * np.exp(reach)) if self.ratios else (ratings - reach, ratings + reach)
        )

    def covariance(self, counts: Counts) -> Floats | None:
        """The covariance (K, K) that a fitted model itself expects of its ratings' merit; None for the others."""
        from scansion.stats import bradley_terry, davidson

        if not self.fitted:
            return None
        unit = 1.0 if self.ratios else bradley_terry.ELO_PER_LOG
        if self.name == "bradley-terry":
            return unit**2 * bradley_terry.covariance(counts, bradley_terry.bradley_terry(counts))
        return unit**2 * davidson.covariance(counts, davidson.davidson(counts))

    def draws(self, votes: Ballot, rounds: int, seed: int) -> Floats | None:
        """Ratings (rounds, K) of votes drawn anew; None where there are too many votes for that."""
        from scansion.stats.rating_bootstrap import drawn_ratings

        if self.ordered:
            from scansion.stats.elo import elo_draws

            rounds = min(rounds, _ELO_DRAWS // votes.count)
            return elo_draws(votes, rounds, seed) if rounds >= 100 else None
        return drawn_ratings(votes, self._batch(votes), rounds, seed)

    def _batch(self, votes: Ballot) -> Callable[[Counts], Floats]:
        """A function of counts (B, K, K) to ratings (B, K)."""
        if self.name == "bradley-terry":
            from scansion.stats.bradley_terry import BradleyTerry, elo_scale

            fit = BradleyTerry(votes.counts())
            return lambda counts: elo_scale(fit(counts))
        if self.name in ("davidson", "newman"):
            fitted = _davidson_near(votes.counts())
            return fitted if self.name == "davidson" else lambda counts: _strengths(fitted(counts))
        return _each(_functions(tolerance=1e-7, most=200)[self.name])


METHODS = {
    each.name: each
    for each in (
        Method("bradley-terry", "Bradley-Terry, a tie as half a win", _ELO, model=True, fitted=True),
        Method("davidson", "Bradley-Terry with ties of their own (Davidson)", _ELO, model=True, fitted=True),
        Method(
            "newman",
            "Newman's strengths (Davidson's model)",
            "strength: only ratios mean anything",
            ratios=True,
            model=True,
            fitted=True,
        ),
        Method("elo", "Elo in the order of the votes, K = 4", "Elo points, from 1000 each", model=True, ordered=True),
        Method("average-win-rate", "Average win rate", "share of points won of an opponent, averaged over opponents"),
        Method("counting", "Counting", "points: 1 a win, 1/2 a tie"),
        Method("eigen", "Eigenvector", "score of losing to those who lose; low is good", low_is_good=True),
        Method("pagerank", "PageRank", "share of a random walk from losers to winners"),
    )
}


def find_method(name: str) -> Method:
    """The method of this name. Raises InputError with the nearest name."""
    if name not in METHODS:
        raise InputError(f"unknown way to rate {name!r}; {nearest(name, METHODS)}")
    return METHODS[name]


def _functions(**how: Any) -> dict[str, Callable[[Counts], Floats]]:
    """The function of each method that works on counts; `how` goes to those that iterate."""
    from scansion.stats import rankings
    from scansion.stats.bradley_terry import bradley_terry, elo_scale
    from scansion.stats.davidson import davidson

    return {
        "bradley-terry": lambda counts: elo_scale(bradley_terry(counts)),
        "davidson": lambda counts: elo_scale(davidson(counts).log),
        "average-win-rate": rankings.average_win_rate,
        "counting": rankings.counting,
        "eigen": lambda counts: rankings.eigen(counts, **how),
        "newman": lambda counts: _strengths(elo_scale(davidson(counts).log)),
        "pagerank": lambda counts: rankings.pagerank(counts, **how),
    }


def _each(rate: Callable[[Counts], Floats]) -> Callable[[Counts], Floats]:
    """`rate` for one set of votes after another."""
    import numpy as np

    from scansion.stats.votes import Counts

    return lambda counts: np.stack([rate(Counts(w, t)) for w, t in zip(counts.wins, counts.ties, strict=True)])


def _strengths(points: Floats) -> Floats:
    """Elo points as strengths of geometric mean 1: `rankings.newman` but for its scale, solved to the end."""
    import numpy as np

    from scansion.stats.bradley_terry import ELO_MEAN, ELO_PER_LOG

    return np.asarray(np.exp((points - ELO_MEAN) / ELO_PER_LOG))


def _davidson_near(counts: Counts) -> Callable[[Counts], Floats]:
    from scansion.stats.bradley_terry import elo_scale
    from scansion.stats.davidson import davidson

    start = davidson(counts)
    return _each(lambda drawn: elo_scale(davidson(drawn, start=start, tolerance=1e-6).log))
