"""What people say of outcomes: nothing is lost, nothing is overwritten, and it is found again where it belongs."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.experiments.people.annotations import flat_annotations
from scansion.experiments.people.findings import findings
from scansion.experiments.people.targets import as_target, same_example


def view(lab: Any, row: int, variant: str = "direct", run: str | None = None) -> Any:
    return next(v for v in lab.views(run, variant=variant) if v.row == row)


@pytest.fixture
def ran(project: Any) -> Any:
    project.run()
    return project


def test_the_last_word_of_each_person_stands(ran):
    with ran.lab() as lab:
        ann, bob, item = lab.annotations.by("Ann"), lab.annotations.by("Bob"), view(lab, 3)
        ann.mark(item, True)
        bob.mark(item, True)
        ann.mark(item, False)
        ann.note(item, "one too few")
        ann.note(item, "off by one")
        bob.note(item, "hm")
        bob.note(item, "")
        ann.tag(item, "off by  one")
        ann.tag(item, "Off by one")
        bob.tag(item, "format")
        bob.untag(item, "FORMAT")
        ann.keep(item, "shots.jsonl")
        ann.read(item, item)
        ann.read(item)
        standing = bob.standing(item)
        assert standing.marks == {"Bob": True, "Ann": False}
        assert standing.notes == {"Ann": "off by one"}
        assert standing.tags == {"Ann": ("off by one",)}
        assert standing.kept == ("shots.jsonl",)
        assert standing.read == ("Ann",)
        assert not standing.corrected
        ann.mark(item, None)
        assert ann.standing(item).marks == {"Bob": True}
        assert [a.kind for a in ann.of(item)].count("mark") == 4
        assert lab.annotations.standing(view(lab, 4)).marks == {}


def test_corrected_targets_belong_to_the_example(ran):
    with ran.lab() as lab:
        ann, bob = lab.annotations.by("Ann"), lab.annotations.by("Bob")
        ann.correct(view(lab, 3), "3")
        bob.correct(view(lab, 3, "think"), "5")
        assert ann.standing(view(lab, 3)).targets == {"Ann": "3", "Bob": "5"}
        assert ann.standing(view(lab, 3, "think")).target == "5"
        bob.uncorrect(view(lab, 3))
        assert ann.standing(view(lab, 3)).target == "3"
        ann.correct(view(lab, 4), None)
        assert ann.standing(view(lab, 4)).targets == {"Ann": None}


def test_a_later_run_finds_them(ran):
    with ran.lab() as lab:
        lab.annotations.by("Ann").tag(view(lab, 3), "off by one")
        lab.annotations.by("Ann").correct(view(lab, 3), "3")
    ran.write("new.txt", "Please add one to {{number}}")
    ran.run(prompts=["direct.txt", "new.txt"])
    with ran.lab() as lab:
        assert view(lab, 3, "direct").run == "r2"
        assert lab.annotations.standing(view(lab, 3, "direct")).all_tags == ("off by one",)
        fresh = lab.annotations.standing(view(lab, 3, "new"))
        assert (fresh.all_tags, fresh.target) == ((), "3")


def test_rows_of_one_input_are_told_apart_by_their_ids(project):
    rows = [{"id": "a", "number": 1, "answer": "2"}, {"id": "b", "number": 1, "answer": "2"}]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    with project.lab() as lab:
        lab.annotations.by("Ann").correct(view(lab, 1), "3")
        assert lab.annotations.standing(view(lab, 1)).corrected
        assert not lab.annotations.standing(view(lab, 0)).corrected


@given(st.text(max_size=14), st.text(max_size=14))
def test_ids_that_differ_are_one_row_only_where_one_is_a_digest(one, other):
    assert same_example(one, one)
    assert same_example(one, other) == same_example(other, one)
    assert same_example("0123456789ab", other)
    if one != other and max(len(one), len(other)) < 12:
        assert not same_example(one, other)


def test_what_was_read_is_counted_by_row(ran):
    with ran.lab() as lab:
        ann = lab.annotations.by("Ann")
        ann.read(view(lab, 3), view(lab, 3, "think"), view(lab, 9))
        lab.annotations.by("Bob").read(view(lab, 10))
        assert ann.read_count() == 2
        assert ann.read_count("r1", "Bob") == 1


def test_nothing_can_be_changed_or_removed(ran):
    with ran.lab() as lab:
        lab.annotations.by("Ann").mark(view(lab, 3), True)
        for statement in ("UPDATE annotations SET value = 'false'", "DELETE FROM annotations"):
            with pytest.raises(sqlite3.DatabaseError, match="only ever added"):
                lab.db.execute(statement)


@pytest.mark.parametrize("text", ["", "  ", "x" * 61])
def test_a_tag_says_something_short(ran, text):
    with ran.lab() as lab, pytest.raises(InputError, match="the tag"):
        lab.annotations.by("Ann").tag(view(lab, 3), text)


def test_the_author_is_gits_user_or_the_login_name(ran, tmp_path, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, str(tmp_path / "gitconfig"))
    monkeypatch.setenv("LOGNAME", "annie")
    with ran.lab() as lab:
        assert lab.annotations.author == "annie"
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Ann  Ash\n")
    with ran.lab() as lab:
        assert lab.annotations.author == "Ann Ash"
        assert lab.annotations.by(" Bob ").author == "Bob"
        assert lab.annotations.by(None).author == "Ann Ash"
        with pytest.raises(InputError, match="--as NAME"):
            lab.annotations.by(" ")


def test_annotating_while_reading_loses_nothing_though_another_process_writes(ran):
    """A reading that is under way would keep its own connection from writing after another one has."""
    with ran.lab() as lab, ran.lab() as other:
        for number, item in zip(range(20), lab.views(), strict=False):
            other.annotations.by("Bob").read(item)
            lab.annotations.by("Ann").note(item, str(number))
        assert len(lab.annotations.all("note")) == len(lab.annotations.all("read")) == 20


def test_annotations_as_rows(ran):
    with ran.lab() as lab:
        lab.annotations.by("Ann").correct(view(lab, 3), ["a", 2])
        [row] = flat_annotations(lab.annotations.of_run())
    assert json.loads(row["value"]) == {"target": ["a", 2], "old": "4"}
    assert (row["author"], row["kind"], row["run"], row["example"]) == ("Ann", "target", "r1", "n3")
    assert row["at"].endswith("+00:00")


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.integers()))
def test_a_typed_target_is_of_the_kind_of_the_old_one(value):
    typed = as_target(f" {json.dumps(value)} ", value)
    assert typed == value
    assert type(typed) is type(value)
    assert as_target(json.dumps(value), "text") == json.dumps(value)


def test_what_cannot_be_read_as_the_old_kind_stays_text():
    assert as_target("seven", 7) == "seven"
    assert as_target("7.5", 7) == 7.5
    assert as_target("7", True) == "7"
    assert as_target("true", False) is True
    assert as_target("[1", [1]) == "[1"
    with pytest.raises(InputError, match="empty"):
        as_target("  ", 7)


@pytest.mark.parametrize(("typed", "old"), [("NaN", 7), ("-Infinity", 7.5), ("1e999", 7), ("[1, NaN]", [1])])
def test_a_number_that_json_does_not_have_is_no_target(ran, typed, old):
    with pytest.raises(InputError, match="cannot be a target; type another number"):
        as_target(typed, old)
    assert as_target(typed, "text") == typed
    with ran.lab() as lab, pytest.raises(InputError, match="cannot be a target"):
        lab.annotations.by("Ann").correct(view(lab, 3), [float("nan")])


PEN = """
import sys
from scansion.experiments.lab import Lab
author, count = sys.argv[1], int(sys.argv[2])
with Lab.find(".scansion") as lab:
    views = list(lab.views(variant="direct"))
    pen = lab.annotations.by(author)
    for number in range(count):
        pen.note(views[number % len(views)], f"{author} {number}")
        print(number, flush=True)
