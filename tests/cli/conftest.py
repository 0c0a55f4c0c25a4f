"""A project in a temporary folder: `direct` answers at once, `steps` better, on a recording that was made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scansion.cli import main

PROMPTS = {"direct": "{{question}}", "steps": "Think. {{question}}"}
ANSWERS = {"direct": (3, 4, 5, 6, 1, 1, 1, 1, 1, 1), "steps": (3, 4, 5, 6, 7, 8, 9, 10, 11, 0)}


def question(i: int) -> str:
    return f"What is {i} + 3?"


class Result:
    """What a command did: exit code, standard output and error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, which is also the working directory; no key and no home folder leaks in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "SCANSION_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, text in PROMPTS.items():
        (tmp_path / f"{name}.txt").write_text(text)
    rows = [{"id": f"q{i}", "question": question(i), "answer": i + 3} for i in range(10)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = [
        {
            "messages": [{"role": "user", "content": text.replace("{{question}}", question(i))}],
            "completions": [f"The answer is {ANSWERS[name][i]}.", f"It is {i + 3}.", f"{i + 3}"],
        }
        for name, text in PROMPTS.items()
        for i in range(10)
    ]
    (tmp_path / "demo.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "experiment.yaml").write_text(
        "prompts: [direct.txt, steps.txt]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\nscorers: [numeric]\n"
    )
    return tmp_path


@pytest.fixture
def scansion(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs a command in the project: `scansion("run", "experiment.yaml")`."""

    def call(*words: str) -> Result:
        capsys.readouterr()
        code = main([str(w) for w in words])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call
