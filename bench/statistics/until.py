"""Runs that stop when decided, simulated through the object that decides (`experiments/sequential/until.py`).

    python bench/statistics/until.py [--quick]

First table: equal variants, three of them against one baseline, looked at after every example; the share of runs with
any better or worse (must stay within 5%), plain, with unscored outcomes, with three examples a group, and with
unequal weights. Second table: one variant that is better by so many points; how often it is found, after how many of
600 examples (median), and the share of the calls of the fixed design.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Mapping, Sequence

import numpy as np

import scansion
from scansion.experiments.sequential.until import Mark, Terms, Unit, Watch

VARIANTS = 4
RATE = 0.5
DESIGNS = [
    ("plain", 1, 0.0, False),
    ("3% unscored", 1, 0.03, False),
    ("three examples a group", 3, 0.0, False),
    ("weights of 1 and 3", 1, 0.0, True),
]
"""Name, examples a unit, share of unscored outcomes, whether weights differ."""


def marks(rng: np.random.Generator, rates: Sequence[float], rows: int, unscored: float) -> Mapping[int, list[Mark]]:
    """The outcomes of each variant on the rows of a unit; rows of one unit resemble each other."""
    level = rng.random()
    found = {}
    for variant, rate in enumerate(rates):
        right = (0.5 * level + 0.5 * rng.random(rows)) < rate if rows > 1 else rng.random(rows) < rate
        lost = rng.random(rows) < unscored
        found[variant] = [(1, 0.0) if gone else (0, float(r)) for r, gone in zip(right, lost, strict=True)]
    return found


def watched(
    rng: np.random.Generator, rates: Sequence[float], units: int, *, rows: int = 1, unscored: float = 0.0, uneven: bool
) -> Watch:
    """One run over `units` of `rows` each."""
    sizes = rng.choice([1.0, 3.0], size=units) if uneven else np.ones(units)
    terms = Terms(
        alpha=0.05,
        margin=None,
        pairs=tuple((0, v) for v in range(1, len(rates))),
        units=units,
        rows=units * rows,
        mean_weight=float(sizes.mean()) * rows,
        most_weight=float(sizes.max()) * rows,
    )
    watch = Watch(terms)
    for size in sizes:
        if watch.done:
            break
        watch.look(Unit(rows, [float(size)] * rows, marks(rng, rates, rows, unscored)))
    return watch


def nulls(runs: int, units: int) -> None:
    """Prints the share of runs of equal variants with any claim."""
    print(f"Equal variants, {VARIANTS - 1} against one baseline, {units} units, {runs} runs each:\n")
    print("| design | runs with any claim | 5% and two standard errors |\n| --- | ---: | ---: |")
    bar = 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    for number, (name, rows, unscored, uneven) in enumerate(DESIGNS):
        rng = np.random.default_rng(number)
        false = 0
        for _ in range(runs):
            found = watched(rng, [RATE] * VARIANTS, units, rows=rows, unscored=unscored, uneven=uneven)
            false += any(c.verdict != "undecided" for c in found.contests)
        print(f"| {name} | {false / runs:.1%} | {bar:.1%} |", flush=True)


def effects(runs: int) -> None:
    """Prints how soon a better variant is found."""
    print(f"\nOne variant better by so much, 600 examples, {runs} runs each:\n")
    print("| baseline | points better | found | examples, median | share of the fixed design |\n" + "| ---: " * 5 + "|")
    rng = np.random.default_rng(99)
    for gain in (0.6, 0.4, 0.25, 0.15, 0.1):
        looks = [watched(rng, [0.3, 0.3 + gain], 600, uneven=False) for _ in range(runs)]
        found = [watch.contests[0].verdict == "better" for watch in looks]
        middle = float(np.median([watch.rows for watch in looks]))
        print(f"| 30% | {100 * gain:.0f} | {np.mean(found):.0%} | {middle:.0f} | {middle / 600:.0%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    quick = parser.parse_args().quick
    versions = f"scansion {scansion.__version__}, numpy {np.__version__}, Python {platform.python_version()}"
    nulls(50 if quick else 500, 100 if quick else 200)
    effects(10 if quick else 100)
    print(f"\n{versions}")


if __name__ == "__main__":
    main()
