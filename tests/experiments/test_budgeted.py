"""A budget buys outcomes that are finished: what was begun is done and judged, and variants stay level."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

SLOW = """
import asyncio
from collections import Counter
from scansion.errors import CallError
from scansion.types import Completion, Usage

asked, now = Counter(), [0, 0]

async def answer(text, kind):
    asked[kind] += 1
    now[0] += 1
    now[1] = max(now)
    await asyncio.sleep(0.001)
    now[0] -= 1
    return Completion(text, finish_reason="stop", usage=Usage(10, 5))

async def adds(request):
    text = request.messages[-1].content
    return await answer(str(int(text.rsplit(" ", 1)[-1]) + 1) if text[-1].isdigit() else "1", "subject")

async def shaky(request):
    number = int(request.messages[-1].content.rsplit(" ", 1)[-1])
    asked["tried", number] += 1
    if number == 2 and asked["tried", number] == 1:
        raise CallError("connection", "gone for a moment")
    return await answer(str(number + 1), "subject")

async def grade(request):
    return await answer("RATING: 4", "judge")
"""
ROWS = 150


@pytest.fixture
def bought(project: Any) -> Any:
    project.rows(ROWS)
    project.write(f"{project.model_name}.py", SLOW)
    return project


def judged(project: Any, count: int = 1) -> list[str]:
    kinds = ['"Is it one more?"', '"Is it short?"'][:count]
    return ["numeric", *(f"rubric({kind}, model={project.model('grade')}, scale=1..5)" for kind in kinds)]


def spent(project: Any) -> int:
    return sum(sys.modules[project.model_name].asked.values())


def go(project: Any, **fields: Any) -> Any:
    return project.run(models=[project.model("adds")], **fields)


def counts(result: Any) -> list[int]:
    """How many outcomes of each variant are there."""
    return [v.n - v.unreached for v in result.variants]


def test_outcomes_with_a_judge_are_finished(bought: Any) -> None:
    result = go(bought, scorers=judged(bought), budget="60calls")
    assert spent(bought) == 60
    assert counts(result) == [15, 15]
    assert [v.judge_calls for v in result.variants] == [15, 15]
    assert result.comparisons[0].n == 15
    assert result.budget_spent


def test_a_long_variant_keeps_level_with_a_short_one(bought: Any) -> None:
    result = go(bought, prompts=["direct.txt"], techniques=["as-is", "vote(3)"], budget="150calls")
    assert spent(bought) == 150
    assert counts(result) == [50, 50]  # the first vote is the answer of the other variant
    assert result.comparisons[0].n == 50


def test_all_of_it_is_used_and_a_larger_one_goes_on(bought: Any) -> None:
    first = go(bought, scorers=judged(bought, 2), budget="60calls")
    assert counts(first) == [10, 10]
    more = go(bought, scorers=judged(bought, 2), budget="90calls")
    assert spent(bought) == 150
    assert counts(more) == [25, 25]


def test_what_is_recorded_is_not_held_back(bought: Any) -> None:
    go(bought)
    assert spent(bought) == 2 * ROWS
    result = go(bought, budget="1calls")
    assert counts(result) == [ROWS, ROWS]
    judging = go(bought, scorers=judged(bought), budget="40calls")
    assert spent(bought) == 2 * ROWS + 40
    assert [v.judge_calls for v in judging.variants] == [20, 20]


@pytest.mark.parametrize("budget", ["9ktokens", "12ktokens"])
def test_a_budget_in_tokens_is_spent_on_finished_outcomes(bought: Any, budget: str) -> None:
    result = go(bought, scorers=judged(bought, 2), budget=budget)
    first, second = counts(result)
    begun = first + second
    calls = spent(bought)
    assert result.budget_spent
    assert 15 * calls <= int(budget.removesuffix("ktokens")) * 1000
    assert begun > 90
    assert calls - 3 * begun <= 2
    assert abs(first - second) <= 3


def test_a_program_of_unknown_calls_is_seen_to_take_several(bought: Any) -> None:
    async def twice(inputs: dict[str, Any], lm: Any) -> str:
        await lm(f"Add one to {inputs['number']}")
        return str((await lm(f"Now add one to {inputs['number']}")).text)

    result = go(bought, prompts=[twice], budget="60calls")
    assert counts(result) == [30]
    assert spent(bought) == 60


def test_decided_takes_finished_pairs(bought: Any) -> None:
    result = go(bought, scorers=judged(bought), budget="60calls", until="decided", alpha=0.0001)
    assert spent(bought) <= 60
    assert result.comparisons[0].until.looked == 15


@pytest.mark.parametrize("budget", ["100000calls", None])
def test_a_large_budget_holds_nobody_back(bought: Any, budget: str | None) -> None:
    result = go(bought, prompts=["direct.txt"], techniques=["as-is", "vote(3)"], concurrency=40, budget=budget)
    assert counts(result) == [ROWS, ROWS]
    assert sys.modules[bought.model_name].now[1] == 40


@pytest.mark.parametrize("budget", ["7calls", "61calls", "9ktokens", "100calls,11ktokens"])
@pytest.mark.parametrize("concurrency", [1, 7])
def test_shared_calls_and_retries_hold_nothing_up(bought: Any, budget: str, concurrency: int) -> None:
    rows = [{"id": f"n{i}", "number": i % 20, "answer": str(i % 20 + 1)} for i in range(60)]
    bought.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    result = bought.run(
        prompts=["direct.txt"],
        techniques=["as-is", "vote(3)", "vote(5, stop=adaptive)"],
        models=[bought.model("shaky")],
        scorers=judged(bought),
        trials=2,
        budget=budget,
        concurrency=concurrency,
    )
    asked = sys.modules[bought.model_name].asked
    calls = asked["judge"] + sum(count for kind, count in asked.items() if isinstance(kind, tuple))
    assert calls <= int(budget.partition("calls")[0] if "calls" in budget else 600)
    assert sum(2 * v.n - v.unreached for v in result.variants) > 0
    assert result.budget_spent
