"""Looked at after every row, how often does a confidence sequence claim what is not so, and how soon what is?

First table: 10,000 experiments a line in which nothing is to be found. "Claims" is the share in which better or worse
(or, with a margin, not worse where b is worse by just the margin) was said at any moment; at most 5% plus two standard
errors, 5.4%. Beside it the same for the ordinary test (McNemar mid-p) looked at after every row, and for the interval
that is about this data set alone.

Second table: real differences; the mean number of rows until better is said (rows stop at N), and the share decided,
for ours, for the hedged capital and the empirical Bernstein sequence of Waudby-Smith and Ramdas with their bets, and
the rows a test of a number fixed beforehand needs for 80% power by a formula that knows the true difference.

    python bench/statistics/sequential.py [--quick]
"""

from __future__ import annotations

import argparse
import functools
import math
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from paper_sequences import empirical_bernstein, hedged_at

from scansion.stats.betting import log_capital
from scansion.stats.mcnemar import mcnemar
from scansion.stats.need import pairs_needed
from scansion.stats.sequence import confidence_sequence

Draw = Callable[[np.random.Generator, int, int], np.ndarray]
ALPHA = 0.05
BATCH = 200_000  # values at once


def flips(share: float, difference: float = 0.0) -> Draw:
    """Independent pairs of right or wrong: `share` of them flip, on balance by `difference`."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> np.ndarray:
        where = rng.random((runs, n))
        return np.where(where < (share + difference) / 2, 1.0, np.where(where < share, -1.0, 0.0))

    return draw


def zero_sum(share: float) -> Draw:
    """One data set with as many flips one way as the other, in random orders."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> np.ndarray:
        each = round(n * share / 2)
        data = np.concatenate([np.ones(each), -np.ones(each), np.zeros(n - 2 * each)])
        return rng.permuted(np.tile(data, (runs, 1)), axis=1)

    return draw


def permuted(share: float) -> Draw:
    """One data set in which b is better by far, its answers swapped at random within each pair, in random orders."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> np.ndarray:
        data = np.concatenate([np.ones(round(n * share)), np.zeros(n - round(n * share))])
        return rng.permuted(np.tile(data, (runs, 1)), axis=1) * rng.choice((-1.0, 1.0), (runs, n))

    return draw


def graded(rng: np.random.Generator, runs: int, n: int) -> np.ndarray:
    """Differences of marks from 0 to 1 that lean to one side: many small losses make up for few large gains."""
    gains = rng.random((runs, n)) < 0.1
    return np.where(gains, 0.9 * rng.random((runs, n)), -0.1 * rng.random((runs, n)))


def batches(draw: Draw, runs: int, n: int) -> Iterator[np.ndarray]:
    """`runs` experiments of `n` rows, a batch at a time."""
    rng, size = np.random.default_rng(20101), max(1, BATCH // n)
    for start in range(0, runs, size):
        yield draw(rng, min(size, runs - start), n)


def crossed(values: np.ndarray, mean: float, alpha: float, total: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Whether `mean` was left out by each row: from below (the mean is higher), and from above."""
    bar = math.log(2 / alpha)
    return tuple(np.maximum.accumulate(c >= bar, axis=-1) for c in log_capital(values, mean, total=total))


def claims(values: np.ndarray, alpha: float = ALPHA) -> tuple[np.ndarray, np.ndarray]:
    """By each row, whether better or worse could be said: by the rule, and by the interval for this data set alone."""
    like, here = crossed(values, 0.0, alpha, None), crossed(values, 0.0, alpha, values.shape[-1])
    return (like[0] & here[0]) | (like[1] & here[1]), here[0] | here[1]


def peeking(values: np.ndarray) -> np.ndarray:
    """By each row, whether the ordinary test had ever rejected: right or wrong only, others by their signs."""
    up, down = np.cumsum(values > 0, axis=-1), np.cumsum(values < 0, axis=-1)
    return np.maximum.accumulate(np.abs(up - down) > _most_balance(up.shape[-1])[up + down], axis=-1)


@functools.cache
def _most_balance(most: int) -> np.ndarray:
    """The greatest imbalance of so many flips that the test does not reject."""
    return np.array([next((k for k in range(f, -1, -2) if _accepts(f, k)), -1) for f in range(most + 1)])


