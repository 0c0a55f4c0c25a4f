import json
import re

import pytest


@pytest.fixture
def ran(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    return scansion


def test_runs_are_listed(ran):
    done = ran("runs")
    assert done.code == 0, done.err
    assert "r1 experiment" in done.out
    assert "direct, steps" in done.out
    assert "scored by numeric" in done.out
    assert "40.0%" in done.out
    [row] = ran("runs", "--json").json
    assert (row["variants"], row["scorer"], row["mean"]) == (["direct", "steps"], "numeric", 0.4)


def test_a_run_goes_by_the_name_it_was_given(ran):
    assert ran("run", "experiment.yaml", "--name", "second try", "--limit", "5").code == 0
    assert "r2 second try" in ran("runs").out
    assert "(second try)" in ran("run", "experiment.yaml", "--name", "second try", "--limit", "5").out


def test_without_a_run_the_list_says_how_to_make_one(scansion):
    done = scansion("runs")
    assert done.code == 2
    assert "no lab" in done.err
    assert "scansion run" in done.err


def test_scoring_anew_asks_nothing(ran, project):
    (project / "demo.jsonl").unlink()
    done = ran("score", "-s", "max_words(2)", "-s", "numeric", "--json")
    assert done.code == 0, done.err
    assert done.json["scorers"] == ["max_words(2)", "numeric"]
    assert done.json["calls_made"] == 0
    table = ran("score", "r1", "-s", "numeric", "--concurrency", "3", "--timeout", "5", "--tries", "1")
    assert table.code == 0, table.err
    assert "r1 scored anew" in table.out
    assert [v["scores"]["numeric"]["mean"] for v in done.json["variants"]] == [0.4, 0.9]


def test_reports_of_a_run(ran, project):
    done = ran("report", "r1", "-o", "r.html", "--markdown", "m.md", "--junit", "j.xml", "--most", "4")
    assert done.code == 0, done.err
    assert done.err == "wrote r.html\nwrote j.xml\nwrote m.md\n"
    text = (project / "r.html").read_text()
    assert "<title>Scansion: experiment on rows.jsonl</title>" in text
    assert "This page holds 4 of 10 examples" in text
    kept = json.loads(re.search(r'id="examples">(.*?)</script>', text, re.DOTALL)[1])
    flips = [each["example"]["id"] for each in ran("show", "r1", "--flips", "direct", "steps", "--json").json]
    assert [each["id"] for each in kept if each["flip"]] == list(dict.fromkeys(flips))[:4]
    assert "Think. {{question}}" in text
    assert "<summary>5 flips of steps against direct</summary>" in (project / "m.md").read_text()
    assert "<testsuites" in (project / "j.xml").read_text()
    assert ran("report", "--markdown").out.startswith("## Scansion")
    assert "technique as-is, version " in text
    assert "as sent for example q4" in text


def test_size_and_vacuum(ran):
    assert "MiB" in ran("lab", "size").out
    assert ran("lab", "size", "--json").json["calls"] == 20
    assert "after" in ran("lab", "vacuum").out
    nothing = ran("lab")
    assert (nothing.code, nothing.err) == (2, "scansion: lab: say what to do: size or vacuum\n")


def test_an_export_has_a_row_for_each_outcome(ran, project):
    done = ran("export", "-o", "all.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (project / "all.jsonl").read_text().splitlines()]
    assert len(rows) == 20
    assert {row["variant"] for row in rows} == {"direct", "steps"}


def test_a_parquet_export_reads_back(ran, project):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert ran("export", "r1", "-o", "all.parquet").code == 0
    table = parquet.read_table(project / "all.parquet")
    assert table.num_rows == 20
    assert json.loads(table.column("inputs")[0].as_py())["question"] == "What is 0 + 3?"


def test_an_export_writes_over_nothing(ran, project):
    (project / "precious.csv").write_text("a,b\n1,2\n")
    (project / "logs-direct.eval").write_text("mine")
    for name in ("precious.csv", "logs.eval"):
        done = ran("export", "-o", name)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "is there already, and would be written over; name another file" in done.err
    assert (project / "precious.csv").read_text() == "a,b\n1,2\n"
    assert (project / "logs-direct.eval").read_text() == "mine"
    assert not (project / "logs-steps.eval").exists()
