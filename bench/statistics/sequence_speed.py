"""How long does a confidence sequence over 100,000 examples take, beside the paper's methods in plain numpy?

The same values (0/1 pairs, 30% flips, and graded ones), looked at after every value, in one process and in turn. The
authors' own package `confseq` does not build on every machine; `paper_sequences.py` has its two methods as the paper
prints them: hedged capital on a grid of 1,001 means, which ours is a form of (timed on a tenth of the values, and
multiplied by ten: its time is proportional), and the empirical Bernstein sequence, a closed form whose interval is much
wider. Widths at the end stand beside the times, since a wide interval is cheap.

    python bench/statistics/sequence_speed.py [--quick]
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from paper_sequences import empirical_bernstein, hedged_grid

from scansion.stats.sequence import ConfidenceSequence, confidence_sequence


def timed(work: Callable[[], tuple[np.ndarray, np.ndarray]], rounds: int) -> tuple[float, float]:
    """The least seconds of some rounds, and the width of the last interval."""
    best, width = float("inf"), 0.0
    for _ in range(rounds):
        start = time.perf_counter()
        lows, highs = work()
        best = min(best, time.perf_counter() - start)
        width = float(highs[-1] - lows[-1])
    return best, width


def ours(values: np.ndarray, total: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The whole path of ours."""
    path = confidence_sequence(values, total=total)
    return path.lows, path.highs


def one_by_one(values: np.ndarray, total: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Ours, one value at a time and the interval asked for after each."""
    sequence = ConfidenceSequence(total=total)
    ends = np.empty((len(values), 2))
    for i, value in enumerate(values.tolist()):
        sequence.add(value)
        ends[i] = sequence.interval
    return ends[:, 0], ends[:, 1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10,000 examples in place of 100,000")
    n, rng = 10_000 if parser.parse_args().quick else 100_000, np.random.default_rng(0)
    print(f"{n:,} examples, one core; numpy {np.__version__}, Python {platform.python_version()}\n")
    print("| values | method | seconds | of the paper's hedged capital | width at the end |\n|---|---|---:|---:|---:|")
    for kind, values in (
        ("0/1 pairs", rng.choice([-1.0, 0.0, 1.0], p=[0.14, 0.7, 0.16], size=n)),
        ("graded", np.clip(rng.normal(0.02, 0.3, size=n), -1, 1)),
    ):
        part = values[: n // 10]
        floor = timed(lambda part=part: hedged_grid((part + 1) / 2), 1)[0] * 10
        rows = [
            ("hedged capital, grid (paper)", (floor, float("nan"))),
            ("empirical Bernstein (paper)", timed(lambda v=values: empirical_bernstein((v + 1) / 2), 3)),
            ("ours, rows like these", timed(lambda v=values: ours(v, None), 3)),
            ("ours, with this data set's mean", timed(lambda v=values: ours(v, n), 3)),
            ("ours, rows like these, asked after each", timed(lambda v=values: one_by_one(v, None), 1)),
            ("ours, with this data set's mean, asked after each", timed(lambda v=values: one_by_one(v, n), 1)),
        ]
        for name, (seconds, width) in rows:
            wide = "-" if width != width else f"{width / (2 if 'Bernstein' not in name else 1):.5f}"
            print(f"| {kind} | {name} | {seconds:.3f} | {seconds / floor:.3f} | {wide} |", flush=True)


if __name__ == "__main__":
    main()
