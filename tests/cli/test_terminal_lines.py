"""What a terminal is told beside figures: where to go on, what was read, what is wrong, all in lines that fit it."""

import pytest
from tests.cli.screen import Session

from scansion.cli import main


@pytest.fixture
def told(project):
    def run(*words, **size):
        with Session(words, **size) as terminal:
            terminal.end()
            return terminal.screen.text.splitlines()

    return run


def last(lines):
    return [line for line in lines if line][-2:]


def steps(run, choice):
    return [f"next: scansion show {run} {choice}", f"      scansion report {run} -o report.html"]


def test_a_run_of_one_variant_points_to_what_is_wrong(told, project):
    (project / "one.yaml").write_text((project / "experiment.yaml").read_text().replace("[direct.txt, ", "["))
    assert last(told("run", "one.yaml")) == steps("r1", "--wrong")


def test_a_comparison_points_to_its_flips(told):
    assert last(told("run", "experiment.yaml")) == steps("r1", "--flips direct steps")
    lines = told("run", "experiment.yaml", "-t", "as-is", "-t", "vote(3)", rows=60)
    assert last(lines) == steps("r2", "--wrong")


def test_a_name_of_several_words_is_quoted(told):
    lines = told("run", "experiment.yaml", "-p", "direct.txt", "-t", "as-is", "-t", "vote(3)", rows=60)
    assert last(lines) == steps("r1", "--flips direct 'direct | vote(3)'")


def test_a_pipe_and_json_get_the_figures_alone(scansion, told):
    assert "next:" not in scansion("run", "experiment.yaml").out
    assert "next:" not in "".join(told("run", "experiment.yaml", "--json", rows=200))


def test_what_was_read_is_said_in_lines_that_fit(project):
    assert main(["run", "experiment.yaml"]) == 0
    with Session(("show", "--wrong", "--as", "Antonia Wilhelmina van der Bergh of Ostend")) as terminal:
        terminal.wait("read 1 of 6")
        terminal.press("m", "r", until="marked right")
        terminal.press("q")
        assert terminal.end() == 0
        text = terminal.screen.text
    assert "see `scansion annotations`" in " ".join(text.split())
    assert "annotations`" in text


@pytest.mark.parametrize("columns", [80, 60])
def test_an_error_is_broken_between_words_and_stays_one_line_elsewhere(told, scansion, columns):
    words = ("run", "direct.txt", "steps.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl")
    lines = [line for line in told("compare", *words[1:], columns=columns) if line]
    assert len(lines) > 1
    assert all(len(line) <= columns for line in lines)
    whole = scansion("compare", *words[1:]).err
    assert whole.count("\n") == 1
    assert " ".join(lines) == whole.strip()
