"""Ratings beside their peers: Bradley-Terry and its bootstrap, Elo, on simulated votes, in one run.

    python bench/statistics/ratings_speed.py [--quick]

Every row is CPU time of this process on one thread (set OMP_NUM_THREADS=1), the best of a few runs; read the ratios,
not the seconds. What the votes must be turned into first is timed with each (`ours` from index arrays to ratings;
evalica and choix from the lists that they take, which are made beforehand). evalica's bootstrap is timed over a few
rounds and multiplied up; ours has the intervals and the decided orders besides.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from scansion.stats.bradley_terry import BradleyTerry, bradley_terry
from scansion.stats.elo import elo
from scansion.stats.rank_ranges import separated
from scansion.stats.rating_bootstrap import drawn_ratings, percentile_intervals
from scansion.stats.votes import Ballot, ballot

_PLAYERS = 100
_QUESTIONS = 1000


def timed(work: Callable[[], Any], runs: int = 3) -> float:
    """CPU seconds of the fastest run."""
    best = np.inf
    for _ in range(runs):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


class Votes:
    """Simulated votes, as arrays and as the lists that the peers take."""

    def __init__(self, count: int) -> None:
        import evalica

        rng = np.random.default_rng(0)
        strength = rng.normal(0, 1, _PLAYERS)
        self.left = rng.integers(0, _PLAYERS, count)
        self.right = (self.left + rng.integers(1, _PLAYERS, count)) % _PLAYERS
        won = rng.random(count) < 1 / (1 + np.exp(strength[self.right] - strength[self.left]))
        self.outcome, self.question = np.where(won, 1, 2), rng.integers(0, _QUESTIONS, count)
        self.xs, self.ys = self.left.tolist(), self.right.tolist()
        self.winners = [evalica.Winner.X if w else evalica.Winner.Y for w in won.tolist()]
        winner, loser = np.where(won, self.left, self.right), np.where(won, self.right, self.left)
        self.pairs = list(zip(winner.tolist(), loser.tolist(), strict=True))

    def ballot(self, units: Any = None) -> Ballot:
        return ballot(self.left, self.right, self.outcome, players=_PLAYERS, units=units)


def intervals(votes: Ballot, rounds: int) -> None:
    """What `scansion rate` does: ratings, drawings, intervals, the orders that are decided."""
    counts = votes.counts()
    fit = BradleyTerry(counts)
    draws = drawn_ratings(votes, fit, rounds)
    percentile_intervals(draws, votes.units)
    separated(fit.log, draws)


def row(what: str, ours: float, peers: dict[str, float]) -> None:
    ratios = ", ".join(f"{name} {seconds / ours:,.1f} x" for name, seconds in peers.items())
    print(f"| {what} | {ours:,.4f} | {ratios} |", flush=True)


def fits(votes: Votes, count: int) -> None:
    """One fit each, and Elo."""
    import choix
    import evalica

    def evalicas(method: Any) -> float:
        return timed(lambda: method(votes.xs, votes.ys, votes.winners))

    peers = {
        "evalica": evalicas(evalica.bradley_terry),
        "choix lsr": timed(lambda: choix.lsr_pairwise(_PLAYERS, votes.pairs, alpha=1e-9), 1),
        "choix ilsr": timed(lambda: choix.ilsr_pairwise(_PLAYERS, votes.pairs, alpha=1e-9), 1),
    }
    row(f"Bradley-Terry, {count:,} votes", timed(lambda: bradley_terry(votes.ballot().counts())), peers)
    row(f"Elo, {count:,} votes", timed(lambda: elo(votes.ballot()), 2), {"evalica": evalicas(evalica.elo)})


def bootstraps(votes: Votes, count: int, rounds: int, few: int) -> None:
    """The bootstrap of votes beside evalica's, and that of questions."""
    import evalica

    theirs = timed(
        lambda: evalica.bootstrap(
            evalica.bradley_terry, votes.xs, votes.ys, votes.winners, n_resamples=few, bootstrap_method="percentile"
        ),
        1,
    )
    ours = timed(lambda: intervals(votes.ballot(), rounds), 2)
    row(f"{rounds:,} rounds over {count:,} votes", ours, {"evalica": theirs / few * rounds})
    whole = timed(lambda: intervals(votes.ballot(votes.question), rounds), 1)
    row(f"the same, of {_QUESTIONS:,} whole questions", whole, {"drawing votes": ours})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100,000 votes only, and fewer rounds")
    quick = parser.parse_args().quick
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "evalica", "choix"))
    print(f"Python {platform.python_version()}, {versions}; {_PLAYERS} players\n")
    print("| work | ours, CPU s | a peer's time over ours |")
    print("|---|--:|---|")
    for count, few in ((100_000, 20), (1_000_000, 5))[: 1 if quick else 2]:
        votes = Votes(count)
        fits(votes, count)
        bootstraps(votes, count, 200 if quick else 1000, few)


if __name__ == "__main__":
    main()
