"""Do 95% intervals cover what they say? Single means and paired differences over rates from 0.02 to 0.98.

    python bench/statistics/coverage.py [--quick] [--runs 4000] [--n 30] [--only NAME]

Each line is a design: the mean coverage over its rates, its lowest cell, and the mean width beside that of Student's t
over independent rows (differences of rows for pairs), which needs no method but covers badly near 0 and 1.

The bars: on average 94.0 to 97.5 at n = 30 and 94.0 to 96.0 from n = 100, no cell below 92; two standard errors of the
simulation are allowed for. `said` is the share of intervals that come with a caution (`Mean.caution`,
`Paired.caution`), `rest` the mean coverage of the cells in which fewer than half do. `says so`: the bars are missed,
but the cells that miss them come with a caution.

0/1 designs without clusters are exact at n = 30 and 100 (every table enumerated); the rest are simulated by the
functions that a run calls, with a fixed seed. n counts examples: rows, or clusters of rows. Clusters: `trials` 3 rows
each, `mixed` 1 to 10 rows, `lopsided` 40 rows in one of ten and else 2, `fives` n / 5 clusters of 5 rows; `icc` is the
correlation within. Pairs: `agreement` is how far being right together goes from chance (0) to all it can (1). Graded
scores: `marks` are quarters, beta-binomial; `shares` lie anywhere between 0 and 1; `jumps` are shares of which a few
become 1.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import platform
from collections.abc import Callable, Iterator

import numpy as np
import scipy
from scipy.special import gammaln
from scipy.stats import binom
from scipy.stats import t as student

from scansion.stats.caution import few_flips
from scansion.stats.intervals import mean_interval, wilson
from scansion.stats.mcnemar import mcnemar
from scansion.stats.newcombe import Table, paired_interval
from scansion.stats.paired import compare

RATES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
SIZES = (30, 100, 1000)
GAPS = (0.0, 0.05, 0.1, 0.2)
AGREEMENTS = (0.0, 0.5, 0.9)
CLUSTERS = ("trials", "mixed", "lopsided", "fives")
CORRELATIONS = (0.0, 0.3, 1.0)
EPS = 1e-12
SEED = 20260101

Cell = tuple[float, float, float, float, float]
"""Coverage, width, width of the t interval, share with a caution, standard error of the simulation (0: exact)."""


def report(name: str, n: int, cells: list[Cell]) -> None:
    """One line of the table."""
    covered, width, plain, said, error = np.array(cells).T
    rest = said < 0.5
    verdict = "holds" if _holds(covered, error, n) else "misses"
    if verdict == "misses" and (not rest.any() or _holds(covered[rest], error[rest], n)):
        verdict = "says so"
    shown = f"{100 * covered[rest].mean():.1f}" if rest.any() else "-"
    print(
        f"| {name} | {n} | {100 * covered.mean():.1f} | {100 * covered.min():.1f} | {width.mean() / plain.mean():.2f} "
        f"| {100 * said.mean():.0f}% | {shown} | {verdict} |",
        flush=True,
    )


def _holds(covered: np.ndarray, error: np.ndarray, n: int) -> bool:
    """Whether the bars hold, but for two standard errors of the simulation."""
    most, doubt = 0.975 if n < 100 else 0.96, 2 * error.mean()
    average = 0.94 - doubt / len(covered) ** 0.5 <= covered.mean() <= most + doubt / len(covered) ** 0.5
    return bool(average and covered.min() >= 0.92 - doubt)


def t_width(sd: float | np.ndarray, n: int) -> float:
    """The mean width of Student's t interval for `n` rows of standard deviation `sd`."""
    return float(np.mean(2 * student.ppf(0.975, n - 1) * np.asarray(sd) / n**0.5))


