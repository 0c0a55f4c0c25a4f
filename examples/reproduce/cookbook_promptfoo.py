"""Anthropic's cookbook (github anthropics/anthropic-cookbook): grids of prompts and models, judged by promptfoo.

Passes and mean score a column from the recorded results, cost and other totals as recorded with the columns; for
retrieval the means over questions. `end_to_end_accuracy` repeats the cookbook's own summary, made in another run than
the table of questions beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Figures, Record, files, find, grouped, mean, records, true

MEANS = {"precision": "retrieval_precision", "recall": "retrieval_recall", "mrr": "retrieval_mrr"}


def figures(folder: Path) -> Iterator[Figures]:
    """One a grid and one a retrieval set-up."""
    for name, path in files(folder, ".jsonl"):
        if name.endswith("_outputs"):
            yield _grid(folder, name.removesuffix("_outputs"), records(path))
    for name, path in files(folder, ".csv"):
        if name.startswith("rag_"):
            yield _retrieval(name, records(path))


def _grid(folder: Path, part: str, items: list[Record]) -> Figures:
    columns = {str(column): _column(cells) for column, cells in grouped(items, "column").items()}
    return Figures(f"cookbook_promptfoo/{part}", len(items), columns, other_names=_others(folder, part, columns))


def _column(cells: list[Record]) -> Record:
    passed = sum(true(r["result"] if "result" in r else r.get("assert_result")) for r in cells)
    scores = [r["score"] if "score" in r else r.get("assert_score") for r in cells]
    known = [float(s) for s in scores if s is not None]
    totals: Record = {"n": len(cells), "passed": passed, "mean_score": mean(known) if known else None}
    costs = [float(r["cost"]) for r in cells if r.get("cost") is not None]
    return totals | ({"cost": sum(costs)} if costs else {})


def _others(folder: Path, part: str, columns: Record) -> Record:
    """A column's figures under other names, and what the grid recorded of it as a whole: cost, tokens, latency."""
    found = {column: {"passes": cells["passed"], "score": cells["mean_score"]} for column, cells in columns.items()}
    if path := find(folder, f"{part}_columns.jsonl"):
        for r in records(path):
            found.setdefault(str(r.get("column")), {}).update(_flat(r))
    return found


def _flat(record: Record) -> Record:
    """A record's figures by name, those of nested objects too."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        found |= {name: value} | (_flat(value) if isinstance(value, dict) else {})
    return found


def _retrieval(name: str, questions: list[Record]) -> Figures:
    own = {short: mean(r[column] for r in questions) for short, column in MEANS.items()}
    precision, recall = own["precision"], own["recall"]
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    right = sum(true(r["e2e_correct"]) for r in questions) / len(questions)
    published = {f"average_{short}": value for short, value in own.items()} | {"average_f1": f1}
    values = {"n": len(questions), **own, "f1_of_means": f1, "e2e": right}
    stated = {"end_to_end_accuracy": right}
    return Figures(
        f"cookbook_promptfoo/{name}",
        len(questions),
        values | {"published": published | stated},
        stated={"end_to_end_accuracy": ("e2e", 0.02)},
    )
