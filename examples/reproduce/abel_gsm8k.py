"""Abel (Chern and others 2023, github GAIR-NLP/abel): models of 7, 13 and 70 billion on GSM8K and GSM8K_robust.

`correct`: the recorded verdicts. `hash_extract`: what stands behind `####`, compared by the scorer `numeric`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, files, records, same_number, true

from scansion.scorers import build_extractor


def figures(folder: Path) -> Iterator[Figures]:
    """One a file PART_SIZE.jsonl.gz."""
    read = build_extractor('after("####")')
    for name, path in files(folder, ".jsonl"):
        part, _, size = name.rpartition("_")
        items = records(path)
        marks = [true(r["result"]) for r in items]
        ours = [same_number(read(r["response"]), r["gold"]) for r in items]
        same = sum(a == b for a, b in zip(marks, ours, strict=True))
        yield Figures(
            f"abel_gsm8k/{part}/{size}",
            len(items),
            {
                "n": len(items),
                "correct": sum(marks),
                "accuracy": 100 * sum(marks) / len(items),
                "hash_extract": sum(ours),
            },
            items=(Items("recorded verdicts", same, len(items)),),
            other_keys=(f"abel_gsm8k/{part.lower().removeprefix('gsm8k_')}/{size}", f"abel_gsm8k/gsm8k_{part}/{size}"),
        )
