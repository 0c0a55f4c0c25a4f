"""Coverage of the 95% intervals of pass@k, pass^k, and of the split of variance, by simulation.

    python bench/statistics/repeats.py [--quick]

An example's chance to be right is drawn from a beta distribution of the stated mean (and shape a + b), and each of its
trials is right with that chance. The truth is the mean of 1 - (1 - p)^k, of p^k, and 1 / (1 + a + b), which is the
intraclass correlation. Shown is how often the intervals hold it, in percent.
"""

from __future__ import annotations

import argparse
import platform
import sys
from math import lgamma
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from scansion.stats.intervals import mean_interval
from scansion.stats.repeats import pass_at_k, pass_hat_k
from scansion.stats.variance_split import split_variance

TRIALS, K = 5, 3
MEANS, SHAPES, EXAMPLES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.95), (1.0, 4.0), (30, 100, 1000)


def power_mean(a: float, b: float, k: int) -> float:
    """The mean of p^k for p from Beta(a, b)."""
    return float(np.exp(lgamma(a + k) - lgamma(a) + lgamma(a + b) - lgamma(a + b + k)))


def covered(examples: int, a: float, b: float, runs: int) -> tuple[float, float, float | None, float]:
    """Percent of runs in which the intervals of pass@k, pass^k and (of those given) the intraclass correlation hold the
    truth, and in which the last is given."""
    rng = np.random.default_rng([examples, int(100 * a), int(100 * b)])
    truth = (1.0 - power_mean(b, a, K), power_mean(a, b, K))
    labels, held, icc = np.repeat(np.arange(examples), TRIALS), np.zeros(2), []
    for _ in range(runs):
        right = rng.random((examples, TRIALS)) < rng.beta(a, b, size=examples)[:, None]
        count = right.sum(axis=1)
        found = [mean_interval(figure(TRIALS, count, K)) for figure in (pass_at_k, pass_hat_k)]
        held += [each.lo is not None and each.lo <= true <= each.hi for each, true in zip(found, truth, strict=True)]
        split = split_variance(right.ravel(), labels)
        if split.interval is not None:
            icc.append(split.interval[0] <= 1.0 / (1.0 + a + b) <= split.interval[1])
    at, hat = 100.0 * held / runs
    return at, hat, 100.0 * float(np.mean(icc)) if len(icc) >= runs / 20 else None, 100.0 * len(icc) / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    runs = 200 if args.quick else 2000
    print(
        f"numpy {np.__version__}, Python {platform.python_version()}; "
        f"{runs:,} runs a line, {TRIALS} trials an example\n"
    )
    print(
        f"| examples | mean | a + b | pass@{K} | pass^{K} | correlation, where it is given | given |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    for examples in EXAMPLES:
        for shape in SHAPES:
            for mean in MEANS:
                held = covered(examples, mean * shape, (1 - mean) * shape, runs)
                cells = ("-" if each is None else f"{each:.1f}" for each in held)
                print(f"| {examples} | {mean} | {shape:g} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
