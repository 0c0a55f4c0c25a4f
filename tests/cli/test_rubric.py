"""`scansion rubric`: refused without enough marks, measured before it is written."""

from __future__ import annotations

import json

import pytest
import yaml

from scansion.experiments.lab import Lab

JUDGE = """
import re

def judge(request):
    text = request.messages[-1].content
    if "<outcome number" in text:
        return "- Does the sum hold?"
    asked, said = re.search(r"What is (\\d+)", text), re.findall(r"\\d+", text.rsplit("<output>", 1)[1])
    return "So.\\nVERDICT: " + ("PASS" if said[:1] == [str(int(asked[1]) + 3)] else "FAIL")
"""


@pytest.fixture
def marked(scansion, project):
    (project / "judging.py").write_text(JUDGE)
    rows = [{"id": f"q{i}", "question": f"What is {i} + 3?", "answer": i + 3} for i in range(40)]
    (project / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = [{"prompt": row["question"], "completion": str(row["answer"] + (i % 3 == 0))} for i, row in enumerate(rows)]
    (project / "demo.jsonl").write_text("".join(json.dumps(line) + "\n" for line in said))
    run = scansion("run", "-p", "direct.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric")
    assert run.code == 0, run.err
    mark(36)
    return scansion


def mark(count):
    with Lab.find() as lab:
        for view in lab.views(limit=count):
            lab.annotations.by("Ann").mark(view, not view.wrong)


def test_a_rubric_is_drafted_measured_and_used(marked, project):
    done = marked("rubric", "-m", "python:judging:judge")
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert text.startswith("rubric for r1: Ann marked 36 outcomes, 24 right and 12 wrong drafted by")
    assert "agrees with Ann on 18 of 18 held-out outcomes" in text
    assert "100.0% [82.4, 100.0], Cohen's kappa 1.00 [" in text
    assert done.err == "wrote rubric.md\n"
    _, head, body = (project / "rubric.md").read_text().split("---\n")
    facts = yaml.safe_load(head)
    assert (facts["person"], facts["agreement"]["n"], len(facts["shown"])) == ("Ann", 18, 18)
    assert body == "- Does the sum hold?\n"
    scored = marked("score", "-s", "rubric(rubric.md)", "--json").json
    assert (scored["variants"][0]["mean"], scored["variants"][0]["judge_calls"]) == (0.65, 40)
    assert scored["calls_made"] == 40 - 18
    assert max(map(len, done.out.splitlines())) <= 80


def test_what_was_paid_for_is_written_before_it_is_shown(marked, project, monkeypatch):
    def broken(*_):
        raise BrokenPipeError

    monkeypatch.setattr("scansion.report.rubric.render", broken)
    marked("rubric", "-m", "python:judging:judge")
    assert (project / "rubric.md").read_text().endswith("- Does the sum hold?\n")


def test_a_mended_rubric_is_measured_again(marked, project):
    assert marked("rubric", "-m", "python:judging:judge", "-o", "sum.md").code == 0
    with (project / "sum.md").open("a") as file:
        file.write("- Is it a number?\n")
    refused = marked("score", "-s", "rubric(sum.md)")
    assert refused.code == 2
    assert "was edited since" in refused.err
    again = marked("rubric", "--check", "sum.md")
    assert again.code == 0, again.err
    assert "measured, not drafted anew" in again.out
    assert marked("score", "r1", "-s", "rubric(sum.md)").code == 0
    (project / "own.md").write_text("Is the sum right?")
    found = marked("rubric", "r1", "--check", "own.md", "-m", "python:judging:judge", "--json")
    assert (found.json["held_out"], found.json["agreement"]["equal"]) == (36, 1.0)
    assert (project / "own.md").read_text() == "Is the sum right?"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "no model to draft with; name one with -m"),
        (["-m", "nix/x"], "nix"),
        (["--check", "no.md"], "rubric 'no.md' cannot be read"),
        (["-m", "python:judging:judge", "-o", "rows.jsonl"], "rows.jsonl: is there already"),
        (["-m", "python:judging:judge", "-o", "no/r.md"], "there is no folder"),
        (["-m", "python:judging:judge", "--as", "Bob"], "Bob marked 0 outcomes of r1, and a rubric needs 30: 30 are"),
        (["-m", "python:judging:judge", "--budget", "3 pears"], "budget"),
        (["r9", "-m", "python:judging:judge"], "no run is called 'r9'"),
    ],
)
def test_wrong_words_are_one_line(marked, project, words, why):
    done = marked("rubric", *words)
    assert (done.code, done.err.count("\n"), done.out) == (2, 1, "")
    assert why in done.err
    assert not (project / "rubric.md").exists()


def test_too_few_marks_say_how_many_are_missing(marked, project):
    with Lab.find() as lab:
        for view in lab.views(limit=10):
            lab.annotations.by("Ann").mark(view, None)
    done = marked("rubric", "-m", "python:judging:judge")
    assert done.code == 2
    assert "Ann marked 26 outcomes of r1, and a rubric needs 30: 4 are missing" in done.err
