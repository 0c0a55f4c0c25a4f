"""Reflexion (Shinn and others 2023, arXiv 2303.11366): HumanEval solutions and whether they were recorded as solved.

`my_passed` and `disagree` come from running the solutions: code that models wrote runs in the sandbox only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, files, records, true

SANDBOX = "needs the solutions to be run: model-written code runs in the sandbox only"


def figures(folder: Path) -> Iterator[Figures]:
    """One a run."""
    for name, path in files(folder, ".jsonl"):
        items = records(path)
        solved = sum(true(r["recorded_is_solved"]) for r in items)
        values = {"n": len(items), "recorded_solved": solved, "recorded_acc": 100 * solved / len(items)}
        skipped = dict.fromkeys(("my_passed", "disagree", "examples"), SANDBOX)
        yield Figures(f"reflexion_humaneval/{name}", len(items), values, not_recomputed=skipped)
