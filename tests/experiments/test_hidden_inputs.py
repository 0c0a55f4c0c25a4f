"""A judge is shown no input that holds the target, its rationale or the row's id."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest

from scansion.experiments.plan import make_plan
from scansion.experiments.preview import preview
from scansion.experiments.rating.judged import judge_run
from scansion.experiments.rating.ratings import RatingTerms
from scansion.experiments.rescore import rescore
from scansion.experiments.trying import try_

PARTS = """
asked = []

def judge(request):
    asked.append("\\n".join(message.content for message in request.messages))
    return "VERDICT: PASS"

def prefers(request):
    asked.append(request.messages[-1].content)
    return "VERDICT: A"
"""


async def program(inputs, lm):
    return f"about {inputs['number']}"


async def other(inputs, lm):
    return f"around {inputs['number']}"


FORM = "{{ inputs }}\n\nIs this right: {{ output }}?"


class Hiding:
    """Programs in Python on rows with a secret target and rationale, and a judge that remembers what it saw."""

    def __init__(self, project: Any) -> None:
        self.project, self.name = project, f"hiding_{project.model_name}"
        project.write(f"{self.name}.py", PARTS)
        project.write("form.txt", FORM)
        row = '{{"id": "row-{0}", "number": {0}, "answer": "secret{0}", "rationale": "because{0}"}}\n'
        project.write("rows.jsonl", "".join(row.format(i) for i in range(3)))

    def scorer(self, more: str = "") -> str:
        return f'rubric("Is it right?", model=python:{self.name}:judge{more})'

    def run(self, **fields: Any) -> None:
        self.project.run(**{"prompts": [program], "scorers": [self.scorer()], **fields})

    @property
    def asked(self) -> list[str]:
        return list(importlib.import_module(self.name).asked)

    def unseen(self, *words: str) -> bool:
        """Whether the judge was asked, saw the input, and never one of these words."""
        asked = self.asked
        assert asked
        assert all("number: " in text for text in asked)
        return not any(word in text for word in words for text in asked)


@pytest.fixture
def hiding(project: Any) -> Hiding:
    return Hiding(project)


def test_a_judge_of_a_program_in_python_does_not_see_the_target(hiding):
    hiding.run(scorers=[hiding.scorer(", target=false")])
    assert hiding.unseen("secret", "because", "row-")


def test_a_preview_asks_the_judge_the_same(hiding):
    settings = {"prompts": [program], "models": [hiding.project.model()], "data": "rows.jsonl"}
    plan = make_plan(**settings, scorers=[hiding.scorer(", target=false")])
    hiding.run(scorers=[hiding.scorer(", target=false")])
    with hiding.project.lab() as lab:
        found = asyncio.run(preview(plan, lab))
    assert (found.calls, found.held) == (0, 3)


def test_nor_does_one_of_a_prompt_whose_own_prompt_lists_the_inputs(hiding):
    hiding.run(prompts=["direct.txt"], scorers=[f"rubric(model=python:{hiding.name}:judge, prompt=form.txt)"])
    assert hiding.unseen("secret", "because", "row-")


def test_nor_does_a_new_judge_of_a_run_or_one_that_tries(hiding):
    hiding.run(scorers=["contains"])
    with hiding.project.lab() as lab:
        asyncio.run(rescore(lab, None, [hiding.scorer(", target=false")]))
    try_(
        prompts=[program],
        models=[hiding.project.model()],
        data="rows.jsonl",
        scorers=[hiding.scorer(", target=false")],
        lab=hiding.project.folder / ".scansion",
    )
    assert hiding.unseen("secret", "because", "row-")


def test_a_judge_that_rates_does_not_see_the_target(hiding):
    hiding.run(prompts=[program, other], scorers=["contains"])
    for prompt in ("", ", prompt=pair.txt"):
        hiding.project.write("pair.txt", "{{ inputs }} {{ a }} {{ b }}")
        with hiding.project.lab() as lab:
            asyncio.run(
                judge_run(lab, None, f"pairwise(model=python:{hiding.name}:prefers{prompt})", RatingTerms(rounds=100))
            )
    assert hiding.unseen("secret", "because", "row-")


def test_what_the_user_names_is_shown(hiding):
    hiding.project.write("form.txt", "{{ answer }} {{ id }} {{ inputs }} {{ output }}")
    hiding.run(scorers=[f"rubric(model=python:{hiding.name}:judge, prompt=form.txt)"])
    assert all("secret" in text and "row-" in text for text in hiding.asked)
