"""GSM8K (Cobbe and others 2021, arXiv 2110.14168): four systems of GPT-3 with full solutions.

`correct`: the recorded verdicts. `numeric_extractor_correct`: what stands behind the last `A:`, compared by the scorer
`numeric`; `disagreements`: items on which the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, files, records, same_number, true

from scansion.scorers import build_extractor


def figures(folder: Path) -> Iterator[Figures]:
    """One a system."""
    read = build_extractor('after("A:")')
    for _, path in files(folder, ".jsonl"):
        items = records(path)
        n = len(items)
        for system in [name for name, value in items[0].items() if isinstance(value, dict) and "solution" in value]:
            marks = [true(r[system]["is_correct"]) for r in items]
            ours = [same_number(read(r[system]["solution"]), r["gold"]) for r in items]
            apart = sum(a != b for a, b in zip(marks, ours, strict=True))
            values = {"n": n, "correct": sum(marks), "accuracy": 100 * sum(marks) / n}
            values |= {"numeric_extractor_correct": sum(ours), "disagreements": apart}
            checked = (Items("recorded verdicts", n - apart, n),)
            yield Figures(f"gsm8k_openai_2021/{system}", n, values, items=checked)
