"""tau-bench (Yao and others 2024, arXiv 2406.12045): an agent's trials at the tasks of an airline.

pass^k, the chance that all of k trials of a task succeed (`scansion.stats.repeats`), averaged over tasks. It is not
pass@k, the chance that any does. A task with fewer than k trials is no part of pass^k.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Record, Share, find, grouped, mean, records

from scansion.stats.repeats import pass_hat_k


def figures(folder: Path) -> Iterator[Figures]:
    """One for the folder."""
    trials = records(find(folder, "trials.jsonl"), f"{folder.name}/trials.jsonl.gz")
    tasks = [[abs(float(t["reward"] or 0) - 1.0) < 1e-6 for t in each] for each in grouped(trials, "task_id").values()]
    at: Record = {}
    for k in range(1, max(map(len, tasks)) + 1):
        at[f"pass^{k}"] = Share(mean(float(pass_hat_k(len(t), sum(t), k)) for t in tasks if len(t) >= k))
    right = sum(map(sum, tasks))
    values = {"n": len(tasks), **at, "published": at}
    others = {"tasks": len(tasks), "trials": len(trials), "n_trials": len(trials), "successes": right}
    reason = {"published": "a text that is worded otherwise"}
    yield Figures(folder.name, len(tasks), values, other_names=others, not_recomputed=reason, spoken=spoken)


def spoken(text: str) -> dict[str, float]:
    """The figures of a sentence such as `pass^1 0.42, pass^2 0.273`."""
    return {f"pass^{k}": float(value) for k, value in re.findall(r"pass\^?(\d)\D{1,4}?(\d*\.\d+)", text)}