"""


def pen(folder: Path, author: str, count: int) -> subprocess.Popen[str]:
    """A process that writes notes and says after each how many there are, in a file of the author's name."""
    words = [sys.executable, "-c", PEN, author, str(count)]
    with (folder / author).open("w") as said:
        return subprocess.Popen(words, cwd=folder, stdout=said, stderr=subprocess.PIPE, text=True)


def test_a_kill_loses_no_act_that_was_done(ran):
    rng = random.Random(3)
    done = 0
    for kill in range(5):
        child = pen(ran.folder, f"Ann{kill}", 100_000)
        while not (ran.folder / f"Ann{kill}").read_text():
            assert child.poll() is None, child.communicate()[1]
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.1))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        said = (ran.folder / f"Ann{kill}").read_text().count("\n")
        with ran.lab() as lab:
            kept = [a for a in lab.annotations.all("note") if a.author == f"Ann{kill}"]
        assert said <= len(kept) <= said + 1
        assert [a.value for a in kept] == [f"Ann{kill} {n}" for n in range(len(kept))]
        done += len(kept)
    with ran.lab() as lab:
        assert len(lab.annotations.all()) == done
        assert lab.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_people_at_once_lose_nothing(ran):
    children = [pen(ran.folder, name, 150) for name in ("Ann", "Bob")]
    for child in children:
        _, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
    with ran.lab() as lab:
        notes = lab.annotations.all("note")
    assert len(notes) == 300
    for name in ("Ann", "Bob"):
        assert [a.value for a in notes if a.author == name] == [f"{name} {n}" for n in range(150)]


