import json
import subprocess
import sys
from xml.etree import ElementTree

REPLAY = ("-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric")
FIELDS = [
    "name",
    "prompt",
    "technique",
    "model",
    "n",
    "trials",
    "scored",
    "unscored",
    "errors",
    "unreached",
    "mean",
    "interval",
    "bounds",
    "scores",
    "calls",
    "recorded_calls",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "spent_usd",
    "judge_calls",
    "judge_cost_usd",
    "latency_p50",
    "latency_p95",
    "seconds",
]


def test_an_experiment_file_gives_the_document_of_the_design(scansion):
    done = scansion("run", "experiment.yaml", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert list(found)[:3] == ["run", "variants", "comparisons"]
    assert [list(v)[: len(FIELDS)] for v in found["variants"]] == [FIELDS, FIELDS]
    assert [(v["name"], v["mean"]) for v in found["variants"]] == [("direct", 0.4), ("steps", 0.9)]
    [verdict] = found["comparisons"]
    assert list(verdict)[:9] == ["a", "b", "difference", "interval", "p", "p_adjusted", "test", "verdict", "n"]
    assert (verdict["a"], verdict["b"], verdict["n"]) == ("direct", "steps", 10)
    assert abs(verdict["difference"] - 0.5) < 1e-12


def test_flags_say_the_same_as_a_file(scansion):
    done = scansion("run", "-p", "direct.txt", "-p", "steps.txt", *REPLAY, "--json")
    assert done.code == 0, done.err
    assert [v["mean"] for v in done.json["variants"]] == [0.4, 0.9]


def test_flags_win_over_the_file(scansion, project):
    (project / "sub").mkdir()
    for name in ("experiment.yaml", "rows.jsonl", "demo.jsonl", "direct.txt", "steps.txt"):
        (project / name).rename(project / "sub" / name)
    (project / "few.csv").write_text("id,question,right\nq1,What is 1 + 3?,4\nq2,What is 2 + 3?,5\n")
    words = ("--baseline", "steps", "-d", "few.csv", "--target", "right", "--json")
    done = scansion("run", "sub/experiment.yaml", *words)
    assert done.code == 0, done.err
    assert done.json["baseline"] == "steps"
    assert done.json["variants"][0]["n"] == 2


def test_the_table_is_plain_text_with_a_verdict(scansion):
    done = scansion("run", "experiment.yaml")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "40.0%" in done.out
    assert "`steps`" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "model replay:demo.jsonl\n" in done.out
    assert "20 were answered from a recording" in done.out


def test_a_second_run_makes_no_call(scansion):
    scansion("run", "experiment.yaml")
    done = scansion("run", "experiment.yaml", "--json")
    assert done.json["calls_made"] == 0
    assert [v["mean"] for v in done.json["variants"]] == [0.4, 0.9]


def test_gates_decide_the_exit_code(scansion):
    assert scansion("run", "experiment.yaml", "--fail-under", "0.3").code == 0
    both = scansion("run", "experiment.yaml", "--fail-under", "direct=0.9", "--fail-under", "steps=0.1")
    assert both.code == 1
    assert both.out.count("gate ") == 2
    low = scansion("run", "experiment.yaml", "--fail-under", "0.5")
    assert low.code == 1
    assert "NOT held" in low.out
    assert scansion("run", "experiment.yaml", "--fail-under", "steps=0.8", "--fail-if-worse").code == 0
    unmet = scansion("run", "experiment.yaml", "--baseline", "steps", "--require", "not-worse")
    assert unmet.code == 1
    assert "give --margin to let small differences pass" in " ".join(unmet.out.split())


def test_errors_that_remain_exit_with_3_and_gates_come_first(scansion, project):
    (project / "demo.jsonl").write_text("\n".join((project / "demo.jsonl").read_text().splitlines()[:-1]))
    done = scansion("run", "experiment.yaml", "--json")
    assert done.code == 3
    assert done.json["variants"][1]["errors"] == 1
    said = " ".join(scansion("run", "experiment.yaml").out.split())
    assert "`steps`: 1 error (no recording: " in said
    assert " --errors`" in said
    assert "the errors stay" in said
    assert scansion("run", "experiment.yaml", "--fail-under", "0.99").code == 1


def test_a_budget_leaves_outcomes_unreached(scansion):
    done = scansion("run", "experiment.yaml", "--budget", "7calls", "--json")
    assert done.code == 3
    assert sum(v["unreached"] for v in done.json["variants"]) == 13
    assert sum(v["calls"] for v in done.json["variants"]) == 7
    said = " ".join(scansion("run", "experiment.yaml", "--budget", "7calls").out.split())
    assert "the budget of 7calls stopped the run; give a larger one and run the same again" in said
    assert "goes on where it stopped" not in said


def test_reports_are_written_beside_the_table(scansion, project):
    done = scansion("run", "experiment.yaml", "-o", "r.html", "--junit", "j.xml", "--markdown", "m.md")
    assert done.code == 0, done.err
    assert "What is 4 + 3?" in (project / "r.html").read_text()
    assert len(list(ElementTree.parse(project / "j.xml").iter("testcase"))) == 20
    assert "<details>" in (project / "m.md").read_text()


def test_markdown_can_take_the_tables_place(scansion):
    out = scansion("run", "experiment.yaml", "--markdown").out
    assert out.startswith("## Scansion")
    assert "-----------" not in out


def test_a_dry_run_shows_requests_and_asks_nothing(scansion, project):
    done = scansion("run", "experiment.yaml", "--dry-run")
    assert done.code == 0, done.err
    assert "[steps] example q0\n--- user\nThink. What is 0 + 3?\n" in done.out
    assert "20 calls" in done.out
    assert not (project / ".scansion").exists()
    assert max(map(len, done.out.splitlines())) <= 80
    found = scansion("run", "experiment.yaml", "--dry-run", "--json").json
    assert found["calls"] == 20
    assert [list(each) for each in found["requests"]] == [["variant", "example", "request"]] * 2
    assert scansion("run", "experiment.yaml").code == 0
    assert "0 calls, 20 more in the lab already" in scansion("run", "experiment.yaml", "--dry-run").out


def test_a_recording_can_be_made_and_replayed(scansion, project):
    assert scansion("run", "experiment.yaml", "--record", "mine.jsonl").code == 0
    assert len((project / "mine.jsonl").read_text().splitlines()) == 20
    done = scansion("run", "experiment.yaml", "-m", "replay:mine.jsonl", "--json")
    assert [v["mean"] for v in done.json["variants"]] == [0.4, 0.9]


def test_the_module_runs_as_a_program(project):
    done = subprocess.run(
        [sys.executable, "-m", "scansion", "run", "experiment.yaml", "--json"],
        capture_output=True,
        cwd=project,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["variants"]) == 2


def test_what_was_written_is_said(scansion):
    done = scansion("run", "experiment.yaml", "--record", "calls.jsonl", "-o", "r.html", "--markdown", "--json")
    assert done.err.splitlines()[-2:] == ["wrote calls.jsonl", "wrote r.html"]
    assert done.json["complete"]


def test_verdicts_to_require(scansion):
    for name, code in {"not-worse": 0, "better": 0, "equivalent": 1}.items():
        done = scansion("run", "experiment.yaml", "--require", name, "--alpha", "0.1")
        assert done.code == code, (name, done.out)


def test_a_report_takes_the_place_of_an_older_one(scansion, project):
    words = ("-o", "r.html", "--markdown", "r.md", "--junit", "r.xml")
    (project / "r.md").touch()
    for _ in range(2):
        assert scansion("run", "experiment.yaml", *words).code == 0
        assert scansion("card", "direct.txt", "-o", "card.md").code == 0
