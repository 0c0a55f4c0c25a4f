"""ToRA (Gou and others 2024, arXiv 2309.17452): reasoning with code and its output; the answer stands in \\boxed.

The answer is read by the extractor `boxed`, else as the last number, and compared with the gold number by the scorer
`numeric` within a ten-thousandth, as the authors' comparison of floats has it. The code is not run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Figures, files, rate, records, same_number

from scansion.scorers import build_extractor


def gold(value: Any) -> Any:
    """The gold number, which may stand behind `####` at the end of a worked solution."""
    return value.rpartition("####")[2].strip() if isinstance(value, str) else value


def figures(folder: Path) -> Iterator[Figures]:
    """One a model."""
    read = build_extractor("either(boxed, last_number)")
    for name, path in files(folder, ".jsonl"):
        items = records(path)
        right = sum(same_number(read(str(r["response"])), gold(r["gold"]), 0.0001) for r in items)
        shares = rate(right, len(items))
        yield Figures(f"{folder.name}/{name}", len(items), {"n": len(items), "correct": right}, other_names=shares)
