"""`scansion show` on a real terminal (a pseudo-terminal): what is drawn, what the keys do, how it ends."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from tests.cli.screen import Session

from scansion.experiments.lab import Lab
from scansion.report.text import cells

SCREENS = Path(__file__).parent / "screens"
NASTY = "red \x1b[31m\x1b]0;title\x07\x1b[2J bell \x07 nul \x00 c1 \x9b31m bidi \u202egnp.exe \r\n"
NASTY += "תשובה: שתיים 答えは二です é"


@pytest.fixture
def ran(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    return scansion


@pytest.fixture
def lab(project):
    with Lab.find(project / ".scansion") as found:
        yield found


def show(*words, columns=80, rows=24, **env):
    return Session(("show", "--as", "Ann", *words), columns, rows, **env)


def same_screen(name, terminal):
    """Wait for the kept screen; SCANSION_SCREENS=write keeps this one, after a while."""
    file = SCREENS / f"{name}.txt"
    if os.environ.get("SCANSION_SCREENS") == "write":
        file.write_text(at_once(terminal.later(1)) + "\n", encoding="utf-8")
    terminal.becomes(file.read_text(encoding="utf-8").removesuffix("\n"), at_once)


def at_once(text):
    """A screen as if every call had taken 0 ms: how long one took is not what is tested."""
    padded = re.sub(r"\b\d+ms(?= +\|)", lambda time: "0ms".ljust(len(time[0])), text)
    return re.sub(r"\b\d+ms", "0ms", padded)


def said(lab, id, variant):
    [view] = lab.views(id=id, variant=variant)
    return lab.annotations.by("Ann").standing(view)


def test_an_item_with_the_baseline_beside_it(ran):
    with show("--wrong") as terminal:
        same_screen("wide", terminal)
        terminal.press("v")
        same_screen("calls", terminal)
        terminal.press("v", "n", until="What is 5 + 3?")
        terminal.press("?")
        same_screen("help", terminal)
        terminal.press("q", until="item 2 of 6")
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.restored
        assert "r1: read 2 of 6 items" in terminal.screen.text


def test_a_narrow_window_puts_the_baseline_below_and_follows_a_change_of_size(ran):
    with show("--flips", "direct", "steps", columns=34, rows=16) as terminal:
        same_screen("narrow", terminal)
        terminal.resize(100, 12)
        same_screen("resized", terminal)
        assert "|" in terminal.screen.text
        terminal.resize(12, 3)
        terminal.wait("item 1 of 5")
        terminal.resize(80, 24)
        terminal.wait("flips of direct and steps")
        terminal.press("q")
        assert terminal.end() == 0


def test_what_is_said_is_in_the_lab(ran, lab, project):
    with show("--wrong") as terminal:
        terminal.wait("read 1 of 6")
        terminal.press("t", "wrong unit", "\r", until="tagged 'wrong unit'")
        terminal.press("m", "r", until="marked right by Ann; the scorer says |")
        terminal.press("c", "\x15", "8", "\r", until="corrected target (Ann): 8")
        terminal.press("o", "counts apples", "\r", until="note (Ann): counts apples")
        terminal.press("k", until="keep examples in: direct.shots.jsonl")
        terminal.press("\r")
        same_screen("annotated", terminal)
        terminal.press("n", "t", until="Tab: wrong unit")
        terminal.press("wr", "\t", "\r", until="tagged 'wrong unit'")
        terminal.press("k", until="kept in direct.shots.jsonl, line 2")
        terminal.press("q")
        assert terminal.end() == 0
        assert "7 annotations by Ann" in terminal.screen.text
    first = said(lab, "q4", "direct")
    assert first.marks == {"Ann": True}
    assert first.tags == {"Ann": ("wrong unit",)}
    assert first.notes == {"Ann": "counts apples"}
    assert first.targets == {"Ann": 8}
    assert said(lab, "q5", "direct").kept == ("direct.shots.jsonl",)
    kept = [json.loads(line) for line in (project / "direct.shots.jsonl").read_text().splitlines()]
    assert kept == [
        {"id": "q4", "inputs": {"question": "What is 4 + 3?"}, "target": 8},
        {"id": "q5", "inputs": {"question": "What is 5 + 3?"}, "target": 8},
    ]
    assert ran("run", "experiment.yaml", "-t", "shots(2, source=direct.shots.jsonl)", "--dry-run").code == 0


def test_undo_is_a_new_act(ran, lab, project):
    with show("--wrong", "--variant", "steps") as terminal:
        terminal.wait("read 1 of 1")
        terminal.press("t", "slip", "\r", until="tags: slip")
        terminal.press("t", "slip", "\r", until="tag 'slip' taken off")
        terminal.press("m", "w", until="marked wrong by Ann")
        terminal.press("k", "\r", until="line 1")
        terminal.press("u", until="undone: kept in")
        terminal.press("u", until="undone: marked wrong")
        terminal.press("u", until="undone: tag 'slip' taken off")
        assert "tags: slip" in terminal.screen.text
        terminal.press("u", until="undone: tagged 'slip'")
        terminal.press("u", until="nothing to undo")
        terminal.press("q")
        assert terminal.end() == 0
    assert said(lab, "q9", "steps").tags == {}
    assert said(lab, "q9", "steps").kept == ()
    assert (project / "steps.shots.jsonl").read_text() == ""
    assert [a.kind for a in lab.annotations.all()] == [
        "read", "read", "tag", "tag", "mark", "keep", "keep", "mark", "tag", "tag",
    ]  # fmt: skip


def test_filters_and_the_search(ran):
    with show() as terminal:
        terminal.wait("item 1 of 10  read 1 of 10")
        terminal.press("f", "w", until="item 1 of 6  wrong")
        terminal.press("f", "f", until="flips of direct and steps")
        terminal.press("f", "a", until="of 10  read")
        terminal.press("/", "IT IS", "\r", until="nothing to show (with 'IT IS')")
        terminal.press("/", "\x15", "is 1 + 3", "\r", until="item 1 of 1")
        assert "example q1 " in terminal.screen.text
        terminal.press("f", "a", until="of 10  read")
        terminal.press("g", "7", "\r", until="example q6 ")
        terminal.press("g", "77", "\r", until="'77' is no item; type a number from 1 to 10")
        terminal.press("\x15", "10", "\r", until="example q9 ")
        terminal.press("n", until="this is the last item")
        terminal.press("f", "t", "nothing", "\r", until="no outcome of r1 is tagged 'nothing'")
        terminal.press("\x1b", until="? help")
        terminal.press("f", "e", until="nothing to show (errors)")
        terminal.press("t", "c", "n", until="nothing to show (errors)")
        terminal.press("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("words", [["--variant", "direct"], ["--against", "direct", "--variant", "direct"]])
def test_flips_of_a_baseline_that_stands_alone(ran, words):
    with show(*words) as terminal:
        terminal.wait("item 1 of 10")
        terminal.press("f", "f", until="flips of direct and steps")
        terminal.press("q")
        assert terminal.end() == 0


def test_flips_need_two_variants(ran, project):
    assert ran("run", "-p", "direct.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric").code == 0
    with show("--against", "direct") as terminal:
        terminal.wait("item 1 of 10")
        terminal.press("f", "f", until="flips are between two variants, and the run has one")
        terminal.press("q")
        assert terminal.end() == 0


def test_in_the_help_the_keys_that_scroll_only_scroll(ran):
    with show(rows=12) as terminal:
        terminal.wait("read 1 of 10")
        terminal.press("?", until="n, p")
        terminal.press(*"    ", until="Esc gives it up.")
        terminal.press("b", "\x1b[H", until="n, p")
        terminal.press("\x1b[F", until="Esc gives it up.")
        terminal.press("<", "j", "\r", "?", until="item 1 of 10  read 1 of 10")
        terminal.press("q")
        assert terminal.end() == 0


def test_the_view_is_exported(ran, project):
    with show("--wrong", "--variant", "direct") as terminal:
        terminal.wait("read 1 of 6")
        terminal.press("t", "slip", "\r", until="tagged 'slip'")
        terminal.press("x", until="export to: r1-wrong.jsonl")
        terminal.press("\r", until="wrote 6 outcomes to r1-wrong.jsonl")
        terminal.press("x", "\r", until="is there already")
        terminal.press("n", until="item 1 of 6")
        terminal.press("x", "\x15", "rows.jsonl", "\r", until="is the data of a run")
        terminal.press("\x1b", until="? help")
        terminal.press("q")
        assert terminal.end() == 0
    assert len((project / "rows.jsonl").read_text().splitlines()) == 10
    rows = [json.loads(line) for line in (project / "r1-wrong.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["q4", "q5", "q6", "q7", "q8", "q9"]
    assert rows[0]["tags"] == ["slip"]
    assert rows[1]["tags"] == []


def test_one_outcome_is_exported(ran):
    with show("--wrong", "--variant", "steps") as terminal:
        terminal.wait("read 1 of 1")
        terminal.press("x", "\r", until="wrote 1 outcome to r1-wrong.jsonl")
        terminal.press("q")
        assert terminal.end() == 0


def test_what_a_model_wrote_never_reaches_the_terminal_as_it_is(scansion, project):
    line = {"messages": [{"role": "user", "content": "x"}], "completions": [NASTY]}
    (project / "nasty.jsonl").write_text(json.dumps(line) + "\n")
    (project / "nasty.txt").write_text("x")
    (project / "one.jsonl").write_text(json.dumps({"id": "\x1b[2Jq\u202e", "answer": 2}) + "\n")
    assert scansion("run", "-p", "nasty.txt", "-m", "replay:nasty.jsonl", "-d", "one.jsonl", "-s", "numeric").code in (
        0,
        3,
    )
    with show(columns=60, rows=30) as terminal:
        terminal.wait("read 1 of 1")
        terminal.press("v")
        same_screen("nasty", terminal)
        terminal.press("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("columns", [80, 60])
def test_scripts_that_run_left_wide_signs_and_emoji_stay_in_their_columns(scansion, project, columns):
    said = {"اختبار": "القاهرة، 10 ملايين\t(42)", "试验": "القاهرة。巴黎 👨\u200d👩\u200d👧 ⚠\ufe0f e\u0301 한국어" * 3}
    question = "ما هي عاصمة مصر؟ 请用一个词回答，不要解释。这是一个很长的问题，因为没有空格。"
    for name in said:
        (project / f"{name}.txt").write_text(f"{name}: {{{{السؤال}}}}")
    lines = [
        {"messages": [{"role": "user", "content": f"{name}: {question}"}], "completions": [text]}
        for name, text in said.items()
    ]
    (project / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (project / "one.jsonl").write_text(json.dumps({"id": "שאלה 7", "السؤال": question, "target": "القاهرة"}))
    words = ["-p", "اختبار.txt", "-p", "试验.txt", "-m", "replay:said.jsonl", "-d", "one.jsonl", "-s", "contains"]
    done = scansion("run", *words)
    assert (done.code, max(map(cells, done.out.splitlines())) <= 80) == (0, True)
    with show(columns=columns, rows=24) as terminal:
        same_screen(f"scripts-{columns}", terminal)
        terminal.press("q")
        assert terminal.end() == 0


def test_pasted_text_is_text(ran, lab):
    with show("--wrong") as terminal:
        terminal.wait("read 1 of 6")
        terminal.press("\x1b[200~qqq\rmrtx\x1b[201~", until="pasted text means nothing here")
        terminal.press("o", "\x1b[200~two\r\nlines \x1b[31mq\x1b[201~", until="two⏎lines")
        terminal.press("\r", until="note written")
        terminal.press(
            "\x1b[999;999R", "\x1b]11;rgb:0/0/0\x07", "\x1b[<0;3;3M", "\x1bOP", "\x1b[15~", until="note written"
        )
        terminal.press("q")
        assert terminal.end() == 0
    assert said(lab, "q4", "direct").notes == {"Ann": "two\nlines \x1b[31mq"}
    assert said(lab, "q4", "direct").marks == {}


def test_a_terminal_that_is_killed_takes_nothing_along(ran, lab):
    with show("--wrong") as terminal:
        terminal.wait("read 1 of 6")
        terminal.press("t", "slip", "\r", until="tagged 'slip'")
        terminal.press("n", until="read 2 of 6")
        terminal.press("o", "half a no", until="half a no")
        terminal.kill()
    assert said(lab, "q4", "direct").tags == {"Ann": ("slip",)}
    with show("--wrong") as terminal:
        terminal.wait("an unfinished note on q5 was kept: o there goes on")
        terminal.press("n", "o", until="note: half a no")
        terminal.press("te", "\r", until="note (Ann): half a note")
        terminal.press("q")
        assert terminal.end() == 0
    with show("--wrong") as terminal:
        assert "unfinished" not in terminal.wait("read 2 of 6")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(ran, number):
    with show() as terminal:
        terminal.wait("read 1 of 10")
        assert not terminal.restored
        terminal.signal(number)
        assert terminal.end() == -number
        assert terminal.restored


def test_it_stops_and_goes_on_as_shells_expect(ran):
    with Session((), program=("sh", "-i"), PS1="$ ") as shell:
        shell.wait("$")
        shell.press(f"{sys.executable} -m scansion show\n", until="read 1 of 10")
        shell.press("n", until="item 2 of 10")
        assert "item" not in shell.press("\x1a", until="Stopped")
        assert shell.restored
        shell.press("fg\n", until="item 2 of 10")
        shell.press("n", until="item 3 of 10")
        shell.press("\x03", until="r1: read 3 of 10 items")
        shell.press("exit\n")
        assert shell.end() == 0


def test_an_exception_leaves_the_terminal_as_it_was(ran, lab):
    lab.db.execute("DELETE FROM outcomes WHERE id = (SELECT outcome FROM members WHERE row = 1 AND variant = 0)")
    with show() as terminal:
        terminal.wait("read 1 of 10")
        terminal.press("n")
        assert terminal.end() == 70
        assert terminal.restored


def test_two_people_annotate_one_lab_at_once(ran, lab):
    with show() as ann, Session(("show", "--as", "Bo")) as bo:
        ann.wait("read 1 of 10")
        bo.wait("read 1 of 10")
        for word in ("one", "two", "three"):
            ann.press("t", word, "\r", until=f"tagged '{word}'")
            bo.press("t", word.upper(), "\r", until=f"tagged '{word.upper()}'")
        ann.press("q")
        bo.press("q")
        assert ann.end() == bo.end() == 0
    [view] = lab.views(id="q0", variant="steps")
    assert lab.annotations.standing(view).tags == {"Ann": ("one", "two", "three"), "Bo": ("ONE", "TWO", "THREE")}


def test_nothing_selected_is_said_without_a_screen(ran):
    with show("--errors") as terminal:
        assert terminal.end() == 0
        assert terminal.screen.text.strip() == "r1 has no errors"


def test_a_dumb_terminal_is_printed_to(ran):
    with show("--id", "q0", TERM="dumb") as terminal:
        assert terminal.end() == 0
        assert "[direct] right" in terminal.screen.text


def test_a_line_that_fills_the_width_keeps_its_last_letter(scansion, project):
    rows = (project / "rows.jsonl").read_text().replace("What is 0 + 3?", "x" * 64 + " END")
    (project / "rows.jsonl").write_text(rows)
    assert scansion("run", "experiment.yaml", "--limit", "1").code in (0, 3)
    for columns in range(78, 82):
        with show(columns=columns) as terminal:
            assert "x END" in terminal.wait("read 1 of 1").replace("\n  ", " ")
