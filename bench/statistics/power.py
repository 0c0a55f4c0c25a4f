"""The power formula beside simulated power: how often `stats.paired.compare` comes to the verdict that was planned for.

    python bench/statistics/power.py [--quick]

Pairs are drawn from the planned table (rates of a and b, share of pairs that flip), compared by the comparison that
every run uses, and the verdicts counted. Printed for each kind of plan: the cells, the average and the worst gap
between formula and simulation, in points, and the simulation's own standard error. The bar is 2 points.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from scansion.stats.need import pairs_for
from scansion.stats.newcombe import Table
from scansion.stats.paired import compare
from scansion.stats.power import Aim, Graded, design_effect, paired_shares, power, shifted
from scansion.stats.verdict import decide

RATES = [(0.5, 0.6), (0.7, 0.76), (0.9, 0.95), (0.95, 0.9), (0.3, 0.5), (0.7, 0.9), (0.05, 0.15), (0.02, 0.1)]
SIZES = [30, 100, 300, 1000]
Cell = tuple[str, float, float, int]
"""What it is, the formula's power, the simulated one, the draws."""


def verdict_of(a: np.ndarray, b: np.ndarray, aim: Aim, clusters: np.ndarray | None = None) -> str:
    """The verdict of the comparison that runs use."""
    found = compare(a, b, clusters=clusters, level=aim.level)
    return decide(found.lo, found.hi, aim.margin)


def is_reached(found: str, lo: float, hi: float, aim: Aim, difference: float) -> bool:
    """Whether a verdict is the one planned for."""
    if aim.claim == "different":
        return found == ("better" if difference >= 0 else "worse")
    return lo > -aim.wide and (aim.claim == "not worse" or hi < aim.wide)


@lru_cache(None)
def table_reaches(both: int, down: int, up: int, n: int, aim: Aim, worse: bool) -> bool:
    """Whether the comparison of a table of counts comes to the verdict planned for."""
    counts = (both, down, up, n - both - down - up)
    a, b = np.repeat([1.0, 1.0, 0.0, 0.0], counts), np.repeat([1.0, 0.0, 1.0, 0.0], counts)
    found = compare(a, b, level=aim.level)
    said = decide(found.lo, found.hi, aim.margin)
    return is_reached(said, found.lo or -1.0, found.hi or 1.0, aim, -1.0 if worse else 1.0)


def binary_cell(table: Table, n: int, aim: Aim, draws: int, rng: np.random.Generator) -> float:
    """Simulated power of one table."""
    drawn = rng.multinomial(n, [table.both, table.only_a, table.only_b, table.neither], draws)[:, :3]
    kinds, times = np.unique(drawn, axis=0, return_counts=True)
    worse = table.difference < 0
    hits = [table_reaches(*kind, n, aim, worse) for kind in kinds.tolist()]
    return float(np.dot(hits, times)) / draws


def binary(
    aim_of: Callable[[], Iterator[tuple[Aim, float | None]]], draws: int, rng: np.random.Generator
) -> Iterator[Cell]:
    """Cells of 0/1 scores: rates, how alike the variants are, n, and the aim at a difference (None: the rates' own)."""
    for a, b in RATES:
        for correlation in (0.0, 0.4, 0.7):
            try:
                table = paired_shares(a, b, correlation=correlation)
            except ValueError:
                continue
            for n in SIZES:
                for aim, difference in aim_of():
                    meant = table if difference is None else shifted(table, difference)
                    name = f"a {a:g}, b {b:g}, correlation {correlation:g}, n {n}"
                    yield name, power(meant, n, aim), binary_cell(meant, n, aim, draws, rng), draws
        table_reaches.cache_clear()


def planned(draws: int, rng: np.random.Generator) -> Iterator[Cell]:
    """Cells at the n that the plan itself gives for a power of 80%: what it promises."""
    for a, b in RATES:
        for correlation in (0.0, 0.4):
            try:
                table = paired_shares(a, b, correlation=correlation)
            except ValueError:
                continue
            n = pairs_for(table, Aim()) or 0
            yield f"a {a:g}, b {b:g}, n {n}", 0.8, binary_cell(table, n, Aim(), draws, rng), draws
        table_reaches.cache_clear()


SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda rng, size: rng.normal(0.0, 1.0, size),
    "uniform": lambda rng, size: rng.uniform(-math.sqrt(3), math.sqrt(3), size),
    "two thirds equal": lambda rng, size: rng.normal(0.0, math.sqrt(3), size) * (rng.random(size) < 1 / 3),
}


def graded(draws: int, rng: np.random.Generator) -> Iterator[Cell]:
    """Cells of other scores: paired differences of several shapes with a standard deviation of 1."""
    for name, shape in SHAPES.items():
        for n, difference in ((30, 0.5), (100, 0.3), (100, 0.15)):
            hits = 0
            for values in shape(rng, (draws, n)) + difference:
                hits += verdict_of(np.zeros(n), values, Aim()) == "better"
            yield f"{name}, n {n}", power(Graded(difference, 1.0), n, Aim()), hits / draws, draws


def clustered(draws: int, rng: np.random.Generator) -> Iterator[Cell]:
    """Cells of three trials an example that agree by a correlation: with its probability all three are one draw."""
    trials = 3
    for a, b, n, alike in ((0.6, 0.75, 100, 0.5), (0.7, 0.78, 300, 0.5), (0.5, 0.65, 100, 0.2), (0.8, 0.9, 100, 0.8)):
        table = paired_shares(a, b, correlation=0.4)
        effect = design_effect(trials, alike)
        labels, hits = np.repeat(np.arange(n), trials), 0
        for _ in range(draws):
            kind = rng.choice(4, (n, trials), p=[table.both, table.only_a, table.only_b, table.neither])
            kind = np.where(rng.random((n, 1)) < alike, kind[:, :1], kind).ravel()
            hits += verdict_of((kind < 2) * 1.0, (kind % 2 == 0) * 1.0, Aim(), labels) == "better"
        yield f"{n} x {trials}, alike {alike:g}", power(table, n * trials, Aim(), effect), hits / draws, draws


def row(name: str, cells: list[Cell]) -> str:
    """A line of the table."""
    gaps = [100 * (formula - simulated) for _, formula, simulated, _ in cells]
    at = max(range(len(gaps)), key=lambda i: abs(gaps[i]))
    error = 100 * math.sqrt(0.25 / cells[0][3])
    mean = sum(map(abs, gaps)) / len(gaps)
    beyond = sum(abs(gap) > 2.0 for gap in gaps)
    return f"| {name} | {len(cells)} | {mean:.2f} | {gaps[at]:+.2f} ({cells[at][0]}) | {beyond} | {error:.2f} |"


def main() -> None:
    """Prints the table."""
    quick = "--quick" in sys.argv
    rng, draws = np.random.default_rng(20231), 2_000 if quick else 10_000
    few = draws // 10 if quick else draws // 2
    three = Aim(level=1 - 0.05 / 3)
    print(
        f"numpy {np.__version__}, Python {sys.version.split()[0]}; draws a cell: {draws:,} of 0/1, {few:,} of others\n"
    )
    print("| plan | cells | mean gap | worst gap, points | beyond 2 | most error |")
    print("| --- | ---: | ---: | --- | ---: | ---: |")
    print(row("better or worse, 0/1", list(binary(lambda: iter([(Aim(), None)]), draws, rng))), flush=True)
    print(row("the same, one of 3 (Holm)", list(binary(lambda: iter([(three, None)]), draws, rng))), flush=True)
    not_worse = Aim("not worse", margin=0.05)
    print(row("not worse within 5 points", list(binary(lambda: iter([(not_worse, 0.0)]), draws, rng))), flush=True)
    within = Aim("equivalent", margin=0.1)
    print(row("equivalent within 10 points", list(binary(lambda: iter([(within, 0.0)]), draws, rng))), flush=True)
    print(row("0/1 at the n planned for 80%", list(planned(draws, rng))), flush=True)
    print(row("other scores", list(graded(few, rng))), flush=True)
    print(row("three trials, 0/1", list(clustered(few, rng))), flush=True)


if __name__ == "__main__":
    main()
