"""How soon does a confidence sequence decide on real records, and how often is it the opposite of the whole set?

The recorded zero_shot_cot runs (text-davinci-002; zero-shot as the baseline a, zero-shot chain of thought as b, paired
by `item_id`, scored right or wrong by the records' own `correct`), each in 200 random orders. A row of the table: pairs
in all, the verdict of the fixed design on all of them, the median number of pairs until the sequence decides (of all
orders; "all" where most never do) and its share; orders decided the opposite way, and those left undecided. "Permuted":
the same with the two answers of every pair swapped at random, so that no difference is left: better or worse is then
always wrong, and may be said in 5% of orders, 8.1% with two standard errors of 200. Beside it what the interval for
this data set alone (without replacement) would have said.

    python bench/statistics/recorded_orders.py [--quick] [--data DIR]
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import platform
from pathlib import Path

import numpy as np

from scansion.stats.betting import log_capital
from scansion.stats.paired import compare
from scansion.stats.sequence import confidence_sequence
from scansion.stats.verdict import decide

HERE = Path(__file__).resolve().parents[2]
DATA = HERE.parent / "shared" / "data" / "zero_shot_cot"


def scores(path: Path) -> dict[str, float]:
    """Whether each item was right, by its id."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row["item_id"]: float(row["correct"]) for row in map(json.loads, lines)}


def pairs(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The scores of both methods on the items that both have."""
    a, b = (scores(folder / f"{name}.{method}.jsonl.gz") for method in ("zero_shot", "zero_shot_cot"))
    ids = sorted(a.keys() & b.keys())
    return np.array([a[i] for i in ids]), np.array([b[i] for i in ids])


def until_decided(differences: np.ndarray, margin: float | None = None) -> tuple[int | None, str]:
    """The number of pairs at the first verdict, and the verdict, looked at after every pair."""
    path = confidence_sequence(differences, total=len(differences))
    for n, (lo, hi) in enumerate(zip(path.lows.tolist(), path.highs.tolist(), strict=True), 1):
        if (verdict := decide(lo, hi, margin)) != "undecided":
            return n, verdict
    return None, "undecided"


def alone(differences: np.ndarray) -> bool:
    """Whether the interval for this data set alone would have said better or worse."""
    above, below = log_capital(differences, total=len(differences))
    return bool(max(above.max(), below.max()) >= math.log(2 / 0.05))


def row(name: str, a: np.ndarray, b: np.ndarray, orders: int) -> str:
    """The line of one set."""
    rng = np.random.default_rng(0)
    fixed = compare(a, b)
    whole = decide(fixed.lo, fixed.hi)
    found = [until_decided(rng.permutation(b - a)) for _ in range(orders)]
    stops = sorted(n or len(a) + 1 for n, _ in found)
    median = stops[orders // 2]
    shown = "all" if median > len(a) else f"{median}"
    share = f"{min(1.0, median / len(a)):.1%}"
    opposite = sum({verdict, whole} == {"better", "worse"} for _, verdict in found) / orders
    undecided = sum(verdict == "undecided" for _, verdict in found) / orders
    extra = sum(whole == "undecided" and verdict != "undecided" for _, verdict in found) / orders
    flipped = [rng.permutation(b - a) * rng.choice((-1.0, 1.0), len(a)) for _ in range(orders)]
    said = sum(until_decided(x)[0] is not None for x in flipped) / orders
    only = sum(alone(x) for x in flipped) / orders
    cells = (name, len(a), f"{fixed.difference:+.3f}", whole, shown, share)
    return "| " + " | ".join(map(str, (*cells, *(f"{x:.1%}" for x in (opposite, extra, undecided, said, only))))) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 orders in place of 200")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    if not args.data.is_dir():
        raise SystemExit(f"{args.data} is not there; give the folder of the zero_shot_cot records with --data")
    orders = 20 if args.quick else 200
    print(
        f"{orders} orders a set, level 95%, looked at after every pair; numpy {np.__version__}, "
        f"Python {platform.python_version()}"
    )
    print(
        "\n| set | pairs | difference | all pairs | decided at, median | share | opposite | decided, all pairs not "
        "| undecided | permuted: decided | by this data alone |"
    )
    print("|---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for path in sorted(args.data.glob("*.zero_shot.jsonl.gz")):
        name = path.name.split(".")[0]
        print(row(name, *pairs(args.data, name), orders), flush=True)


if __name__ == "__main__":
    main()
