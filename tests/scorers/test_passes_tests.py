"""Code in an output, run against its tests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sandbox.conftest import require

from scansion.errors import InputError, Unscored
from scansion.scorers import build_scorer
from scansion.scorers._code import program_in
from scansion.types import Example, Output, Score

TESTS = "assert twice(2) == 4\nassert twice(0) == 0\n"
RIGHT = "def twice(x):\n    return x + x\n"


def score(spec: str, text: str, target: Any = None, **inputs: Any) -> Score:
    return asyncio.run(build_scorer(spec)(Output(text), Example("r", inputs, target=target), None))


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        (RIGHT, 1.0, ""),
        (f"Sure:\n```python\n{RIGHT}```\n", 1.0, ""),
        ("def twice(x):\n    return x * x * x", 0.0, "AssertionError"),
        ("def once(x):\n    return x", 0.0, "NameError"),
        ("def twice(x):\n    while True:\n        pass", 0.0, "time"),
        ("def twice(x:", 0.0, "error"),
    ],
)
def test_code_passes_or_does_not(text: str, value: float, said: str) -> None:
    found = score("passes_tests(seconds=0.5)", text, target=TESTS)
    assert found.value == value
    assert said in found.explanation


def test_tests_may_be_a_column_or_a_list() -> None:
    assert score("passes_tests(tests=$checks)", RIGHT, checks=TESTS).value == 1.0
    assert score("passes_tests(tests=$checks)", RIGHT, checks=["assert twice(1) == 2", "assert twice(4) == 8"]).value
    assert score("passes_tests(tests=$checks)", RIGHT, checks=["assert twice(1) == 2", "assert 0"]).value == 0.0
    for missing in (None, "", "  \n", []):
        with pytest.raises(Unscored) as found:
            score("passes_tests(tests=$checks)", RIGHT, checks=missing)
        assert found.value.reason == "no target"


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ("twice(2) should be 4", "the tests are no Python"),
        (["assert twice(1) == 2", "assert twice(1) =="], "the tests are no Python"),
        ("2", "holds no test"),
        ("safe", "holds no test"),
        ("twice(2) == 4", "holds no test"),
    ],
)
def test_tests_that_are_none_are_refused_and_make_nobody_right_or_wrong(checks: Any, said: str) -> None:
    spec, row = "passes_tests(tests=$checks)", {"checks": checks}
    assert said in str(build_scorer(spec).refuses_gold(Example("r", row)))
    for code in (RIGHT, "4", "def twice(x:"):
        with pytest.raises(Unscored, match=said) as found:
            score(spec, code, **row)
        assert found.value.reason == "gold refused"


@pytest.mark.parametrize(
    "checks",
    [
        TESTS,
        ["import math", "assert twice(1) == 2"],
        "def check(candidate):\n    assert candidate(3) == 6\n",
        "if twice(2) != 4:\n    raise ValueError",
        "import unittest\nunittest.TestCase().assertEqual(twice(2), 4)",
        None,
        "",
    ],
)
def test_tests_that_could_find_a_program_wrong_are_not_refused(checks: Any) -> None:
    assert build_scorer("passes_tests(tests=$checks)").refuses_gold(Example("r", {"checks": checks})) is None


def test_a_task_of_humaneval() -> None:
    spec = "passes_tests(tests=$test, before=$prompt, entry=$entry_point)"
    task = {
        "prompt": 'def twice(x):\n    """Twice x."""\n',
        "test": "def check(candidate):\n    assert candidate(3) == 6\n",
        "entry_point": "twice",
    }
    assert score(spec, "    return 2 * x\n", **task).value == 1.0
    assert score(spec, "    return 3 * x\n", **task).value == 0.0
    assert score(spec, f"```python\n{RIGHT}```", **task).value == 1.0  # the whole function again
    assert score("passes_tests(tests=$test, entry=twice)", RIGHT, **task).value == 1.0


@pytest.mark.parametrize(
    "leaves", ["import sys\nsys.exit(0)", "import os\nos._exit(0)", "raise SystemExit", "exit()", "quit(0)"]
)
def test_a_program_that_leaves_before_its_tests_does_not_pass(leaves: str) -> None:
    require("process")
    left = score("passes_tests(sandbox=process)", leaves, target=TESTS)
    assert (left.value, "_ended_" in left.explanation) == (0.0, False)
    assert "_exit" in leaves or left.explanation == "error: it left before its tests ended"
    forged = RIGHT.replace("x + x", "5") + "for n in dir():\n    pass\n_ended_ = True\n" + leaves
    assert score("passes_tests(sandbox=process)", forged, target=TESTS).value == 0.0


def test_what_monty_does_not_know_is_not_scored() -> None:
    with pytest.raises(Unscored, match="use sandbox=process") as found:
        score("passes_tests", "def twice(x):\n    yield x", target=TESTS)
    assert found.value.reason == "skipped"
    require("process")
    assert score("passes_tests(sandbox=process)", "class A(int): pass\n" + RIGHT, target=TESTS).value == 1.0


def test_an_output_without_code_is_not_scored() -> None:
    for spec, text in {"passes_tests": "  ", "passes_tests(by=code)": "no block"}.items():
        with pytest.raises(Unscored) as found:
            score(spec, text, target=TESTS)
        assert found.value.reason == "no answer"


def test_wrong_arguments_are_refused_when_read() -> None:
    for spec, said in {
        "passes_tests(seconds=0)": "seconds is 0",
        'passes_tests(entry="a b")': "name of a function",
        "passes_tests(sandbox=docker)": "unknown sandbox",
        "passes_tests(tests=x)": "must be a column",
    }.items():
        with pytest.raises(InputError, match=said):
            build_scorer(spec)
    assert build_scorer("passes_tests").needs_target
    assert build_scorer("unit_tests(tests=$t, before=$p)").columns == ("t", "p")
    assert not build_scorer("passes_tests").uses_model


@given(code=st.text(st.characters(exclude_characters="`~", exclude_categories=["Cs"])))
def test_code_in_a_block_is_found_as_it_was(code: str) -> None:
    assert program_in(code) == code
    lines = code.replace("\r", "")
    assert program_in(f"Said.\n```python\n{lines}\n```\nDone.") == lines
