"""Techniques with steps in a run: columns, models and files of steps are found before any call and are part of it."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from scansion import technique
from scansion.errors import InputError
from scansion.experiments.plan import make_plan
from scansion.experiments.preview import preview
from scansion.types import Output


@pytest.fixture
def divided(project: Any) -> Any:
    rows = [{"id": f"n{i}", "number": i, "Hint Text": f"h {i}", "kind": "odd" if i % 2 else "even"} for i in range(12)]
    project.write("rows.jsonl", "".join(json.dumps({**row, "answer": str(i + 1)}) + "\n" for i, row in enumerate(rows)))
    project.write("again.prompty", "---\nname: again\n---\nuser:\nThink. {{ hint_text }}. Add one to {{ number }}")
    return project


def test_a_step_reads_columns_of_its_own(divided: Any) -> None:
    result = divided.run(prompts=["direct.txt"], techniques=["as-is", "chain(again.prompty)"])
    plain, chained = result.variants
    assert (chained.calls, chained.recorded_calls, chained.errors) == (24, 12, 0)
    assert chained.mean > plain.mean
    assert ("Think. h 3. Add one to 3", 0, 0) in divided.asked


def test_another_version_of_a_step_is_another_variant(divided: Any) -> None:
    def made() -> int:
        [variant] = divided.run(prompts=["direct.txt"], techniques=["chain(again.prompty)"]).variants
        return variant.calls - variant.recorded_calls

    assert (made(), made()) == (24, 0)
    divided.write("again.prompty", "---\nname: again\n---\nuser:\nThink. Add one to {{ number }}")
    assert made() == 12  # the wrapped prompt's calls are in the lab


def test_other_rows_for_the_shots_of_a_step_are_another_variant(divided: Any) -> None:
    def made(number: int) -> int:
        divided.write("shown.jsonl", json.dumps({"id": "s", "number": number, "hint_text": "x", "answer": "1"}) + "\n")
        [variant] = divided.run(
            prompts=["direct.txt"], techniques=["chain(again.prompty | shots(1, source=shown.jsonl))"]
        ).variants
        return variant.calls - variant.recorded_calls

    assert (made(77), made(77)) == (24, 0)
    assert made(78) == 12  # the wrapped prompt's calls are in the lab


def test_a_program_in_python_and_its_steps(divided: Any) -> None:
    async def program(inputs: Any, lm: Any) -> Output:
        assert "answer" not in inputs
        reply = await lm(f"Add one to {inputs['number']}")
        return Output(text=reply.text)

    pipeline = program | technique.chain("again.prompty")
    [variant] = divided.run(prompts=[pipeline]).variants
    assert (variant.calls, variant.errors, variant.mean) == (24, 0, 1.0)


def test_routes_and_cascades(divided: Any) -> None:
    techniques = ["route($kind, odd=again.prompty, even=as-is)", f"cascade(as-is, {divided.model()})"]
    divided.write("models_other.py", "def flat(request):\n    return '5'\n")
    techniques.append("cascade(as-is, python:nothing:here)")
    with pytest.raises(InputError, match="no module 'nothing'"):
        divided.run(prompts=["direct.txt"], techniques=techniques)
    routed, cascaded = divided.run(
        prompts=["direct.txt"],
        techniques=[techniques[0], "cascade(as-is, using(python:models_other:flat))"],
    ).variants
    assert (routed.calls, routed.errors) == (12, 0)
    assert (cascaded.calls, cascaded.unscored) == (13, 0)  # only row 6 has no idea


@pytest.mark.parametrize(
    ("techniques", "message"),
    [
        ("chain(lost.prompty)", "prompt 'lost.prompty': no such file"),
        ("chain(wants.txt)", "no column for the variable 'nobody'"),
        ("chain(peeks.txt)", "the column 'answer' holds the target, which no technique may see"),
        ("chain(keyed.prompty)", "OPENAI_API_KEY"),
        ("route($missing, a=as-is)", "no column for the variable 'missing'"),
        ("cascade(as-is, openai/gpt-5-mini, when=unsure) | using(openai/gpt-5-mini)", "OPENAI_API_KEY"),
    ],
)
def test_what_a_step_lacks_is_said_before_any_call(
    divided: Any, monkeypatch: pytest.MonkeyPatch, techniques: str, message: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    divided.write("wants.txt", "{{ nobody }}")
    divided.write("peeks.txt", "{{ Answer }}")
    divided.write("keyed.prompty", "---\nmodel:\n  id: gpt-5-mini\n  provider: openai\n---\nuser:\nx")
    with pytest.raises(InputError, match=message):
        divided.run(prompts=["direct.txt"], techniques=[techniques])
    asked = sys.modules.get(divided.model_name)
    assert asked is None or not asked.asked


def test_a_preview_counts_the_most(divided: Any) -> None:
    plan = make_plan(
        prompts=["direct.txt"],
        techniques=["cascade(as-is, again.prompty)"],
        models=[divided.model()],
        data="rows.jsonl",
    )
    found = asyncio.run(preview(plan))
    assert (found.calls, found.at_most) == (24, True)


def test_a_function_that_goes_wrong_is_an_error_of_its_row(divided: Any) -> None:
    divided.write("steps6.py", "def half(previous):\n    return str(10 / (int(previous) - 5))\n")
    [variant] = divided.run(prompts=["think.txt"], techniques=["chain(python:steps6:half)"]).variants
    assert variant.errors == 2  # 5, and "no idea"
    with divided.lab() as lab:
        message = next(v.message for v in lab.views("r1") if v.status == "error")
    assert message.startswith("python:steps6:half: ")


NAMED = """
from scansion.types import Completion

def small(prompt):
    return Completion("1", finish_reason="stop", model="small-v1")

def large(prompt):
    return Completion("2", finish_reason="stop", model="large-v" + ("1" if " 3" in str(prompt) else MORE))
"""


@pytest.mark.parametrize(("name", "second", "told"), [("one_each", "1", False), ("mixed", "2", True)])
def test_only_models_that_nobody_asked_for_are_a_note(divided: Any, name: str, second: str, told: bool) -> None:
    divided.write(f"{name}.py", f"MORE = '{second}'\n{NAMED}")
    step = f"chain(as-is | using(python:{name}:small), as-is | using(python:{name}:large))"
    result = divided.run(prompts=["direct.txt"], techniques=[step], models=[f"python:{name}:small"])
    assert len(result.variants[0].served_models) == (3 if told else 2)
    assert any("the server answered with" in note for note in result.notes) is told
