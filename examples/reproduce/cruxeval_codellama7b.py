"""CRUXEval (Gu and others 2024, arXiv 2401.03065): Code Llama 7B predicts inputs or outputs, ten samples an item.

pass@k by the unbiased estimate (`scansion.stats.repeats`). The vote takes the most frequent sample (the first of
equals) and counts whether it passed: by its text, and where samples are values also by value.
The recorded flags say what passed: executing the samples belongs in the sandbox.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from _published import Figures, Record, files, records, true

from scansion.stats.repeats import pass_at_k

SIZES = (1, 5, 10)


def figures(folder: Path) -> Iterator[Figures]:
    """One a task: `input` and `output`."""
    for name, path in files(folder, ".jsonl"):
        items = records(path)
        samples = [len(r["passed"]) for r in items]
        right = [sum(map(true, r["passed"])) for r in items]
        at = {k: 100 * float(pass_at_k(samples, right, k).mean()) for k in SIZES if k <= min(samples)}
        values: Record = {f"recorded_pass_at_{k}": v for k, v in at.items()}
        values |= {"n": len(items), "samples": sorted(set(samples)), "recomputed": {str(k): v for k, v in at.items()}}
        values |= {"majority_vote_exact_string": _vote(items, str), "majority_vote": _vote(items, _value)}
        yield Figures(f"cruxeval_codellama7b/{name}", len(items), values)


def _vote(items: list[Record], form: Callable[[str], str]) -> float:
    """The percentage of items whose most frequent sample passed."""
    right = 0
    for r in items:
        forms = [form(s) for s in r["generations"]]
        right += true(r["passed"][forms.index(Counter(forms).most_common(1)[0][0])])
    return 100 * right / len(items)


def _value(sample: str) -> str:
    """A sample by its value, where it is a literal."""
    try:
        return repr(ast.literal_eval(sample.strip()))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return sample.strip()
