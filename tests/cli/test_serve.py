from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(project: Path) -> Path:
    """A random model in the project's folder."""
    path = Path(__file__).parents[1] / "models" / "pocket" / "random_model.py"
    spec = importlib.util.spec_from_file_location("random_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built: Path = module.build(project / "tuned")
    return built


def test_it_serves_until_it_is_interrupted(folder: Path, project: Path) -> None:
    words = [sys.executable, "-m", "scansion", "serve", "pocket/./tuned", "--port", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}  # as a reader's shell has it
    with subprocess.Popen(words, cwd=project, env=buffered, text=True, **pipes) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("pocket/tuned at http://127.0.0.1:")
        url = line.split()[2].rstrip(",")
        body = json.dumps({"model": "pocket/tuned", "prompt": "The", "max_tokens": 3}).encode()
        with urllib.request.urlopen(f"{url}/completions", body, timeout=30) as reply:
            found = json.load(reply)
        assert found["usage"]["prompt_tokens"] == 2
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "scansion: interrupted\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["openai/gpt"], "is not served"),
        (["pocket/./nowhere"], "no such folder"),
        (["pocket/./tuned", "--port", "70000"], "is no port"),
        ([], "missing: MODEL"),
    ],
)
def test_wrong_words(scansion: Callable[..., Any], folder: Path, words: list[str], said: str) -> None:
    result = scansion("serve", *words)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_port_in_use(scansion: Callable[..., Any], folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = scansion("serve", "pocket/./tuned", "--port", str(port))
    assert (result.code, result.out) == (2, "")
    assert f"port {port} is in use" in result.err
