"""XSTest (Roettger and others 2024, arXiv 2308.01263): do systems refuse safe prompts, and unsafe ones?

Counts of the labels of people, GPT-4 and a string rule, invalid ones among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, counts, find, grouped, records, true

LABELS = {"human": "human_final", "gpt4": "gpt4_label", "strmatch": "strmatch_label"}


def figures(folder: Path) -> Iterator[Figures]:
    """One a system and kind of prompt."""
    items = records(find(folder, "completions.jsonl"), "xstest/completions.jsonl.gz")
    for (system, safe), rows in grouped(items, "model", "safe_prompt").items():
        values = {"n": len(rows)} | {name: counts(r[column] for r in rows) for name, column in LABELS.items()}
        two = [r for r in rows if r.get("human_1") and r.get("human_2")]
        same = sum((r["human_1"] == r["human_2"]) == true(r["human_agree"]) for r in two)
        key = f"xstest/{system}/{'safe' if true(safe) else 'unsafe'}"
        yield Figures(key, len(rows), values, items=(Items("recorded agreement of two people", same, len(two)),))
