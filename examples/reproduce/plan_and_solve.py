"""Plan-and-Solve (Wang and others 2023, arXiv 2305.04091): text-davinci-003, zero-shot, on ten data sets.

`recorded_true`: the recorded verdicts. Beside them the recorded answers compared with the gold ones, numbers by the
scorer `numeric`, others as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Figures, Items, files, records, same_number, true


def figures(folder: Path) -> Iterator[Figures]:
    """One a data set."""
    for name, path in files(folder, ".jsonl"):
        items = [r for r in records(path) if "ans" in r]
        n = len(items)
        marks = [true(r["ans"]) for r in items]
        same = sum(m == _right(r["pred"], r["answer"]) for m, r in zip(marks, items, strict=True))
        values = {"n": n, "recorded_true": sum(marks), "acc": 100 * sum(marks) / n}
        yield Figures(
            f"plan_and_solve/{name}",
            n,
            values,
            other_names={"correct": sum(marks)},
            items=(Items("recorded verdicts", same, n),),
        )


def _right(answer: Any, gold: Any) -> bool:
    if isinstance(gold, int | float) and not isinstance(gold, bool):
        return same_number(answer, gold)
    return answer is not None and str(answer).strip().lower() == str(gold).strip().lower()
