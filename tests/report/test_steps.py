"""The steps of a program, in order, with what a revising one changed marked."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.report.html import write
from scansion.report.plain import example_text
from scansion.report.reader import Shown as OnScreen
from scansion.report.reader import page
from scansion.report.steps import shown_steps, step_lines
from scansion.report.text import cells
from scansion.types import Output

DRAFT = "Send the report at once. It was due on Monday."
BETTER = "Please send the report when you can. It was due on Monday."
STEPS = [
    {"step": "draft", "text": DRAFT},
    {"step": "critique", "about": "kind-words", "text": " It does not ask.", "aside": True},
    {"step": "revision", "about": "kind-words", "text": f" {BETTER}", "revises": True},
]


def output(*steps: dict[str, Any]) -> Output:
    return Output(str(steps[-1]["text"]), data={"steps": list(steps)})


def said(*steps: dict[str, Any], width: int = 80) -> str:
    return "\n".join(step_lines(output(*steps), "[a]", width))


def test_a_revision_is_a_diff_against_the_draft_and_not_against_its_critique() -> None:
    assert step_lines(output(*STEPS), "[a]", 100) == [
        "[a] 3 steps",
        "  1. draft",
        "    Send the report at once. It was due on Monday.",
        "  2. critique (kind-words)",
        "    It does not ask.",
        "  3. revision (kind-words)",
        "    [-Send-]{+Please send+} the report [-at once-]{+when you can+}. It was due on Monday.",
        "",
    ]


def test_a_second_revision_is_held_against_the_first() -> None:
    again = {"step": "revision", "text": BETTER.replace("Monday", "Friday"), "revises": True}
    assert said(*STEPS, again, width=200).rstrip().endswith("It was due on [-Monday-]{+Friday+}.")


def test_steps_that_revise_nothing_stand_as_they_are() -> None:
    chain = [{"step": "outline", "text": "a\nb", "model": "pocket/tiny"}, {"step": "write", "text": "A. B."}]
    assert said(*chain).split("\n") == [
        "[a] 2 steps", "  1. outline (model pocket/tiny)", "    a", "    b", "  2. write", "    A. B.", "",
    ]  # fmt: skip
    polish = {"step": "polish", "text": "A! B.", "revises": True}
    assert "A[-.-]{+!+} B." in said(*chain, polish)


def test_what_did_not_change_or_has_nothing_in_common_is_said_so() -> None:
    same = {"step": "revision", "text": DRAFT, "revises": True}
    assert "3. revision; nothing was changed\n    Send the report at once." in said(*STEPS[:2], same)
    other = {"step": "revision", "text": "Quite unlike everything before", "revises": True}
    assert "written anew" in said(*STEPS[:2], other)
    assert "[-" not in said(*STEPS[:2], other)


def test_a_long_text_is_shortened_around_its_changes() -> None:
    filler = " ".join(f"word{i}" for i in range(400))
    steps = [
        {"step": "draft", "text": f"{filler} Monday {filler} end"},
        {"step": "revision", "text": f"{filler} Friday {filler} end", "revises": True},
    ]
    text = said(*steps).split("2. revision")[1]
    assert "[-Monday-]{+Friday+}" in " ".join(text.split())
    assert len(text) < 500
    assert text.count("[…]") == 2
    assert "word399" in text
    assert "word0 " in text


def test_one_step_or_none_or_something_else_is_no_trace() -> None:
    for data in ({}, {"steps": []}, {"steps": STEPS[:1]}, {"steps": "three"}, {"steps": [1, 2]}):
        assert step_lines(Output("x", data=data), "[a]", 80) == []


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.booleans(), st.booleans()), min_size=2, max_size=5))
def test_any_steps_fit_the_width_and_hold_no_control_character(parts: list[tuple[str, bool, bool]]) -> None:
    steps = [{"step": "s", "text": text, "revises": revises, "aside": aside} for text, revises, aside in parts]
    for line in step_lines(output(*steps), "[a]", 40):
        assert cells(line) <= 40
        assert not any(unicodedata.category(sign) == "Cc" for sign in line)
    for step, shown in zip(steps, shown_steps(output(*steps)), strict=True):
        if len(shown.pieces) < 2:
            continue
        assert step["revises"]


def test_the_trace_of_an_outcome_begins_with_its_steps(build: Any) -> None:
    view = build.view(0, "direct", output=output(*STEPS))
    text = example_text([view], 80)
    assert text.index("[direct] 3 steps") < text.index("[direct] call 1: ")
    assert "3 steps" not in example_text([view], 80, calls=False)
    shown = page(OnScreen(views=[view], said=[build_standing()], calls=True), 80)
    assert shown.lines[shown.calls_at] == "[direct] 3 steps"


def build_standing() -> Any:
    from scansion.experiments.people.annotations import Standing

    return Standing()


def test_the_page_has_the_steps_as_data_and_never_as_markup(build: Any, nasty: str) -> None:
    shared = "What both of the texts have in common stands here, and it is more than what differs in the end:"
    steps = [
        {"step": nasty, "text": f"{shared} d"},
        {"step": "revision", "text": f"{shared} {nasty}", "revises": True},
    ]
    view = build.view(0, "direct", output=output(*steps))
    stream = io.StringIO()
    write(build.result(), [view], stream)
    found = re.search(r'id="examples">(.*?)</script>', stream.getvalue(), re.DOTALL)
    assert found is not None
    [example] = json.loads(found[1])
    first, second = example["outcomes"][0]["steps"]
    assert first["pieces"] == [[f"{shared} d"]]
    assert second["pieces"][0] == [f"{shared} "]
    assert second["pieces"][1][0] == "d"
    assert "alert(1)" in second["pieces"][1][1]
    assert "<script>alert" not in stream.getvalue()
