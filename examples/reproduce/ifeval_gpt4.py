"""IFEval (Zhou and others 2023, arXiv 2311.07911): GPT-4's responses and whether each instruction was followed.

Counts of the recorded verdicts, strict and loose, over prompts (all instructions followed) and instructions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, Record, find, records, true

KINDS = ("strict", "loose")


def figures(folder: Path) -> Iterator[Figures]:
    """One for the folder."""
    items = records(find(folder, "responses.jsonl"), "ifeval_gpt4/responses.jsonl.gz")
    values: Record = {"prompts": len(items), "instructions": sum(len(r["instruction_id_list"]) for r in items)}
    kinds: Record = {}
    agree = 0
    for r in items:
        for kind in KINDS:
            marks = [true(m) for m in r[kind]]
            values[f"prompt_{kind}"] = values.get(f"prompt_{kind}", 0) + all(marks)
            values[f"instruction_{kind}"] = values.get(f"instruction_{kind}", 0) + sum(marks)
            agree += all(marks) == true(r[f"{kind}_all"])
        for at, name in enumerate(r["instruction_id_list"]):
            cell = kinds.setdefault(name, {"n": 0, "strict": 0, "loose": 0})
            cell["n"] += 1
            for kind in KINDS:
                cell[kind] += true(r[kind][at])
    checked = (Items("a prompt's verdict from its instructions'", agree, 2 * len(items)),)
    yield Figures("ifeval_gpt4", len(items), values | {"per_instruction": kinds}, items=checked)
