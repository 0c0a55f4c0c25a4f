"""Two-stage answer extraction: what is sent the second time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scansion.errors import ProgramError
from scansion.prompts import from_text
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Message, Output, Sampling

HEAD = "---\nmodel:\n  apiType: completion\n  options:\n    temperature: 0\n    maxOutputTokens: 128\n---\n"
BASE = HEAD + "Q: {{question}}\nA:"


def run(source: str, techniques: str, lm: Any, **inputs: Any) -> Output:
    program = compose(from_text(source, name="p"), parse_techniques(techniques), Context())
    return asyncio.run(program(inputs, lm))


def test_a_base_model_gets_transcript_and_cue_as_they_are(scripted: Callable[..., Any]) -> None:
    lm = scripted(" First,\n 1+1. \n", " 2.\n")
    output = run(BASE, 'cot | extract("\\nTherefore, the answer (arabic numerals) is")', lm, question=" 1+1? ")
    first = "Q:  1+1? \nA: Let's think step by step."
    second = first + " First,\n 1+1. \n" + "\nTherefore, the answer (arabic numerals) is"
    assert [r.text for r in lm.requests] == [first, second]
    assert output.messages == second + " 2.\n"
    assert (output.text, output.answer, output.data) == (" 2.\n", None, {"reasoning": " First,\n 1+1. \n"})


def test_a_chat_model_gets_the_reply_as_it_came_and_the_cue_as_a_turn(scripted: Callable[..., Any]) -> None:
    lm = scripted(" Hm. ", "2")
    output = run("system:\nBe brief.\n\nuser:\n{{question}}", "extract", lm, question="1+1?")
    assert lm.requests[1].messages[-2:] == (
        Message("assistant", " Hm. "),
        Message("user", "\nTherefore, the answer is"),
    )
    assert lm.requests[1].messages[:-2] == lm.requests[0].messages
    assert output.messages == (*lm.requests[1].messages, Message("assistant", "2"))


def test_the_second_call_samples_as_the_prompt_does(scripted: Callable[..., Any]) -> None:
    lm = scripted("a", "b")
    run(BASE, "extract(max_tokens=32)", lm, question="x")
    assert lm.requests[0].sampling == Sampling(temperature=0, max_tokens=128)
    assert lm.requests[1].sampling == Sampling(temperature=0, max_tokens=32)


def test_the_answer_may_be_read_here(scripted: Callable[..., Any]) -> None:
    assert run(BASE, "extract(by=first_number)", scripted("9", "it is 2 of 3"), question="x").answer == "2"


def test_a_program_without_a_transcript_is_an_error(scripted: Callable[..., Any]) -> None:
    async def bare(inputs: Any, lm: Any) -> Output:
        return Output("x")

    program = compose(bare, parse_techniques("extract"), Context())
    with pytest.raises(ProgramError, match="needs the transcript"):
        asyncio.run(program({}, scripted()))
