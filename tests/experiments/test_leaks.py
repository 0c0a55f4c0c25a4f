"""Shots and prompts may not draw from the test part: exact rows are refused there, what is nearly one is said."""

import json

import pytest

from scansion.data import open_dataset, split_of
from scansion.errors import InputError

SPLIT = {"dev": 0.5, "test": 0.5}
NAMES = ["Ana", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hal", "Ida", "Jon"]


@pytest.fixture
def rows(project):
    """Rows with longer texts, and the test rows among them."""
    found = [
        {"id": f"q{i}", "number": f"{name} walks the old road to the {name.lower()} mill, mile {i}", "answer": i + 1}
        for i, name in enumerate(NAMES)
    ]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in found))
    examples = {row.example.id: row.example for row in open_dataset(project.folder / "rows.jsonl").rows()}
    return [row for row in found if split_of(examples[row["id"]], SPLIT, 0) == "test"]


def shots(project, rows):
    project.write("shots.jsonl", "".join(json.dumps({**row, "id": f"s{row['id']}"}) + "\n" for row in rows))
    return {"techniques": ["shots(2, source=shots.jsonl)"], "prompts": ["think.txt"], "split": SPLIT}


def said(result):
    return [note for note in result.notes if "test part" in note]


def test_shots_that_are_test_rows_are_refused_on_test(project, rows):
    plan = shots(project, rows[:2])
    with pytest.raises(InputError, match=rf"think: the shots are rows of the test part .*{rows[0]['id']}"):
        project.run(part="test", **plan)
    [note] = said(project.run(**plan))
    ids = f"{rows[0]['id']}, {rows[1]['id']}"
    assert note == f"think: the shots are rows of the test part ({ids}); shots may not be drawn from it"


def test_shots_of_another_format_are_the_same_rows(project, rows):
    shots(project, rows[:2])
    lines = [f's{row["id"]},"{row["number"] if at else 3}",{row["answer"]}' for at, row in enumerate(rows[:2])]
    project.write("shots.csv", "\n".join(["id,number,answer", *lines]) + "\n")
    kept = [{**row, "number": row["number"] if at else 3} for at, row in enumerate(rows)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in kept))
    plan = {"techniques": ["shots(2, source=shots.csv)"], "prompts": ["think.txt"], "split": SPLIT}
    with pytest.raises(InputError, match=rf"the shots are rows of the test part .*{rows[0]['id']}, {rows[1]['id']}"):
        project.run(part="test", **plan)


def test_near_duplicates_are_said_with_both_ids(project, rows):
    near = [{**row, "number": row["number"].replace("the old road", "the OLD roads")} for row in rows[:2]]
    for part in ("dev", "test"):
        [note] = said(project.run(part=part, **shots(project, near)))
        assert f"nearly the same as rows of the test part ({rows[0]['id']} like s{rows[0]['id']}" in note


def test_shots_of_other_rows_are_fine(project, rows):
    other = [
        {"id": "o1", "number": "Nobody goes anywhere at all, 7", "answer": 8},
        {"id": "o2", "number": "x 9", "answer": 1},
    ]
    assert not said(project.run(part="test", **shots(project, other)))


def test_a_prompt_that_holds_test_rows_is_said(project, rows):
    project.write("direct.txt", f"For instance: {rows[0]['number']}. Now: {{{{number}}}}")
    [note] = said(project.run(split=SPLIT, part="test"))
    assert note == f"direct: the prompt's text holds rows of the test part ({rows[0]['id']})"


def test_rows_that_are_not_looked_for_are_said(project, rows, monkeypatch):
    monkeypatch.setattr("scansion.experiments.leaks._ROWS", 1)
    cut, named = said(project.run(**shots(project, rows[:2])))
    assert cut == "only the first 1 rows of the test part were looked for in prompts and shots"
    assert f"({rows[0]['id']})" in named


@pytest.mark.parametrize(
    "technique",
    [
        *(f"shots(2, by={by}, source=rows.jsonl)" for by in ("bm25", "embedding", "hybrid")),
        "shots(max, source=rows.jsonl, tokens=8192)",
        "shots(ids=[q0, q1, q2, q3, q4, q5, q6, q7, q8, q9], source=rows.jsonl)",
        "shots(9, by=random, source=rows.jsonl)",
        "shots(9, balance=label, source=rows.jsonl)",
        "chain(think.txt | shots(9, source=rows.jsonl))",
        "cascade(shots(9, source=rows.jsonl), as-is)",
        "parallel(as-is, think.txt | shots(2, by=bm25, source=rows.jsonl))",
    ],
)
def test_no_way_of_choosing_shows_rows_of_the_test_part(project, rows, technique):
    plan = {"techniques": [technique], "prompts": ["direct.txt"], "split": SPLIT}
    with pytest.raises(InputError, match="direct: the shots are rows of the test part"):
        project.run(part="test", **plan)
    assert not project.asked


@pytest.mark.parametrize("by", ["first", "random", "bm25", "embedding", "hybrid"])
def test_shots_of_the_run_itself_come_from_dev(project, rows, by):
    plan = {"techniques": [f"shots(max, by={by}, tokens=8192)"], "prompts": ["direct.txt"], "split": SPLIT}
    assert not said(project.run(part="test", **plan))
    with project.lab() as lab:
        shown = [view.output.data["shots"] for view in lab.views()]
    assert len(shown) == len(rows)
    assert {id for ids in shown for id in ids} == {f"q{i}" for i in range(len(NAMES))} - {row["id"] for row in rows}


def test_a_step_with_rows_of_the_test_part_in_its_text_is_said(project, rows):
    project.write("step.txt", f"For instance: {rows[0]['number']}. Now: {{{{number}}}}")
    [note] = said(project.run(split=SPLIT, part="test", techniques=["chain(step.txt)"], prompts=["think.txt"]))
    assert note == f"think: the prompt's text holds rows of the test part ({rows[0]['id']})"


def test_without_a_split_nothing_is_read(project, rows):
    plan = {**shots(project, rows), "split": None}
    assert not said(project.run(**plan))
