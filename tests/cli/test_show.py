import pytest

from scansion.experiments.lab import Lab

REPLAY = ("-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric")


@pytest.fixture
def ran(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    return scansion


def test_all_outcomes_with_input_target_output_score_and_calls(ran):
    done = ran("show")
    assert done.code == 0, done.err
    assert done.out.count("example q") == 10
    assert "question: What is 4 + 3?\n" in done.out
    assert "target: 7\n" in done.out
    assert "[direct] wrong" in done.out
    assert "--- reply" in done.out


def test_a_choice_of_outcomes(ran):
    assert ran("show", "--wrong", "--variant", "steps").out.count("example q") == 1
    assert ran("show", "--flips", "direct", "steps", "-n", "2").out.count("example q") == 2
    assert ran("show", "--errors").out == "r1 has no errors\n"
    assert ran("show", "--prompt", "--unscored", "--variant", "steps").out == "r1 has no unscored outcomes of steps\n"
    found = ran("show", "r1", "--flips", "direct", "steps", "--json").json
    assert {v["example"]["id"] for v in found} == {"q4", "q5", "q6", "q7", "q8"}


def test_the_requests_exactly_as_sent(ran):
    assert ran("show", "--prompt", "-n", "1", "--variant", "steps").out == (
        "[steps] example q0 (row 1)\n--- user\nThink. What is 0 + 3?\n\n"
    )


def test_equal_requests_are_shown_once(scansion):
    assert scansion("run", "experiment.yaml", "-t", "as-is", "-t", "vote(3)", "--trials", "1").code in (0, 3)
    out = scansion("show", "--prompt", "-n", "2").out
    assert out.count("What is 0 + 3?") == 2
    assert "[direct, direct | vote(3) (3 calls)] example q0 (row 1)\n" in out


def test_no_line_is_wider_than_80_cells_off_a_terminal(scansion, project):
    rows = (project / "rows.jsonl").read_text().replace("q0", "x" * 120)
    (project / "rows.jsonl").write_text(rows)
    (project / ("a-long-name-" * 5 + "recording.jsonl")).write_text((project / "demo.jsonl").read_text())
    model = "replay:" + "a-long-name-" * 5 + "recording.jsonl"
    words = ("-t", "vote(3)", "-t", "as-is", "-m", model, "-m", "replay:demo.jsonl")
    assert scansion("run", "experiment.yaml", *words).code == 0
    for shown in (("show",), ("show", "--wrong"), ("runs",), ("show", "--prompt"), ("run", "experiment.yaml", *words)):
        assert max(map(len, scansion(*shown).out.splitlines())) <= 80, shown


def test_rows_trials_and_calls_are_counted_from_one(scansion):
    assert scansion("run", "-p", "direct.txt", *REPLAY, "-t", "vote(3)").code == 0
    out = scansion("show", "-n", "1").out
    assert "example q0 (row 1, trial 1)" in out
    assert "call 1 of 3: replay:demo.jsonl" in out
    assert "call 3 of 3:" in out


def test_the_requests_as_json_and_nothing_else(ran):
    found = ran("show", "--prompt", "--json", "-n", "1").json
    assert [(each["example"], each["calls"]) for each in found] == [("q0", {"direct": 1}), ("q0", {"steps": 1})]
    assert found[1]["request"]["messages"] == [{"role": "user", "content": "Think. What is 0 + 3?"}]
    assert set(found[0]) == {"row", "example", "calls", "request"}


def test_the_one_beside_is_shown_with_the_differences_marked(ran):
    out = ran("show", "--wrong", "--variant", "direct", "--against", "steps", "-n", "1").out
    assert "[steps] right                          | [direct] wrong\n" in out
    assert "The answer is [-7-].                   | The answer is {+1+}.\n" in out


def test_selections_hold_together(ran):
    assert ran("show", "--search", "is 4 + 3", "--json").json[0]["example"]["id"] == "q4"
    assert [v["variant"] for v in ran("show", "--search", "answer is 7", "--json").json] == ["steps"]
    assert ran("show", "--id", "q9", "--wrong", "--variant", "steps").out.count("example q") == 1
    assert ran("show", "--search", "nowhere").out == "r1 has no outcomes with 'nowhere' in them\n"
    assert ran("show", "--prompt", "--id", "q2").out.count("example q2") == 2


def test_what_people_said_is_shown(ran, project):
    with Lab.find(project / ".scansion") as lab:
        pen = lab.annotations.by("Ann")
        [view] = lab.views(id="q4", variant="direct")
        pen.tag(view, "Wrong unit")
        pen.mark(view, True)
        pen.correct(view, 1)
    out = ran("show", "--tag", "wrong unit").out
    assert out.count("example q") == 1
    assert "corrected target (Ann): 1\n" in out
    assert "marked right by Ann; the scorer says wrong\n" in out
    [found] = ran("show", "--tag", "Wrong unit", "--json").json
    assert found["said"]["tags"] == {"Ann": ["Wrong unit"]}
    assert found["said"]["targets"] == {"Ann": 1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tag", "nothing"], "no outcome of r1 is tagged 'nothing'"),
        (["--id", "nobody"], "r1 has no example with the id 'nobody'; `scansion show` shows their ids"),
        (["--against", "nobody"], "no variant is called 'nobody'"),
        (["--search", " "], "--search: the text is empty"),
        (["--flips", "direct", "direct"], "flips are between two variants"),
        (["r77"], "no run is called 'r77'"),
    ],
)
def test_what_is_not_there_is_one_line(ran, words, message):
    for more in ([], ["--json"], ["--prompt"]):
        done = ran("show", *words, *more)
        assert done.code == 2
        assert done.out == ""
        assert message in done.err
        assert done.err.count("\n") == 1
