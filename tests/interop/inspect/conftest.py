"""A run of two prompts on a model with odd replies: no answer, one cut off, an error, caches and hidden reasoning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.experiments.lab import Lab

MODEL = """
from scansion.types import Completion, Usage

async def adder(request):
    text = request.messages[-1].content
    number = int(text.split()[-3])
    if number == 5:
        raise RuntimeError("boom")
    reply = "no idea" if number == 7 else f"It is {number + 3 if 'Think' in text or number % 2 else number}."
    return Completion(
        reply,
        finish_reason="length" if number == 9 else "stop",
        usage=Usage(20, 5, cached_tokens=4, reasoning_tokens=2),
        model="adder-1",
    )
"""


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of the run; the working directory holds its lab."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    name = f"adding_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(MODEL)
    (tmp_path / "sum.txt").write_text("Sum it up.\n{{question}}")
    (tmp_path / "think.txt").write_text("Think. {{question}}")
    rows = [{"id": f"q{i}", "question": f"What is {i} + 3?", "answer": str(i + 3)} for i in range(24)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return scansion.run(
        prompts=["sum.txt", "think.txt"],
        models=[f"python:{name}:adder"],
        data="rows.jsonl",
        scorers=["numeric", "max_words(3)"],
        trials=2,
        name="sums",
    )


@pytest.fixture
def repeated(ran: Any) -> Any:
    """The result of a run in two trials over rows without ids, the first three of which are one row."""
    numbers = [2, 2, 2, 3, 4, 6]
    rows = [{"question": f"What is {i} + 3?", "answer": str(i + 3)} for i in numbers]
    Path("rows2.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return scansion.run(
        prompts=["sum.txt", "think.txt"],
        models=[ran.variants[0].model],
        data="rows2.jsonl",
        scorers=["numeric"],
        trials=2,
        name="repeated",
    )


@pytest.fixture
def lab(ran: Any) -> Any:
    with Lab.find() as opened:
        yield opened
