"""Programs that a model writes, run for their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import require

import scansion
from scansion.errors import InputError, Unscored
from scansion.prompts import from_text
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques
from scansion.types import Message, Output, Sampling

QUESTIONS = Path(scansion.__file__).parent / "cli" / "_init" / "data" / "questions.jsonl"
BASE = "---\nmodel:\n  apiType: completion\n  options:\n    temperature: 0\n---\nQ: {{question}}\nA:"
CHAT = "{{question}}"


def run(lm: Any, techniques: str = "program_of_thought", source: str = CHAT, base_dir: Path | None = None) -> Output:
    program = compose(from_text(source, name="p"), parse_techniques(techniques, base_dir), Context())
    return asyncio.run(program({"question": "How many?"}, lm))


def test_the_prompt_asks_for_a_program(scripted: Callable[..., Any]) -> None:
    lm = scripted("answer = 6 * 7")
    output = run(lm)
    asked = lm.requests[0].messages[-1].content
    assert asked.startswith("How many?\n\nWrite a short Python program")
    assert (output.answer, output.text) == (42, "answer = 6 * 7")
    assert output.data == {
        "program": "answer = 6 * 7",
        "ended": "done",
        "printed": "",
        "steps": [{"step": "program", "text": "answer = 6 * 7"}, {"step": "result", "text": "42"}],
    }
    completion = scripted(" x = 6\nanswer = x * 7")
    assert run(completion, source=BASE).answer == 42
    assert completion.requests[0].text.startswith("Q: How many?\nA: Write a short Python program")
    own = scripted("1")
    run(own, 'program_of_thought("")')
    assert own.requests[0].messages[-1].content == "How many?"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("ans = 5", 5),
        ("x = 2\nanswer: int = x\n'other'", 2),
        ("answer = 1\nanswer += 3", 4),
        ("def solution():\n    return 7", 7),
        ("def solver():\n    return 7\nans = solver()", 7),
        ("def solve():\n    return 8\n\nprint(solve())", "8"),
        ("x = 3\nx * 3", 9),
        ("x = 3\nprint('thinking')\nprint(x * 3)\n", "9"),
        ("print('The answer is', 12)", "The answer is 12"),
        ("answer = [3]", 3),
        ("answer = {'x': 4}", 4),
        ("answer = [1, 2]", [1, 2]),
        ("answer = False", False),
        ("answer = 0", 0),
        ("First I count.\n```python\nanswer = 5\n```\nDone:\n```\n5 apples\n```", 5),
        ("```python\nanswer = 1\n```\nNo, better:\n```python\nanswer = 2\n```", 2),
        ("```\nanswer = 6\n```", 6),
        ("```py\nanswer = 6\n```", 6),
        ("Here it is:\n```python\nanswer = 9\n", 9),
        ("answer = 9\n```", 9),
        ("\n\n    answer = 4\n    if answer:\n        answer = 5\n", 5),
    ],
)
def test_where_the_answer_stands(reply: str, answer: Any, scripted: Callable[..., Any]) -> None:
    assert run(scripted(reply)).answer == answer


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("answer = 1 / 0", "ZeroDivisionError"),
        ("It is forty-two.", "gives none"),
        ("", "no value and prints nothing"),
        ("x = 1", "no value and prints nothing"),
        ("answer = None", "no value and prints nothing"),
        ("import numpy\nanswer = 1", "use sandbox=process"),
        ("while True:\n    pass", "time limit"),
    ],
)
def test_a_program_without_an_answer_is_unscored(reply: str, said: str, scripted: Callable[..., Any]) -> None:
    with pytest.raises(Unscored, match=said) as found:
        run(scripted(reply), "program_of_thought(seconds=0.3)")
    assert found.value.reason == "no answer"


def test_it_may_try_again(scripted: Callable[..., Any]) -> None:
    lm = scripted("answer = y", "answer = 3")
    output = run(lm, "program_of_thought(retry=2)")
    assert output.answer == 3
    assert lm.requests[1].messages[:-1] == (*lm.requests[0].messages, Message("assistant", "answer = y"))
    assert "NameError: name 'y' is not defined. Write" in lm.requests[1].messages[-1].content
    assert [step["step"] for step in output.data["steps"]] == ["program", "error", "program", "result"]
    assert output.messages[-1] == Message("assistant", "answer = 3")
    base = scripted("answer = y", "answer = 4")
    assert run(base, "program_of_thought(retry=1)", BASE).answer == 4
    assert base.requests[1].text.startswith(f"{base.requests[0].text}answer = y\n\n# That program")
    assert base.requests[1].sampling == Sampling(temperature=0)
    with pytest.raises(Unscored, match="name 'z'"):
        run(scripted("answer = y", "answer = z"), "program_of_thought(retry=1)")


def test_calls_are_counted() -> None:
    once, more = parse_techniques("pot | vote(3)"), parse_techniques("pal(retry=2) | vote(3)")
    assert (calls_per_outcome(once), calls_per_outcome(more)) == (3, 9)
    assert not once[0].fewer
    assert more[0].fewer


def test_votes_are_over_answers(scripted: Callable[..., Any]) -> None:
    lm = scripted("answer = 4", "print(5 - 1)", "answer = 1 / 0")
    context = Context()
    program = compose(from_text(CHAT, name="p"), parse_techniques("pot | vote(3, by=last_number)"), context)
    with pytest.raises(Unscored):
        asyncio.run(program({"question": "?"}, scripted("x", "x", "x")))
    program = compose(from_text(CHAT, name="p"), parse_techniques("pot | chain(as-is)"), context)
    assert asyncio.run(program({"question": "?"}, lm)).answer == 4


def test_a_prelude_goes_before(scripted: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "begin.py").write_text("def solver():\n    a = 40\n")
    output = run(scripted("    b = 2\n    return a + b\n"), "pot(prelude=begin.py)", BASE, tmp_path)
    assert (output.answer, output.data["program"]) == (42, "    b = 2\n    return a + b\n")
    one = parse_techniques("pot(prelude=begin.py)", tmp_path)[0].identity
    (tmp_path / "begin.py").write_text("def solver():\n    a = 41\n")
    assert parse_techniques("pot(prelude=begin.py)", tmp_path)[0].identity != one


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("pot(retry=-1)", "retry is -1"),
        ("pot(seconds=0)", "seconds is 0"),
        ('pot(variable="a b")', "name of a variable"),
        ("pot(prelude=missing.py)", "cannot be read"),
        ("pot(sandbox=docker)", "unknown sandbox 'docker'"),
        ("pot(sandbox=process(packages=[nothing-of-it]))", "not installed"),
        ("vote(3) | pot", "goes before"),
    ],
)
def test_wrong_arguments_are_refused_when_read(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_techniques(spec)


def test_full_python_where_asked_for(scripted: Callable[..., Any]) -> None:
    require("process")
    reply = "def count():\n    yield 4\n    yield 5\nans = sum(count())"
    assert run(scripted(reply), "program_of_thought(sandbox=process)").answer == 9
    with pytest.raises(Unscored, match="use sandbox=process"):
        run(scripted(reply))


def test_the_embedded_model_answers_more_by_programs_than_at_once(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("{{question}}")
    result = scansion.run(
        prompts=[str(tmp_path / "plain.txt")],
        techniques=["as-is", "program_of_thought"],
        models=["pocket/small"],
        data={"path": str(QUESTIONS), "target": "answer"},
        scorers=["numeric"],
        limit=10,
        lab=str(tmp_path / "lab"),
    )
    direct, by_program = (variant.mean or 0.0 for variant in result.variants)
    assert by_program >= direct + 0.3


@pytest.mark.parametrize(
    ("said", "technique", "answer", "abstains"),
    [
        (["Unsure."], "program_of_thought", None, True),
        (["answer = 'unsure'"], "program_of_thought", None, True),
        (["print('unsure')"], "program_of_thought", None, True),
        (["answer = 3"], "program_of_thought", 3, False),
        (["answer = 3\nif answer > 4:\n    answer = 'unsure'"], "program_of_thought", 3, False),
        (["1 / 0", "unsure"], "program_of_thought(retry=1)", None, True),
        (["unsure"], "program_of_thought(retry=1)", None, True),
    ],
)
def test_behind_abstain_a_reply_or_its_program_may_take_the_way_out(
    scripted: Callable[..., Any], said: list[str], technique: str, answer: Any, abstains: bool
) -> None:
    lm = scripted(*said)
    output = run(lm, f"abstain | {technique}")
    assert (output.answer, output.data.get("abstained", False)) == (answer, abstains)
    assert len(lm.requests) == len(said)
