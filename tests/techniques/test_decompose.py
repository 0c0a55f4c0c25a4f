"""Least-to-most: what is asked in which order, and how the list of smaller questions is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.specs import found_from
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques, technique
from scansion.techniques.decompose import read_list
from scansion.types import Message, Output, Sampling

HEAD = "---\nmodel:\n  apiType: completion\n  options:\n    temperature: 0\n---\n"
NUMBERS = Context(extractor=build_extractor("last_number"))


def run(techniques: str, lm: Any, source: str = "Be brief. {{question}}") -> Output:
    program = compose(from_text(source, name="p"), parse_techniques(techniques), NUMBERS)
    return asyncio.run(program({"question": "How old is Ann?"}, lm))


def test_smaller_questions_are_answered_in_turn_and_then_the_question(scripted: Callable[..., Any]) -> None:
    lm = scripted("1. How old is Bo?\n2. How much older is Ann?", "Bo is 4.", "By 3.", "7")
    output = run("decompose", lm)
    assert [len(request.messages) for request in lm.requests] == [1, 1, 3, 5]
    first = "Be brief. How old is Ann?\n\n"
    assert lm.requests[0].messages[0].content.startswith(first + "Do not answer yet.")
    assert "at most 4" in lm.requests[0].messages[0].content
    assert lm.requests[3].messages == (
        Message("user", first + "First answer this: How old is Bo?"),
        Message("assistant", "Bo is 4."),
        Message("user", "First answer this: How much older is Ann?"),
        Message("assistant", "By 3."),
        Message("user", "Now answer the question itself."),
    )
    assert output.text == "7"
    assert output.messages == (Message("user", "Be brief. How old is Ann?"), Message("assistant", "7"))
    assert output.data["subquestions"] == ["How old is Bo?", "How much older is Ann?"]
    assert output.data["steps"] == [
        {"step": "questions", "text": "1. How old is Bo?\n2. How much older is Ann?"},
        {"step": "answer", "about": "How old is Bo?", "text": "Bo is 4."},
        {"step": "answer", "about": "How much older is Ann?", "text": "By 3."},
        {"step": "answer", "text": "7"},
    ]


def test_a_base_model_goes_on_with_the_list_where_it_is_begun(scripted: Callable[..., Any]) -> None:
    lm = scripted(" How old is Bo?\n2. By how much?", " 4\n", " 3", " 7")
    output = run("decompose(2)", lm, HEAD + "Q: {{question}}\nA:")
    asked = [request.text for request in lm.requests]
    assert asked[0].startswith("Q: How old is Ann?\nA:\n\nQ: Do not answer yet.")
    assert asked[0].endswith("\nA: 1.")
    assert asked[3] == (
        "Q: How old is Ann?\nA:\n\nQ: First answer this: How old is Bo?\nA: 4"
        "\n\nQ: First answer this: By how much?\nA: 3\n\nQ: Now answer the question itself.\nA:"
    )
    assert output.messages == "Q: How old is Ann?\nA: 7"
    assert all(request.sampling == Sampling(temperature=0) for request in lm.requests)


def test_what_is_above_most_and_the_question_itself_are_left_out(scripted: Callable[..., Any]) -> None:
    listed = "1. a?\n2. b?\n3. c?\n4. d?"
    lm = scripted(listed, "x", "y", "z")
    assert run("decompose(2)", lm).data["subquestions"] == ["a?", "b?"]
    assert calls_per_outcome(parse_techniques("decompose(2)")) == 4 == len(lm.requests)
    lm = scripted("1. How old is Bo?\n2. **How old is ANN?**", "4", "7")
    assert run("decompose", lm).data["subquestions"] == ["How old is Bo?"]


@pytest.mark.parametrize("reply", ["", "Bo first, then Ann.", "- How old is Bo?", "2. How old is Bo?", "(1 and 2)"])
def test_without_a_list_the_question_is_asked_at_once(reply: str, scripted: Callable[..., Any]) -> None:
    lm = scripted(reply, "7")
    output = run("decompose", lm)
    assert lm.requests[1].messages == (Message("user", "Be brief. How old is Ann?"),)
    assert (output.text, output.data["subquestions"]) == ("7", [])
    assert output.data["steps"][0] == {"step": "questions", "text": reply, "unread": True}


def test_each_run_of_a_vote_has_its_own_list(scripted: Callable[..., Any]) -> None:
    lm = scripted("1. a?", "1. b?", "x", "y", "7", "7")
    output = run("decompose(1) | vote(2)", lm)
    assert output.data["votes"] == {"7": 2}
    assert len(lm.requests) == 6
    assert [r.messages[2].content for r in lm.requests[4:]] == ["Now answer the question itself."] * 2


def test_the_texts_may_be_files(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    (tmp_path / "ask.txt").write_text("Parts, {most} at most, {braces}:\n")
    (tmp_path / "step.txt").write_text(">> {question}")
    lm = scripted("1. {most}?", "4", "7")
    with found_from(tmp_path):
        built = technique.decompose(2, ask="ask.txt", step="step.txt")
    program = compose(from_text("{{question}}", name="p"), [built], Context())
    asyncio.run(program({"question": "Q?"}, lm))
    assert [r.messages[0].content for r in lm.requests[:2]] == ["Q?\n\nParts, 2 at most, {braces}:", "Q?\n\n>> {most}?"]
    (tmp_path / "step.txt").write_text("{question}")
    with found_from(tmp_path):
        assert technique.decompose(2, ask="ask.txt", step="step.txt").identity != built.identity


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("decompose(0)", "most is 0; give 1 to 20"),
        ("decompose(ask=missing.txt)", "ask 'missing.txt' cannot be read: No such file or directory; name a text file"),
        ("decompose(step=step.txt)", "step 'step.txt' has no {question}; put it where that belongs"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spec: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "step.txt").write_text("no place")
    with pytest.raises(InputError) as caught:
        parse_techniques(spec, tmp_path)
    assert wanted in str(caught.value)


items = st.lists(
    st.text(st.sampled_from("abc ?.1)"), min_size=1).filter(lambda t: t.strip() and t == t.strip()), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(items, st.sampled_from(["{}. {}", "{}) {}", "  {}: {}", "{}. {}  "]), st.sampled_from(["", "Sure:\n", "\n\n"]))
def test_a_numbered_list_is_read_back(listed: list[str], form: str, head: str) -> None:
    text = head + "\n".join(form.format(number, item) for number, item in enumerate(listed, 1)) + "\n\nDone."
    assert read_list(text) == listed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    assert all(item and "\n" not in item for item in read_list(text))
