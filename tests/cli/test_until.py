"""`--until decided` as a person types it: what is shown, written and refused, and the exit codes."""

import json
import random

import pytest

ROWS = 300


@pytest.fixture
def long(project, scansion):
    """The project with 300 rows, on which `steps` is right nine times in ten and `direct` every second time."""
    rng = random.Random(1)
    rows, lines = [], []
    for i in range(ROWS):
        rows.append({"id": f"q{i}", "question": f"What is {i} + 3?", "answer": i + 3})
        for text, chance in (("{}", 0.5), ("Think. {}", 0.9)):
            content = text.format(rows[-1]["question"])
            answer = i + 3 if rng.random() < chance else 0
            lines.append({"messages": [{"role": "user", "content": content}], "completion": f"It is {answer}."})
    for name, each in (("rows", rows), ("demo", lines)):
        (project / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in each))
    return scansion


COMPARE = ("compare", "direct.txt", "steps.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl", "-s", "numeric")


def test_the_table_says_when_it_was_decided_and_what_that_saved(long):
    done = long(*COMPARE, "--until", "decided")
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    text = " ".join(done.out.split())
    for said in (
        f"of {ROWS} examples",
        "looked at",
        "is better than",
        "confidence sequence (betting)",
        "decided after",
        "saved against the fixed design (",
        "the interval of steps against direct as it was looked at:",
        "their intervals hold whenever a run stops",
    ):
        assert said in text


def test_the_document_has_the_path(long):
    done = long(*COMPARE, "--until", "decided", "--json")
    assert done.code == 0, done.err
    [found] = done.json["comparisons"]
    until = found["until"]
    assert found["verdict"] == "better"
    assert found["n"] == until["looked"] == until["decided_at"] < 150
    assert until["of"] == ROWS
    assert until["calls_used"] + until["calls_saved"] == 2 * ROWS
    assert until["path"][-1][0] == until["looked"]
    assert len(until["path"][-1]) == 4
    assert done.json["until"]["looked"] == until["looked"]
    assert done.json["complete"]
    for v in done.json["variants"]:
        assert v["scored"] + v["unscored"] + v["errors"] + v["unreached"] == v["n"] == until["looked"]


def test_reports_show_the_path(long, project):
    done = long(*COMPARE, "--until", "decided", "-o", "out.html", "--markdown", "out.md", "--junit", "out.xml")
    assert done.code == 0, done.err
    page = (project / "out.html").read_text()
    assert '<polygon class="path" points="' in page
    assert "after each look" in page
    assert "saved against the fixed design" in (project / "out.md").read_text()


def test_gates_go_by_these_verdicts(long):
    assert long(*COMPARE, "--until", "decided", "--require", "better").code == 0
    turned = [*COMPARE[:1], "steps.txt", "direct.txt", *COMPARE[3:]]
    done = long(*turned, "--until", "decided", "--fail-if-worse")
    assert done.code == 1
    assert "gate NOT held" in done.out


def test_a_plan_may_say_it_and_a_budget_stops_it(long, project):
    plan = (
        "prompts: [direct.txt, steps.txt]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\nscorers: [numeric]\n"
        "until: decided\nbudget: 21calls\n"
    )
    (project / "experiment.yaml").write_text(plan)
    done = long("run", "experiment.yaml")
    assert done.code == 3
    assert "stopped by the budget" in " ".join(done.out.split())
    (project / "experiment.yaml").write_text(plan.replace("21calls", "900calls"))
    assert "decided after" in " ".join(long("run", "experiment.yaml").out.split())


def test_undecided_at_the_end_of_the_data(long):
    done = long(*COMPARE, "--until", "decided", "--limit", "5")
    assert done.code == 0, done.err
    assert "undecided after all 5 examples" in " ".join(done.out.split())


