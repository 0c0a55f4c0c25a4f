"""What programs, models and scorers may give that nobody planned for: each is what it is, and nothing else is lost."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.types import Output, Score


def run_program(project: Any, program: Any, **settings: Any) -> Any:
    return project.run(**{"prompts": [program], "models": [project.model()], **settings})


def test_an_answer_that_the_lab_cannot_keep_is_kept_as_text(project: Any) -> None:
    async def program(inputs: Any, lm: Any) -> Any:
        text = (await lm(f"Think. Add one to {inputs['number']}")).text
        answer = Fraction(1, 2) if inputs["number"] == 2 else 10**30
        return Output(text=text, answer=answer, data={"all": {1, 2}})

    result = run_program(project, program, limit=5, scorers=["exact"])
    assert (result.variants[0].errors, result.variants[0].unreached) == (0, 0)
    with project.lab() as lab:
        answers = [v.output.answer for v in lab.views()]
    assert answers[2] == "Fraction(1, 2)"
    assert result.variants[0].mean == 0.0


def test_text_that_is_none_is_an_error_of_that_row_alone(project: Any) -> None:
    async def program(inputs: Any, lm: Any) -> Any:
        return Output(text=None) if inputs["number"] == 1 else Output(text=str(inputs["number"] + 1))  # type: ignore[arg-type]

    [variant] = run_program(project, program, limit=4).variants
    assert variant.error_kinds == {"program": 1}
    assert "text is None" in variant.error_examples["program"]
    assert variant.mean == 1.0


def test_a_reply_that_cannot_be_stored_is_an_error_and_hangs_nothing(project: Any) -> None:
    project.write(
        "odd.py", "async def odd(request):\n    return '\\ud800' if '3' in request.messages[-1].content else '1'\n"
    )
    [variant] = project.run(prompts=["direct.txt"], models=["python:odd:odd"], limit=5, tries=1).variants
    assert variant.error_kinds == {"bad_response": 1}
    assert variant.unreached == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_an_error(project: Any, value: float) -> None:
    def broken(output: Output, example: Any) -> Score:
        return Score(value if example.row == 1 else 1.0)

    [variant] = project.run(prompts=["direct.txt"], scorers=[broken], limit=4).variants
    assert (variant.scored, variant.errors, variant.mean) == (3, 1, 1.0)


def test_outcomes_that_ask_nothing_are_independent(project: Any) -> None:
    async def program(inputs: Any, lm: Any) -> str:
        return str(inputs["number"] + (inputs["number"] % 3 > 0))

    [variant] = run_program(project, program).variants
    assert variant.interval_method == "Wilson"
    assert variant.interval[1] - variant.interval[0] < 0.25


def test_a_first_request_that_all_rows_share_does_not_make_them_one(project: Any) -> None:
    async def program(inputs: Any, lm: Any) -> str:
        await lm("Make a plan for 0")
        return (await lm(f"Add one to {inputs['number']}")).text

    result = run_program(project, program)
    assert "clustered" not in result.variants[0].interval_method
    assert result.notes == []


def test_programs_that_differ_in_state_alone_are_told_apart(project: Any) -> None:
    def made(prefix: str) -> Any:
        async def program(inputs: Any, lm: Any) -> str:
            return (await lm(f"{prefix} Add one to {inputs['number']}")).text

        return program

    plain = run_program(project, made("Just."), no_answer="wrong").variants[0].mean
    think = run_program(project, made("Think."), no_answer="wrong").variants[0].mean
    assert plain < think == pytest.approx(52 / 60)


def test_a_dear_row_does_not_end_a_budgeted_run(project: Any) -> None:
    rows = [{"id": f"n{i}", "number": "9" * (30_000 if i == 3 else 1), "answer": "1"} for i in range(30)]
    project.write("rows.jsonl", "\n".join(map(json.dumps, rows)))
    project.write("short.py", "async def short(request):\n    return '1'\n")
    [variant] = project.run(prompts=["direct.txt"], models=["python:short:short"], budget="25ktokens").variants
    assert variant.unreached == 1


def test_a_soft_stop_keeps_what_is_in_hand_and_resumes_under_new_gates(project: Any) -> None:
    from scansion.experiments.progress import Stop

    stop = Stop()

    def watch(progress: Any) -> None:
        if progress.calls > 5:
            stop.soft()

    project.write(
        "slow.py", "import asyncio\nasync def slow(request):\n    await asyncio.sleep(0.02)\n    return '1'\n"
    )
    settings = {"prompts": ["direct.txt"], "models": ["python:slow:slow"], "concurrency": 2}
    first = project.run(**settings, watch=watch, stop=stop)
    assert first.interrupted
    assert first.variants[0].n == 60
    assert 0 < first.variants[0].unreached < 60
    again = project.run(**settings, gates=["fail-under 0.9"])
    assert again.run == first.run
    assert [gate.held for gate in again.gates] == [False]
    assert again.calls_made == 60
    assert not again.interrupted


def test_wrong_gates_cost_nothing(project: Any) -> None:
    for gate in ("fail-under nosuch=0.5", "fail-under nan", "require excellent"):
        with pytest.raises(InputError, match=r"gates|nosuch"):
            project.run(gates=[gate])
    with pytest.raises(InputError, match="the run has one"):
        project.run(prompts=["direct.txt"], gates=["fail-if-worse"])
    assert project.model_name not in __import__("sys").modules or not project.asked


def test_data_without_targets_is_refused_before_it_is_paid_for(project: Any) -> None:
    project.write("rows.jsonl", '{"id": "a", "number": 1, "solution": "2"}\n')
    with pytest.raises(InputError, match="no row has a target"):
        project.run()


def test_flips_are_within_one_trial(project: Any) -> None:
    project.write("moody.py", "async def moody(request):\n    return '1' if request.trial else '0'\n")
    project.rows(3)
    project.run(models=["python:moody:moody"], trials=2)
    with project.lab() as lab:
        assert list(lab.views(which="flips")) == []


def test_a_judge_is_paid_apart(project: Any) -> None:
    async def judge(output: Output, example: Any, lm: Any) -> float:
        return float((await lm(f"Think. Add one to {example.row}")).text == output.text)

    result = project.run(prompts=["think.txt"], scorers=["numeric", judge], limit=5)
    [variant] = result.variants
    assert (variant.calls, variant.judge_calls) == (5, 5)
    assert result.calls_made == 5  # the judge asks what the subject asked: each call is made once
    assert variant.scores[result.scorers[1]].mean == 1.0


def test_a_preview_asks_nothing_and_knows_what_is_held(project: Any) -> None:
    from scansion.experiments.plan import make_plan
    from scansion.experiments.preview import preview

    plan = make_plan(
        prompts=["direct.txt"],
        techniques=["as-is", "cot | vote(3)"],
        models=[project.model()],
        data="rows.jsonl",
        scorers=["numeric"],
    )
    fresh = asyncio.run(preview(plan))
    assert (fresh.calls, fresh.held, fresh.cost_usd) == (60 * 4, 0, 0.0)
    assert len(fresh.requests) == 2
    project.run(prompts=["direct.txt"])
    with project.lab() as lab:
        held = asyncio.run(preview(plan, lab))
    assert (held.calls, held.held) == (60 * 3, 60)


def test_a_preview_counts_a_call_that_outcomes_share_once(project: Any) -> None:
    from scansion.experiments.plan import make_plan
    from scansion.experiments.preview import preview

    fields = {"prompts": ["direct.txt"], "techniques": ["as-is", "vote(3)"], "trials": 2, "data": "rows.jsonl"}
    plan = make_plan(models=[project.model()], scorers=["numeric"], **fields)
    fresh = asyncio.run(preview(plan))
    made = project.run(**{**fields, "trials": 1}).calls_made + project.run(**fields).calls_made
    assert (fresh.calls, fresh.held) == (made, 0)
    with project.lab() as lab:
        again = asyncio.run(preview(plan, lab))
    assert (again.calls, again.held) == (0, made)


@pytest.mark.parametrize(("at", "least", "most"), [(3, 0, 0), (1500, 1300, 1500)])
def test_a_row_that_lacks_what_the_prompt_needs_stops_the_run_with_its_line(
    project: Any, at: int, least: int, most: int
) -> None:
    """Before anything is asked where it is among the first rows, else with all that was made until then kept."""
    rows = [
        json.dumps({"id": f"r{i}", ("other" if i == at else "number"): i, "answer": str(i)}) for i in range(at + 200)
    ]
    project.write("rows.jsonl", "\n".join(rows) + "\n")
    with pytest.raises(InputError, match=rf"rows.jsonl:{at + 1}: the row lacks 'number'"):
        project.run(prompts=["direct.txt"])
    with project.lab() as lab:
        kept = lab.db.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    assert least <= kept <= most


def test_a_preview_says_what_it_cannot_know(project: Any) -> None:
    from scansion.experiments.plan import make_plan
    from scansion.experiments.preview import preview

    async def finding(inputs: Any, lm: Any) -> Any:
        await lm.using("pocket/tiny").score("x", "y")
        return await lm(str(inputs))

    found = asyncio.run(preview(make_plan(prompts=[finding], models=[project.model()], data="rows.jsonl")))
    assert found.cost_usd is None
    assert "what it asks after that is not known" in found.notes[-1]
