"""What a run does with the outcomes: counts them as what they are, keeps them, and makes none twice."""

from __future__ import annotations

from typing import Any

import pytest

from scansion.errors import InputError


def test_a_run_counts_scored_and_unscored_outcomes(project: Any) -> None:
    result = project.run()
    direct, think = result.variants
    assert (direct.name, think.name) == ("direct", "think")
    assert direct.n == 60
    assert (direct.scored, direct.unscored, direct.errors, direct.unreached) == (52, 8, 0, 0)
    assert direct.unscored_reasons == {"no answer": 8}
    assert think.mean == 1.0
    assert think.zero_wrong_bound == pytest.approx(1 - 0.05 ** (1 / 52))
    assert direct.mean is not None
    assert direct.bounds == pytest.approx((direct.mean * 52 / 60, (direct.mean * 52 + 8) / 60))


def test_a_verdict_needs_both_bounds(project: Any) -> None:
    [found] = project.run().comparisons
    assert found.interval[0] > 0
    assert found.bounds[0] < found.difference < found.bounds[1]
    assert found.verdict == "undecided"
    assert "would be better" in found.reason
    assert "unscored" in found.reason
    [counted] = project.run(no_answer="wrong").comparisons
    assert counted.verdict == "better"
    assert counted.bounds == pytest.approx((counted.difference, counted.difference))


def test_no_answer_wrong_counts_unreadable_answers(project: Any) -> None:
    result = project.run(no_answer="wrong")
    assert [v.scored for v in result.variants] == [60, 60]
    assert result.variants[1].mean == pytest.approx(52 / 60)
    assert any("no_answer: wrong" in line for line in result.head)


def test_a_second_run_makes_no_call_and_gives_the_same_figures(project: Any) -> None:
    first = project.run(trials=2)
    assert sum(project.asked.values()) == 240
    second = project.run(trials=2)
    assert sum(project.asked.values()) == 240
    assert second.calls_made == 0
    assert [v.recorded_calls for v in second.variants] == [120, 120]
    assert [v.mean for v in second.variants] == [v.mean for v in first.variants]
    assert [(c.difference, c.interval, c.p) for c in second.comparisons] == [
        (c.difference, c.interval, c.p) for c in first.comparisons
    ]


def test_trials_are_independent_and_rows_that_ask_the_same_share_a_call(project: Any) -> None:
    lines = ['{"id": "a", "number": 1, "answer": "2"}', '{"id": "b", "number": 1, "answer": "2"}']
    project.write("rows.jsonl", "\n".join(lines))
    result = project.run(prompts=["direct.txt"], trials=3)
    assert sorted((trial, k) for _, trial, k in project.asked) == [(0, 0), (1, 0), (2, 0)]
    [variant] = result.variants
    assert variant.calls == 6
    assert result.calls_made == 3
    assert any("1 row asks what another row asks" in note for note in result.notes)


def test_errors_of_a_passing_kind_are_asked_again_and_others_not(project: Any) -> None:
    first = project.run(prompts=["direct.txt"], models=[project.model("fails")], tries=1)
    assert first.variants[0].error_kinds == {"connection": 1, "content_policy": 1}
    assert not first.complete
    second = project.run(prompts=["direct.txt"], models=[project.model("fails")], tries=1)
    assert second.variants[0].error_kinds == {"content_policy": 1}
    assert (project.asked[3], project.asked[4], project.asked[5]) == (1, 2, 1)


def test_truncated_outputs_are_unscored_unless_the_plan_says_otherwise(project: Any) -> None:
    cut = project.model("cut")
    [variant] = project.run(prompts=["direct.txt"], models=[cut]).variants
    assert variant.unscored_reasons == {"truncated": 60}
    [variant] = project.run(prompts=["direct.txt"], models=[cut], truncated="score").variants
    assert variant.scored == 60


def test_a_corrected_target_rescoring_makes_no_call(project: Any) -> None:
    before = project.run(prompts=["direct.txt"]).variants[0]
    calls = sum(project.asked.values())
    lines = (project.folder / "rows.jsonl").read_text().splitlines()
    lines[0] = '{"id": "n0", "number": 0, "answer": "0"}'
    project.write("rows.jsonl", "\n".join(lines))
    after = project.run(prompts=["direct.txt"]).variants[0]
    assert sum(project.asked.values()) == calls
    assert after.mean == pytest.approx(before.mean + 1 / 52)


def test_the_budget_in_calls_is_kept_and_the_rest_is_unreached(project: Any) -> None:
    result = project.run(budget="25calls", concurrency=10)
    assert sum(project.asked.values()) == 25
    assert sum(v.unreached for v in result.variants) == 120 - 25
    assert not result.complete
    assert result.comparisons[0].n <= 13
    project.run(budget="25calls", concurrency=10)
    assert sum(project.asked.values()) == 50