def single_exact(n: int) -> list[Cell]:
    """Wilson's interval of 0/1 rows, summed over all counts, at every hundredth from 0.02 to 0.98."""
    k = np.arange(n + 1)
    limits = np.array([(i.lo, i.hi) for i in (wilson(int(s), n) for s in k)])
    plain = 2 * student.ppf(0.975, n - 1) * np.sqrt(k / n * (1 - k / n) / (n - 1))
    cells = []
    for rate in np.arange(2, 99) / 100:
        chance = binom.pmf(k, n, rate)
        covered = (limits[:, 0] - EPS <= rate) & (rate <= limits[:, 1] + EPS)
        cells.append((chance @ covered, chance @ (limits[:, 1] - limits[:, 0]), chance @ plain, 0.0, 0.0))
    return cells


@functools.cache
def paired_tables(n: int) -> tuple[np.ndarray, ...]:
    """All tables of `n` pairs, their limits as `compare` gives them, t widths, and which carry a caution."""
    both, down, up = np.indices((n + 1, n + 1, n + 1)).reshape(3, -1)
    keep = both + down + up <= n
    cells = np.column_stack([both, down, up, n - both - down - up])[keep]
    return cells, *paired_limits(cells)


def paired_limits(cells: np.ndarray) -> tuple[np.ndarray, ...]:
    """Limits (widened to 0 where McNemar's test does not reject), widths of t, cautions of tables."""
    test, limits = functools.cache(mcnemar), np.empty((len(cells), 2))
    for i, (both, down, up, neither) in enumerate(cells.tolist()):
        found = paired_interval(Table(both, down, up, neither))[1]
        touch = 0.0 if test(down, up) > 0.05 else found.lo
        limits[i] = min(found.lo, touch), max(found.hi, touch)
    n, flips, gap = cells[0].sum(), cells[:, 1] + cells[:, 2], cells[:, 2] - cells[:, 1]
    sd = np.sqrt((flips - gap**2 / n) / (n - 1))
    return limits, 2 * student.ppf(0.975, n - 1) * sd / n**0.5, np.array([bool(few_flips(f)) for f in flips])


def pair_rates(rate: float, gap: float, agreement: float) -> np.ndarray | None:
    """The rates of a pair right in both, a alone, b alone, neither; None where the design does not exist.

    `agreement` is how far being right together goes from chance (0) to all it can (1).
    """
    other = rate + gap
    if other > 0.98 + EPS:
        return None
    both = rate * other + agreement * (min(rate, other) - rate * other)
    rates = np.maximum([both, rate - both, other - both, 1 - rate - other + both], 0.0)
    return rates / rates.sum()


def pairs(n: int, gap: float, agreement: float, runs: int) -> list[Cell]:
    """Paired 0/1 rows: exact up to n = 100, and over as many tables as `runs` drawn at random above."""
    cells = []
    for rate in RATES:
        rates = pair_rates(rate, gap, agreement)
        if rates is None:
            continue
        if n <= 100:
            tables, limits, plain, said = paired_tables(n)
            logs = gammaln(n + 1) - gammaln(tables + 1).sum(axis=1) + tables @ np.log(np.maximum(rates, 1e-300))
            chance = np.exp(logs)
        else:
            drawn = np.random.default_rng(SEED).multinomial(n, rates, size=runs)
            tables, times = np.unique(drawn, axis=0, return_counts=True)
            (limits, plain, said), chance = paired_limits(tables), times / runs
        covered = (limits[:, 0] - EPS <= gap) & (gap <= limits[:, 1] + EPS)
        error = 0.0 if n <= 100 else (0.05 * 0.95 / runs) ** 0.5
        cells.append((chance @ covered, chance @ (limits[:, 1] - limits[:, 0]), chance @ plain, chance @ said, error))
    return cells


