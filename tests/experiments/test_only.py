"""Rows chosen by what an earlier run made of them, by tag or by id: which they are, and what is said of them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

import scansion
from scansion.errors import InputError
from scansion.experiments.compare import compare_runs
from scansion.experiments.gates import check_gates
from scansion.experiments.only import parse_only
from scansion.experiments.plan import load_plan, make_plan
from scansion.experiments.preview import preview
from scansion.report import sentences
from scansion.report.table import render

WRONG = [i for i in range(60) if i % 3 == 0 and i % 7 != 6]  # what `direct` gets wrong; 6, 13 ... it does not answer


def ids(project: Any, run: str) -> list[str]:
    with project.lab() as lab:
        return sorted({view.example.id for view in lab.views(run)}, key=lambda name: int(name[1:]))


def test_a_run_on_what_was_wrong_says_that_it_is_no_measure(project: Any) -> None:
    first = project.run()
    second = project.run(only="wrong@r1")
    assert second.variants[0].n == len(WRONG)
    assert ids(project, second.run) == [f"n{i}" for i in WRONG]
    assert second.head == [f"on the {len(WRONG)} rows wrong in r1: no measure of the whole"]
    assert "chosen by their results" in second.comparisons[0].reason
    assert "regression to the mean" in " ".join(render(second, 80).split())
    assert second.calls_made == 0
    assert first.head == []
    assert "regression" not in first.comparisons[0].reason
    with project.lab() as lab:
        assert "regression" in compare_runs(lab, "r1", "r2").comparisons[0].reason
        assert lab.result("r2").head == second.head


def test_rows_chosen_by_their_results_prove_nothing(project: Any) -> None:
    """What was wrong by chance is right the next time: a gate that asks for a verdict does not hold on such rows."""
    gates = ["require better", "require not-worse", "fail-if-worse", "fail-under think=0.1"]
    ask = partial(project.run, gates=gates, no_answer="wrong")
    assert [gate.held for gate in ask().gates] == [True] * 4
    chosen = ask(only="wrong@r1")
    assert chosen.comparisons[0].verdict == "better"
    assert [gate.held for gate in chosen.gates] == [False, False, True, True]
    assert "regression to the mean" in chosen.gates[0].detail
    assert "--margin" not in "".join(sentences.gates(chosen))
    assert [gate.held for gate in ask(only="id=n3,n9,n12,n15,n18,n21,n24").gates] == [True] * 4
    with project.lab() as lab:
        across = compare_runs(lab, "r1", "r2", margin=0.9)
        assert "worse" not in {each.verdict for each in across.comparisons}
        [gate] = check_gates(["require not-worse"], across.variants, across.comparisons)
        assert not gate.held


def test_the_choice_is_part_of_the_runs_identity(project: Any) -> None:
    project.run()
    project.run(only="wrong@r1")
    with project.lab() as lab:
        whole, part = lab.run_table.find("r1"), lab.run_table.find("r2")
        assert (whole.plan["only"], part.plan["only"]) == ([], ["wrong@r1"])
        marks = {mark for (mark,) in lab.db.execute("SELECT plan_digest FROM runs")}
        assert len(marks) == 2


def test_rows_of_other_data_are_not_known_by_their_ids_alone(project: Any) -> None:
    project.run()
    rows = [json.loads(line) for line in (project.folder / "rows.jsonl").read_text().splitlines()]
    other = [{**row, "number": row["number"] if at < 10 else f"{row['number']}000"} for at, row in enumerate(rows)]
    project.write("other.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    assert project.run(only="wrong@r1", data="other.jsonl").variants[0].n == len([i for i in WRONG if i < 10])
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    assert project.run(only="wrong@r1").variants[0].n == len(WRONG)


def test_rows_of_a_test_part_are_not_for_work(project: Any) -> None:
    project.run(part="test")
    with pytest.raises(InputError, match="only: r1 is on the test part, whose rows are not for work"):
        project.run(only="wrong@r1")
    with pytest.raises(InputError, match="not for work"):
        project.run(only="wrong@r1", part="dev")
    assert project.run(only="wrong@r1", part="test").looks.count == 1


def test_a_plans_name_means_its_last_run_on_rows_that_were_not_chosen(project: Any) -> None:
    project.run(name="mine")
    again = [project.run(name="mine", only="wrong@mine") for _ in range(2)]
    assert [each.variants[0].n for each in again] == [len(WRONG)] * 2


def test_variants_errors_unscored_and_several_conditions(project: Any) -> None:
    project.run()
    assert project.run(only="wrong@r1:direct").head[0].startswith(f"on the {len(WRONG)} rows wrong in r1 with `direct`")
    with pytest.raises(InputError, match="there is no row wrong in r1 with `think`"):
        project.run(only="wrong@r1:think")
    unscored = project.run(only="unscored@r1")
    assert ids(project, unscored.run) == [f"n{i}" for i in range(60) if i % 7 == 6]
    failing = project.run(prompts=["direct.txt"], models=[project.model("fails")])
    errors = project.run(only=f"errors@{failing.run}")
    assert errors.head == [f"on the 1 row with errors in {failing.run}: no measure of the whole"]
    both = project.run(only=["wrong@r1", "id=n3,n4,n5"])
    assert ids(project, both.run) == ["n3"]
    assert both.head == ["on the 1 row wrong in r1 and named by id: no measure of the whole"]


def test_ids_are_no_choice_by_result(project: Any) -> None:
    result = project.run(only="id=n3, n4")
    assert result.head == ["on the 2 rows named by id: no measure of the whole"]
    assert "chosen" not in result.comparisons[0].reason
    with pytest.raises(InputError, match=r"rows\.jsonl: no row to run on with only: id=n333.*did you mean 'n33'"):
        project.run(only="id=n333")


def test_a_tag_is_the_rows_own_or_was_given_to_an_outcome(project: Any) -> None:
    rows = [{"id": f"n{i}", "number": i, "answer": str(i + 1), "tags": ["odd"] * (i % 2)} for i in range(6)]
    project.write("rows.jsonl", "\n".join(map(json.dumps, rows)))
    own = project.run(only="tag=Odd")
    assert ids(project, own.run) == ["n1", "n3", "n5"]
    assert "chosen" not in own.comparisons[0].reason
    project.run()
    with project.lab() as lab:
        view = next(v for v in lab.views("r2") if v.example.id == "n0")
        lab.annotations.by("Ada").tag(view, "slip")
    given = project.run(only="tag=slip")
    assert ids(project, given.run) == ["n0"]
    assert "chosen by their results" in given.comparisons[0].reason
    assert ids(project, project.run(only="tag=slip@r2").run) == ["n0"]
    with pytest.raises(InputError, match="no row to run on with only: tag=nothing"):
        project.run(only="tag=nothing")


def test_rows_without_ids_are_known_by_their_inputs_though_a_target_is_mended(project: Any) -> None:
    rows = [{"number": i, "answer": "7" if i == 3 else str(i + 1)} for i in range(9)]
    project.run(data=rows)
    rows[3]["answer"] = "4"
    mended = project.run(data=[*rows, {"number": 100, "answer": "101"}], only="wrong@r1")
    assert [v.n for v in mended.variants] == [2, 2]
    assert [v.wrong for v in mended.variants] == [2, 0]
    gone = project.run(data=rows[:3], only="wrong@r1")
    assert gone.head == ["on 1 of the 2 rows wrong in r1: no measure of the whole"]


def test_a_preview_counts_the_chosen_rows(project: Any) -> None:
    import asyncio

    project.run()
    plan = make_plan(prompts=["think.txt"], models=[project.model()], data="rows.jsonl", only=["wrong@r1"])
    with project.lab() as lab:
        assert asyncio.run(preview(plan, lab)).rows == len(WRONG)
    with pytest.raises(InputError, match="no lab"):
        asyncio.run(preview(plan))


def test_a_plan_file_holds_conditions(project: Any) -> None:
    project.run()
    text = "prompts: [direct.txt]\nmodels: ['{}']\ndata: rows.jsonl\nscorers: [numeric]\nonly: {}\n"
    project.write("plan.yaml", text.format(project.model(), "wrong@r1"))
    result = scansion.run("plan.yaml", lab=project.folder / ".scansion")
    assert result.variants[0].mean == 0.0
    project.write("plan.yaml", text.format(project.model(), "wrongly@r1"))
    with pytest.raises(InputError, match=r"plan\.yaml:5: only: 'wrongly@r1' is not understood; write wrong@RUN"):
        load_plan("plan.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [("wrong", "write wrong@RUN"), ("wrong@", "names no run"), ("tag=", "names nothing"), ("id=,", "names nothing")],
)
def test_conditions_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_only(text)


def test_an_unknown_run_and_variant_are_named(project: Any) -> None:
    with pytest.raises(InputError, match="no run"):
        project.run(only="wrong@r9")
    project.run()
    with pytest.raises(InputError, match="no run is called 'r9'"):
        project.run(only="wrong@r9")
    with pytest.raises(InputError, match="no variant is called 'nobody'"):
        project.run(only="wrong@r1:nobody")


def test_a_tag_on_test_rows_gives_no_rows_for_work(project: Any) -> None:
    project.run(part="test")
    with project.lab() as lab:
        for view in list(lab.views("r1", variant="direct"))[:2]:
            lab.annotations.by("Ann").tag(view, "slip")
    with pytest.raises(InputError, match="no row to run on with only: tag=slip"):
        project.run(only="tag=slip")
    assert project.run(only="tag=slip", part="test").variants[0].n == 2
