"""A way out: how it is offered, when a reply takes it, and what becomes of that in further techniques."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, compose, parse_techniques
from scansion.techniques._way_out import says
from scansion.types import Output

BASE = "---\nmodel:\n  apiType: completion\n---\nQ: {{question}}\nA:"
OFFER = "If the answer is not given or cannot be worked out, say unsure."
NUMBERS = Context(extractor=build_extractor("last_number"))


def run(techniques: str, lm: Any, source: str = "{{question}}", context: Context = NUMBERS) -> Output:
    program = compose(from_text(source, name="p"), parse_techniques(techniques), context)
    return asyncio.run(program({"question": "Who?"}, lm))


TAKEN = [
    "unsure",
    " Unsure. ",
    '"UNSURE"',
    "**unsure**",
    "The passage does not say it. unsure",
    "It is not stated.\nThe answer is unsure.",
    "So the final answer (a number) is: **Unsure**.",
    "Answer: unsure",
    "Therefore, the answer would be \u201cunsure\u201d.",
    "I am unsure.",
    "So I would say unsure.",
    "<thinking>12 or 13</thinking>\n<answer>unsure</answer>",
    '{"answer": "unsure"}',
    '```json\n{"steps": "none", "answer": "unsure"}\n```',
    "\\boxed{\\text{unsure}}",
    "3 + 4\n#### unsure",
    "Unsure. It does not say how many of the 4 cups were new.",
    "**Unsure** \u2014 the number of cups is not given.",
    "I'm unsure, as nothing is said of 2019.",
]
NOT_TAKEN = [
    "",
    "12",
    "I was unsure at first, but the answer is 12.",
    "The answer is 12, not unsure.",
    "unsure at first; then 12",
    "The answer is not unsure.",
    "Nobody is unsure about this: 12",
    "The answer is unsure. No, wait: the answer is 12.",
    "The word unsure has six letters",
    "unsurely",
    '{"unsure": "12"}',
    "He said he was unsure.",
    "Unsure. There are 3 boys, so 12.",
    "Unsure: 12",
    "Unsure, but it may be 12 cups.",
    "I'm unsure, I think it is 12.",
]


@pytest.mark.parametrize("text", TAKEN)
def test_a_reply_that_gives_the_word_takes_the_way_out(text: str) -> None:
    assert says("unsure", text)


@pytest.mark.parametrize("text", NOT_TAKEN)
def test_a_mere_mention_does_not(text: str) -> None:
    assert not says("unsure", text)


def test_a_word_may_be_several() -> None:
    assert says("not given", "It is missing.\nThe answer is Not  given.")
    assert says("I don't know", "i don't know.")
    assert says("I don't know", "I don\u2019t know.")
    assert says("I don\u2019t know", "The answer is: I don't know.")
    assert not says("not given", "The year is not given, so I take 1900.")
    assert says("?!n/a", "N/A.")


prose = st.text(st.sampled_from("ab 12.,!?\n\"'<>{}:-*"), max_size=80)


@settings(max_examples=200, deadline=None)
@given(prose)
def test_the_word_at_the_end_is_found_behind_any_text_and_nowhere_without_it(text: str) -> None:
    assert not says("unsure", text)
    assert says("unsure", f"{text}\nThe answer is unsure.")
    assert says("unsure", f"{text}\n<answer> Unsure </answer>")
    assert not says("unsure", f"unsure {text}\nThe answer is 12.")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["{", '{"a": ', "answer is ", "is is ", "\\boxed{", "<a>", "*"]), st.integers(1, 4000))
def test_a_long_text_of_beginnings_is_read_quickly_and_is_no_way_out(part: str, times: int) -> None:
    assert not says("unsure", part * times)


def test_a_chat_prompt_offers_it_at_the_end(scripted: Callable[..., Any]) -> None:
    lm = scripted("unsure", "unsure")
    run("abstain", lm)
    run("abstain | cot", lm)
    said = [request.messages[-1].content for request in lm.requests]
    assert said == [f"Who?\n\n{OFFER}", f"Who?\n\n{OFFER}\n\nLet's think step by step."]


def test_a_completion_prompt_offers_it_at_the_beginning(scripted: Callable[..., Any]) -> None:
    lm = scripted(" unsure")
    output = run('abstain | cot("Hm.")', lm, BASE)
    assert lm.requests[0].text == f"{OFFER}\n\nQ: Who?\nA: Hm."
    assert output.data["abstained"] is True


def test_an_instruction_is_never_template_code(scripted: Callable[..., Any]) -> None:
    lm = scripted(" x")
    run('abstain(nothing, "Say {word} for {{ 1 + 1 }} {% if x %}.")', lm, BASE)
    assert lm.requests[0].text == "Say nothing for {{ 1 + 1 }} {% if x %}.\n\nQ: Who?\nA:"


def test_an_abstention_has_no_answer_and_an_answer_does_not_abstain(scripted: Callable[..., Any]) -> None:
    taken = run("abstain", scripted("Of 12 people none is named. The answer is unsure."))
    assert (taken.answer, taken.data) == (None, {"way_out": "unsure", "abstained": True})
    kept = run("abstain", scripted("12"))
    assert (kept.answer, kept.data) == (None, {"way_out": "unsure"})


def test_the_scorers_extractor_may_find_it_where_nothing_else_would(scripted: Callable[..., Any]) -> None:
    reading = Context(extractor=build_extractor('after("FINAL>")'))
    reply = "FINAL> unsure"
    assert run("abstain", scripted(reply), context=reading).data.get("abstained") is True
    assert "abstained" not in run("abstain", scripted(reply)).data


def test_after_extract_the_second_reply_decides(scripted: Callable[..., Any]) -> None:
    renewed = run("abstain | cot | extract", scripted("It does not say.", "unsure."))
    assert (renewed.data["abstained"], renewed.answer) == (True, None)
    withdrawn = run("abstain | cot | extract(by=last_number)", scripted("The answer is unsure.", "12"))
    assert "abstained" not in withdrawn.data
    assert withdrawn.answer == "12"
    assert run("abstain | extract(by=text)", scripted("x", "unsure")).answer is None


def test_tags_around_the_word_abstain_in_either_order(scripted: Callable[..., Any]) -> None:
    words = Context(extractor=build_extractor("text"))
    reply = "<thinking>?</thinking><answer>unsure</answer>\nThat is all."
    for techniques in ("cot(tags) | abstain", "abstain | cot(tags)"):
        output = run(techniques, scripted(reply), context=words)
        assert (output.data.get("abstained"), output.answer) == (True, None)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ('abstain("")', "the word is empty"),
        ('abstain("...")', "the word is empty"),
        ('abstain(unsure, "Say so.")', "does not offer 'unsure'"),
        ("vote(3) | abstain", "abstain edits a prompt, so it goes before vote"),
        ("abstain(2)", "word must be a string, not 2; put it in quotes"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spec: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(spec)
    assert wanted in str(caught.value)


def test_the_pocket_model_takes_it_where_a_fact_is_missing_and_not_where_it_is_there() -> None:
    told = "Flora keeps {} buttons. Then Flora doubles the number of buttons. Later Flora uses 39. "
    asked = [told.format(many) + "How many buttons are there now?" for many in ("47", "some")]
    program = compose(from_text("{{question}}", name="p"), parse_techniques("abstain | cot"), Context())

    async def main() -> list[Output]:
        gateway = Gateway()
        lm = LM(gateway, gateway.channel("pocket/small"), Trace())
        found = [await program({"question": question}, lm) for question in asked]
        await gateway.close()
        return found

    known, unknown = asyncio.run(main())
    assert says("55", known.text)
    assert "abstained" not in known.data
    assert unknown.data["abstained"] is True
