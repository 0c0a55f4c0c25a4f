"""Rows whose target is the word of a variant that abstains: to abstain is right there, and an answer is wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.people.pen import Pen, scorers_of
from scansion.experiments.rescore import rescore
from scansion.experiments.trying import try_
from scansion.experiments.variants import ways_out_of

MODEL = '''
def knows(request):
    """Adds one, and takes the way out, where it is offered, from 7 on."""
    text = request.messages[-1].content
    number = int(text.split()[3])
    return "I cannot know. The answer is unsure." if "unsure" in text and number >= 7 else str(number + 1)
'''
WAYS = {"prompts": ["direct.txt"], "techniques": ["as-is", "abstain"]}


@pytest.fixture
def open_ended(project: Any) -> Any:
    """Ten rows of which the last five have no answer."""
    project.write("knowing.py", MODEL)
    project.model = lambda name="knows": f"python:knowing:{name}"
    rows = [{"id": f"n{i}", "number": i, "answer": " Unsure" if i >= 5 else str(i + 1)} for i in range(10)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return project


def test_to_abstain_is_right_and_to_answer_wrong_though_targets_are_numbers(open_ended: Any) -> None:
    plain, way_out = open_ended.run(**WAYS).variants
    assert (plain.scored, plain.wrong, plain.unscored) == (10, 5, 0)
    assert (way_out.scored, way_out.wrong, way_out.unscored) == (10, 2, 0)
    with open_ended.lab() as lab:
        said = {v.row: v.scores["numeric"].explanation for v in lab.views("r1") if v.variant == plain.name}
        assert said[9] == "the row has no answer, and one is given"
        again = asyncio.run(rescore(lab, "r1", ["numeric(tolerance=0.1)"])).variants
        assert [v.wrong for v in again] == [5, 2]


def test_without_such_a_variant_the_targets_are_refused(open_ended: Any) -> None:
    with pytest.raises(InputError, match="the target ' Unsure' does not hold exactly one number"):
        open_ended.run(prompts=["direct.txt"])
    with pytest.raises(InputError, match="' Unsure' does not hold"):
        open_ended.run(**{**WAYS, "techniques": ["as-is", "abstain(unknown)"]})


def test_what_was_refused_before_is_scored_when_a_variant_abstains(open_ended: Any) -> None:
    alone = open_ended.run(prompts=["direct.txt"], gold_check="off").variants[0]
    assert alone.unscored_reasons == {"gold refused": 5}
    plain, way_out = open_ended.run(**WAYS).variants
    assert (plain.scored, plain.wrong, way_out.wrong) == (10, 5, 2)


def test_a_way_out_within_a_step_counts_too(open_ended: Any) -> None:
    [found] = open_ended.run(prompts=["direct.txt"], techniques=["cascade(abstain, as-is, when=abstains)"]).variants
    assert (found.scored, found.errors) == (10, 0)


def test_trying_and_correcting_know_of_it(open_ended: Any) -> None:
    views = try_(
        **WAYS, models=[open_ended.model()], data="rows.jsonl", scorers=["numeric"], n=10, lab=open_ended.folder / "lab"
    )
    assert sum(view.wrong for view in views) == 7
    open_ended.run(**WAYS)
    with open_ended.lab() as lab:
        run = lab.run_table.find(None)
        pen = Pen(lab.annotations.by("Ann"), scorers_of(run), ways_out_of(run.context["variants"]))
        views = list(lab.views("r1"))
        assert pen.correct(views[0], "unsure") == "target corrected"
        assert "does not accept it" in pen.correct(views[2], "who knows")
