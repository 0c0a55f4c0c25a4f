"""The pytest plugin in a pytest of its own: gates as tests, the fixture, and nothing imported where it is not used."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
MODEL = """
def half(request):
    number = int(request.messages[-1].content.rsplit(" ", 1)[1])
    return str(number + 1 if number % 2 or request.messages[-1].content.startswith("Think") else number)
"""


@pytest.fixture
def pytest_in(tmp_path):
    """Runs pytest in a project; gives its exit code and output."""
    rows = [{"id": f"n{i}", "number": i, "answer": i + 1} for i in range(30)]
    files = {
        "direct.txt": "Add one to {{number}}",
        "think.txt": "Think. Add one to {{number}}",
        "rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "my_models.py": MODEL,
        "experiment.yaml": "prompts: [direct.txt, think.txt]\nmodels: ['python:my_models:half']\ndata: rows.jsonl\n"
        "scorers: [numeric]\ngates: [require better, fail-under 0.9]\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*words, at=tmp_path, **tests):
        for name, text in tests.items():
            (tmp_path / f"test_{name}.py").write_text(text, encoding="utf-8")
        plugin = ["-p", "no:scansion", "-p", "scansion.interop.pytest_plugin", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *plugin, *words],
            cwd=at,
            env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTEST_ADDOPTS": "", "COLUMNS": "80"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_test_for_each_gate(pytest_in):
    code, out = pytest_in("--scansion", "experiment.yaml", "-rA")
    assert code == 1
    assert "PASSED experiment.yaml::complete" in out
    assert "PASSED experiment.yaml::require better" in out
    assert "FAILED experiment.yaml::fail-under 0.9" in out
    assert "gate NOT held: fail-under 0.9 (direct 0.5)\n" in out
    assert "`think` is better than `direct`" in out
    assert "Traceback" not in out
    code, out = pytest_in("--scansion", "experiment.yaml", "-k", "better")
    assert code == 0
    assert "1 passed, 2 deselected" in out


def test_the_gates_stand_beside_other_tests_or_alone(pytest_in):
    code, out = pytest_in("--scansion", "experiment.yaml", "-m", "scansion", x="def test_x():\n    assert False\n")
    assert code == 1
    assert "1 failed, 2 passed, 1 deselected" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("prompts: [direct.txt]\ndata: rows.jsonl\nwhat: 1\n", "experiment.yaml:3: unknown key 'what'"),
    ],
)
def test_a_wrong_plan_is_one_line(pytest_in, tmp_path, text, said):
    (tmp_path / "experiment.yaml").unlink() if text is None else (tmp_path / "experiment.yaml").write_text(text)
    code, out = pytest_in("--scansion", "experiment.yaml")
    assert code == 4
    assert said in out
    assert "Traceback" not in out


def test_a_wrong_input_that_shows_in_the_run_is_one_line(pytest_in, tmp_path):
    (tmp_path / "rows.jsonl").unlink()
    code, out = pytest_in("--scansion", "experiment.yaml")
    assert code == 1
    assert "data file rows.jsonl not found" in out
    assert "session.py" not in out


BROKEN = """
from pathlib import Path
from scansion.errors import InputError
from scansion.experiments import runner

def run(*_, **__):
    with Path("ran").open("a") as file:
        file.write("once ")
    raise InputError("the server is down")

runner.run = run
"""


def test_what_could_not_be_run_is_not_run_for_each_gate(pytest_in, tmp_path):
    (tmp_path / "conftest.py").write_text(BROKEN)
    code, out = pytest_in("--scansion", "experiment.yaml")
    assert (code, (tmp_path / "ran").read_text()) == (1, "once ")
    assert out.count("the server is down\n") >= 3
    assert "3 failed" in out


FIXTURE = """
MODEL = "python:my_models:half"

def test_right(scansion):
    found = scansion.check("direct.txt", {"number": 3}, "numeric", target=4, model=MODEL)
    assert (found.text, found.answer, found.score) == ("4", "4", 1)

def test_wrong(scansion):
    scansion.check("direct.txt", {"number": 4}, "numeric", target=5, model=MODEL)

def test_several(scansion):
    rows = [{"inputs": {"number": n}, "target": n + 1} for n in range(4)]
    scansion.check_all("direct.txt", rows, "numeric", model=MODEL)

def test_a_run(scansion):
    assert scansion.run("experiment.yaml").variants[0].mean == 0.5

def test_an_error(scansion):
    scansion.check("direct.txt", {"number": "none"}, "numeric", target=5, model=MODEL)
"""


def test_the_fixture_checks_and_runs(pytest_in):
    code, out = pytest_in(own=FIXTURE)
    assert code == 1
    assert "3 failed, 2 passed" in out
    assert "row 1: wrong" in out
    assert "number: 4" in out
    assert "target: 5" in out
    assert out.partition("short test summary")[0].count("row 3: wrong") == 1
    assert "ValueError" in out
    assert "pytest_plugin.py:" not in out


@pytest.mark.parametrize("there", [False, True])
def test_from_a_subfolder_the_lab_is_the_projects(pytest_in, tmp_path, there):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    sub = tmp_path / "sub"
    sub.mkdir()
    if there:
        assert pytest_in("--scansion", "experiment.yaml", "-k", "complete")[0] == 0
    (sub / "test_own.py").write_text(FIXTURE.split("def test_wrong")[0])
    code, out = pytest_in("--scansion", "../experiment.yaml", "-k", "right or complete", at=sub)
    assert (code, "2 passed" in out) == (0, True), out
    assert (tmp_path / ".scansion" / "lab.db").is_file()
    assert not (sub / ".scansion").exists()


def test_what_the_page_shows_runs(pytest_in, tmp_path):
    from scansion.cli import main

    page = (SOURCE.parent / "docs" / "ci.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```python\n# test_prompts.py\n(.*?)```", page, re.DOTALL)
    (tmp_path / "experiment.yaml").unlink()
    assert main(["init", str(tmp_path)]) == 0
    (tmp_path / "five.py").write_text("def five(request):\n    return 'The answer is 5.'\n")
    plan = (tmp_path / "experiment.yaml").read_text()
    (tmp_path / "experiment.yaml").write_text(plan.replace("pocket/small", "'python:five:five'"))
    code, out = pytest_in("--scansion", "experiment.yaml", page=snippet.replace("pocket/small", "python:five:five"))
    assert code == 0, out
    assert "3 passed" in out


def test_unused_it_imports_nothing(pytest_in):
    test = (
        "import sys\ndef test_x():\n    assert not [m for m in sys.modules if m.startswith('scansion.')\n"
        "        and not m.startswith('scansion.interop')]\n    assert 'msgspec' not in sys.modules\n"
    )
    code, out = pytest_in(x=test)
    assert code == 0, out
