"""What the scripts of `examples/reproduce` say of folders that hold no records."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from scansion.errors import InputError

SCRIPTS = Path(__file__).resolve().parents[2] / "examples" / "reproduce"


@pytest.mark.parametrize(
    ("name", "said"), [("all.py", "holds no set"), ("run_programs.py", "holds no .jsonl file of programs")]
)
def test_a_folder_without_records_is_said_in_one_line(tmp_path: Path, name: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / name), "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert said in line
    assert done.stdout == ""


def test_a_file_that_holds_no_programs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.jsonl").write_text('{"answer": 1}\n')
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("run_programs")
    monkeypatch.setattr(module, "missing", lambda _packages: "")
    with pytest.raises(InputError, match="holds no recorded program"):
        module.compared("x", tmp_path / "x.jsonl")
