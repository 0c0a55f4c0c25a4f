"""An installed package adds a technique, a scorer and a provider by following docs/extending.md alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOC, re.DOTALL))
POINTS = re.search(r"## From an installed package.*?```toml\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it: the page's files as a package, and its entry points."""
    assert POINTS is not None
    package = tmp_path / "site" / "my_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name, text in FILES.items():
        (package / name).write_text(text)
    info = tmp_path / "site" / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n")
    sections = re.sub(r'\[project\.entry-points\."(.+)"\]', r"[\1]", POINTS[1])
    (info / "entry_points.txt").write_text(sections.replace('"', ""))
    return tmp_path


def scansion(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder / "site"), str(ROOT / "src")])
    env = {**os.environ, "PYTHONPATH": path, "COLUMNS": "80"}
    command = [sys.executable, "-m", "scansion", *args]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def listed(folder: Path) -> str:
    """The gallery's techniques, without their columns."""
    return " ".join(scansion(folder, "gallery", "techniques").stdout.split())


def test_the_gallery_lists_and_explains_them(installed: Path) -> None:
    found = {each["name"]: each for each in json.loads(scansion(installed, "gallery", "--json").stdout)}
    for name in ("longest", "distance", "hashtag", "lead", "shouting", "at_most_lines"):
        assert found[name]["package"] == "my_package"
    assert "longest" in scansion(installed, "gallery").stdout
    assert "longest The longest of `n` replies. (from my_package)" in listed(installed)
    assert scansion(installed, "gallery", "longest").stdout.startswith("longest (techniques; from my_package)\n")


def test_they_are_used_by_name_in_a_run(installed: Path) -> None:
    (installed / "p.txt").write_text("Say {{word}}")
    (installed / "rows.jsonl").write_text('{"word": "4", "answer": 5}\n{"word": "7", "answer": 7}\n')
    told = scansion(
        installed,
        *("run", "-p", "p.txt", "-t", "longest(2)", "-m", "shouting/x", "-d", "rows.jsonl", "-s", "distance(10)"),
        *("--json", "--yes"),
    )
    assert told.returncode == 0, told.stderr
    [variant] = json.loads(told.stdout)["variants"]
    assert (variant["technique"], variant["calls"], variant["mean"]) == ("longest(2)", 4, pytest.approx(0.95))


def test_an_alias_finds_what_is_installed(installed: Path) -> None:
    package = installed / "site" / "my_package"
    code = (package / "my_techniques.py").read_text()
    code = code.replace("def longest", '@technique("longest", "wordiest")\ndef longest')
    (package / "my_techniques.py").write_text(code.replace("import Edit", "import technique, Edit"))
    (package / "my_stops.py").write_text("import nothing_of_that_name\n")  # a broken neighbour harms nobody
    (installed / "p.txt").write_text("Say {{word}}")
    (installed / "rows.jsonl").write_text('{"word": "4", "answer": 5}\n')
    told = scansion(
        installed, "run", "-p", "p.txt", "-t", "wordiest(x)", "-m", "echo", "-d", "rows.jsonl", "-s", "exact"
    )
    assert "technique 'longest': n must be a whole number, not x" in told.stderr


def test_a_new_version_of_a_plug_in_makes_new_results(installed: Path) -> None:
    (installed / "p.txt").write_text("Say {{word}}")
    (installed / "rows.jsonl").write_text('{"word": "4", "answer": 5}\n')
    run = ("run", "-p", "p.txt", "-t", "longest(2)", "-m", "echo", "-d", "rows.jsonl", "-s", "exact(by=text)", "--json")
    first = json.loads(scansion(installed, *run).stdout)["variants"][0]
    file = installed / "site" / "my_package" / "my_techniques.py"
    file.write_text(file.read_text().replace("return max(outputs", 'return "5" or max(outputs'))
    again = json.loads(scansion(installed, *run).stdout)["variants"][0]
    assert (first["mean"], again["mean"]) == (0.0, 1.0)


def test_a_plug_in_that_cannot_be_imported_is_named_and_harms_no_other(installed: Path) -> None:
    (installed / "site" / "my_package" / "my_techniques.py").write_text("import nothing_of_that_name\n")
    (installed / "p.txt").write_text("Say {{word}}")
    (installed / "rows.jsonl").write_text('{"word": "4", "answer": 5}\n')
    told = scansion(installed, "run", "-p", "p.txt", "-t", "longest", "-m", "echo", "-d", "rows.jsonl", "-s", "numeric")
    assert told.returncode == 2
    assert told.stderr.strip().count("\n") == 0
    assert "technique 'longest' (my_package.my_techniques:longest) cannot be imported" in told.stderr
    assert "cannot be imported" in listed(installed)
    assert "(from my_package)" in scansion(installed, "gallery", "techniques").stdout.partition("longest")[2][:400]
    assert "vote Runs" in listed(installed)


@pytest.mark.parametrize("name", ["my_techniques.py", "second_opinion.py", "distance.py", "shouting.py", "longer.py"])
def test_each_takes_at_most_25_lines_of_code(name: str) -> None:
    lines = [line for line in FILES[name].splitlines() if line.strip()]
    assert len(lines) <= 25
