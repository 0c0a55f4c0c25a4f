"""The specification's own vectors, restated (see vectors/SOURCE.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion.prompts as prompts
from scansion.errors import InputError
from scansion.types import Sampling

HERE = Path(__file__).parent / "vectors"


def vectors(name: str) -> Any:
    found = json.loads((HERE / f"{name}.json").read_text())
    return pytest.mark.parametrize("vector", found, ids=[v["name"] for v in found])


@vectors("parse")
def test_parse(vector: dict[str, Any]) -> None:
    threads = vector.get("thread", {})
    head = "".join(f"  - name: {name}\n    kind: thread\n" for name in threads)
    prompt = prompts.from_text(f"---\n{'inputs:' if head else ''}\n{head}---\n{vector['text']}", "p")
    request = prompt.render(threads)
    assert [[m.role, m.content] for m in request.messages] == vector["expected"]


@vectors("render")
def test_render(vector: dict[str, Any]) -> None:
    text = (
        f"---\nmodel: {{apiType: completion}}\ntemplate: {vector.get('engine', 'jinja2')}\n---\n{vector['template']}\n"
    )
    if "error" in vector:
        with pytest.raises(InputError, match=vector["error"]):
            prompts.from_text(text, "p").render(vector["inputs"])
    else:
        assert prompts.from_text(text, "p").render(vector["inputs"]).text == vector["expected"]


@vectors("load")
def test_load(vector: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in vector.get("files", {}).items():
        (tmp_path / name).write_text(content)
    for name in ("MISSING_VAR", "NONEXISTENT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in vector.get("env", {}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "p.prompty").write_text(vector["text"])
    if "error" in vector:
        with pytest.raises(InputError, match=vector["error"]):
            prompts.load("p.prompty", tmp_path)
        return
    prompt = prompts.load("p.prompty", tmp_path)
    assert prompt.name == "p"
    check_fields(prompt, vector)
    check_rendering(prompt, vector)


def check_fields(prompt: prompts.Prompt, vector: dict[str, Any]) -> None:
    assert vector.get("meta", {}).items() <= prompt.meta.items()
    if "model" in vector:
        assert prompt.model == vector["model"]
    if "template" in vector:
        assert prompt.template == vector["template"]
    if "sampling" in vector:
        assert prompt.sampling == Sampling(**vector["sampling"])
    if "inputs" in vector and "deviation" not in vector:
        assert [[p.name, p.kind, p.default] for p in prompt.inputs] == vector["inputs"]
    elif "inputs" in vector:
        assert [[p.kind, p.default] for p in prompt.inputs] == [i[1:] for i in vector["inputs"]]
    if "tools" in vector:
        assert [{"name": t.name, "description": t.description, "parameters": t.parameters} for t in prompt.tools] == (
            vector["tools"]
        )
    if "connection" in vector:
        assert prompt.connection() == vector["connection"]
    for note in vector.get("notes", ()):
        assert any(note in found for found in prompt.notes)


def check_rendering(prompt: prompts.Prompt, vector: dict[str, Any]) -> None:
    if "connection_error" in vector:
        with pytest.raises(InputError, match=vector["connection_error"]):
            prompt.connection()
    if "render_error" in vector:
        with pytest.raises(InputError, match=vector["render_error"]):
            prompt.render(vector["render"])
    if "rendered" in vector:
        assert prompt.render(vector["render"]).messages[-1].content == vector["rendered"]
