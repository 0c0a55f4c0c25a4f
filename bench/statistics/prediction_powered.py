"""Prediction-powered means (PPI++): do their intervals cover, and how much narrower than the labels alone are they?

    python bench/statistics/prediction_powered.py [--quick] [--data ../shared/data]

1. XSTest, systems pooled, full compliance against the rest, GPT-4's labels as the judge: 150 human labels are drawn,
   the judge's are used on all; does the interval contain the human mean of the whole set? Drawn in two ways. *From the
   file*: 150 of its rows, the rest judged. An interval for the population that the file is drawn from then covers this
   file's own mean too often, since the file is finite. *Afresh*: 150 labelled and the remaining number of judged rows
   drawn with replacement, so that the file is the population and nothing flatters.
2. LLMBar, every judge there by how far it agrees with the gold label: what a poor judge costs in width.
3. Simulated judges, from useless to nearly perfect, rates 0.02 to 0.98: coverage of this method, of the labels alone
   (Wilson), and of the paper's normal interval.

Widths are compared in one method class: our interval with Wilson's (both hold their coverage at small n), the paper's
normal interval with the normal interval of the labels alone. Judge's labels that are none count as its mean.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scansion.stats.prediction_powered import corrected_mean

Z = 1.959963984540054
LABELLED = 150
KNOWN = ("1_full_compliance", "2_full_refusal", "3_partial_refusal")
RATES = (0.02, 0.05, 0.1, 0.2, 0.37, 0.5, 0.63, 0.8, 0.9, 0.95, 0.98)
JUDGES = ((0.5, 0.5), (0.7, 0.7), (0.9, 0.9), (0.98, 0.98), (0.999, 0.8), (0.8, 0.999), (0.6, 0.95))
"""How often a simulated judge says yes where people do, and no where people do."""


def normal_widths(y: np.ndarray, f: np.ndarray, rest: np.ndarray) -> tuple[float, float, float]:
    """The paper's estimate with the half width of its normal interval, and that of the labels alone."""
    n, count = y.size, rest.size
    every = np.concatenate([f, rest])
    spread = every.var()
    weight = float(np.mean((f - f.mean()) * (y - y.mean())) / spread) / (1 + n / count) if spread else 0.0
    estimate = y.mean() + weight * (rest.mean() - f.mean())
    error = np.sqrt((y - weight * f).var(ddof=1) / n + weight**2 * rest.var(ddof=1) / count)
    return float(estimate), Z * float(error), Z * float(np.sqrt(y.var(ddof=1) / n))


