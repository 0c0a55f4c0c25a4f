"""What techniques say of their choice is shown with the calls."""

from __future__ import annotations

from typing import Any

import pytest

from scansion.report.choices import choice_lines
from scansion.report.examples import Texts, as_data
from scansion.report.plain import example_text
from scansion.types import Output

VOTE = {"votes": {"7": 1, "12": 3}, "asked": 6, "silent": 2, "failed": 0}


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({}, []),
        (VOTE, ["votes: 12 x3, 7 x1; 2 without an answer"]),
        (VOTE | {"silent": 0, "saved": 34, "confidence": 0.97}, ["votes: 12 x3, 7 x1; 34 not needed; confidence 97%"]),
        (VOTE | {"weights": {"7": 0.75, "12": 0.25}, "unweighed": 1, "silent": 0},
         ["votes: 7 x1 (weight 75%), 12 x3 (weight 25%); 1 without a weight"]),
        ({"chosen": 2, "by": "pairs", "asked": 4, "failed": 0, "scores": [0.25, None, 1, 0.1234567]},
         ["chosen by pairs: run 3 of 4; scores 0.25, none, 1, 0.123"]),
        ({"chosen": 0, "by": "judge", "asked": 2}, ["chosen by judge: run 1 of 2"]),
        ({"shots": ["a"], "shots_left_out": 36}, ["36 shots did not fit"]),
        ({"shots": [], "shots_left_out": 1}, ["1 shot did not fit"]),
        ({"level": "small", "steps": []}, ["answered by level small"]),
        ({"votes": {str(i): 1 for i in range(30)}},
         ["votes: 0 x1, 1 x1, 2 x1, 3 x1, 4 x1, 5 x1, 6 x1, 7 x1, 22 more answers"]),
    ],
)  # fmt: skip
def test_what_was_said_of_a_choice(data: dict[str, Any], lines: list[str]) -> None:
    assert choice_lines(Output("x", data=data)) == lines


@pytest.mark.parametrize(
    "data",
    [
        {"votes": "12", "chosen": "a", "asked": None, "shots_left_out": True, "level": "x"},
        {"votes": {"a": "b"}, "chosen": 1, "scores": "abc", "shots_left_out": [1]},
        {"votes": {}, "weights": 3, "confidence": "high"},
    ],
)
def test_what_a_program_of_ones_own_keeps_there_is_no_choice(data: dict[str, Any]) -> None:
    assert choice_lines(Output("x", data=data)) == []


def test_an_answer_is_data() -> None:
    (line,) = choice_lines(Output("x", data={"votes": {"a\x1b[2J\nb" + "c" * 200: 1}}))
    assert "\x1b" not in line
    assert "\n" not in line
    assert len(line) < 80


def test_the_trace_and_the_page_show_it(build: Any) -> None:
    view = build.view(0, "steps | vote(5)", output=Output("12", data=VOTE))
    assert "[steps | vote(5)] votes: 12 x3, 7 x1; 2 without an answer\n" in example_text([view], 80)
    assert "votes:" not in example_text([view], 80, calls=False)
    (shown,) = as_data([view], False, [build.variant("steps | vote(5)")], Texts())["outcomes"]
    assert shown["choices"] == ["votes: 12 x3, 7 x1; 2 without an answer"]
