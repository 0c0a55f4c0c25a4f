import pytest


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
    assert ran("show", "--errors").out == "there is none\n"
    found = ran("show", "r1", "--flips", "direct", "steps", "--json").json
    assert {v["example"]["id"] for v in found} == {"q4", "q5", "q6", "q7", "q8"}


def test_the_requests_exactly_as_sent(ran):
    assert ran("show", "--prompt", "-n", "1", "--variant", "steps").out == (
        "[steps] example q0, call 1\n--- user\nThink. What is 0 + 3?\n---\n\n"
    )