class Tally:
    """How often intervals covered and how wide they were."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, ...]] = []

    def add(self, y: np.ndarray, f: np.ndarray, labelled: int, truth: float) -> None:
        """Counts one draw whose first `labelled` rows have a human label."""
        human = y.copy()
        human[labelled:] = np.nan
        found = corrected_mean(human, f)
        lo, hi = found.human.lo or 0.0, found.human.hi or 0.0
        usable = np.where(np.isnan(f), np.nanmean(f), f)
        middle, paper, alone = normal_widths(y[:labelled], usable[:labelled], usable[labelled:])
        self.rows.append(
            (
                found.lo <= truth <= found.hi,
                lo <= truth <= hi,
                abs(middle - truth) <= paper,
                found.hi - found.lo,
                hi - lo,
                2 * paper,
                2 * alone,
            )
        )

    def figures(self) -> tuple[float, float, float, float, float]:
        """Coverage of ours, of the labels alone and of the paper's; the ratios of mean widths, ours and the paper's."""
        means = np.array(self.rows, dtype=float).mean(axis=0)
        return means[0], means[1], means[2], means[3] / means[4], means[5] / means[6] if means[6] else 1.0


def xstest(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """The human and the judge's labels of every completion, 1 for full compliance; NaN is an invalid judgement."""
    with gzip.open(data / "xstest" / "completions.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["human_final"] in KNOWN]
    human = np.array([float(row["human_final"] == KNOWN[0]) for row in rows])
    judge = np.array([float(row["gpt4_label"] == KNOWN[0]) if row["gpt4_label"] in KNOWN else np.nan for row in rows])
    return human, judge


def llmbar(data: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """For every judge: its name, whether the gold label is the first output, whether its verdict is."""
    found: dict[str, list[tuple[float, float]]] = {}
    with gzip.open(data / "llmbar" / "verdicts.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            said = row["winner_noswap"]
            verdict = float(said == "1") if said in ("1", "2") else np.nan
            found.setdefault(row["evaluator"], []).append((float(row["label"] == "1"), verdict))
    for name, pairs in found.items():
        table = np.array(pairs)
        yield name, table[:, 0], table[:, 1]


def real(data: Path, rounds: int) -> None:
    """The tables of the recorded sets that `data` holds."""
    print("| set | drawn | labels | judged | rounds | covers | labels alone | normal PPI++ | width | normal width |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    if (data / "xstest").is_dir():
        human, judge = xstest(data)
        for afresh in (False, True):
            tally = drawn(human, judge, LABELLED, rounds, afresh)
            line("XSTest, GPT-4 judge", afresh, (LABELLED, human.size), rounds, tally)
    if (data / "llmbar").is_dir():
        sized = [(abs(correlation(h, j)), name, h, j) for name, h, j in llmbar(data) if h.size >= 200]
        sized.sort(key=lambda each: each[0])
        worst = 0.0
        for number, (_, name, human, judge) in enumerate(sized):
            labelled = human.size // 2
            tally = drawn(human, judge, labelled, rounds if number == 0 else max(100, rounds // 10), False)
            worst = max(worst, tally.figures()[3])
            if number in (0, len(sized) - 1):
                line(f"LLMBar, {name}", False, (labelled, human.size), len(tally.rows), tally)
        print(f"\nLLMBar, widest of {len(sized)} judges: {worst:.3f} of the width of the labels alone\n")


def correlation(human: np.ndarray, judge: np.ndarray) -> float:
    read = ~np.isnan(judge)
    return float(np.corrcoef(human[read], judge[read])[0, 1]) if np.ptp(judge[read]) else 0.0


def drawn(human: np.ndarray, judge: np.ndarray, labelled: int, rounds: int, afresh: bool) -> Tally:
    """`rounds` draws; the truth is the mean of all human labels."""
    rng, tally = np.random.default_rng(7), Tally()
    for _ in range(rounds):
        picks = rng.integers(0, human.size, human.size) if afresh else rng.permutation(human.size)
        tally.add(human[picks], judge[picks], labelled, float(human.mean()))
    return tally


def line(name: str, afresh: bool, sizes: tuple[int, int], rounds: int, tally: Tally) -> None:
    covers, alone, paper, width, normal = tally.figures()
    how = "afresh" if afresh else "from the file"
    print(
        f"| {name} | {how} | {sizes[0]} | {sizes[1]} | {rounds:,} | {covers:.1%} | {alone:.1%} | {paper:.1%} "
        f"| {width:.3f} | {normal:.3f} |"
    )


def simulated(rounds: int) -> None:
    """The table of simulated judges."""
    rng = np.random.default_rng(11)
    print(
        "| labels | judged | covers, mean | least | most | labels alone, least | normal PPI++, mean | least |", end=""
    )
    print(" width, mean | useless judge |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for labelled, count in ((30, 300), (100, 1000), (150, 900), (300, 3000)):
        cells = []
        for rate in RATES:
            for yes, no in JUDGES:
                tally = Tally()
                for _ in range(rounds):
                    y = (rng.random(count) < rate).astype(float)
                    f = np.where(y == 1, rng.random(count) < yes, rng.random(count) > no).astype(float)
                    tally.add(y, f, labelled, rate)
                cells.append((*tally.figures(), float(yes == no == 0.5)))
        table = np.array(cells)
        useless = table[table[:, 5] == 1, 3].mean()
        print(
            f"| {labelled} | {count} | {table[:, 0].mean():.1%} | {table[:, 0].min():.1%} | {table[:, 0].max():.1%} "
            f"| {table[:, 1].min():.1%} | {table[:, 2].mean():.1%} | {table[:, 2].min():.1%} "
            f"| {table[:, 3].mean():.3f} | {useless:.3f} |"
        )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "data")
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {np.__version__}\n")
    real(args.data, 100 if args.quick else 1000)
    simulated(100 if args.quick else 1000)


if __name__ == "__main__":
    main()