def test_findings_show_first_where_people_and_the_scorer_disagree(ran):
    with ran.lab() as lab:
        ann, bob = lab.annotations.by("Ann"), lab.annotations.by("Bob")
        ann.tag(view(lab, 1), "fine")
        ann.mark(view(lab, 2), True)
        bob.mark(view(lab, 2), True)
        ann.mark(view(lab, 4), True)
        bob.mark(view(lab, 4), None)
        ann.mark(view(lab, 6), True)  # unscored: `no idea`
        ann.mark(view(lab, 13), False)  # unscored, and no dispute
        ann.mark(view(lab, 9), True)  # wrong by the scorer
        bob.mark(view(lab, 9), False)
        ann.tag(view(lab, 9), "Off by one")
        bob.tag(view(lab, 9), "off by one")
        ann.tag(view(lab, 12), "off by ONE")
        ann.read(*lab.views(variant="direct"))
        found = findings(lab)
    assert [(i.example, i.scorer, i.disputed) for i in found.items[:2]] == [
        ("n9", "wrong", True),  # and people disagree, too
        ("n6", "unscored", True),
    ]
    assert [i.row for i in found.disputed] == [9, 6]
    assert [(t.tag, t.outcomes, t.examples, t.people) for t in found.tags] == [
        ("Off by one", 2, ("n9", "n12"), ("Ann", "Bob")),
        ("fine", 1, ("n1",), ("Ann",)),
    ]
    assert [(p.name, p.read, p.right, p.wrong, p.tagged) for p in found.people] == [
        ("Ann", 60, 4, 1, 3),
        ("Bob", 0, 1, 1, 1),
    ]
    pairs = {(a.a, a.b): (a.n, a.equal) for a in found.agreements}
    assert pairs == {("Ann", "numeric"): (3, 2 / 3), ("Bob", "numeric"): (2, 1.0), ("Ann", "Bob"): (2, 0.5)}
    assert found.kinds["mark"] == 8


def test_a_run_without_scorers_has_nothing_to_dispute(project):
    project.run(scorers=[])
    with project.lab() as lab:
        lab.annotations.by("Ann").mark(view(lab, 3), True)
        found = findings(lab)
    assert (found.scorer, found.disputed, found.agreements) == ("", [], [])