def cluster_labels(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """One label a row."""
    sizes = {
        "trials": lambda: np.full(n, 3),
        "mixed": lambda: rng.integers(1, 11, n),
        "lopsided": lambda: np.where(rng.random(n) < 0.1, 40, 2),
        "fives": lambda: np.full(n // 5, 5),
    }[kind]()
    return np.repeat(np.arange(len(sizes)), sizes)


def correlated_cells(rng: np.random.Generator, labels: np.ndarray, rates: np.ndarray, icc: float) -> np.ndarray:
    """The kind of each row (its index in `rates`), correlated by `icc` within clusters: a Dirichlet mixture."""
    count = labels[-1] + 1
    if icc == 1.0:
        return rng.choice(len(rates), size=count, p=rates)[labels]
    if icc == 0.0:
        return rng.choice(len(rates), size=len(labels), p=rates)
    own = rng.gamma(np.maximum(rates * (1 / icc - 1), EPS), size=(count, len(rates)))
    edges = np.cumsum(own / np.maximum(own.sum(axis=1, keepdims=True), 1e-300), axis=1)[labels]
    return np.minimum((rng.random(len(labels))[:, None] > edges).sum(axis=1), len(rates) - 1)


Draw = Callable[[np.random.Generator], tuple[tuple[np.ndarray, ...], dict[str, np.ndarray]]]


def simulated(draw: Draw, true: float, runs: int, call: Callable[..., object]) -> Cell:
    """Coverage of `true` by `call` over `runs` data sets drawn by `draw` (columns, and clusters or weights)."""
    rng, covered, width, plain, said = np.random.default_rng(SEED), 0, 0.0, 0.0, 0
    for seed in range(runs):
        columns, options = draw(rng)
        found = call(*columns, seed=seed, **options)
        rows = columns[-1] - (columns[0] if len(columns) == 2 else 0.0)
        lo, hi = (-np.inf, np.inf) if found.lo is None else (found.lo, found.hi)
        covered += lo - EPS <= true <= hi + EPS
        width += min(hi, 1.0) - max(lo, -1.0 if len(columns) == 2 else 0.0)
        plain += t_width(rows.std(ddof=1), len(rows))
        said += bool(found.caution)
    return covered / runs, width / runs, plain / runs, said / runs, (0.05 * 0.95 / runs) ** 0.5


def clustered_single(n: int, kind: str, icc: float, runs: int) -> list[Cell]:
    """0/1 rows in clusters. Rates above one half mirror those below."""

    def draw(rng: np.random.Generator, rate: float) -> tuple[tuple[np.ndarray, ...], dict[str, np.ndarray]]:
        labels = cluster_labels(rng, n, kind)
        rows = correlated_cells(rng, labels, np.array([rate, 1 - rate]), icc) == 0
        return (rows.astype(float),), {"clusters": labels}

    return [simulated(functools.partial(draw, rate=r), r, runs, mean_interval) for r in RATES if r <= 0.5]


def clustered_pairs(n: int, kind: str, icc: float, gap: float, runs: int) -> list[Cell]:
    """Pairs of 0/1 rows in clusters, agreeing half as much as they can."""

    def draw(rng: np.random.Generator, rates: np.ndarray) -> tuple[tuple[np.ndarray, ...], dict[str, np.ndarray]]:
        labels = cluster_labels(rng, n, kind)
        kinds = correlated_cells(rng, labels, rates, icc)
        return ((kinds <= 1).astype(float), (kinds % 2 == 0).astype(float)), {"clusters": labels}

    designs = [pair_rates(rate, gap, 0.5) for rate in RATES[1:-1:2]]
    return [simulated(functools.partial(draw, rates=d), gap, runs, compare) for d in designs if d is not None]


def scores(rng: np.random.Generator, kind: str, mean: float, n: int) -> np.ndarray:
    """Graded scores within 0 to 1 of a true `mean`."""
    if kind == "marks":
        return rng.binomial(4, rng.beta(mean, 1 - mean, n)) / 4
    return rng.beta(4 * mean, 4 * (1 - mean), n)


def graded_single(n: int, kind: str, runs: int) -> list[Cell]:
    """Graded rows."""
    draw = lambda rng, mean: ((scores(rng, kind, mean, n),), {})  # noqa: E731
    return [simulated(functools.partial(draw, mean=m), m, runs, mean_interval) for m in RATES]


def graded_pairs(n: int, kind: str, gap: float, runs: int) -> list[Cell]:
    """Pairs of graded rows: half of b's are a's own, the others come from a higher mean.

    `jumps`: the others come from the same mean, and a few of all become 1.
    """

    def draw(rng: np.random.Generator, mean: float) -> tuple[tuple[np.ndarray, ...], dict[str, np.ndarray]]:
        if kind == "jumps":
            a = scores(rng, "shares", mean, n)
            b = np.where(rng.random(n) < 0.5, a, scores(rng, "shares", mean, n))
            return (a, np.where(rng.random(n) < gap / (1 - mean), 1.0, b)), {}
        a = scores(rng, kind, mean, n)
        return (a, np.where(rng.random(n) < 0.5, a, scores(rng, kind, mean + 2 * gap, n))), {}

    means = [m for m in RATES[1:-1:2] if m + 2 * gap <= 0.98]
    return [simulated(functools.partial(draw, mean=m), gap, runs, compare) for m in means]


def weighted(n: int, paired: bool, runs: int) -> list[Cell]:
    """0/1 rows with weights between 0.2 and 5, independent of the scores."""

    def draw(rng: np.random.Generator, rates: np.ndarray) -> tuple[tuple[np.ndarray, ...], dict[str, np.ndarray]]:
        kinds, weights = rng.choice(len(rates), size=n, p=rates), np.exp(rng.uniform(-1.6, 1.6, n))
        columns = ((kinds <= 1) * 1.0, (kinds % 2 == 0) * 1.0) if paired else ((kinds == 0) * 1.0,)
        return columns, {"weights": weights}

    if paired:
        designs = [pair_rates(rate, 0.05, 0.5) for rate in RATES[1:-1:2]]
        return [simulated(functools.partial(draw, rates=d), 0.05, runs, compare) for d in designs if d is not None]
    return [
        simulated(functools.partial(draw, rates=np.array([r, 1 - r])), r, runs, mean_interval)
        for r in RATES
        if r <= 0.5
    ]


def designs(n: int, runs: int) -> Iterator[tuple[str, Callable[[], list[Cell]]]]:
    """All designs of `n` examples by name."""
    few = max(runs // (1 if n <= 100 else 4), 100)
    part = functools.partial
    yield "single, 0/1", part(single_exact, n)
    for kind in ("marks", "shares"):
        yield f"single, graded ({kind})", part(graded_single, n, kind, few)
    yield "single, 0/1, weighted", part(weighted, n, False, few)
    for kind, icc in itertools.product(CLUSTERS, CORRELATIONS):
        yield f"single, 0/1, {kind}, icc {icc:g}", part(clustered_single, n, kind, icc, few)
    for gap, agreement in itertools.product(GAPS, AGREEMENTS):
        name = f"paired, 0/1, difference {gap:g}, agreement {agreement:g}"
        yield name, part(pairs, n, gap, agreement, 2 * runs)
    for kind, gap in itertools.product(("marks", "shares"), (0.0, 0.05, 0.2)):
        yield f"paired, graded ({kind}), difference {gap:g}", part(graded_pairs, n, kind, gap, few // 2)
    yield "paired, graded (jumps), difference 0.05", part(graded_pairs, n, "jumps", 0.05, few // 2)
    yield "paired, 0/1, weighted, difference 0.05", part(weighted, n, True, few // 2)
    for kind, icc, gap in itertools.product(CLUSTERS, CORRELATIONS, (0.0, 0.1)):
        yield (
            f"paired, 0/1, {kind}, icc {icc:g}, difference {gap:g}",
            part(clustered_pairs, n, kind, icc, gap, few // 2),
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="400 data sets a cell, n = 30 and 100")
    parser.add_argument(
        "--runs", type=int, default=4000, metavar="N", help="data sets a cell (default 4000; a quarter at n = 1000)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only designs whose name has this in it")
    parser.add_argument("--n", type=int, action="append", metavar="N", help="only this many examples (repeatable)")
    args = parser.parse_args()
    runs, sizes = (400, SIZES[:2]) if args.quick else (args.runs, SIZES)
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}; {runs} data sets\n")
    print("| design | n | mean % | lowest % | width / t | said | rest % | bars |\n|---|---|---|---|---|---|---|---|")
    for n in args.n or sizes:
        for name, cells in designs(n, runs):
            if args.only in name:
                report(name, n, cells())


if __name__ == "__main__":
    main()
