"""People take the test at a terminal: blind, in a drawn order, after the models, and it can be left and taken up."""

import json
import re
import subprocess
from contextlib import ExitStack

import pytest
from tests.cli.screen import WAIT, Session


class Person(Session):
    """A run that asks people at its terminal, its document led elsewhere."""

    def __init__(self, *words):
        super().__init__(("run", *words, "--json"), stdout=subprocess.PIPE)

    def type(self, line):
        self.press(f"{line}\n")

    def found(self):
        """The exit code and the document."""
        out = self.process.communicate(timeout=WAIT)[0]
        return self.end(), json.loads(out)


@pytest.fixture
def person(project):
    """Starts a run of ann and ben beside the recording, on six rows."""
    project.joinpath("people.yaml").write_text(
        "prompts: [direct.txt]\nmodels: ['replay:demo.jsonl', human/ann, human/ben]\ndata: rows.jsonl\n"
        "scorers: [numeric]\nlimit: 6\n"
    )
    with ExitStack() as opened:
        yield lambda: opened.enter_context(Person("people.yaml"))


def number(text):
    return int(re.findall(r"What is (\d+) \+ 3", text)[-1])


def test_two_people_and_a_model(person):
    terminal = person()
    asked = {"ann": [], "ben": []}
    for name in ("ann", "ben"):
        for turn in range(6):
            text = terminal.until("> ")
            assert turn or f"human/{name}: 6 questions" in text
            assert f"--- {turn + 1} of 6" in text
            asked[name].append(number(text))
            terminal.type(asked[name][-1] + 3 if name == "ann" or turn else 0)
    code, found = terminal.found()
    assert code == 0
    model, ann, ben = found["variants"]
    assert (ann["mean"], ben["mean"], model["scored"]) == (1.0, pytest.approx(5 / 6), 6)
    assert ann["latency_p50"] > 0
    assert sorted(asked["ann"]) == sorted(asked["ben"]) == list(range(6))
    assert list(range(6)) not in (asked["ann"], asked["ben"])
    assert asked["ann"] != asked["ben"]
    [agreement] = found["agreements"]
    assert (agreement["n"], agreement["equal"]) == (6, pytest.approx(5 / 6))
    assert agreement["kappa"] < 0.85
    assert "direct" not in terminal.sent
    assert "answer" not in terminal.sent


def test_a_person_of_the_prompt_s_own_front_matter_is_not_written_over(project):
    project.joinpath("own.prompty").write_text("---\nmodel: {id: ann, provider: human}\n---\n{{question}}")
    with Person("-p", "own.prompty", "-d", "rows.jsonl", "--limit", "2", "-s", "numeric") as terminal:
        for _ in range(2):
            terminal.type(number(terminal.until("> ")) + 3)
        assert terminal.found()[0] == 0
        assert "done" not in terminal.sent


def test_what_was_answered_is_kept(person):
    terminal = person()
    asked = []
    for _ in range(2):
        asked.append(number(terminal.until("> ")))
        terminal.type(asked[-1] + 3)
    terminal.until("> ")
    terminal.type("/quit")
    code, found = terminal.found()
    assert code == 130
    assert found["variants"][1]["scored"] == 2
    terminal = person()
    text = terminal.until("> ")
    assert "human/ann: 6 questions, 2 answered before" in text
    assert "--- 3 of 6" in text
    assert number(text) not in asked
    terminal.type("/quit")
    assert terminal.found()[0] == 130


def test_what_was_answered_is_shown_without_a_terminal(person, scansion, project, monkeypatch):
    terminal = person()
    for _ in range(12):
        terminal.type(number(terminal.until("> ")) + 3)
    assert terminal.found()[0] == 0
    with project.joinpath("rows.jsonl").open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        again = scansion("run", "people.yaml", "--json")
        assert (again.code, again.err) == (0, "")
        assert [v["scored"] for v in again.json["variants"]] == [6, 6, 6]
        more = scansion("run", "people.yaml", "--limit", "7")
        assert (more.code, more.out) == (2, "")
        assert "'human/ann' needs a person at a terminal" in more.err
