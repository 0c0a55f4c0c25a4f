"""A small project on a model written in Python, and a loopback server for runs that are to be killed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.experiments.watched_project import WatchedProject

import scansion
from scansion.experiments.lab import Lab
from scansion.experiments.results import RunResult

MODEL = '''
from collections import Counter
from scansion.errors import CallError
from scansion.types import Completion

asked = Counter()

def adder(request):
    """Right when told to think, else wrong for every third number; says nothing useful for multiples of seven."""
    text = request.messages[-1].content
    asked[text, request.trial, request.k] += 1
    number = int(text.rsplit(" ", 1)[1])
    if number % 7 == 6:
        return "no idea"
    return str(number + 1 if text.startswith("Think") or number % 3 else number)

def fails(request):
    number = int(request.messages[-1].content.rsplit(" ", 1)[1])
    asked[number] += 1
    if number == 3:
        raise CallError("content_policy", "not that")
    if number == 4 and asked[number] == 1:
        raise CallError("connection", "gone for a moment")
    return str(number + 1)

def cut(request):
    return Completion(text="7", finish_reason="length")
'''


@pytest.fixture(scope="session")
def fault_server() -> ModuleType:
    path = Path(__file__).parents[1] / "models" / "fault_server.py"
    spec = importlib.util.spec_from_file_location("fault_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fault_server"] = module
    spec.loader.exec_module(module)
    return module


class Project:
    """A folder with prompts, data and models; `run` runs a plan in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("direct.txt", "Add one to {{number}}")
        self.write("think.txt", "Think. Add one to {{number}}")
        self.rows(60)
        self.model_name = f"models_{abs(hash(folder))}"
        self.write(f"{self.model_name}.py", MODEL)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def rows(self, count: int) -> None:
        lines = [json.dumps({"id": f"n{i}", "number": i, "answer": str(i + 1)}) for i in range(count)]
        self.write("rows.jsonl", "\n".join(lines) + "\n")

    def model(self, name: str = "adder") -> str:
        return f"python:{self.model_name}:{name}"

    def run(self, **fields: Any) -> RunResult:
        settings: dict[str, Any] = {
            "prompts": ["direct.txt", "think.txt"],
            "models": [self.model()],
            "data": "rows.jsonl",
            "scorers": ["numeric"],
            **fields,
        }
        return scansion.run(lab=self.folder / ".scansion", **settings)

    def lab(self) -> Lab:
        return Lab.find(self.folder / ".scansion")

    @property
    def asked(self) -> Any:
        return sys.modules[self.model_name].asked


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Project(tmp_path)


Ask = Callable[..., RunResult]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchedProject:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return WatchedProject(tmp_path, "steps_" + hashlib.blake2b(str(tmp_path).encode(), digest_size=6).hexdigest())