@pytest.mark.parametrize("count", [127, 128, 129, 300])
def test_every_row_is_run_whatever_their_number(project: Any, count: int) -> None:
    project.rows(count)
    [variant] = project.run(prompts=["direct.txt"]).variants
    assert (variant.n, variant.unreached) == (count, 0)
    assert len(project.asked) == count


def test_limit_and_split_choose_rows(project: Any) -> None:
    assert project.run(limit=7).variants[0].n == 7
    split = {"dev": 0.5, "test": 0.5, "seed": 0}
    dev = project.run(split=split, part="dev").variants[0].n
    test = project.run(split=split, part="test").variants[0].n
    assert dev + test == 60
    assert 15 < dev < 45


def test_without_scorers_there_are_outputs_only(project: Any) -> None:
    result = project.run(scorers=[])
    assert result.comparisons == []
    assert result.variants[0].mean is None
    assert result.variants[0].unscored_reasons == {"no scorer": 60}
    with project.lab() as lab:
        assert [v.output.text for v in lab.views(variant="think", limit=2)] == ["1", "2"]


def test_targets_that_the_scorer_refuses_stop_the_run_before_a_call(project: Any) -> None:
    lines = ['{"id": "a", "number": 1, "answer": "2"}', '{"id": "b", "number": 2, "answer": "three"}']
    project.write("rows.jsonl", "\n".join(lines))
    with pytest.raises(InputError, match="line 2"):
        project.run()
    result = project.run(gold_check="off")
    assert any("gold_check: off" in line for line in result.head)


def test_gates_say_whether_they_held(project: Any) -> None:
    gates = ["fail-under 0.9", "fail-under think=0.85", "fail-if-worse", "require not-worse"]
    assert [gate.held for gate in project.run(gates=gates, no_answer="wrong").gates] == [*(False, True, True, True)]


def test_views_give_flips_and_traces(project: Any) -> None:
    project.run()
    with project.lab() as lab:
        flips = list(lab.views(which="flips"))
        assert {v.variant for v in flips} == {"direct", "think"}
        assert all(len(v.calls) == 1 for v in flips)
        wrong = list(lab.views(which="wrong"))
        assert {v.variant for v in wrong} == {"direct"}
        assert flips[0].calls[0].request.messages[0].content == "Add one to 0"


def test_a_recorded_run_replays_exactly(project: Any) -> None:
    live = project.run(trials=2, record="tape.jsonl")
    played = project.run(trials=2, models=["replay:tape.jsonl"])
    assert [v.mean for v in played.variants] == [v.mean for v in live.variants]
    assert played.calls_made == 0


def test_a_program_in_python_takes_the_row_without_its_target(project: Any) -> None:
    seen = []

    async def program(inputs: Any, lm: Any) -> Any:
        seen.append(dict(inputs))
        return (await lm(f"Think. Add one to {inputs['number']}")).text

    result = project.run(prompts=[program], limit=3)
    assert result.variants[0].mean == 1.0
    assert seen[0] == {"id": "n0", "number": 0}


def test_a_run_inside_a_running_loop_has_a_thread_of_its_own(project: Any) -> None:
    import asyncio

    async def notebook() -> Any:
        return project.run(limit=3)

    assert asyncio.run(notebook()).variants[0].n == 3


def test_settings_stand_in_place_of_what_a_plan_says(project: Any) -> None:
    import scansion

    plan = scansion.Experiment(
        prompts=["direct.txt"], models=[project.model()], data="rows.jsonl", scorers=["numeric"]
    ).plan
    assert scansion.run(plan, limit=4).variants[0].n == 4
    with pytest.raises(InputError, match="limt"):
        scansion.run(plan, limt=4)


def test_a_name_does_not_take_the_place_of_a_number(project: Any) -> None:
    project.run(prompts=["direct.txt"])
    project.run(prompts=["think.txt"], name="r1")
    with project.lab() as lab:
        assert [lab.run_table.find(label).label for label in ("r1", "1", "r2", None)] == ["r1", "r1", "r2", "r2"]


def test_a_stop_that_comes_with_the_last_outcome_has_stopped_nothing(project: Any) -> None:
    from scansion.experiments.progress import Stop

    stop = Stop()
    made = project.run(prompts=["direct.txt"], limit=5, stop=stop, watch=lambda p: p.done == 5 and stop.soft())
    assert stop.requested
    assert (made.interrupted, made.complete) == (False, True)
