"""What a person at work says and takes back; examples that are kept in a file and taken out again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scansion.data import open_dataset
from scansion.errors import InputError
from scansion.experiments.people.annotations import Standing
from scansion.experiments.people.corrections import corrections_in
from scansion.experiments.people.keeping import append_shot, default_file, remove_shot, shot_of
from scansion.experiments.people.pen import Pen, scorers_of
from scansion.experiments.people.targets import same_value

SHOT = {"id": "a", "inputs": {"x": 1}, "target": "2"}


@pytest.fixture
def lab(project: Any) -> Any:
    project.rows(3)
    project.run()
    with project.lab() as found:
        yield found


def think(lab: Any, row: int = 0) -> Any:
    return list(lab.views(variant="think"))[row]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_examples_are_kept_once_and_taken_out_again(project, lab):
    run = lab.run_table.find(None)
    assert default_file(run, 1) == "think.shots.jsonl"
    view = think(lab)
    pen = Pen(lab.annotations.by("Ann"))
    file = project.folder / "kept" / "a.shots.jsonl"
    assert pen.keep(run, 1, view, str(file)).endswith("line 1")
    with pytest.raises(InputError, match=r":1: this example is kept there already$"):
        pen.keep(run, 1, view, str(file))
    pen.correct(view, "17")
    with pytest.raises(InputError, match="with another target; mend it in the file"):
        pen.keep(run, 1, view, str(file))
    assert append_shot(file, {"id": "n0", "inputs": {"number": 99}, "target": "100"})[0] == 2
    assert [(row["id"], row["target"]) for row in lines(file)] == [("n0", "1"), ("n0-2", "100")]
    pen.undo()
    assert lab.annotations.standing(view).targets == {}
    pen.undo()
    assert lab.annotations.standing(view).kept == ()
    assert [row["id"] for row in lines(file)] == ["n0-2"]


def test_a_file_of_something_else_is_left_alone(tmp_path):
    for text, message in (("notes\n", ":1: not a row"), ('{"question": "x"}\n', ":1: not in the layout")):
        file = tmp_path / "other.jsonl"
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            append_shot(file, SHOT)
        assert file.read_text() == text
    file.write_text('{"id": "z", "inputs": {}, "target": 1}')  # no end of line
    assert append_shot(file, SHOT)[0] == 2
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["c.csv", "c.json", "c", "/dev/full"])
def test_examples_are_kept_as_json_lines_alone(tmp_path, name):
    with pytest.raises(InputError, match=r"name a file that ends in \.jsonl"):
        append_shot(tmp_path / name, SHOT)
    assert list(tmp_path.iterdir()) == []


def test_rows_of_the_test_part_are_not_kept(project):
    project.run(split={"dev": 0.5, "test": 0.5}, part="test")
    with project.lab() as lab:
        view = next(lab.views(variant="think"))
        with pytest.raises(InputError, match="test part"):
            shot_of(lab.run_table.find(None), 1, view, Standing())


KEEP = """
import sys
from scansion.experiments.people.keeping import append_shot, remove_shot
name, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    _, row = append_shot("a.shots.jsonl", {"id": "x", "inputs": {"x": f"{name} {number}"}, "target": "2"})
    if number % 2:
        remove_shot("a.shots.jsonl", row)
