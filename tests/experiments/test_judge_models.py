"""The models of judges are looked at before a run; their calls stand apart; what they could not say is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.agreement.agree import agree_in_run
from scansion.experiments.lab import Lab
from scansion.experiments.plan import make_plan
from scansion.experiments.preview import preview
from scansion.experiments.rescore import rescore
from scansion.report.table import render

JUDGE = '''
import re
from scansion.types import Completion, Usage

def grade(request):
    """Gives a right sum 4 of 5, a wrong one 2, and says nothing of row 9."""
    text = request.messages[-1].content
    number, said = int(re.search(r"to (\\d+)", text)[1]), re.search(r"<output>\\n(.*?)\\n", text)[1]
    mark = "no mark" if number == 9 else f"RATING: {4 if said == str(number + 1) else 2}"
    return Completion(mark, finish_reason="stop", usage=Usage(10, 5))
'''


@pytest.fixture
def grading(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.rows(30)
    project.write(f"judge_{project.model_name}.py", JUDGE)
    return project


def graded(project: Any, **more: Any) -> str:
    options = "".join(f", {name}={value}" for name, value in more.items())
    return f'rubric("Is it one more?", model=python:judge_{project.model_name}:grade, scale=1..5{options})'


@pytest.mark.parametrize(
    "scorer",
    [
        'rubric("Is it one more?", model=openai/gpt-5-mini)',
        "checklist(model=openai/gpt-5-mini)",
        "reference(model=openai/gpt-5-mini)",
        "pairwise(model=openai/gpt-5-mini)",
        "panel(reference, reference(model=openai/gpt-5-mini))",
        "all(numeric, reference(model=openai/gpt-5-mini))",
    ],
)
def test_a_judge_without_its_key_is_told_of_before_any_call(grading, scorer):
    with pytest.raises(InputError, match="no key for openai: set OPENAI_API_KEY"):
        grading.run(scorers=["numeric", scorer])
    assert not grading.asked
    grading.run()
    with grading.lab() as lab:
        with pytest.raises(InputError, match="no key for openai"):
            asyncio.run(rescore(lab, None, [scorer]))
        assert len(lab.runs()) == 1


def test_a_judge_without_a_price_is_refused_under_a_budget_of_money(grading):
    with pytest.raises(InputError, match="no price is known for openai/gpt-9"):
        grading.run(scorers=["numeric", "reference(model=openai/gpt-9)"], budget="1usd")


def test_a_column_that_a_judge_is_to_see_must_be_there(grading):
    with pytest.raises(InputError, match=r"scorer pairwise\(\$old, .*: column \$old is not in row 1"):
        grading.run(scorers=["numeric", "pairwise($old, model=pocket/small)"], gold_check="off")
    assert grading.asked == {}


def test_judges_stand_apart_and_what_they_could_not_say_is_counted(grading):
    found = grading.run(prompts=["direct.txt"], scorers=["numeric", f"panel({graded(grading)}, {graded(grading)})"])
    [variant] = found.variants
    assert (variant.calls, variant.judge_calls) == (30, 60)
    panel = variant.scores[found.scorers[1]]
    assert (panel.scored, panel.unscored, panel.errors) == (29, 1, 0)
    lines = render(found, 200).splitlines()
    [head] = [line for line in lines if line.startswith("other scorers")]
    assert head.split()[-2:] == ["scored", "unscored"]
    assert lines[lines.index(head) + 2].split()[-2:] == ["29", "1"]
    primary = grading.run(prompts=["direct.txt"], scorers=[graded(grading)])
    assert primary.variants[0].unscored_reasons == {"judge unreadable": 1}


def test_the_marks_of_a_person_are_held_against_a_judges_own_pass_mark(grading):
    grading.run(prompts=["direct.txt"], scorers=["numeric", graded(grading, passing=4)])
    with grading.lab() as lab:
        for view in lab.views("r1"):
            lab.annotations.by("Ann").mark(view, view.status == "scored" and not view.wrong)
        [pair] = agree_in_run(lab, None, scorer="rubric").pairs
        assert (pair.n, pair.equal, pair.unscored) == (29, 1.0, 1)
        assert pass_mark_anew(lab, graded(grading, passing=3)) == 0.5
        assert pass_mark_anew(lab, graded(grading)) == 1.0


def pass_mark_anew(lab: Lab, scorer: str) -> float:
    """The pass mark of the first run when it is scored by another scorer."""
    found = asyncio.run(rescore(lab, "r1", [scorer]))
    return float(lab.run_table.find(found.run).plan["pass_mark"])


def test_a_pass_mark_of_the_plan_stays_when_a_run_is_scored_anew(grading):
    grading.run(prompts=["direct.txt"], pass_mark=0.3)
    with grading.lab() as lab:
        assert pass_mark_anew(lab, graded(grading, passing=4)) == 0.3


def test_a_preview_counts_every_judge(grading):
    scorers = ["reference(model=pocket/small)", "pairwise(model=pocket/small)", "rubric(['a b', 'c d'])"]
    plan = make_plan(
        prompts=["direct.txt"], models=[grading.model()], data="rows.jsonl", scorers=scorers, gold_check="off"
    )
    assert asyncio.run(preview(plan)).calls == 30 * (1 + 1 + 2 + 1)
