"""`scansion annotations`, corrections on the command line, and what the page about them shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scansion.data import open_dataset
from scansion.experiments.lab import Lab
from scansion.report.text import cells

PAGE = Path(__file__).resolve().parents[2] / "docs" / "annotations.md"


@pytest.fixture
def ran(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    return scansion


@pytest.fixture
def annotated(ran):
    with Lab.find() as lab:
        views = {(v.example.id, v.variant): v for v in lab.views()}
        ann, bob = lab.annotations.by("Ann"), lab.annotations.by("بوب 太郎")
        for n in range(4, 10):
            ann.tag(views[f"q{n}", "direct"], "wrong sum")
            ann.mark(views[f"q{n}", "direct"], False)
        ann.read(*views.values())
        bob.mark(views["q4", "direct"], True)
        bob.note(views["q4", "direct"], "reads as 1, and 1 is \x1b[31mfine\u202e")
        ann.correct(views["q4", "direct"], 1)
        bob.correct(views["q5", "direct"], 2)
    return ran


def test_disputes_come_first_then_kinds_corrections_and_agreement(annotated):
    done = annotated("annotations")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "annotations of r1 (experiment): rows.jsonl, 10 examples; scored by numeric"
    assert lines[2] == "people and numeric disagree on 1 outcome: there the test is wrong, or they are"
    assert lines[3].startswith("  q4, direct: Ann: wrong, بوب 太郎: right; numeric: wrong")
    assert "\x1b" not in done.out
    assert "‹U+202E›" in done.out
    assert re.search(r"^Ann +10 of 10 +0 +6 +6 +0 +1$", done.out, re.MULTILINE)
    assert re.search(r"^wrong sum +6 +6 +direct 6$", done.out, re.MULTILINE)
    assert "    q4, q5, q6, q7, q8, q9" in lines
    assert "corrected targets: 2, not used by this run (it needs --corrections)" in lines
    assert re.search(r"^  q4: 7 -> 1 \(Ann, \d{4}-", done.out, re.MULTILINE)
    assert re.search(r"^Ann with numeric +6 +100\.0% +\[61\.0, 100\.0\] +- +-$", done.out, re.MULTILINE)
    assert max(map(cells, lines)) <= 80


def test_what_the_scorer_could_not_read_is_named_apart(scansion, project):
    assert scansion("run", "experiment.yaml", "-s", 'exact(by=regex("Z"))').code == 0
    with Lab.find() as lab:
        views = list(lab.views(variant="direct"))
        for view in views[:3]:
            lab.annotations.by("Ann").mark(view, True)
    said = " ".join(scansion("annotations").out.split())
    assert {view.status for view in views} == {"unscored"}
    assert "disagree on" not in said
    assert "3 outcomes that people call right are unscored by exact" in said


@pytest.mark.parametrize(
    ("by", "there", "not_there"),
    [
        ("tag", "kind of failure", "person  "),
        ("kind", "acts", "kind of failure"),
        ("person", "tagged", "kind of failure"),
    ],
)
def test_one_count_alone(annotated, by, there, not_there):
    done = annotated("annotations", "r1", "--by", by)
    assert there in done.out
    assert not_there not in done.out
    assert "disagree on 1 outcome" in done.out
    assert "corrected targets: 2" in done.out


def test_the_document(annotated):
    found = annotated("annotations", "--json").json
    assert found["tags"][0]["tag"] == "wrong sum"
    assert [item["example"] for item in found["items"] if item["disputed"]] == ["q4"]
    assert [(c["old"], c["target"], c["used"]) for c in found["corrections"]] == [(7, 1, False), (8, 2, False)]
    assert found["kinds"] == {"tag": 6, "mark": 7, "read": 20, "note": 1, "target": 2}


def test_a_run_without_any_says_how_to_begin(ran):
    done = ran("annotations")
    assert done.code == 0
    assert "there are none: `scansion show` takes them" in " ".join(done.out.split())


def test_acts_as_rows(annotated, project):
    done = annotated("annotations", "-o", "said.jsonl")
    assert (done.code, done.out) == (0, "36 annotations; written to said.jsonl\n")
    rows = [json.loads(line) for line in (project / "said.jsonl").read_text().splitlines()]
    assert rows[0]["value"] == "+wrong sum"
    assert annotated("annotations", "--all", "-o", "all.jsonl", "--json").json == {"rows": 36, "path": "all.jsonl"}


def test_corrections_from_the_command_line(annotated, project):
    made = annotated("annotations", "--corrected", "-o", "rows.v2.jsonl")
    assert made.out == "10 rows, 2 targets corrected; written to rows.v2.jsonl\n"
    rows = [json.loads(line) for line in (project / "rows.v2.jsonl").read_text().splitlines()]
    assert [row["answer"] for row in rows[4:6]] == [1, 2]
    again = annotated("run", "experiment.yaml", "--corrections", "--json").json
    assert again["calls_made"] == 0
    assert [v["mean"] for v in again["variants"]] == [0.5, 0.7]
    scored = annotated("score", "r1", "-s", "numeric", "--corrections", "--json").json
    assert [v["mean"] for v in scored["variants"]] == [0.5, 0.7]
    by_file = annotated("run", "experiment.yaml", "-d", "rows.v2.jsonl", "--json").json
    assert [v["mean"] for v in by_file["variants"]] == [0.5, 0.7]
    report = " ".join(annotated("report", "r1", "--markdown").out.split())
    assert "2 targets were corrected and this run used what was there before; run with --corrections" in report
    compared = annotated("compare", "r1", "r2")
    assert compared.code == 2
    assert "2 of the examples that r1 and r2 share have other targets" in compared.err
    assert annotated("compare", "r2", "r3").code == 0
    assert "all used by this run" in annotated("annotations", "r2").out


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz"])
def test_the_corrected_data_as_a_table(scansion, project, suffix):
    (project / "t.csv").write_text('Question,Note,answer\nWhat is 1 + 3?,"a, ""b""",4\nWhat is 2 + 3?,,5\n')
    assert scansion("run", "-p", "direct.txt", "-d", "t.csv", "-m", "replay:demo.jsonl", "-s", "numeric").code == 0
    with Lab.find() as lab:
        lab.annotations.by("Ann").correct(next(lab.views()), "44")
    made = scansion("annotations", "--corrected", "-o", f"new.{suffix}")
    assert made.out == f"2 rows, 1 target corrected; written to new.{suffix}\n"
    rows = [row.example.inputs for row in open_dataset(project / f"new.{suffix}").rows()]
    assert [{k: v for k, v in row.items() if k != "id"} for row in rows] == [
        {"Question": "What is 1 + 3?", "Note": 'a, "b"', "answer": "44"},
        {"Question": "What is 2 + 3?", "Note": "", "answer": "5"},
    ]
    assert list(rows[0]) == ["id", "Question", "Note", "answer"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nothing"], "no run is called 'nothing'"),
        (["--corrected"], "--corrected needs a file to write; give -o rows.v2.jsonl"),
        (["--all"], "--all needs a file to write"),
        (["-o", "said.csv"], "must end in .jsonl, .jsonl.gz or .parquet"),
        (["--all", "r1", "-o", "x.jsonl"], "--all is about every run"),
        (["-o", "rows.jsonl"], "is the data of a run"),
        (["--corrected", "-o", "rows.jsonl"], "is the data of a run"),
        (["-o", "demo.jsonl"], "is there already, and would be written over"),
        (["--corrected", "-o", "no/rows.jsonl"], "there is no folder"),
        (["--by", "author"], "kind"),
    ],
)
def test_wrong_words_are_one_line(annotated, project, words, why):
    before = {path: path.read_bytes() for path in project.glob("*.jsonl")}
    done = annotated("annotations", *words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert why in done.err
    assert {path: path.read_bytes() for path in project.glob("*.jsonl")} == before


def test_what_is_not_there_is_not_written(ran, project):
    for words, said in (
        (["-o", "x.jsonl"], "r1 has no annotation; x.jsonl was not written"),
        (["--all", "-o", "x.jsonl"], "the lab has no annotation"),
    ):
        done = ran("annotations", *words)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert said in done.err
    assert not (project / "x.jsonl").exists()
    with Lab.find() as lab:
        lab.annotations.by("Ann").mark(next(iter(lab.views())), False)
    assert ran("annotations", "--by", "tag").out.splitlines()[-1].startswith("no tag stands")
    assert ran("annotations", "-o", "x\x1by.jsonl").out == "1 annotation; written to x‹U+001B›y.jsonl\n"


def test_without_a_correction_there_is_no_new_version(ran):
    done = ran("annotations", "--corrected", "-o", "x.jsonl")
    assert done.code == 2
    assert "no corrected target stands for rows.jsonl" in done.err


def test_the_python_of_the_page_runs(ran, capsys):
    [snippet] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(snippet, {})
    assert "off by one" in capsys.readouterr().out
