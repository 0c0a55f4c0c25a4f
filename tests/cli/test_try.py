"""`scansion try`: outputs without statistics; in a real terminal with keys, streams and saves, elsewhere without."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.cli.screen import WAIT, Session

ROWS = ["try", "direct.txt", "steps.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl"]


def test_a_few_rows_with_right_and_wrong_and_no_statistics(scansion: Any, project: Path) -> None:
    done = scansion(*ROWS, "--rows", "q1,q9")
    assert done.code == 0
    assert done.out.count("example q") == 2
    assert re.findall(r"^\[(\w+)\]$", done.out, re.MULTILINE) == ["direct", "steps"] * 2
    assert re.findall(r"^  (right|wrong); numeric", done.out, re.MULTILINE) == ["right", "right", "wrong", "wrong"]
    assert "The answer is 4." in done.out
    assert "%" not in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert scansion("runs", "--json").json == []


def test_the_requests_as_sent_and_the_json(scansion: Any) -> None:
    done = scansion(*ROWS, "-n", "1", "--prompt")
    assert re.search(r"\[steps\] example q\d, as sent\n--- user\nThink. What is \d \+ 3\?\n", done.out)
    found = scansion(*ROWS, "-n", "2", "--json")
    assert [each["variant"] for each in found.json] == ["direct", "steps"] * 2
    assert found.json[0]["calls"][0]["request"]["messages"][0]["role"] == "user"


def test_an_experiment_and_rows_that_were_wrong(scansion: Any) -> None:
    assert scansion("run", "experiment.yaml").code == 0
    done = scansion("try", "experiment.yaml", "--only", "wrong@r1:steps", "--json")
    assert {each["example"]["id"] for each in done.json} == {"q9"}
    rerun = scansion("run", "experiment.yaml", "--only", "wrong@r1:direct")
    assert rerun.code == 0
    assert "on the 6 rows wrong in r1 with `direct`: no measure of the whole" in " ".join(rerun.out.split())
    assert "regression to the mean" in " ".join(rerun.out.split())


def test_values_in_the_place_of_rows(scansion: Any) -> None:
    words = ["try", "direct.txt", "-m", "replay:demo.jsonl"]
    done = scansion(*words, "--set", "question=What is 1 + 3?", "--set", "target=4")
    assert (done.code, "example" in done.out) == (0, False)
    assert "right; numeric: 1 (answer 4)" in done.out
    assert scansion(*words, "--set", "question=nobody asked").code == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["try"], "missing: PROMPT"),
        (["try", "direct.txt", "-m", "human"], "the prompt needs question; give --set question=TEXT, or rows with -d"),
        (["try", "direct.txt", "-m", "human", "--set", "q=1"], "no prompt has a variable 'q'"),
        (["try", "direct.txt", "-m", "human", "--set", "question"], "not of the form NAME=TEXT"),
        (["try", "direct.txt", "-m", "human", "--rows", "q1"], "--rows is about rows"),
        ([*ROWS, "--set", "question=1"], "leave out --set, or the data"),
        ([*ROWS, "--rows", "q11"], "no row has the id 'q11'; did you mean 'q1'?"),
        ([*ROWS, "--rows", ","], "names no row"),
        ([*ROWS, "-n", "0"], "too few"),
        (
            [*ROWS, "--split", "test"],
            "--split: rows of the test part are none to work on, and `run --split test` counts",
        ),
        ([*ROWS, "--split", "tset"], "unknown 'tset'"),
        ([*ROWS, "--watch", "--json"], "leave out one of them"),
        ([*ROWS, "--only", "wrong"], "write wrong@RUN"),
        ([*ROWS, "--only", "wrong@r9"], "the lab holds no run"),
        (["try", "a.yaml", "b.yaml"], "one experiment at a time"),
        (["try", "HEAD:direct.txt", "-d", "rows.jsonl", "-m", "human", "--watch"], "no prompt file to watch"),
        (["try", "nobody.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl"], "no such file"),
        (["try", "direct.txt", "-d", "rows.jsonl"], "no model to run it on"),
    ],
)
def test_wrong_inputs(scansion: Any, words: list[str], message: str) -> None:
    done = scansion(*words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.fixture
def terminal(project: Path) -> Iterator[Any]:
    (project / "counting.py").write_text("def words(prompt: str) -> str:\n    return str(len(prompt.split()))\n")
    with ExitStack() as opened:
        yield lambda *words: opened.enter_context(Session(words, rows=40))


HELP = "p prompt, r ask anew, n next rows, q quit"


def test_keys(terminal: Any) -> None:
    shown = terminal("try", "direct.txt", "-d", "rows.jsonl", "-m", "python:counting:words", "-n", "6")
    first = re.findall(r"example (q\d)", shown.until(HELP))
    shown.press("p")
    asked = shown.until(HELP)
    assert re.findall(r"\[direct\] example (q\d), as sent\n--- user\nWhat is", asked) == first
    shown.press("r")
    assert shown.until(HELP).count("[direct] trial 2\n5\n") == 6
    shown.press("\x1b[Dxn")
    rest = re.findall(r"example (q\d)", shown.until(HELP) + shown.until(HELP) + shown.sent)
    assert sorted({*first, *rest}) == [f"q{i}" for i in range(10)]
    shown.press("n")
    shown.until("there are no more rows")
    shown.press("\x1b")
    assert shown.end() == 0


def test_again_at_each_save_and_a_broken_prompt_waits_on(terminal: Any, project: Path) -> None:
    words = ["direct.txt", "steps.txt", "-d", "rows.jsonl", "-m", "python:counting:words", "-n", "1", "--watch"]
    shown = terminal("try", *words)
    shown.until("again at each save")
    (project / "steps.txt").write_text("Think {{question")
    said = shown.until("again at each save")
    assert "-- steps.txt saved\nscansion: steps.txt:1: " in said
    new = project / "new"
    new.write_text("Think well and hard. {{question}}")
    new.replace(project / "steps.txt")
    said = shown.until("again at each save")
    assert "[direct]\n5\n" in said
    assert "the same output as before" in said
    assert "known already" in said
    assert "[steps]\n9\n" in said
    shown.press("\x04")
    assert shown.end() == 0


def test_variables_are_asked_for(terminal: Any) -> None:
    shown = terminal("try", "direct.txt", "-m", "python:counting:words")
    shown.until("question: ")
    shown.press("How many words?\n")
    assert "[direct]\n3\n" in shown.until("p prompt, r ask anew, q quit")
    shown.press("q")
    assert shown.end() == 0


def test_an_output_is_seen_while_it_comes_and_ctrl_c_ends_it(terminal: Any, project: Path) -> None:
    import socket

    go_on = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            for word in ("The answer ", "is 4."):
                chunk = {"choices": [{"index": 0, "delta": {"content": word}}]}
                connection.sendall(f"data: {json.dumps(chunk)}\n\n".encode())
                go_on.wait(WAIT)
                go_on.clear()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f"openai/m?base_url=http://127.0.0.1:{listening.getsockname()[1]}/v1"
    shown = terminal("try", "direct.txt", "-d", "rows.jsonl", "-m", address, "--rows", "q1")
    shown.until("The answer")
    assert "is 4" not in shown.sent
    go_on.set()
    shown.until("is")
    shown.press("\x03")
    assert shown.end() == 130
    go_on.set()
    thread.join()
    listening.close()


def test_a_key_stops_the_asking(terminal: Any, project: Path) -> None:
    (project / "counting.py").write_text("import time\ndef words(prompt):\n    time.sleep(0.2)\n    return '1'\n")
    words = ["try", "direct.txt", "-d", "rows.jsonl", "-m", "python:counting:words", "-n", "10"]
    shown = terminal(*words)
    shown.until("[direct]")
    shown.press("q")
    assert shown.end() == 0
    assert HELP not in shown.sent


COUNTED = ["try", "direct.txt", "-d", "rows.jsonl", "-m", "python:counting:words", "-n", "1"]


def test_it_stops_and_goes_on_as_shells_expect(project: Path) -> None:
    (project / "counting.py").write_text("def words(prompt):\n    return '1'\n")
    with Session((), program=("sh", "-i"), PS1="$ ") as shell:
        shell.until("$")
        shell.press(f"{sys.executable} -m scansion {' '.join(COUNTED)}\n")
        shell.until(HELP)
        shell.press("\x1a")
        shell.until("Stopped")
        assert shell.untouched
        shell.press("fg\n")
        shell.until(HELP)
        assert not shell.untouched
        shell.press("r")
        shell.until("trial 2")
        shell.until(HELP)
        shell.press("q")
        shell.until("$")
        shell.press("exit\n")
        assert shell.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(terminal: Any, number: int) -> None:
    shown = terminal(*COUNTED)
    shown.until(HELP)
    assert not shown.untouched
    shown.signal(number)
    assert shown.end() == -number
    assert shown.untouched


def test_a_person_types_lines_and_keys_between_the_rounds(terminal: Any) -> None:
    shown = terminal("try", "direct.txt", "-d", "rows.jsonl", "-m", "human", "-n", "2")
    for answer in ("quiet", "8"):
        shown.until("> ")
        assert shown.untouched
        shown.press(f"{answer}\n")
    assert re.search(r"quiet\n.*\n8\n", shown.until(HELP), re.DOTALL)
    shown.press("r")
    shown.until("> ")
    shown.press("/quit\n")
    assert shown.end() == 130
    assert shown.untouched


def test_corrected_targets_are_used_when_told(scansion: Any) -> None:
    from scansion.experiments.lab import Lab

    assert scansion("run", "experiment.yaml").code == 0
    with Lab.find() as lab:
        [view] = lab.views(id="q4", variant="direct")
        lab.annotations.by("Ann").correct(view, 1)
    for more, wrong in (((), True), (("--corrections",), False)):
        found = scansion("try", "experiment.yaml", "--rows", "q4", "--json", *more).json
        assert [each["wrong"] for each in found if each["variant"] == "direct"] == [wrong]
    assert "--corrections is about rows" in scansion("try", "direct.txt", "--corrections").err


def test_a_forgotten_target_is_hinted_at_once(scansion: Any, project: Path) -> None:
    (project / "gold.csv").write_text("question,Gold Answer\nWhat is 1 + 3?,4\nWhat is 2 + 3?,5\n", encoding="utf-8")
    words = ["try", "direct.txt", "-d", "gold.csv", "-m", "replay:demo.jsonl", "-s", "numeric"]
    done = scansion(*words)
    said = " ".join(done.out.split())
    hint = "numeric needs a target, and no column is one; name it with --target (columns: question, Gold Answer)"
    assert (done.code, said.count(hint)) == (0, 1)
    assert "--target" not in scansion(*words, "--target", "Gold Answer").out