def test_stored_outcomes_and_tables_are_looked_at_without_a_call(long, project):
    live = long(*COMPARE, "--until", "decided", "--json", "--lab", "other").json["comparisons"][0]
    assert long(*COMPARE).code == 0
    done = long("compare", "direct", "steps", "--until", "decided")
    assert f"would have been decided after {live['n']} of {ROWS} examples" in " ".join(done.out.split())
    rng = random.Random(2)
    lines = [f"{i},{int(rng.random() < 0.4)},{int(rng.random() < 0.8)}" for i in range(200)]
    (project / "marks.csv").write_text("\n".join(["id,a,b", *lines]) + "\n")
    found = long("compare", "marks.csv", "--a", "a", "--b", "b", "--until", "decided", "--json").json
    assert found["comparisons"][0]["until"]["decided_at"] < 150


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--until", "soon"), "--until: unknown 'soon'"),
        (("--until",), "--until: needs a value"),
        (("--until", "decided", "--margin", "2"), "margin: 2 is not below 1"),
    ],
)
def test_wrong_words(long, words, said):
    done = long(*COMPARE, *words)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_scores_beyond_1_of_a_table_are_refused(long, project):
    (project / "marks.csv").write_text("id,a,b\n1,3,4\n2,5,6\n")
    done = long("compare", "marks.csv", "--a", "a", "--b", "b", "--until", "decided")
    assert done.code == 2
    assert "outside 0 to 1" in done.err
    assert len(done.err.splitlines()) == 1


def test_equal_marks_of_a_table_are_not_looked_at_in_a_row(long, project):
    """Rows of nothing but marks have equal ids where they have equal marks; brought together they would decide."""
    verdicts = []
    for seed in range(20):
        rng = random.Random(seed)
        lines = [f"{int(rng.random() < 0.5)},{int(rng.random() < 0.5)}" for _ in range(100)]
        (project / "marks.csv").write_text("\n".join(["a,b", *lines]) + "\n")
        found = long("compare", "marks.csv", "--a", "a", "--b", "b", "--until", "decided", "--json").json
        verdicts.append(found["comparisons"][0]["verdict"])
    assert verdicts.count("undecided") >= 17


def test_recordings_are_looked_at_too(long, project):
    rng = random.Random(5)
    for name, chance in (("one", 0.4), ("two", 0.9)):
        answers = [i + 3 * (rng.random() < chance) for i in range(100)]
        lines = [{"prompt": f"What is {i} + 3?", "completion": str(answer)} for i, answer in enumerate(answers)]
        (project / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ("compare", "replay:one.jsonl", "replay:two.jsonl", "-d", "rows.jsonl", "-s", "numeric")
    done = long(*words, "--until", "decided", "--json")
    assert done.code == 0, done.err
    [found] = done.json["comparisons"]
    assert (found["verdict"], found["until"]["replayed"]) == ("better", True)
    assert found["n"] == found["until"]["decided_at"] < 60
    assert found["until"]["calls_used"] + found["until"]["calls_saved"] == 200


def test_what_is_told_of_such_a_run_elsewhere_says_how_it_ended(long):
    assert long(*COMPARE, "--until", "decided").code == 0
    assert "stopped when it was decided" in " ".join(long("log", "steps.txt").out.split())
    assert "the run stopped when it was decided" in " ".join(long("power").out.split())
    frontier = long("frontier")
    assert "the run stopped when it was decided" in " ".join((frontier.out + frontier.err).split())
    [run] = long("runs", "--json").json
    assert run["n"] < 100


def test_one_variant_has_nothing_to_decide(long):
    done = long(
        "run", "-p", "direct.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl", "-s", "numeric", "--until", "decided"
    )
    assert done.code == 2
    assert "the run has one variant" in done.err


def test_a_dry_run_says_that_it_may_be_fewer(long):
    done = long(*COMPARE, "--until", "decided", "--dry-run")
    assert done.code == 0, done.err
    assert "at most 600 calls" in " ".join(done.out.split())
