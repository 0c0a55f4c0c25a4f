"""Constitutional AI (Bai and others 2022, arXiv 2212.08073): best of n samples by a preference model.

The expected best score of k of the 17 samples of a prompt, over all subsets of k (`scansion.stats.repeats`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, find, grouped, mean, records

from scansion.stats.repeats import best_of_k

SIZES = (1, 2, 4, 8, 16)


def figures(folder: Path) -> Iterator[Figures]:
    """One a source of prompts and model."""
    items = records(find(folder, "rl_samples.jsonl"), "constitutional_ai/rl_samples.jsonl.gz")
    for (source, model), prompts in grouped(items, "source", "model").items():
        scores = [[float(s) for s in r["pm_scores"] if s is not None] for r in prompts]
        best = {str(k): mean(float(best_of_k(s, k)) for s in scores) for k in SIZES if k <= min(map(len, scores))}
        values = {"prompts": len(prompts), "mean_pm": mean(map(mean, scores)), "expected_best_of": best}
        yield Figures(f"constitutional_ai/best_of_n/{source}|{model}", len(prompts), values)
