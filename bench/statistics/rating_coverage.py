"""Whether ratings' intervals cover and claims of order hold: `experiments.ratings` over simulated votes.

    python bench/statistics/rating_coverage.py [--quick]

For each design the table gives how often the 95% interval of a player's rating holds its true rating (the mean over
players, and the worst player), how often any order is claimed wrongly (at most 5% is right), and the share of pairs
that are decided. `equal` players have one strength: every claim is wrong. By question, each question favours some at
random (standard deviation 1 in log strength), and votes are drawn anew by question.
"""

from __future__ import annotations

import argparse
import platform

import numpy as np

from scansion.experiments.rating.ratings import RatingTerms, rate_votes
from scansion.experiments.rating.votes import Votes
from scansion.stats.bradley_terry import bradley_terry, elo_scale
from scansion.stats.votes import Counts

_TIES = 0.15
_FAVOUR = 1.0
_DESIGNS = (  # players, votes, questions (0: votes stand alone)
    (3, 30, 0),
    (3, 300, 0),
    (5, 30, 0),
    (5, 100, 0),
    (5, 1000, 0),
    (10, 30, 0),
    (10, 100, 0),
    (10, 1000, 0),
    (5, 300, 30),
    (5, 1000, 100),
)


def probabilities(strength: np.ndarray) -> np.ndarray:
    """The chance (..., K, K) that i wins a decided vote."""
    return 1 / (1 + np.exp(strength[..., None, :] - strength[..., :, None]))


def truth(strength: np.ndarray, questions: int, rng: np.random.Generator) -> np.ndarray:
    """The ratings that endless votes would give: Bradley-Terry's of the expected points."""
    favours = rng.normal(0, _FAVOUR, (20_000, len(strength))) if questions else np.zeros((1, len(strength)))
    points = np.mean(
        [probabilities(part + strength).mean(axis=0) for part in np.array_split(favours, len(favours) // 100 + 1)],
        axis=0,
    )
    points = (1 - _TIES) * (points + (1 - points.T)) / 2 + _TIES / 2
    np.fill_diagonal(points, 0)
    return elo_scale(bradley_terry(Counts(points, np.zeros_like(points))))


def simulated(strength: np.ndarray, votes: int, questions: int, rng: np.random.Generator) -> Votes:
    k = len(strength)
    left = rng.integers(0, k, votes)
    right = (left + rng.integers(1, k, votes)) % k
    question = rng.integers(0, questions, votes) if questions else None
    gap = strength[left] - strength[right]
    if question is not None:
        favour = rng.normal(0, _FAVOUR, (questions, k))
        gap = gap + favour[question, left] - favour[question, right]
    won = np.where(rng.random(votes) < 1 / (1 + np.exp(-gap)), 1, 2)
    outcome = np.where(rng.random(votes) < _TIES, 0, won)
    return Votes("simulated", tuple(map(str, range(k))), left, right, outcome, question, None, {}, 0)


def measured(strength: np.ndarray, design: tuple[int, int, int], count: int) -> tuple[np.ndarray, float, float]:
    """The coverage of each player, how often an order was claimed wrongly, the share of pairs decided."""
    k, votes, questions = design
    rng = np.random.default_rng((k, votes, questions))
    aim = truth(strength, questions, rng)
    held, wrong, decided = np.zeros(k), 0, 0
    for seed in range(count):
        found = rate_votes(simulated(strength, votes, questions, rng), RatingTerms(rounds=400, seed=seed))
        claims = [(int(r.player), int(other)) for r in found.ratings for other in r.above]
        for r in found.ratings:
            assert r.interval is not None
            held[int(r.player)] += r.interval[0] <= aim[int(r.player)] <= r.interval[1]
        wrong += any(strength[i] <= strength[j] for i, j in claims)
        decided += len(claims)
    return held / count, wrong / count, decided / count / (k * (k - 1) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100 experiments a design, not 1,000")
    count = 100 if parser.parse_args().quick else 1000
    print(f"Python {platform.python_version()}, numpy {np.__version__}; {count:,} experiments a row\n")
    print("| players | votes | questions | strengths | coverage | worst player | a wrong order claimed | decided |")
    print("|--:|--:|--:|---|--:|--:|--:|--:|")
    for design in _DESIGNS:
        for name, reach in (("equal", 0.0), ("-1.2 to 1.2", 1.2)):
            strength = np.linspace(-reach, reach, design[0])
            held, wrong, decided = measured(strength, design, count)
            cells = (f"{held.mean():.1%}", f"{held.min():.1%}", f"{wrong:.1%}", f"{decided:.0%}")
            head = (str(design[0]), f"{design[1]:,}", str(design[2] or "-"), name)
            print(f"| {' | '.join((*head, *cells))} |", flush=True)


if __name__ == "__main__":
    main()
