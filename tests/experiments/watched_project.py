"""A project whose runs stop when they are decided, and what must not depend on how a run went."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import scansion
from scansion.experiments.results import Comparison, PathPoint, RunResult

SIZE = 120  # rows

MODEL = '''
import asyncio, hashlib
from collections import Counter
from scansion.errors import CallError

asked, answered, flaky = Counter(), Counter(), True
RIGHT = {"Think": 0.9, "Plain": 0.5, "Other": 0.5, "Worse": 0.15, "Same": 0.5}

def share(*what):
    return int(hashlib.blake2b(repr(what).encode(), digest_size=4).hexdigest(), 16) / 2**32

async def steps(request):
    """Right with a chance that the first word sets; takes longer where it is wrong if it is told to be slow."""
    words = request.messages[-1].content.split()
    kind, number = words[0], int(words[-1])
    asked[kind] += 1
    right = share(number, "Plain" if kind == "Same" else kind, request.trial) < RIGHT[kind]
    await asyncio.sleep(0.0 if right else 0.004 if "slowly" in words else 0.0)
    answered[kind] += 1
    if "gaps" in words and share(number, "gap") < 0.1:
        raise CallError("content_policy", "not that")
    if "flaky" in words and flaky and share(number, "flaky") < 0.5:
        raise CallError("connection", "gone for a moment")
    if "mute" in words and share(number, "mute") < 0.1:
        return "I cannot say"
    return str(number + 1 if right else number)
'''


class WatchedProject:
    """Prompts, rows and a model; `run` runs them until they are decided."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        for kind in ("Think", "Plain", "Other", "Worse", "Same"):
            self.write(f"{kind.lower()}.txt", f"{kind} {{{{number}}}}")
        self.rows(SIZE)
        self.write(f"{name}.py", MODEL)

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text, encoding="utf-8")

    def rows(self, count: int, **columns: Any) -> None:
        rows = [{"id": f"n{i}", "number": i, "answer": str(i + 1)} for i in range(count)]
        rows = [{**row, **{name: make(i) for name, make in columns.items()}} for i, row in enumerate(rows)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def run(self, *prompts: str, lab: str = ".scansion", **fields: Any) -> RunResult:
        settings: dict[str, Any] = {
            "models": [f"python:{self.name}:steps"],
            "data": "rows.jsonl",
            "scorers": ["numeric"],
            "until": "decided",
            **fields,
        }
        return scansion.run(prompts=[f"{p}.txt" for p in prompts], lab=self.folder / lab, **settings)

    @property
    def model(self) -> Any:
        return sys.modules[self.name]


def path(found: Comparison) -> list[PathPoint]:
    """The looks that are kept of a comparison."""
    assert found.until is not None
    return found.until.path


def looked(result: RunResult) -> list[tuple[Any, ...]]:
    """What must not depend on how a run went: the verdicts, what they rest on, and the variants' figures."""
    return [
        *(
            (c.verdict, c.difference, c.interval, c.p, c.n, c.pairs, c.until and c.until.path)
            for c in result.comparisons
        ),
        *((v.name, v.n, v.scored, v.unscored, v.errors, v.mean, v.interval) for v in result.variants),
    ]
