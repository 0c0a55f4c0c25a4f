"""Reflexion (Shinn and others 2023, arXiv 2303.11366): HumanEval solutions and whether they were recorded as solved.

`my_passed` are the solutions that hold their tests when each is run by itself in the sandbox, `disagree` those of which
the record says something else, and they are named. A recorded pass may fail by itself where it lived from what other
solutions had left in one interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, Record, files, records, true
from _sandboxed import missing, passed


def figures(folder: Path) -> Iterator[Figures]:
    """One a run."""
    lacks = missing()
    for name, path in files(folder, ".jsonl"):
        items = records(path)
        solved = [true(r["recorded_is_solved"]) for r in items]
        values: Record = {"n": len(items), "recorded_solved": sum(solved)}
        values["recorded_acc"] = 100 * sum(solved) / len(items)
        key = f"reflexion_humaneval/{name}"
        if lacks:
            skipped = dict.fromkeys(("my_passed", "disagree", "examples"), lacks)
            yield Figures(key, len(items), values, not_recomputed=skipped)
            continue
        own = passed(items, [str(r["solution"]) for r in items])
        other = [r["task_id"] for r, mine, theirs in zip(items, own, solved, strict=True) if mine != theirs]
        values |= {"my_passed": sum(own), "disagree": len(other)}
        said = "passes by itself as recorded" + (f", but for {', '.join(other)}" if other else "")
        checked = Items(said, len(items) - len(other), len(items))
        yield Figures(key, len(items), values, items=(checked,))
