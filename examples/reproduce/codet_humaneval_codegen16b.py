"""CodeT (Chen and others 2022, arXiv 2207.10397): 100 programs an item of HumanEval, and tests that the model wrote.

Whether a program passes is known only by running it, and code that models wrote runs in the sandbox only. Where the
records hold that mark (`passed`), pass@k is computed from it (`scansion.stats.repeats`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Record, Share, find, records, true

from scansion.stats.repeats import pass_at_k

SANDBOX = "needs the programs to be run: model-written code runs in the sandbox only"
SIZES = (1, 2, 5, 10, 100)


def figures(folder: Path) -> Iterator[Figures]:
    """One for the folder."""
    items = records(find(folder, "samples.jsonl"), f"{folder.name}/samples.jsonl.gz")
    samples = [len(r["samples"]) for r in items]
    values: Record = {"n": len(items), "samples": sorted(set(samples))}
    marked = [r["passed"] for r in items if isinstance(r.get("passed"), list)]
    if len(marked) == len(items):
        right = [sum(map(true, marks)) for marks in marked]
        at = {str(k): Share(pass_at_k(samples, right, k).mean()) for k in SIZES if k <= min(samples)}
        values |= {"recomputed_pass_at": at, "passed": sum(right)}
    others = {"items": len(items), "tasks": len(items), "n_samples": sum(samples)}
    yield Figures(folder.name, len(items), values, other_names=others, not_recomputed={"*": SANDBOX})