"""


def test_two_people_keep_and_take_back_at_once(tmp_path):
    words = [sys.executable, "-c", KEEP]
    children = [subprocess.Popen([*words, name, "60"], cwd=tmp_path, stderr=subprocess.PIPE) for name in ("Ann", "Bob")]
    for child in children:
        _, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
    rows = lines(tmp_path / "a.shots.jsonl")
    assert {row["inputs"]["x"] for row in rows} == {f"{n} {i}" for n in ("Ann", "Bob") for i in range(0, 60, 2)}
    assert len({row["id"] for row in rows}) == len(rows)
    assert [file.name for file in tmp_path.iterdir()] == ["a.shots.jsonl"]


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path):
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("")
    real.chmod(0o640)
    link.symlink_to(real)
    _, row = append_shot(link, SHOT)
    append_shot(link, {**SHOT, "inputs": {"x": 2}})
    remove_shot(link, row)
    assert link.is_symlink()
    assert [each["inputs"]["x"] for each in lines(real)] == [2]
    assert real.stat().st_mode & 0o777 == 0o640


def test_an_undo_that_cannot_be_is_said_and_can_be_done_again(project, lab):
    run, view, pen = lab.run_table.find(None), think(lab), Pen(lab.annotations.by("Ann"))
    file = project.folder / "a.shots.jsonl"
    pen.keep(run, 1, view, "a.shots.jsonl")
    kept = file.read_text()
    for text, message in (
        (kept + "// a comment\n", r"a\.shots\.jsonl:2: not a row of examples; mend it, then undo again"),
        (kept.replace('"1"', '"one"'), r":1: changed since it was kept; take it out by hand, then undo again"),
        (kept.replace('"number":0', '"number":8'), ":1: changed since it was kept"),
        (kept.replace('"target"', '"rationale":"so","target"'), ":1: changed since it was kept"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            pen.undo()
        assert file.read_text() == text
        assert lab.annotations.standing(view).kept == ("a.shots.jsonl",)
    file.write_text(kept)
    assert pen.undo().startswith("undone: kept in")
    assert (file.read_text(), lab.annotations.standing(view).kept) == ("", ())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    file = tmp_path / "a.jsonl"
    _, row = append_shot(file, SHOT)
    file.chmod(0o400)
    for act in (append_shot, remove_shot):
        with pytest.raises(InputError, match="cannot be written"):
            act(file, row)


def test_what_is_no_file_is_one_line(tmp_path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(InputError, match=r"a\.jsonl: cannot be written .*; name another file"):
        append_shot(tmp_path / "a.jsonl", SHOT)


def test_a_row_that_was_taken_out_by_hand_is_out(project, lab):
    run, view, pen = lab.run_table.find(None), think(lab), Pen(lab.annotations.by("Ann"))
    for gone in (lambda file: file.write_text(""), Path.unlink):
        pen.keep(run, 1, view, "a.shots.jsonl")
        gone(project.folder / "a.shots.jsonl")
        assert pen.undo().startswith("undone")
        assert lab.annotations.standing(view).kept == ()


def test_a_correction_to_nothing_is_one(lab):
    view, pen = think(lab), Pen(lab.annotations.by("Ann"))
    pen.annotations.correct(view, None)
    assert pen.correct(view, "1") == "the corrected target is taken back"
    assert pen.standing(view).targets == {}
    pen.undo()
    assert pen.standing(view).targets == {"Ann": None}
    assert pen.correct(view, "5") == "target corrected"


def test_targets_are_compared_as_json_writes_them(project):
    project.write("rows.jsonl", '{"number": 1, "target": true}\n')
    project.run(prompts=["direct.txt"], scorers=[])
    with project.lab() as lab:
        view, pen = next(lab.views()), Pen(lab.annotations.by("Ann"))
        lab.annotations.by("Ann").correct(view, 1)
        assert pen.correct(view, "true") == "the corrected target is taken back"


def test_a_second_person_may_put_the_rows_own_target_back(lab):
    view = think(lab)
    ann, bob = (Pen(lab.annotations.by(name)) for name in ("Ann", "Bob"))
    ann.correct(view, "99")
    assert bob.correct(view, "99") == "the target is as it was"
    assert bob.correct(view, "1") == "the example's own target put back"
    assert bob.correct(view, "1") == "the target is as it was"
    assert bob.standing(view).target == "1"
    [(_, found)] = corrections_in(lab, lab.run_table.find(None))
    assert (found.target, found.author, found.others) == ("1", "Bob", {"Ann": "99"})
    bob.undo()
    assert bob.standing(view).target == "99"
    bob.correct(view, "5")
    ann.correct(view, "99")
    assert ann.standing(view).target == "99"  # said again, the last word is hers
    assert bob.correct(view, "99") == "target corrected"  # and he no longer differs
    assert ann.standing(view).targets == {"Ann": "99", "Bob": "99"}


def test_a_target_that_the_scorer_will_refuse_is_said_at_once_and_before_the_next_run(project, lab):
    pen = Pen(lab.annotations.by("Ann"), scorers_of(lab.run_table.find(None)))
    assert pen.correct(think(lab), "8") == "target corrected"
    said = pen.correct(think(lab), "eleven")
    assert said.startswith("target corrected, but numeric does not accept it: ")
    with pytest.raises(InputError, match=r"does not accept targets that were corrected: line 1 \(numeric: .* \(c\)"):
        project.run(data={"path": "rows.jsonl", "corrections": True})


@pytest.mark.parametrize(
    ("columns", "inputs", "kept"),
    [
        ({"word_problem": "Word Problem"}, {"Word Problem": "a", "Kind": "b"}, {"Word Problem": "a", "Kind": "b"}),
        ({"q": "Word Problem"}, {"Word Problem": "a"}, {"Word Problem": "a", "q": "a"}),
        ({"kind": "Other"}, {"kind": "a", "Other": "b"}, {"kind": "b", "Other": "b"}),
        ({"a b": "a_b"}, {"a_b": 1, "A-B": 2}, {"a_b": 1, "A-B": 2, "a b": 1}),
    ],
)
def test_a_value_is_kept_once_and_found_by_the_variable(project, lab, columns, inputs, kept):
    run, view = lab.run_table.find(None), think(lab)
    run.context["variants"][1]["columns"] = columns
    view = replace(view, example=replace(view.example, inputs=inputs))
    shot = shot_of(run, 1, view, Standing())
    assert shot["inputs"] == kept
    file = project.folder / "k.shots.jsonl"
    append_shot(file, shot)
    data = open_dataset(file)
    assert data.pick(next(data.rows()), data.match(list(columns))) == {v: inputs[c] for v, c in columns.items()}


def test_the_same_number_is_the_same_target():
    assert same_value(2.0, 2)
    assert not same_value(1, True)
    assert not same_value("2", 2)
