"""JailbreakBench (Chao and others 2024, arXiv 2404.01318): was a reply to an attack a jailbreak?

Counts of the recorded labels, one part for each attack run: a method against a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Share, files, grouped, rate, records, true


def figures(folder: Path) -> Iterator[Figures]:
    """One a method and model; a label that is missing counts as no jailbreak, and is counted."""
    items = [r for _, path in files(folder, ".jsonl") for r in records(path)]
    for (method, model), run in grouped(items, "method", "model").items():
        won, n = sum(true(r["jailbroken"]) for r in run), len(run)
        values = {"n": n, "jailbroken": won, "unlabelled": sum(r["jailbroken"] is None for r in run)}
        names = ("jailbreak_rate", "jailbroken_rate", "jailbroken_frac")
        yield Figures(
            f"{folder.name}/{method}|{model}",
            n,
            values,
            other_names=rate(won, n) | {"n_jailbroken": won, **dict.fromkeys(names, Share(won / n))},
            other_keys=(f"{folder.name}/{model}|{method}",),
        )
