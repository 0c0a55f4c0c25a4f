"""promptfoo and Scansion side by side on one configuration and one server, where promptfoo is installed.

It is looked for on the PATH, or where the variable PROMPTFOO says (`npm install promptfoo`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.interop.foreign import compare_foreign
from scansion.interop.promptfoo import load, open_project
from scansion.interop.promptfoo_results import read_promptfoo
from scansion.scorers import build_scorer
from scansion.types import Example, Output

PROMPTFOO = os.environ.get("PROMPTFOO") or shutil.which("promptfoo")
OBJECT = {"type": "object", "required": ["a"]}
CHECKED: list[tuple[str, str, Any]] = [  # an output, and what is asserted of it
    ('{"b": 1} and {"a": 1}', "contains-json", OBJECT),
    ('{"b": {"a": 1}}', "contains-json", OBJECT),
    ('so [{"a": 1}] it is', "contains-json", OBJECT),
    ('```json\n{"a": 1}\n``` and {bad', "contains-json", OBJECT),
    ("x [1, 2]", "contains-json", None),
    ("x [1, 2]", "not-contains-json", None),
    ('{"b": 1} {"c": 1}', "not-contains-json", OBJECT),
    ("a\u00a0b", "regex", r"a\sb"),
    ("a\u00a0b", "regex", r"^[\S]+$"),
    ("a\u00a0\nb", "regex", r"^[\s\S]+$"),
    ("abZ", "regex", r"ab\Z"),
    ("a\rb", "regex", "a.b"),
    ("a\u2028b", "regex", "a.b"),
    ("ab\n", "regex", "b$"),
    ("\u00e91", "regex", r"^\w\d"),
    ("p{L}", "regex", r"^\p{L}$"),
    ("a{,2}", "regex", "^a{,2}$"),
    ("aXa", "regex", r"(?<n>a)X\k<n>"),
    ("\n", "regex", "^[^]$"),
    ("alpha", "contains-any", "beta,\nalpha\n"),
    ('say "a, b" now', "contains-all", '"a, b",now'),
    ('a "b" c', "contains-all", '"\\"b\\"", c'),
    ('a""b', "contains-all", 'a""b'),
    ("abc", "contains-any", ["z", "b"]),
    ("5", "equals", 5),
    ('{"a": 1}', "equals", {"a": 1.0}),
    ("a b c", "word-count", {"max": 3}),
    ("kitten", "levenshtein", "sitting"),
    ("abc", "starts-with", "ab"),
]
QUIET = ("--no-cache", "--no-table", "--no-progress-bar", "--no-share")
SWITCHES = ("TELEMETRY", "UPDATE", "REMOTE_GENERATION", "SHARING")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed: npm install -g promptfoo"),
]


def evaluated(folder: Path) -> Path:
    """The results that promptfoo writes of the configuration in a folder."""
    off = {f"PROMPTFOO_DISABLE_{each}": "1" for each in SWITCHES}
    environment = {**os.environ, **off, "PROMPTFOO_CONFIG_DIR": str(folder / "home"), "OPENAI_API_KEY": "sk-stub"}
    command = [str(PROMPTFOO), "eval", "-c", "promptfooconfig.yaml", *QUIET, "-o", "fresh.json"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert (folder / "fresh.json").is_file(), done.stdout + done.stderr
    return folder / "fresh.json"


def counts(variants: Any) -> dict[str, tuple[int, int, int]]:
    return {v.name: (v.scored - v.wrong, v.wrong, v.errors + v.unscored) for v in variants}


def test_the_same_requests_and_the_same_counts(tmp_path: Path, here: Path, stub: Any) -> None:
    folder = tmp_path / "zoo"
    shutil.copytree(here / "zoo", folder)
    results = evaluated(folder)
    asked = [r for r in stub.requests if r["model"] != "stub-judge"]
    stub.requests.clear()

    ran = scansion.run(load(folder / "promptfooconfig.yaml").plan(), lab=folder / ".scansion")
    again = [r for r in stub.requests if r["model"] != "stub-judge"]
    key = "{0[model]} {0[messages]} {0[temperature]:g} {0[max_tokens]}".format
    assert sorted(map(key, again)) == sorted(map(key, asked))

    compared = compare_foreign(read_promptfoo(results))
    assert counts(compared.variants) == counts(ran.variants)

    open_project(results).write(folder / "imported")
    replayed = scansion.run(folder / "imported" / "experiment.yaml", lab=folder / ".scansion")
    assert counts(replayed.variants) == counts(ran.variants)


def test_every_check_finds_what_promptfoo_finds(tmp_path: Path) -> None:
    tests = [
        {
            "description": f"{i}",
            "vars": {"t": text, "r": {}},
            "assert": [{"type": type, **({} if value is None else {"value": value})}],
        }
        for i, (text, type, value) in enumerate(CHECKED)
    ]
    config = {"prompts": ["{{t}}{{ r.x.y }}"], "providers": ["echo"], "tests": tests}
    settings = {"commandLineOptions": {"repeat": 2}, "evaluateOptions": {"repeat": 3}}
    (tmp_path / "promptfooconfig.yaml").write_text(json.dumps({**config, **settings}), encoding="utf-8")
    results = json.loads(evaluated(tmp_path).read_text(encoding="utf-8"))["results"]["results"]
    theirs = {int(r["testCase"]["description"]): r["success"] for r in results}
    project = load(tmp_path / "promptfooconfig.yaml")
    assert project.skipped == ()
    assert len(results) == len(CHECKED) * project.trials == len(CHECKED) * 2
    scorer = build_scorer("assertions")
    ours = {}
    for row in project.rows:
        found = scorer.score(Output(row["inputs"]["t"]), Example(row["id"], row["inputs"]))
        ours[int(row["id"])] = found is not None and found.value == 1
    assert [CHECKED[i] for i in theirs if ours[i] != theirs[i]] == []
