"""How many judgements the active rule saves: `stats.next_pair` beside pairs drawn at random.

    python bench/statistics/active_pairs.py [--quick]

Players have known strengths, votes are simulated (15% ties, else by Bradley-Terry), and after every so many of them the
ranking by ratings is held against the true one by Kendall's tau. The table shows the tau that random pairs reach, and
after how many votes the active rule, asked for some pairs at a time, reaches the same; 95% intervals are over
simulations, by bootstrap. `llmfao-like` has the size of llmfao's human votes: 59 models, strengths with the spread that
its published Bradley-Terry table has (standard deviation about 0.8), asked 20 pairs at a time.
"""

from __future__ import annotations

import argparse
import platform

import numpy as np

from scansion.stats.bradley_terry import prior_fit
from scansion.stats.next_pair import next_pairs
from scansion.stats.votes import Counts

_TIES = 0.15
_CASES = (  # name, players, spread of log strengths, votes, pairs asked at a time, simulations
    ("8 prompts", 8, 1.0, 400, 4, 200),
    ("20 models", 20, 1.0, 1000, 5, 100),
    ("20 close models", 20, 0.4, 2000, 10, 60),
    ("llmfao-like", 59, 0.8, 6000, 20, 12),
)
_LOOKS = 20


def tau(x: np.ndarray, truth: np.ndarray) -> float:
    """Kendall's tau of two rankings without ties."""
    i, j = np.triu_indices(len(x), 1)
    return float((np.sign(x[i] - x[j]) * np.sign(truth[i] - truth[j])).mean())


def path(truth: np.ndarray, votes: int, batch: int, active: bool, rng: np.random.Generator) -> list[float]:
    """Kendall's tau at each of `_LOOKS` looks."""
    k = len(truth)
    wins, ties, found = np.zeros((k, k)), np.zeros((k, k)), []
    every = votes // _LOOKS
    for done in range(0, votes, batch):
        counts = Counts(wins, ties)
        pairs = [(p.first, p.second) for p in next_pairs(counts, batch)] if active else drawn(k, batch, rng)
        for i, j in pairs:
            vote(wins, ties, (i, j), truth, rng)
        if (done + batch) % every == 0:
            found.append(tau(prior_fit(Counts(wins, ties))[0], truth))
    return found


def drawn(k: int, number: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Pairs at random."""
    first = rng.integers(0, k, number)
    return list(zip(first.tolist(), ((first + rng.integers(1, k, number)) % k).tolist(), strict=True))


def vote(
    wins: np.ndarray, ties: np.ndarray, pair: tuple[int, int], truth: np.ndarray, rng: np.random.Generator
) -> None:
    """Adds a simulated vote."""
    i, j = pair
    if rng.random() < _TIES:
        ties[i, j] += 1
        ties[j, i] += 1
    elif rng.random() < 1 / (1 + np.exp(truth[j] - truth[i])):
        wins[i, j] += 1
    else:
        wins[j, i] += 1


def reached(taus: np.ndarray, goal: float, votes: int) -> float:
    """After how many votes a mean path of taus reaches the goal, between two looks on a line."""
    steps = np.concatenate([[0.0], np.maximum.accumulate(taus)])
    at = np.linspace(0, votes, len(steps))
    above = int(np.argmax(steps >= goal))
    if steps[above] < goal:
        return float(votes)
    low, high = steps[above - 1], steps[above]
    return float(at[above - 1] + (goal - low) / (high - low) * (at[above] - at[above - 1]))


def saved(random: np.ndarray, active: np.ndarray, votes: int, look: int) -> tuple[float, float, float]:
    """The share of votes that the active rule saves at this look of random pairs, with its 95% interval."""

    def share(rows: np.ndarray) -> float:
        goal = random[rows, look].mean()
        return 1 - reached(active[rows].mean(axis=0), goal, votes) / (votes * (look + 1) / _LOOKS)

    rng, count = np.random.default_rng(0), len(random)
    draws = [share(rng.integers(0, count, count)) for _ in range(1000)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return share(np.arange(count)), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the simulations")
    quick = parser.parse_args().quick
    print(f"Python {platform.python_version()}, numpy {np.__version__}\n")
    print("| players | random pairs | Kendall's tau | active pairs for the same | saved | 95% interval |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, k, spread, votes, batch, count in _CASES:
        seeds = range(max(3, count // 10) if quick else count)
        truths = [np.random.default_rng(seed).normal(0, spread, k) for seed in seeds]
        taus = [
            np.array([path(t, votes, batch, active, np.random.default_rng((7, s))) for s, t in enumerate(truths)])
            for active in (False, True)
        ]
        for look in (_LOOKS // 2 - 1, _LOOKS - 1):
            share, low, high = saved(taus[0], taus[1], votes, look)
            asked, goal = votes * (look + 1) // _LOOKS, taus[0][:, look].mean()
            cells = (name, f"{asked:,}", f"{goal:.2f}", f"{asked * (1 - share):,.0f}", f"{share:.0%}")
            print(f"| {' | '.join(cells)} | {low:.0%} to {high:.0%} |", flush=True)


if __name__ == "__main__":
    main()
