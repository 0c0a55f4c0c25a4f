"""How long intervals and tests take beside scipy's and statsmodels's, in one run.

    python bench/statistics/speed.py [--quick] [--alone]

Ours is `stats.paired.compare`: difference, interval and p-value together. Times are the least of several; the peers'
bootstraps are timed on fewer resamples and scaled up (their time is linear in them), which the table says. "equal work"
sets one resampling against another: as many resamples of as many rows, studentized ours, plain scipy's. Machines drift:
read the ratios. Unless `--alone`, the benches of ratings and of confidence sequences run after this one, each in a
process of its own.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy.stats import bootstrap, ttest_rel
from statsmodels.stats.contingency_tables import mcnemar as peer_mcnemar
from statsmodels.stats.weightstats import DescrStatsW

from scansion.stats.bootstrap import symmetric_bootstrap_t
from scansion.stats.paired import compare
from scansion.stats.units import Units

OTHERS = ("ratings_speed.py", "sequence_speed.py")
RESAMPLES = 9_999
FEW = 20


def timed(call: Callable[[], object], repeats: int = 5) -> float:
    """The least of several times, in seconds."""
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun)
    return min(found)


def race(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 9) -> tuple[float, float]:
    """The least of several times of both, taken in turn."""
    found = [(timed(ours, 1), timed(theirs, 1)) for _ in range(rounds)]
    return min(one for one, _ in found), min(other for _, other in found)


def line(what: str, ours: float, peer: str, theirs: float) -> None:
    """One line of the table."""
    print(f"| {what} | {1000 * ours:,.2f} | {peer} | {1000 * theirs:,.1f} | {theirs / ours:,.1f} |", flush=True)


def percentile(a: np.ndarray, b: np.ndarray) -> float:
    """scipy's percentile bootstrap of the mean paired difference, scaled from few resamples to 9,999."""
    call = lambda: bootstrap(  # noqa: E731
        (b - a,), np.mean, n_resamples=FEW, batch=FEW, method="percentile", vectorized=True, rng=1
    )
    return timed(call, 2) * RESAMPLES / FEW


def table_by_statsmodels(a: np.ndarray, b: np.ndarray) -> None:
    """McNemar's test, and the t interval of the differences, as statsmodels gives them."""
    right, other = a == 1, b == 1
    cells = [[(right & other).sum(), (right & ~other).sum()], [(~right & other).sum(), (~right & ~other).sum()]]
    peer_mcnemar(cells, exact=False)
    DescrStatsW(b - a).tconfint_mean()


def by_clusters(a: np.ndarray, b: np.ndarray, labels: np.ndarray) -> None:
    """The cluster-robust regression of the differences on a constant."""
    import statsmodels.api as sm

    fit = sm.OLS(b - a, np.ones(len(a))).fit(cov_type="cluster", cov_kwds={"groups": labels}, use_t=True)
    fit.conf_int()


def scores(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Paired scores of `n` rows: 0/1, marks in quarters, or any number between 0 and 1."""
    rng = np.random.default_rng(0)
    if kind == "0/1":
        a = rng.random(n) < 0.7
        return a.astype(float), np.where(rng.random(n) < 0.8, a, rng.random(n) < 0.72).astype(float)
    a = rng.random(n)
    b = np.clip(a + rng.normal(0.01, 0.2, n), 0, 1)
    return (np.round(4 * a) / 4, np.round(4 * b) / 4) if kind == "marks" else (a, b)


def pairs(n: int) -> None:
    """Paired comparisons of every kind of score."""
    for kind in ("0/1", "marks", "shares"):
        a, b = scores(kind, n)
        peer = "statsmodels McNemar and t interval" if kind == "0/1" else "scipy ttest_rel with its interval"
        call = table_by_statsmodels if kind == "0/1" else t_by_scipy
        ours, theirs = race(lambda a=a, b=b: compare(a, b), lambda a=a, b=b, call=call: call(a, b))
        what = f"paired, {kind}, {n:,} rows"
        line(what, ours, peer, theirs)
        line(what, ours, f"scipy bootstrap, percentile, {RESAMPLES:,}", percentile(a, b))
    a, b = scores("0/1", n)
    drawn = np.random.default_rng(1).integers(0, n // 4, n)
    for kind, labels in (("in order", np.arange(n) // 4), ("at random", drawn)):
        ours, theirs = race(lambda k=labels: compare(a, b, clusters=k), lambda k=labels: by_clusters(a, b, k), 3)
        line(f"paired, 0/1, {n:,} rows, {n // 4:,} clusters {kind}", ours, "statsmodels OLS, clustered", theirs)


def t_by_scipy(a: np.ndarray, b: np.ndarray) -> None:
    """The paired t test and its interval."""
    ttest_rel(b, a).confidence_interval()


def equal_work(n: int) -> None:
    """One resampling against another, 1,999 resamples each (ours studentizes every one)."""
    draws = 1_999
    for kind in ("0/1", "marks", "shares"):
        a, b = scores(kind, n)
        ours = timed(lambda a=a, b=b: symmetric_bootstrap_t(Units(b - a, None), 0.95, 0))
        theirs = percentile(a, b) * draws / RESAMPLES
        line(f"resampling, {kind}, {n:,} rows", ours, f"scipy percentile, {draws:,}", theirs)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100,000 rows instead of 1,000,000")
    parser.add_argument("--alone", action="store_true", help="without the benches of ratings and sequences")
    args = parser.parse_args()
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}"
    print(f"Python {platform.python_version()}, {versions}\n")
    print("| what | ours, ms | peer | peer, ms | times faster |\n|---|---|---|---|---|")
    n = 100_000 if args.quick else 1_000_000
    pairs(n)
    equal_work(100_000)
    for name in () if args.alone else OTHERS:
        print(f"\n{name}\n", flush=True)
        command = [sys.executable, str(Path(__file__).with_name(name)), *(["--quick"] if args.quick else [])]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
