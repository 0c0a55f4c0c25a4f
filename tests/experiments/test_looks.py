"""Looks at a test part are counted: new outcomes are a look, the same ones shown again are none."""

import json

from scansion.experiments.plan import make_plan
from scansion.experiments.rescore import rescore
from scansion.experiments.trying import Trying

SPLIT = {"dev": 0.5, "test": 0.5}


def looks(result):
    return (result.looks.count, result.looks.new) if result.looks else None


def test_only_runs_on_the_test_part_are_looks(project):
    assert looks(project.run()) is None
    assert looks(project.run(split=SPLIT)) is None
    assert looks(project.run(split=SPLIT, part="test")) == (1, True)


def test_showing_the_same_again_is_no_look(project):
    first = project.run(split=SPLIT, part="test")
    again = project.run(split=SPLIT, part="test")
    assert again.run != first.run
    assert looks(again) == (1, False)
    assert looks(project.run(split=SPLIT, part="test", limit=5)) == (1, False)
    with project.lab() as lab:
        assert looks(lab.result(first.run)) == (1, True)


def test_other_outcomes_are_the_next_look(project):
    project.run(split=SPLIT, part="test")
    assert looks(project.run(split=SPLIT, part="test", prompts=["think.txt"])) == (1, False)
    project.write("new.txt", "Think hard. {{number}}")
    assert looks(project.run(split=SPLIT, part="test", prompts=["think.txt", "new.txt"])) == (2, True)
    assert looks(project.run(split=SPLIT, part="test", trials=2)) == (3, True)


def test_rows_added_to_the_file_do_not_start_the_count_anew(project):
    project.run(split=SPLIT, part="test")
    with (project.folder / "rows.jsonl").open("a") as file:
        file.write(json.dumps({"id": "late", "number": 99, "answer": "100"}) + "\n")
    project.write("new.txt", "Think hard. {{number}}")
    assert looks(project.run(split=SPLIT, part="test", prompts=["new.txt"])) == (2, True)


def test_another_split_is_another_test_part(project):
    project.run(split=SPLIT, part="test")
    project.write("new.txt", "Think hard. {{number}}")
    assert looks(project.run(split={**SPLIT, "seed": 1}, part="test", prompts=["new.txt"])) == (1, True)


def test_scoring_anew_is_no_look(project):
    import asyncio

    project.run(split=SPLIT, part="test")
    with project.lab() as lab:
        assert looks(asyncio.run(rescore(lab, None, ["exact"]))) == (1, False)


def test_a_run_that_goes_on_is_the_same_look(project):
    from scansion.experiments.progress import Stop

    project.write("slow.py", "import asyncio\nasync def slow(_):\n    await asyncio.sleep(0.02)\n    return '1'\n")
    plan = {"split": SPLIT, "part": "test", "models": ["python:slow:slow"], "concurrency": 1}
    stop = Stop()
    stopped = project.run(**plan, watch=lambda p: p.done and stop.soft(), stop=stop)
    done = project.run(**plan)
    assert stopped.interrupted
    assert done.run == stopped.run
    assert looks(done) == (1, True)


def test_a_part_of_data_without_a_split_is_one_of_two_halves(project):
    dev, test = project.run(part="dev"), project.run(part="test")
    assert [dev.split, test.split] == ["dev", "test"]
    assert dev.variants[0].n + test.variants[0].n == 60
    assert looks(test) == (1, True)
    assert looks(project.run(split=SPLIT, part="test")) == (1, False)


def test_rows_that_a_run_without_the_split_has_shown_are_named(project):
    project.run(part="dev")
    assert project.run(part="test").notes == []
    project.run(prompts=["direct.txt"])
    project.run(split={"dev": 0.2, "test": 0.8, "seed": 3}, limit=5)
    noted = project.run(part="test", prompts=["think.txt"])
    assert noted.notes == ["r3, r4 ran without this split: rows of this test part may have been seen"]
    assert noted.looks.count == 1
    assert project.run(part="dev", prompts=["think.txt"]).notes == []
    project.rows(70)
    assert "r3, r4 ran" in project.run(part="test", trials=2).notes[-1]
    rows = [json.loads(line) for line in (project.folder / "rows.jsonl").read_text().splitlines()]
    other = [{**row, "number": f"{row['number']}000"} for row in rows]
    project.write("other.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    assert project.run(part="test", data="other.jsonl").notes == []


def test_a_look_that_was_cut_off_is_counted_by_the_next_run(project):
    project.run(split=SPLIT, part="test")
    with project.lab() as lab:  # as a run leaves it that was killed before its end
        lab.db.execute("UPDATE runs SET finished = NULL")
        lab.db.execute("DELETE FROM looks")
    project.write("new.txt", "Think hard. {{number}}")
    assert looks(project.run(split=SPLIT, part="test", prompts=["new.txt"])) == (2, True)


def test_the_same_rows_in_another_file_are_the_same_test_part(project):
    project.run(split=SPLIT, part="test")
    rows = [json.loads(line) for line in (project.folder / "rows.jsonl").read_text().splitlines()]
    copied = [{**row, "answer": "7"} if at == 5 else row for at, row in enumerate(rows)]
    project.write("copy.jsonl", "".join(json.dumps(row) + "\n" for row in copied))
    project.write("new.txt", "Think hard. {{number}}")
    copy = {"split": SPLIT, "part": "test", "data": "copy.jsonl"}
    assert looks(project.run(prompts=["new.txt"], **copy)) == (2, True)
    project.run(prompts=["new.txt"])
    assert project.run(prompts=["think.txt"], **copy).notes == [
        "r3 ran without this split: rows of this test part may have been seen"
    ]
    other = [{**row, "number": f"{row['number']} and more"} for row in rows]
    project.write("other.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    assert looks(project.run(**{**copy, "data": "other.jsonl"})) == (1, True)


def test_a_try_says_that_the_rows_were_split(project):
    def note(**plan):
        with project.lab() as lab:
            trying = Trying(make_plan(prompts=["direct.txt"], models=[project.model()], data="rows.jsonl", **plan), lab)
            return trying.notes

    assert note() == []
    project.run(split=SPLIT, part="test")
    assert note() == ["some rows may be of the test part of r1; --split dev keeps to the others"]
    assert note(part="dev") == []


def test_part_of_the_data_is_known_wherever_it_stands_in_the_file(project):
    rows = [{"id": f"n{i}", "number": i, "answer": str(i + 1)} for i in range(1500)]
    project.write("big.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.write("late.jsonl", "".join(json.dumps(row) + "\n" for row in rows[750:]))
    plan = {"split": SPLIT, "part": "test", "prompts": ["direct.txt"]}
    assert looks(project.run(data="late.jsonl", **plan)) == (1, True)
    assert looks(project.run(data="big.jsonl", **plan)) == (2, True)
