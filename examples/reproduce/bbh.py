"""Reproduces the Codex figures of Suzgun et al. 2022, "Challenging BIG-Bench Tasks" (arXiv 2210.09261).

    python examples/reproduce/bbh.py --data ../shared/data/bbh_codex [--json] [--keep DIR]

The recorded completions of code-davinci-002 (direct.jsonl.gz and cot.jsonl.gz, three shots before each question,
prompt_prefixes.json.gz) become a `replay:` recording, and the ordinary runner runs each task that the folder holds.
`direct` answers at once, `cot` reasons first. Shown per task and method: items, correct ones, and the published
figures where `expected.json` stands in the folder above; and the paired verdict on the two methods.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _common import (
    Record,
    compare_marks,
    comparison_row,
    main,
    rounds,
    run_recorded,
    workplace,
    write_lines,
    write_prompt,
)
from _published import Figures, find, packed, records

from scansion.errors import InputError

METHODS = ("direct", "cot")
EXTRACTORS = {"direct": 'trim(".")', "cot": 'then(after("the answer is "), trim("."))'}
Marks = dict[str, dict[str, bool]]


def reproduce(data: Path, work: Path) -> Record:
    """The document of all tasks whose records stand in `data`."""
    prefixes = json.loads(packed(find(data, "prompt_prefixes.json"), f"{data.name}/prompt_prefixes.json.gz"))
    published = data.parent / "expected.json"
    expected = json.loads(published.read_text(encoding="utf-8")) if published.exists() else {}
    logs = {m: records(path) for m in METHODS if (path := find(data, f"{m}.jsonl"))}
    document: Record = {"rows": [], "comparisons": []}
    for task in sorted({r["task"] for log in logs.values() for r in log}):
        items = {m: [r for r in log if r["task"] == task] for m, log in logs.items()}
        marks = {m: run_method(work / task / m, prefixes[f"{m}/{task}"], i) for m, i in items.items() if i}
        for method, found in marks.items():
            document["rows"].append(row(task, method, found, expected.get(f"bbh_codex/{task}/{method}", {})))
        if len(marks) == len(METHODS):
            document["comparisons"].append(comparison_row(task, verdict(work / task, items["direct"], marks)))
    return document


def figures(data: Path) -> Iterator[Figures]:
    """One a task and method, for `all.py`."""
    with workplace(None) as work:
        found = reproduce(data, work)["rows"]
    for r in found:
        values = {"n": r["n"], "correct": r["correct"], "accuracy": 100 * r["correct"] / r["n"]}
        skipped = {"accuracy_with_calc": "counts answers that a calculator corrected afterwards"}
        yield Figures(f"{data.name}/{r['dataset']}/{r['method']}", r["n"], values, not_recomputed=skipped)


def row(task: str, method: str, marks: dict[str, bool], expected: dict[str, Any]) -> Record:
    """One line of the table."""
    return {
        "dataset": task,
        "method": method,
        "n": len(marks),
        "correct": sum(marks.values()),
        "recorded_correct": expected.get("correct"),
        "items_differing": None,
        "paper": round(expected["accuracy"], 1) if "accuracy" in expected else None,
    }


def run_method(work: Path, prefix: str, items: list[Record]) -> dict[str, bool]:
    """Whether each item of a task was right under one method. The two methods read their answers by different rules."""
    method = work.name
    scorer = f"exact(by={EXTRACTORS[method]}, strip=false)"
    marks: dict[str, bool] = {}
    for at, part in enumerate(rounds(items, lambda r: r["question"], lambda r: r["completion"])):
        folder = work / f"round_{at}"
        if "{% endraw %}" in prefix:
            raise InputError(f"{folder}: the prompt holds a template tag")
        write_prompt(folder / f"{method}.prompty", f"{{% raw %}}{prefix}{{% endraw %}}{{{{question}}}}")
        rows = [{"id": str(r["item"]), "question": r["question"], "answer": r["gold"]} for r in part]
        write_lines(folder / "rows.jsonl", rows)
        calls = [{"prompt": prefix + r["question"], "completion": r["completion"]} for r in part]
        write_lines(folder / "recording.jsonl", calls)
        _, found = run_recorded(folder, [{"name": method, "prompt": f"{method}.prompty"}], scorer)
        marks |= found[method]
    return marks


def verdict(folder: Path, items: list[Record], marks: Marks) -> Any:
    """The verdict on `cot` against `direct`, over the items that both have."""
    shared = [r for r in items if str(r["item"]) in marks["cot"]]
    pairs = [(r["question"], *(marks[method][str(r["item"])] for method in METHODS)) for r in shared]
    return compare_marks(folder, *METHODS, pairs)


if __name__ == "__main__":
    main(__doc__ or "", "../shared/data/bbh_codex", reproduce)
