"""Corrected targets: a version of the data that a run can use, and runs that say which one they used."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data import open_dataset
from scansion.errors import InputError
from scansion.experiments.compare import compare_runs
from scansion.experiments.people.corrections import corrected_data, corrections_in, outdated, version_rows
from scansion.experiments.rescore import rescore

DATA = {"path": "rows.jsonl", "corrections": True}


def correct(project: Any, row: int, target: Any, author: str = "Ann") -> None:
    with project.lab() as lab:
        view = next(v for v in lab.views("r1") if v.row == row)
        lab.annotations.by(author).correct(view, target)


def wrong(result: Any) -> list[int]:
    return [v.wrong for v in result.variants]


def test_a_run_with_corrections_holds_outputs_against_them_and_asks_nothing(project):
    old = project.run()
    correct(project, 3, "3")
    new = project.run(data=DATA)
    assert (wrong(old), wrong(new)) == ([17, 0], [16, 1])
    assert new.calls_made == 0
    assert new.head == ["corrections: yes (1 target is a corrected one)"]
    with project.lab() as lab:
        said = lab.result("r1").notes[-1]
        assert said.startswith("1 target was corrected and this run used what was there before; run with --corrections")
        assert "`scansion score r1 -s numeric --corrections`" in said
        assert lab.result("r2").notes == new.notes
        assert not any("corrected" in note for note in new.notes)
        prints = {lab.run_table.find(run).context["fingerprint"] for run in ("r1", "r2")}
        assert len(prints) == 2
        assert [v.target for v in (next(lab.views("r2")).example,)] == ["1"]


def test_a_run_that_did_not_use_them_says_so_at_once(project):
    project.run()
    correct(project, 3, "3")
    correct(project, 9, "9")
    again = project.run()
    assert "2 targets were corrected" in again.notes[-1]
    assert "2 targets" not in " ".join(project.run(data="rows.jsonl", scorers=[]).notes)


def test_scoring_anew_with_corrections_makes_no_call_and_the_same_figures(project):
    project.run()
    correct(project, 3, "3")
    with project.lab() as lab:
        scored = asyncio.run(rescore(lab, "r1", ["numeric"], corrections=True))
        kept = [lab.run_table.example(lab.run_table.find("r2").dataset or 0, row) for row in range(60)]
    assert (wrong(scored), scored.calls_made, scored.head) == (
        [16, 1],
        0,
        ["corrections: yes (1 target is a corrected one)"],
    )
    assert [k[0].target for k in kept if k] == ["3" if row == 3 else str(row + 1) for row in range(60)]
    assert project.run(data=DATA).variants[0].wrong == 16
    with project.lab() as lab:
        assert lab.run_table.find("r2").dataset == lab.run_table.find("r3").dataset
        again = asyncio.run(rescore(lab, "r2", ["numeric"], corrections=True))
        assert again.head == scored.head


def test_runs_on_both_versions_pair_by_example(project):
    rows = [{"number": i, "answer": str(i + 1)} for i in range(20)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    correct(project, 3, "3")
    project.run(data=DATA)
    with project.lab() as lab:
        with pytest.raises(InputError, match="1 of the examples that r1 and r2 share has another target"):
            compare_runs(lab, "r1", "r2")
        asyncio.run(rescore(lab, "r1", ["numeric"], corrections=True))
        found = compare_runs(lab, "r3", "r2")
    assert [c.n for c in found.comparisons] == [20, 20]
    assert [c.flips for c in found.comparisons] == [(0, 0), (0, 0)]


def test_a_correction_that_was_taken_back_or_is_in_the_file_by_now_changes_nothing(project):
    project.run()
    correct(project, 3, "3")
    correct(project, 4, "9")
    with project.lab() as lab:
        lab.annotations.by("Ann").uncorrect(next(v for v in lab.views() if v.row == 4))
    rows = [{"id": f"n{i}", "number": i, "answer": "3" if i == 3 else str(i + 1)} for i in range(60)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in reversed(rows)))
    mended = project.run(data=DATA)
    assert mended.head == []
    assert wrong(mended) == [16, 1]
    with project.lab() as lab:
        assert "1 target was corrected" in lab.result("r1").notes[-1]
        assert [e.id for e, _ in corrections_in(lab, lab.run_table.find("r2"))] == ["n3"]
        assert outdated(lab, lab.run_table.find("r2")) == []


def test_a_correction_is_not_about_other_data_with_the_same_inputs_or_a_target_edited_since(project):
    """Without ids only the target that a correction replaced tells rows of two tasks apart."""
    rows = [{"number": i, "answer": str(i + 1)} for i in range(8)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    correct(project, 3, "3")
    other = [{**row, "answer": "odd" if row["number"] % 2 else "even"} for row in rows]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    assert project.run(data=DATA, scorers=["exact"]).head == []
    with project.lab() as lab:
        assert not lab.annotations.standing(next(v for v in lab.views("r2") if v.row == 3)).corrected
        assert lab.annotations.standing(next(v for v in lab.views("r1") if v.row == 3)).corrected


def test_a_correction_of_a_correction_is_about_the_same_row(project):
    project.run()
    correct(project, 3, "3")
    project.run(data=DATA)
    with project.lab() as lab:
        view = next(v for v in lab.views("r2") if v.row == 3)
        lab.annotations.by("Bob").correct(view, "33")
        assert (view.example.target, lab.annotations.standing(view).target) == ("3", "33")
        assert "1 target was corrected" in lab.result("r2").notes[-1]
    project.run(data=DATA)
    with project.lab() as lab:
        assert [next(v for v in lab.views(r) if v.row == 3).example.target for r in ("r1", "r2", "r3")] == [
            "4",
            "3",
            "33",
        ]
        assert [len(outdated(lab, lab.run_table.find(r))) for r in ("r1", "r2", "r3")] == [1, 1, 0]


def test_the_last_of_two_people_stands_and_the_other_is_named(project):
    project.run()
    correct(project, 3, "3")
    correct(project, 3, "33", "Bob")
    with project.lab() as lab:
        [(example, found)] = corrections_in(lab, lab.run_table.find("r1"))
    assert (example.id, found.target, found.author, found.others) == ("n3", "33", "Bob", {"Ann": "3"})


def test_the_new_version_as_a_file_reads_back(project):
    project.run()
    correct(project, 3, "3")
    with project.lab() as lab:
        data = corrected_data(lab, lab.run_table.find("r1"))
        rows = list(version_rows(data))
    assert rows[3] == {"id": "n3", "number": 3, "answer": "3"}
    assert len(rows) == 60
    assert [r.example for r in open_dataset(rows).rows()] == [r.example for r in data.rows()]


def test_a_csv_without_ids_keeps_its_rows_digests_as_ids(project):
    text = io.StringIO()
    csv.writer(text).writerows([["Number", "Answer"], *[[i, i + 1] for i in range(8)]])
    project.write("rows.csv", text.getvalue())
    project.run(data="rows.csv")
    correct(project, 3, "3")
    with project.lab() as lab:
        data = corrected_data(lab, lab.run_table.find("r1"))
        rows = list(version_rows(data))
        old = [v.example.id for v in lab.views(variant="direct")]
    assert [row["id"] for row in rows] == old
    assert {k: v for k, v in rows[3].items() if k != "id"} == {"Number": "3", "Answer": "3"}
    assert open_dataset("rows.csv").fingerprint != data.fingerprint
    assert wrong(project.run(data={"path": "rows.csv", "corrections": True})) == [1, 1]


def test_data_given_in_python_is_corrected_as_the_lab_keeps_it(project):
    rows = [{"number": i, "answer": str(i + 1)} for i in range(8)]
    project.run(data=rows)
    correct(project, 3, "3")
    with project.lab() as lab:
        made = list(version_rows(corrected_data(lab, lab.run_table.find("r1"))))
    assert made[3]["answer"] == "3"
    assert len(made) == 8


def test_data_without_targets_gets_them(project):
    project.write("rows.jsonl", "".join(json.dumps({"number": i}) + "\n" for i in range(8)))
    project.run(scorers=["max_words(5)"])
    correct(project, 3, "4")
    found = project.run(data=DATA)
    assert (found.variants[0].scored, found.variants[0].unscored) == (1, 7)


@given(st.dictionaries(st.integers(0, 9), st.integers() | st.text(), max_size=10))
def test_other_targets_change_those_rows_alone(targets):
    rows = [{"q": i, "target": str(i)} for i in range(10)]
    data = open_dataset(rows)
    made = data.with_targets(targets)
    assert (made.fingerprint == data.fingerprint) == (not targets)
    for old, new in zip(data.rows(), made.rows(), strict=True):
        number = old.example.row
        wanted = targets.get(number, old.example.target)
        assert (new.example.id, new.example.target, new.example.inputs["target"]) == (old.example.id, wanted, wanted)
    assert [r.example for r in made.at([r.position for r in data.rows()])] == [r.example for r in made.rows()]
    assert made.with_targets(targets).fingerprint == made.fingerprint


def test_a_plan_file_may_ask_for_them(project):
    project.run()
    correct(project, 3, "3")
    project.write(
        "experiment.yaml",
        f"prompts: [direct.txt]\nmodels: ['{project.model()}']\nscorers: [numeric]\n"
        "data: {path: rows.jsonl, corrections: yes}\n",
    )
    import scansion

    assert wrong(scansion.run("experiment.yaml", lab=project.folder / ".scansion")) == [16]


def test_shots_show_the_corrected_target(project):
    project.run()
    correct(project, 3, "3")
    with project.lab() as lab:
        from scansion.experiments.plan import make_plan
        from scansion.experiments.preview import preview

        plan = make_plan(prompts=["direct.txt"], techniques=["shots(59)"], models=[project.model()], data=DATA)
        asked = asyncio.run(preview(plan, lab, show=1)).requests[0][2]
    turns = [m.content for m in asked.messages]
    shown = dict(zip(turns[::2], turns[1::2], strict=False))
    assert shown["Add one to 3"] == "3"
    assert shown["Add one to 4"] == "5"


def test_the_head_counts_the_corrected_targets_among_the_rows_that_are_run(project):
    project.run()
    for row in (3, 9, 12, 15):
        correct(project, row, "0")
    assert project.run(data=DATA).head == ["corrections: yes (4 targets are corrected ones)"]
    assert project.run(data=DATA, limit=4).head == ["corrections: yes (1 target is a corrected one)"]
    assert project.run(data=DATA, limit=3).head == []
    with project.lab() as lab:
        parts = [project.run(data=DATA, part=part).run for part in ("dev", "test")]
        counts = [lab.run_table.find(run).context["corrections"] for run in parts]
    assert sum(counts) == 4
    assert 0 < counts[0] < 4
