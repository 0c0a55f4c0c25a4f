"""`scansion diff`, `log` and `card`, as a user types them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scansion.report.text import cells

Scansion = Callable[..., "Result"]  # type: ignore[name-defined]  # noqa: F821

FRONT = """---
name: sums
description: Adds three. {about}
author: ana
tags: [sums, demo]
model:
  id: m
  provider: openai
  connection: {{kind: key, apiKey: "sk-0123456789abcdef0123456789"}}
  options: {{temperature: {temperature}}}
inputs:
  question: {{kind: string, required: true}}
---
user:
{body}
"""


def git(*words: str) -> None:
    author = ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *words], capture_output=True, check=True)


def write(body: str, temperature: float = 0, about: str = "") -> None:
    Path("a.prompty").write_text(FRONT.format(body=body, temperature=temperature, about=about), encoding="utf-8")


@pytest.fixture
def versions(project: Path, scansion: Scansion) -> Scansion:
    """A file in git, run before and after a change, on the recording of the project."""
    git("init", "-q")
    write("{{question}}")
    git("add", "a.prompty")
    git("commit", "-q", "-m", "begin")
    model = "python:" + _model(project)
    assert scansion("run", "-p", "a.prompty", "-d", "rows.jsonl", "-s", "numeric", "-m", model).code == 0
    write("Think. {{question}}", 0.5)
    assert scansion("run", "-p", "a.prompty", "-d", "rows.jsonl", "-s", "numeric", "-m", model).code == 0
    return scansion


def _model(project: Path) -> str:
    name = f"sums_{abs(hash(project))}"
    (project / f"{name}.py").write_text(
        "def add(prompt: str) -> str:\n"
        "    number = int(prompt.rsplit(' ', 3)[1])\n"
        "    return f'It is {number + (3 if prompt.startswith(\"Think\") or number < 4 else 1)}.'\n"
    )
    return f"{name}:add"


def test_log_lists_versions_with_figures_and_verdicts(versions: Scansion) -> None:
    done = versions("log", "a.prompty")
    assert done.code == 0
    assert "working copy" in done.out
    assert "begin" in done.out
    assert "100.0%" in done.out
    assert " is better than " in done.out
    assert max(map(cells, done.out.splitlines())) <= 80


def test_log_as_json(versions: Scansion) -> None:
    new, old = versions("log", "a.prompty", "--json").json["versions"]
    assert new["evidence"][0]["verdict"]["verdict"] == "better"
    assert new["evidence"][0]["against"] == old["version"]
    assert old["subject"] == "begin"


def test_diff_of_one_file_is_against_head(versions: Scansion) -> None:
    done = versions("diff", "a.prompty")
    assert done.code == 0
    assert "model.options.temperature: 0 -> 0.5" in done.out
    assert "{+Think. +}{{question}}" in done.out
    assert "{+Think. +}What is 0 + 3?" in done.out
    assert "`a.prompty` is better than `HEAD:a.prompty`" in done.out
    assert "sk-0123" not in done.out
    assert max(map(cells, done.out.splitlines())) <= 80


def test_diff_of_revisions_and_rows(versions: Scansion) -> None:
    done = versions("diff", "HEAD:a.prompty", "steps.txt", "-d", "rows.jsonl", "--id", "q4")
    assert done.code == 0
    assert "front matter: removed" in done.out
    assert "{+Think. +}What is 4 + 3?" in done.out
    assert "no verdict: the lab has no run of b" in done.out


def test_diff_as_json(versions: Scansion) -> None:
    found = versions("diff", "a.prompty", "--json").json
    assert found["template"] == "user:\n{+Think. +}{{question}}"
    assert [v["verdict"] for v in found["verdicts"]] == ["better"]
    assert found["rendered"]["a"]["messages"][0]["content"] == "What is 0 + 3?"


def test_a_long_prompt_shows_what_changed_and_what_is_near(versions: Scansion) -> None:
    lines = [f"Rule {i}: be 漢字 brief about {'א' * 30} it." for i in range(60)]
    Path("long.txt").write_text("\n".join([*lines, "{{question}}"]), encoding="utf-8")
    lines[30] = lines[30].replace("brief", "very brief")
    Path("longer.txt").write_text("\n".join([*lines, "{{question}}"]), encoding="utf-8")
    done = versions("diff", "long.txt", "longer.txt", "-d", "rows.jsonl")
    assert "{+very +}" in done.out
    assert "lines the same" in done.out
    assert len(done.out.splitlines()) < 40
    assert max(map(cells, done.out.splitlines())) <= 80


def test_a_change_of_line_breaks_alone_is_said(versions: Scansion) -> None:
    Path("one.txt").write_text("A\n\n{{question}}")
    Path("two.txt").write_text("A\n\n\n{{question}}")
    assert "{+¶+}" in versions("diff", "one.txt", "two.txt").out


def test_equal_prompts_are_one_version(versions: Scansion) -> None:
    git("commit", "-q", "-a", "-m", "think")
    done = versions("diff", "a.prompty")
    assert "they mean the same" in done.out
    assert "run in r2" in done.out


def test_card(versions: Scansion, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_SECRET", "swordfish-1")
    write("Think. {{question}}", 0.7, f"Not swordfish-1, in {project}/here. Bearer abcdefghijklmnop")
    done = versions("run", "-p", "a.prompty", "-d", str(project / "rows.jsonl"), "-s", "numeric", "-m", "python:x:y")
    assert done.code == 2
    model = next(project.glob("sums_*.py")).stem
    versions("run", "-p", "a.prompty", "-d", str(project / "rows.jsonl"), "-s", "numeric", "-m", f"python:{model}:add")
    done = versions("card", "a.prompty", "-o", "card.md")
    assert (done.code, done.out) == (0, "")
    text = Path("card.md").read_text(encoding="utf-8")
    for kept in (
        "# Prompt card: sums",
        "Adds three.",
        "| authors | ana |",
        "sums, demo",
        "| question | string | yes |",
        "100.0%",
    ):
        assert kept in text
    for lost in (str(project), "sk-0123", "swordfish", "abcdefghijklmnop"):
        assert lost not in text
    shown = versions("card", "a.prompty", "--json")
    assert str(project) not in shown.out
    assert shown.json["evidence"][0]["figures"]["mean"] == 1.0


def test_a_card_shows_known_settings_and_names_the_others(versions: Scansion) -> None:
    text = Path("a.prompty").read_text(encoding="utf-8")
    options = "{temperature: 0.5, seed: 7, user: ana-1, additionalProperties: {extra_headers: {X-Auth-Token: tk-1}}}"
    text = text.replace("{temperature: 0.5}", options)
    text = text.replace("{kind: string, required: true}", "{kind: string}\n  openai_api_key: {default: sk-1}")
    Path("a.prompty").write_text(text + "{{openai_api_key}}", encoding="utf-8")
    card = versions("card", "a.prompty").out
    assert "| model temperature | 0.5 |" in card
    assert "| model seed | 7 |" in card
    assert "| model settings not shown | user, additionalProperties |" in card
    found = versions("card", "a.prompty", "--json")
    assert found.json["settings"] == {"temperature": 0.5, "seed": 7}
    for out in (card, found.out):
        assert not any(lost in out for lost in ("ana-1", "tk-1", "sk-1"))


def test_a_card_shows_wrong_outcomes_of_the_version_that_has_them(versions: Scansion) -> None:
    text = versions("card", "HEAD:a.prompty").out
    assert "## Known failures" in text
    assert "6 of 10 scored outcomes are wrong in r1" in text
    assert "question: What is 4 + 3?" in text


def test_a_bound_stands_beside_the_count_that_it_is_of(scansion: Scansion) -> None:
    words = ("run", "-p", "direct.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "min_words(1)")
    assert scansion(*words).code == 0
    once = " ".join(scansion("card", "direct.txt").out.split())
    assert "No wrong outcome among 10 scored in r1; at most 26% are wrong (one-sided bound)." in once
    Path("few.jsonl").write_text("".join(Path("rows.jsonl").read_text().splitlines(keepends=True)[:4]))
    assert scansion(*words, "-d", "few.jsonl").code == 0
    twice = " ".join(scansion("card", "direct.txt").out.split())
    assert "among 10 scored in r1; at most 26% are wrong (one-sided bound). Nor is one wrong in the others" in twice


def test_without_a_lab_and_without_git(project: Path, scansion: Scansion) -> None:
    assert "no run in the lab" in scansion("log", "direct.txt").out
    assert "This version has not been run." in scansion("card", "direct.txt").out
    done = scansion("diff", "direct.txt", "steps.txt", "-d", "rows.jsonl")
    assert done.code == 0
    assert not (project / ".scansion").exists()


def test_what_the_page_shows_in_python_runs(versions: Scansion) -> None:
    page = Path(__file__).parents[2] / "docs" / "versions.md"
    [snippet] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    exec(snippet, {})
    assert "## Evidence" in Path("card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("diff", "nothing.txt"), "only a file is compared with HEAD's"),
        (("diff", "nothing.txt", "direct.txt"), "no such file"),
        (("diff", "direct.txt", "steps.txt", "-d", "rows.jsonl", "--id", "q99"), "no row has the id 'q99'"),
        (("diff", "direct.txt", "steps.txt", "-d", "none.csv"), "not found"),
        (("diff", "direct.txt", "steps.txt", "--id", "q1"), "give them with -d"),
        (("diff", "abcdef", "direct.txt"), "no version that begins so"),
        (("diff", "direct.txt"), "no git repository"),
        (("diff", "."), "only a file"),
        (("log", "."), "is a folder"),
        (("log", "nothing.txt"), "no such file"),
        (("log", "direct.txt", "-n", "0"), "too few"),
        (("log", "direct.txt", "--lab", "nowhere"), "there is no lab"),
        (("card", "nothing.txt"), "no such file"),
        (("card", "direct.txt", "-o", "rows.jsonl"), "written over"),
        (("card", "direct.txt", "-o", "no/such/card.md"), "there is no folder"),
    ],
)
def test_wrong_input_is_one_line(scansion: Scansion, words: tuple[str, ...], says: str) -> None:
    done = scansion(*words)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.splitlines()) == 1
