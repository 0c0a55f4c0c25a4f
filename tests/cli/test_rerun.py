"""`scansion rerun`: kept experiments with a new model, in words and as JSON."""

import pytest

from scansion.errors import InputError

SECOND = """
import re

def second(request):
    return str(int(re.findall(r"\\d+", request.messages[-1].content)[0]) + 3)
"""


@pytest.fixture
def second(project):
    (project / "second_model.py").write_text(SECOND)
    return "python:second_model:second"


def test_the_last_run_again(scansion, second):
    assert scansion("run", "experiment.yaml", "--margin", "0.5").code == 0
    done = scansion("rerun", "-m", second)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == f"r1 (experiment) again as r2, with {second}"
    assert lines[3].split()[:3] == ["direct", "40.0%", "100.0%"]
    assert "`steps` against `direct`:" in done.out
    assert lines[-1].endswith("of 1 verdict changed")
    assert max(map(len, lines)) <= 80
    assert scansion("rerun", "-m", second, "r1", "--json").json[0]["old_run"] == "r1"


def test_all_experiments(scansion, second):
    scansion("run", "experiment.yaml")
    scansion("score", "-s", "contains")
    done = scansion("rerun", "--all", "-m", second)
    assert done.code == 0
    assert done.out.count(" again as ") == 1
    assert "holds no experiment" not in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-m", "replay:demo.jsonl", "r7"], "no run is called 'r7'"),
        (["-m", "nosuch/model"], "unknown model provider 'nosuch'"),
        (["-m", "replay:gone.jsonl"], "gone.jsonl"),
        (["r1"], "missing: -m/--model"),
        (["--all", "r1", "-m", "replay:demo.jsonl"], "give runs or --all, not both"),
        (["--all", "-m", "replay:demo.jsonl"], "holds no experiment without replay:demo.jsonl"),
    ],
)
def test_wrong_inputs_are_one_line(scansion, words, said):
    scansion("run", "experiment.yaml")
    done = scansion("rerun", *words)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert scansion("runs", "--json").json[0]["run"] == "r1"


def test_a_changed_prompt_is_taken_as_it_was(scansion, project, second):
    scansion("run", "experiment.yaml")
    (project / "direct.txt").write_text("Say nothing. {{question}}")
    assert scansion("rerun", "-m", second).code == 0
    shown = scansion("show", "--prompt", "-n", "1")
    assert "Say nothing" not in shown.out


def test_one_that_cannot_be_repeated_takes_nothing_from_the_others(scansion, project, second):
    assert scansion("run", "experiment.yaml").code == 0
    (project / "gone.jsonl").write_text((project / "rows.jsonl").read_text())
    assert scansion("run", "experiment.yaml", "-d", "gone.jsonl").code == 0
    (project / "gone.jsonl").unlink()
    done = scansion("rerun", "--all", "-m", second)
    assert (done.code, done.out.count(" again as ")) == (0, 1)
    assert done.err.count("left out: r2: data file gone.jsonl not found") == 1
    named = scansion("rerun", "r1", "r2", "-m", second)
    assert (named.code, named.out, named.err.count("\n")) == (2, "", 1)
    assert "r2: data file gone.jsonl not found" in named.err


def test_an_error_in_the_midst_leaves_what_was_found(scansion, project, second, monkeypatch):
    from scansion.cli import _watch

    for scorer in ("numeric", "contains", "exact"):
        assert scansion("run", "experiment.yaml", "-s", scorer).code == 0
    real, runs = _watch.run_watched, []

    def refused(plan, *rest):
        runs.append(plan.scorers[0])
        if plan.scorers[0] == "contains":
            raise InputError("the key was refused")
        return real(plan, *rest)

    monkeypatch.setattr(_watch, "run_watched", refused)
    done = scansion("rerun", "r1", "r2", "r3", "-m", second)
    assert (done.code, runs) == (2, ["numeric", "contains"])
    assert "r1 (experiment) again as r4" in done.out
    assert done.err.endswith("scansion: r2: the key was refused\n")
    done = scansion("rerun", "--all", "-m", second)
    assert (done.code, runs[2:]) == (0, ["numeric", "contains", "exact"])
    assert done.out.count(" again as ") == 2
    assert "left out: r2: the key was refused" in done.err


def test_gates_decide_the_code_and_a_model_is_not_compared_with_itself(scansion, second):
    assert scansion("run", "experiment.yaml", "--fail-under", "0.3").code == 0
    assert scansion("rerun", "-m", second).code == 0
    again = scansion("rerun", "-m", second)
    assert (again.code, again.out) == (2, "")
    assert f"r2 was made with {second} already; name another model, or another run" in again.err
    assert scansion("run", "experiment.yaml", "--require", "better", "--limit", "9").code == 0
    done = scansion("rerun", "-m", second)
    assert done.code == 1
    assert "gate NOT held: require better" in done.out