def _accepts(flips: int, balance: int) -> bool:
    return mcnemar((flips - balance) // 2, (flips + balance) // 2) > ALPHA


def nulls(runs: int) -> None:
    """The first table."""
    designs: list[tuple[str, int, Draw]] = [
        ("equal rates, 5% of pairs flip", 400, flips(0.05)),
        ("equal rates, 20% flip", 1000, flips(0.2)),
        ("equal rates, 60% flip", 400, flips(0.6)),
        ("equal rates, 20% flip, 30 rows", 30, flips(0.2)),
        ("a data set with a difference of exactly 0, 30% flip", 400, zero_sum(0.3)),
        ("permuted labels, 60% flip", 600, permuted(0.6)),
        ("graded, leaning to one side", 400, lambda rng, r, n: graded(rng, r, n)),
    ]
    print(
        "| nothing to be found | rows | claims | ordinary test, each row | this data alone |\n|---|---:|---:|---:|---:|"
    )
    for name, n, draw in designs:
        found = np.array([[c[:, -1].sum() for c in (*claims(x), peeking(x))] for x in batches(draw, runs, n)]).sum(0)
        ours, alone, naive = found / runs
        shown = "-" if draw is designs[-1][2] else f"{naive:.1%}"
        print(f"| {name} | {n} | {ours:.2%} | {shown} | {alone:.1%} |", flush=True)
    print(f"| 4 variants against a baseline, alpha / 4: any | 400 | {family(runs):.2%} | - | - |", flush=True)
    for margin in (0.02, 0.05):
        said = sum(int(not_worse(x, margin).sum()) for x in batches(flips(0.2, -margin), runs, 1000)) / runs
        print(f"| b worse by just the margin {margin}: not worse | 1000 | {said:.2%} | - | - |", flush=True)


def not_worse(values: np.ndarray, margin: float) -> np.ndarray:
    """Whether "not worse" was ever said."""
    both = (crossed(values, -margin, ALPHA, total)[0][:, -1] for total in (None, values.shape[-1]))
    return np.logical_and(*both)


def family(runs: int, m: int = 4, n: int = 400) -> float:
    """The share of runs in which any of `m` variants as good as the baseline is called better or worse."""
    rng, found = np.random.default_rng(5), 0
    for start in range(0, runs, 100):
        right = rng.random((min(100, runs - start), m + 1, n)) < 0.5
        differences = right[:, 1:].astype(float) - right[:, :1]
        found += int(claims(differences, ALPHA / m)[0][..., -1].any(axis=1).sum())
    return found / runs


def first(found: np.ndarray) -> np.ndarray:
    """The row at which each experiment was decided; one more than there are where it was not."""
    return np.where(found[:, -1], found.argmax(axis=-1) + 1, found.shape[-1] + 1)


def power(runs: int) -> None:
    """The second table."""
    cells = [(0.6, 0.65, 600), (0.3, 0.4, 400), (0.2, 0.2, 300), (0.2, 0.3, 600), (0.1, 0.1, 600), (0.1, 0.2, 1000)]
    cells += [(0.1, 0.5, 1500), (0.05, 0.1, 2000), (0.02, 0.05, 4000)]
    print("\n| difference | flips | N | ours | hedged capital | empirical Bernstein | fixed beforehand |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for difference, share, n in cells:
        stops: list[list[np.ndarray]] = [[], [], []]
        for x in batches(flips(share, difference), runs, n):
            lo, hi = empirical_bernstein((x + 1) / 2)
            for kept, found in zip(
                stops, (claims(x)[0], hedged_at((x + 1) / 2, 0.5), (lo > 0.5) | (hi < 0.5)), strict=True
            ):
                kept.append(first(found))
        stopped = list(map(np.concatenate, stops))
        shown = [f"{np.minimum(each, n).mean():.0f} ({(each <= n).mean():.0%})" for each in stopped]
        fixed = pairs_needed(difference, math.sqrt(share - difference**2), 5 + n // 100)
        print(f"| {difference} | {share:.0%} | {n} | {' | '.join(shown)} | {fixed} |", flush=True)


def same_as_the_class(runs: int) -> None:
    """The claims counted here are those of `confidence_sequence`."""
    for draw in (flips(0.2), flips(0.3, 0.15), graded):
        values = draw(np.random.default_rng(3), runs, 200)
        for x, found in zip(values, claims(values)[0], strict=True):
            path = confidence_sequence(x, total=200)
            assert ((path.lows > 0) | (path.highs < 0)).tolist() == found.tolist()
    print(f"\nThe claims are those of confidence_sequence, row by row, in {3 * runs} experiments compared.")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,000 experiments in place of 10,000")
    quick = parser.parse_args().quick
    runs = 1_000 if quick else 10_000
    print(f"{runs} experiments a line, level 95%; numpy {np.__version__}, Python {platform.python_version()}\n")
    nulls(runs)
    power(runs // 10)
    same_as_the_class(20 if quick else 100)


if __name__ == "__main__":
    main()
