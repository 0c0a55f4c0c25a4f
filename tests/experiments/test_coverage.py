"""Abstaining in a run: neither right nor wrong, unless the plan or the row says so; coverage; what nothing answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from scipy.stats import norm

from scansion.experiments.lab import Lab
from scansion.experiments.rescore import rescore
from scansion.experiments.selection import Selection
from scansion.report.markdown import render as markdown
from scansion.report.table import render

MODEL = '''
def knows(request):
    """Adds one; where the way out is offered it takes it from 40 on, and is wrong in every fifth."""
    text = request.messages[-1].content
    number = int(text.split()[3])
    if "unsure" in text and number >= 40 - request.trial:
        return "I cannot know. The answer is unsure."
    return str(number if number % 5 == 0 else number + 1)
'''
WAYS = {"prompts": ["direct.txt"], "techniques": ["as-is", "abstain"]}


@pytest.fixture
def knowing(project: Any) -> Any:
    project.write("knowing.py", MODEL)
    project.model = lambda name="knows": f"python:knowing:{name}"
    return project


def wilson(right: int, n: int) -> tuple[float, float]:
    z = norm.ppf(0.975)
    middle, half = right + z * z / 2, z * (right * (n - right) / n + z * z / 4) ** 0.5
    return (middle - half) / (n + z * z), (middle + half) / (n + z * z)


def test_an_abstention_is_unscored_and_coverage_stands_beside_the_mean(knowing: Any) -> None:
    plain, way_out = knowing.run(**WAYS).variants
    assert (plain.abstained, plain.coverage) == (0, None)
    assert (way_out.scored, way_out.unscored, way_out.abstained) == (40, 20, 20)
    assert way_out.unscored_reasons == {"abstained": 20}
    assert way_out.mean == pytest.approx(32 / 40)
    assert way_out.bounds == pytest.approx((32 / 60, 52 / 60))
    found = way_out.coverage
    assert (found.answered, found.scored, found.share, found.mean) == (40, 40, pytest.approx(40 / 60), way_out.mean)
    assert found.interval == pytest.approx(wilson(40, 60), abs=1e-6)
    assert found.mean_interval == pytest.approx(wilson(32, 40), abs=1e-6)


def test_a_plan_may_count_it_as_wrong(knowing: Any) -> None:
    result = knowing.run(**WAYS, abstained="wrong")
    way_out = result.variants[1]
    assert (way_out.scored, way_out.unscored, way_out.abstained, way_out.wrong) == (60, 0, 20, 28)
    assert way_out.mean == pytest.approx(32 / 60)
    assert (way_out.coverage.answered, way_out.coverage.mean) == (40, pytest.approx(32 / 40))
    assert result.comparisons[0].bounds == pytest.approx((result.comparisons[0].difference,) * 2)
    assert any(line.startswith("abstained: wrong") for line in result.head)
    with Lab.find(knowing.folder / ".scansion") as lab:
        views = lab.views(result.run, Selection(variant="direct | abstain", which="abstained"))
        assert {(v.status, v.reason, v.wrong) for v in views} == {("scored", "abstained", True)}


def test_the_two_ways_of_counting_share_outcomes_and_are_not_compared(knowing: Any) -> None:
    import scansion
    from scansion.errors import InputError

    first, second = knowing.run(**WAYS), knowing.run(**WAYS, abstained="wrong")
    assert (first.calls_made, second.calls_made) == (120, 0)
    with pytest.raises(InputError, match="abstained: unscored in r1, wrong in r2"):
        scansion.compare(first.run, second.run, lab=knowing.folder / ".scansion")


def test_rows_without_a_target_are_covered_alike_whether_answered_or_not(knowing: Any) -> None:
    rows = [{"id": f"n{i}", "number": i, "answer": str(i + 1) if i % 2 else None} for i in range(60)]
    knowing.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    found = knowing.run(**WAYS).variants[1].coverage
    assert (found.answered, found.scored, found.share) == (40, 20, pytest.approx(40 / 60))


def test_errors_and_unreadable_outputs_are_neither_answered_nor_abstained(knowing: Any) -> None:
    odd = "    if number in (3, 50):\n        raise OSError\n    if number in (4, 51):\n        return 'hm'\n"
    knowing.write("knowing.py", MODEL.replace('    if "unsure"', f'{odd}    if "unsure"'))
    found = knowing.run(**WAYS).variants[1]
    assert (found.errors, found.abstained, found.coverage.answered) == (2, 18, 38)
    assert found.coverage.share == pytest.approx(38 / 56)
    counted = knowing.run(**WAYS, no_answer="wrong").variants[1].coverage
    assert (counted.answered, counted.mean) == (40, pytest.approx(30 / 40))


def test_where_the_row_wants_the_way_out_taking_it_is_right(knowing: Any) -> None:
    rows = [{"id": f"n{i}", "number": i, "answer": "Unsure" if i >= 45 else str(i + 1)} for i in range(60)]
    knowing.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    plain, way_out = knowing.run(**WAYS, scorers=["exact(ignore_case=true)"]).variants
    assert (way_out.scored, way_out.abstained, way_out.wrong) == (55, 5, 8)
    assert plain.wrong == 24


def test_rows_that_nothing_answered_are_named(knowing: Any) -> None:
    result = knowing.run(**WAYS, trials=2)
    assert result.unanswered_rows == 20
    assert [each.id for each in result.unanswered] == [f"n{i}" for i in range(40, 60)]
    assert (result.unanswered[0].words, result.unanswered[0].outcomes) == ("40", 2)
    for text in (render(result), markdown(result)):
        assert " ".join(text.split()).count("and 15 more; see `scansion show r1 --abstain`") == 1
        assert "`n44`" in text
        assert "`n45`" not in text
    assert "coverage" in render(result)
    assert "coverage" not in render(knowing.run(prompts=["direct.txt"]))


def test_trials_of_a_row_are_one_cluster(knowing: Any) -> None:
    found = knowing.run(**WAYS, trials=2).variants[1]
    assert found.abstained == 41
    narrow = wilson(79, 120)
    assert found.coverage.interval[1] - found.coverage.interval[0] > 1.2 * (narrow[1] - narrow[0])


def test_a_judge_is_not_asked_about_an_abstention(knowing: Any) -> None:
    knowing.write("judged.py", "async def judge(output, example, lm):\n    await lm('?')\n    return True\n")
    knowing.write("knowing.py", MODEL.replace("int(text.split()[3])", "int(text.split()[3]) if text != '?' else 1"))
    way_out = knowing.run(**WAYS, scorers=["python:judged:judge"]).variants[1]
    assert (way_out.judge_calls, way_out.abstained, way_out.unscored) == (40, 20, 20)


def test_another_scorer_leaves_abstentions_as_they_are(knowing: Any) -> None:
    result = knowing.run(**WAYS)
    with Lab.find(knowing.folder / ".scansion") as lab:
        again = asyncio.run(rescore(lab, result.run, ["exact"]))
    assert (again.variants[1].abstained, again.variants[1].coverage.answered) == (20, 40)
    assert again.unanswered_rows == 20


def test_a_run_that_stops_when_decided_has_no_interval_of_coverage(knowing: Any) -> None:
    knowing.rows(200)
    result = knowing.run(**WAYS, until="decided", abstained="wrong")
    found = result.variants[1].coverage
    assert found is not None
    assert (found.interval, found.mean_interval) == (None, None)
