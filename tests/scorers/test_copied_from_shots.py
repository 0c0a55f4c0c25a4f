"""What an output copies from the shots in its prompt."""

from __future__ import annotations

import pytest

from scansion.errors import InputError
from scansion.scorers import build_scorer
from scansion.types import Example, Message, Output, Score

SHOTS = [
    ("Where does the old miller of Arden keep his flour?", "He keeps all of it in three oak barrels behind the barn."),
    ("Where does the young smith of Arden keep her coal?", "She keeps all of it in a heap that nobody may touch."),
]
ASKED = "Where does the tall baker of Arden keep her yeast?"


def by_turns(said: str, *more: Message) -> Output:
    turns = [Message(role, text) for shot in SHOTS for role, text in zip(("user", "assistant"), shot, strict=True)]
    messages = (Message("system", "Answer."), *turns, Message("user", ASKED), *more, Message("assistant", said))
    return Output(said, messages=messages, data={"shots": ["a", "b"], "shots_at": 1})


def in_text(said: str) -> Output:
    text = "".join(f"{q} {a}\n\n" for q, a in SHOTS) + ASKED + " " + said
    return Output(said, messages=text, data={"shots": ["a", "b"], "shots_text": [list(shot) for shot in SHOTS]})


def scored(output: Output, spec: str = "copied_from_shots(6)") -> Score:
    found = build_scorer(spec).score(output, Example("1", {"question": ASKED}))
    assert found is not None
    return found


@pytest.mark.parametrize("made", [by_turns, in_text])
def test_a_copied_run_is_found_and_quoted(made) -> None:
    assert scored(made("In a jar under the stairs.")) == Score(1.0)
    whole = scored(made(SHOTS[0][1].upper()))
    assert whole.value == 0
    assert whole.explanation.startswith("from shot a: 'he keeps all of it in three oak")
    part = scored(made("Well now, in a heap that nobody may touch, I think so."))
    assert part.value == pytest.approx(1 - 7 / 12)
    assert part.explanation == "from shot b: 'in a heap that nobody may touch'"


@pytest.mark.parametrize("made", [by_turns, in_text])
def test_the_form_and_the_own_input_are_no_copies(made) -> None:
    assert scored(made("Keeps all of it in"), "copied_from_shots(5)").value == 1  # both shots say so
    assert scored(made(ASKED)).value == 1
    assert scored(made("too short to tell")).value == 1


def test_turns_that_came_later_do_not_hide_the_shots() -> None:
    later = (Message("assistant", "Hm."), Message("user", "Therefore, the answer is"))
    assert scored(by_turns(SHOTS[1][1], *later)).value == 0
    assert scored(by_turns("Therefore, the answer is that we cannot know", *later)).value == 1


def test_short_answers_count_only_where_asked() -> None:
    output = Output("12.", messages="", data={"shots": ["x"], "shots_text": [["3 x 4", "12"]]})
    assert scored(output).value == 1
    assert scored(output, "copied_from_shots(answers=true)") == Score(0.0, explanation="the answer of shot x: '12'")


def test_without_shots_there_is_nothing_to_tell() -> None:
    assert scored(Output("x")).unscored == "skipped"
    assert scored(Output("x", data={"shots": []})).value == 1
    with pytest.raises(InputError, match="words is 1"):
        build_scorer("copied_from_shots(1)")
