"""Aider's leaderboards (github Aider-AI/aider): recorded runs of its code editing benchmark.

Only aggregates are recorded, so that one thing can be checked: a pass rate is a whole number of the test cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, Record, files, records

RATES = ("pass_rate_1", "pass_rate_2")


def figures(folder: Path) -> Iterator[Figures]:
    """One a file: its runs and how many of its rates are whole numbers of cases."""
    for name, path in files(folder, ".jsonl"):
        runs = records(path)
        rates = [(r, f) for r in runs for f in RATES if r.get(f) is not None and r.get("test_cases")]
        whole = sum(_whole(r, f) for r, f in rates)
        values = {"n": len(runs), "models": len({str(r.get("model")) for r in runs})}
        yield Figures(
            f"aider_runs/{name}", len(runs), values, items=(Items("rates that are whole counts", whole, len(rates)),)
        )


def _whole(run: Record, rate: str) -> bool:
    cases = int(run["test_cases"])
    passed = round(float(run[rate]) * cases / 100)
    return abs(round(100 * passed / cases, 1) - float(run[rate])) < 0.051
