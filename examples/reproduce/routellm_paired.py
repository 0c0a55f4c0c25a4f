"""RouteLLM (Ong and others 2024, arXiv 2406.18665): two models on the same items, by their recorded marks.

The paired counts are those of `scansion.stats.paired`: right in one and wrong in the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _published import Figures, Record, files, records, true

from scansion.stats.paired import compare

NAMES = ("_correct_flags", "_flags", "_responses")
MARKS = {"0", "1", "0.0", "1.0", "true", "false"}


def figures(folder: Path) -> Iterator[Figures]:
    """One a model of each table, and one for the pair."""
    for name, path in files(folder, ".csv"):
        part = name
        for ending in NAMES:
            part = part.removesuffix(ending)
        yield from _table(f"routellm_paired/{part}", records(path))


def _table(key: str, items: list[Record]) -> Iterator[Figures]:
    models = [
        c for c in items[0] if c not in ("subject", "i") and all(str(r[c]).strip().lower() in MARKS for r in items)
    ]
    marks = {model: np.array([true(r[model]) for r in items], dtype=np.float64) for model in models}
    for model, found in marks.items():
        values = {"n": len(items), "correct": int(found.sum()), "acc": 100 * float(found.mean())}
        yield Figures(f"{key}|{model}", len(items), values)
    if len(models) == 2:
        yield Figures(f"{key} paired", len(items), _paired(marks))


def _paired(marks: dict[str, np.ndarray]) -> Record:
    (a, in_a), (b, in_b) = marks.items()
    flips = compare(in_a, in_b).flips
    assert flips is not None
    both = int((in_a * in_b).sum())
    return {"both": both, f"only {a}": flips[0], f"only {b}": flips[1], "neither": len(in_a) - both - sum(flips)}
