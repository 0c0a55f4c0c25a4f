"""What a newcomer types in the first ten minutes, in a real terminal (tmux): every screen is read, and kept.

The screens of the embedded model are kept as shapes (see `shape.py`); SCANSION_SCREENS=write keeps those of a run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sessions.shape import shape
from tests.sessions.tmux import Terminal, missing

HERE = Path(__file__).parent
GUESTS = HERE.parents[1] / "examples" / "guests"
POCKET = "-d guests.csv -m pocket/small"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a folder with 200 labelled reviews and two prompts, `old.txt` and `new.txt`."""
    shutil.copy(HERE / "reviews.csv", tmp_path)
    (tmp_path / "old.txt").write_text("Is this review good or bad?\n\n{{review_text}}\n")
    (tmp_path / "new.txt").write_text("Classify this review as positive or negative.\n\n{{review_text}}\n")
    with Terminal(tmp_path) as terminal:
        yield terminal


@pytest.fixture
def party(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a folder with the files of `examples/guests`."""
    for file in GUESTS.iterdir():
        shutil.copy(file, tmp_path)
    with Terminal(tmp_path) as terminal:
        yield terminal


def same(name: str, screen: str) -> None:
    """Compares the shape of a screen with the kept one."""
    file, found = HERE / "screens" / f"{name}.txt", shape(screen)
    if os.environ.get("SCANSION_SCREENS") == "write":
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def means(screen: str) -> dict[str, float]:
    return {name: float(mean) for name, mean in re.findall(r"^(\w+) +(\d+\.\d)% ", screen, re.MULTILINE)}


def test_from_nothing_to_a_verdict_in_two_commands(desk: Terminal, tmp_path: Path) -> None:
    command = "scansion compare old.txt new.txt -d reviews.csv -m pocket/small -s exact"
    code, said = desk.run(command)
    assert code == 2
    same("reviews-1-no-target", said)
    assert "RIGHT LABEL" in said

    code, said = desk.run(command + " --target 'right label'")
    assert code == 0
    same("reviews-2-verdict", said)
    assert "`new` is better than `old`" in said
    assert means(said)["old"] < 20 < 80 < means(said)["new"]

    shown = re.search(r"^next: (scansion show .*)$", said, re.MULTILINE)
    assert shown
    desk.start(shown[1])
    screen = desk.wait(r"read 1 of \d+$")
    assert re.search(r"^\[old\] wrong \(baseline\) +\| > \[new\] right$", screen, re.MULTILINE)
    assert re.search(r"^target: (positive|negative)$", screen, re.MULTILINE)
    assert "RIGHT LABEL" not in screen
    desk.press("q")
    assert desk.end()[0] == 0

    assert desk.run("scansion report -o report.html") == (0, "wrote report.html")
    assert "is better than" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_wrong_rows_are_found_read_corrected_and_the_mended_prompt_proved(party: Terminal, tmp_path: Path) -> None:
    tried(party)
    wrong = found(party)
    read(party, wrong)
    code, said = party.run("scansion annotations")
    assert code == 0
    same("guests-5-annotations", said)
    assert re.search(rf"^Ann +{wrong} of \d+ +0 +0 +{wrong - 1} ", said, re.MULTILINE)

    (tmp_path / "told.txt").write_text(
        "List every name that starts with {{first_letter}}. If there is none, say none.\nNames: {{guest_list}}\n"
    )
    mended(party)
    code, said = party.run(f"scansion compare list.txt told.txt {POCKET} -s exact --split dev --corrections")
    assert code == 0
    same("guests-6-dev", said)
    before, after = means(said)["list"], means(said)["told"]
    assert after > before

    code, said = party.run(f"scansion compare list.txt told.txt {POCKET} -s exact --split test --corrections")
    assert code == 0
    same("guests-7-test", said)
    assert "first look at this test set" in said
    assert "`told` is better than `list`" in said

    code, said = party.run("scansion log told.txt")
    assert code == 0
    same("guests-8-evidence", said)


def tried(terminal: Terminal) -> None:
    """A try: five rows in full, one key for the prompt as it was sent."""
    terminal.start(f"scansion try list.txt {POCKET} --split dev")
    terminal.wait(r"^p prompt, r ask anew, n next rows, q quit$")
    terminal.press("p")
    screen = terminal.wait(r"^List every name that starts with \w\.\nNames: \w+, [^{]*\n\np prompt")
    assert "{{" not in screen
    terminal.press("q")
    code, said = terminal.end()
    assert code == 0
    same("guests-1-try", said)


def found(terminal: Terminal) -> int:
    """A run on dev; how many rows are wrong."""
    code, said = terminal.run(f"scansion run -p list.txt {POCKET} -s exact --split dev")
    assert code == 0
    same("guests-2-run", said)
    examples = re.search(r"dev part, (\d+) examples", said)
    assert examples
    wrong = round(int(examples[1]) * (1 - means(said)["list"] / 100))
    assert 8 <= wrong <= 20, said  # 12, or a few more or less with other weights
    return wrong


def read(terminal: Terminal, wrong: int) -> None:
    """Every wrong row is read: the one whose target has a typing error gets another, the others a tag."""
    terminal.start("scansion show --wrong")
    corrected = 0
    for item in range(1, wrong + 1):
        screen = terminal.wait(rf"item {item} of {wrong}  wrong  read {item} of {wrong}$")
        assert re.search(r"^\[list\] wrong$", screen, re.MULTILINE)
        if "target: Sarah" in screen:
            corrected += 1
            same("guests-3-wrong-target", screen)
            terminal.press("c", "C-u")
            terminal.type("Sara")
            terminal.press("Enter")
            same("guests-4-corrected", terminal.wait(r"^corrected target \(Ann\): Sara$"))
        else:
            tag(terminal)
        terminal.press("n")
    assert corrected == 1
    terminal.wait(r"this is the last item")
    terminal.press("q")
    code, said = terminal.end()
    assert code == 0
    assert said == f"r1: read {wrong} of {wrong} items; {wrong} annotations by Ann, see `scansion annotations`"


def tag(terminal: Terminal) -> None:
    """The kind of failure: typed the first time, completed later."""
    terminal.press("t")
    if "Tab: made up" in terminal.wait(r"^tag:$"):
        terminal.type("ma")
        terminal.press("Tab", "Enter")
    else:
        terminal.type("made up")
        terminal.press("Enter")
    terminal.wait(r"^  tags: made up$")


def mended(terminal: Terminal) -> None:
    """A try of the new prompt on the rows that were wrong: nearly all are right now."""
    terminal.start(f"scansion try told.txt {POCKET} --only wrong@r1 -n 8 -s exact --corrections")
    terminal.wait(r"^p prompt, r ask anew, n next rows, q quit$")
    terminal.press("q")
    code, said = terminal.end()
    assert code == 0
    judged = re.findall(r"^  (right|wrong); exact: ", said, re.MULTILINE)
    assert len(judged) == 8
    assert judged.count("right") >= 6, said


SLIPS = {
    "scansion compare old.txt new.txt -d review.csv -m pocket/small": "did you mean 'reviews.csv'?",
    "scansion compare old.txt nwe.txt -d reviews.csv -m pocket/small -s exact": "did you mean 'new.txt'?",
    "scansion compare old.txt typo.txt -d reviews.csv -m pocket/small -s exact": "did you mean 'REVIEW TEXT'?",
    "scansion compare old.txt new.txt -d reviews.csv -m pocket/small": "--target",
    "scansion compare old.txt new.txt -d reviews.csv -s exact --target 'right label'": "-m (pocket/small needs no key)",
    "scansion compare old.txt new.txt -d reviews.csv -m pocket/small -s exakt": "did you mean 'exact'?",
    "scansion compare old.txt new.txt -d reviews.csv -m pocket/small -s numeric --target 'right label'": (
        "does not accept the data's own targets"
    ),
    "scansion run old.txt new.txt -d reviews.csv -m pocket/small": "-p old.txt -p new.txt",
    "scansion comapre old.txt new.txt": "did you mean 'compare'?",
    "scansion show": "the lab holds no run",
}


def test_what_is_typed_wrong_is_explained_and_costs_nothing(desk: Terminal, tmp_path: Path) -> None:
    (tmp_path / "typo.txt").write_text("Classify.\n\n{{reveiw_text}}\n")
    desk.resize(60, 24)
    for command, hint in SLIPS.items():
        code, said = desk.run(command)
        assert code == 2, command
        assert said.startswith("scansion: "), said
        assert hint in " ".join(said.split()), (command, said)
    code, said = desk.run("scansion runs --json")
    assert (code, said) == (0, "[]")


def test_ctrl_c_in_the_middle_loses_nothing_and_narrow_windows_hold_everything(desk: Terminal) -> None:
    desk.resize(60, 24)
    command = "scansion compare old.txt new.txt -d reviews.csv -m pocket/small -s exact --target 'right label'"
    desk.start(command + " --trials 2")
    desk.wait(r"^\d{3}(/| of about )8\d\d done, \d+ calls")
    desk.press("C-c")
    code, said = desk.end()
    assert code == 130, said
    same("reviews-3-interrupted", said)
    made = re.search(r"this run made ([\d,]+) calls", " ".join(said.split()))
    assert made
    assert 0 < int(made[1].replace(",", "")) < 800

    code, said = desk.run(command + " --trials 2")
    assert code == 0
    same("reviews-4-resumed", said)
    assert "this run made 800 calls" in " ".join(said.split())

    desk.start("scansion show --flips old new")
    assert re.search(r"^> \[new\] right$", desk.wait(r"item 1 of \d+"), re.MULTILINE)
    desk.resize(100, 20)
    desk.wait(r"^\[old\] wrong \(baseline\) +\| > \[new\] right$")
    desk.resize(30, 12)
    desk.wait(r"^\[old\] wrong \(baseline\)$|^> \[new\] right$")
    desk.resize(80, 24)
    desk.wait(r"^\[old\] wrong \(baseline\) +\| > \[new\] right$")
    desk.press("C-c")
    code, said = desk.end()
    assert said.endswith("items")
    code, said = desk.run("scansion runs --json")
    assert [run["state"] for run in json.loads(said)] == ["done"]
