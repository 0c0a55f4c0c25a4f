"""What a try shows: text that breaks into lines as it comes, replies in order, what became of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from scansion.experiments.results import OutcomeView
from scansion.models.base import Piece
from scansion.report.flow import Flow
from scansion.report.text import cells, visible, wrap
from scansion.report.tried import Reply, example_head, requests_text, result_text, steps_text
from scansion.types import Call, Completion, Example, Message, Output, Request, Score, Usage

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def flowed(text: str, width: int, cuts: list[int]) -> list[str]:
    flow = Flow(width)
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    whole = "".join(flow.feed(text[a:b]) for a, b in pairwise(edges)) + flow.end()
    return [line.rstrip() for line in whole.split("\n")]


@given(
    st.text(alphabet=st.sampled_from(list("ab  \n\t\r日é\u0301x\x07\u202e❤\ufe0f\u200d👩ស\u200b")), max_size=60),
    st.integers(2, 14),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_a_flow_makes_the_lines_that_wrapping_the_whole_makes(text: str, width: int, cuts: list[int]) -> None:
    assert flowed(text, width, cuts) == [line.rstrip() for line in wrap(visible(text), width)]


@given(
    st.lists(st.sampled_from([SCOTLAND, SCOTLAND[:-1], SCOTLAND[2:], "a", " ", "\r", "\u200b"])).map("".join),
    st.integers(2, 8),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_a_flag_in_pieces_is_one_sign(text: str, width: int, cuts: list[int]) -> None:
    assert flowed(text, width, cuts) == [line.rstrip() for line in wrap(visible(text), width)]


@given(st.text(max_size=80), st.integers(2, 20))
def test_a_flow_never_shows_more_than_fits_nor_a_control_character(text: str, width: int) -> None:
    lines = flowed(text, width, [])
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines) == visible("".join(lines))


def test_a_word_is_shown_as_soon_as_its_line_is_known() -> None:
    flow = Flow(10)
    shown = [flow.feed(each) for each in ("one tw", "o three", " four", "teen")]
    assert shown == ["one", " two\nthre", "e", "\nfourtee"]  # a mark may yet come to the last letter
    assert flow.end() == "n"


def view(text: str | None = "42", **fields: Any) -> OutcomeView:
    request = Request((Message("user", "Add one to 41"),))
    call = Call(b"k", "m", request, Completion(text or "", "stop", Usage(1200, 2), latency=0.5), 0.0012)
    known: dict[str, Any] = {
        "row": 3,
        "trial": 0,
        "variant": "direct",
        "example": Example("q3", {"number": 41}, "42", row=3),
        "status": "scored",
        "reason": "",
        "message": "",
        "wrong": False,
        "output": Output(text) if text is not None else None,
        "scores": {"numeric": Score(1.0, answer="42")},
        "calls": [call] if text is not None else [],
        "cost_usd": 0.0012,
        "latency": 0.5,
    }
    return OutcomeView(**{**known, **fields})


def done(text: str) -> Piece:
    return Piece("", Completion(text))


def test_a_reply_as_it_comes() -> None:
    reply = Reply("direct", 80, trial=1)
    assert reply.begin() == "\n[direct] trial 2\n"
    assert [reply.hear(0, Piece("4")), reply.hear(0, Piece("2 ")), reply.hear(0, done("42 "))] == ["", "42", "\n"]
    assert reply.end(view("42 ")) == ""


def test_a_reply_that_was_not_heard_is_shown_whole() -> None:
    assert Reply("direct", 6).end(view("one two\nthree")) == "one\ntwo\nthree\n"
    assert Reply("direct", 80).end(view(None, status="error")) == ""


def test_a_reply_that_broke_off_is_told_anew() -> None:
    reply = Reply("direct", 80)
    told = reply.hear(0, Piece("one two")) + reply.hear(0, Piece("", again=True)) + reply.hear(0, Piece("three "))
    assert told == "one two\n-- the reply broke off and is asked for again\nthree"
    assert reply.end(view(None, status="error")) == "\n-- the reply broke off\n"


def test_the_replies_of_several_calls_are_shown_in_the_order_of_asking() -> None:
    reply = Reply("vote", 80, alone=False)
    assert reply.hear(1, Piece("b")) == ""
    assert reply.hear(1, done("b")) == ""
    assert reply.hear(0, Piece("a\n")) == "-- call 1\na\n"
    assert reply.hear(0, done("a\n")) == "-- call 2\nb\n"
    assert reply.end(view("b", output=Output("the answer"))) == "-- output\nthe answer\n"
    last = Reply("extract", 80, alone=False)
    last.hear(0, Piece("42", Completion("42")))
    assert last.end(view("42")) == ""


def test_what_became_of_an_output() -> None:
    assert result_text(view(), 80) == "  right; numeric: 1 (answer 42)\n  500ms, 1,200 + 2 tokens, 0.0012 USD\n"
    wrong = result_text(view(wrong=True, scores={"numeric": Score(0.0, explanation="far off")}), 80, same=True)
    assert "wrong; numeric: 0 (far off)" in wrong
    assert "the same output as before" in wrong
    silent = result_text(view(" ", status="unscored", reason="no scorer", scores={}), 80)
    assert silent.startswith("  the output is empty\n")
    failed = view(None, status="error", reason="connection", message="refused", scores={})
    assert result_text(failed, 80) == "  error (no connection); refused\n"


def test_the_example_and_the_requests_fit_the_screen() -> None:
    long = Example("q" * 60, {"text": "word " * 200, "notes": "a\nb"}, "日本" * 50, row=6)
    head = example_head(long, 40)
    assert all(cells(line) <= 40 for line in head.splitlines())
    assert "more lines)" in head
    assert "notes:\na\nb\n" in head
    two = [view(), view(variant="steps"), view(variant="third")]
    other = Request((Message("user", "Think."),))
    text = requests_text([(two[0], [other]), (two[1], [other]), (two[2], [Request(text="raw")])], 80, str.upper)
    assert "[DIRECT, STEPS] example q3, as sent\n--- user\nThink.\n" in text
    assert "[THIRD] example q3, as sent\n--- text\nraw\n" in text


def test_a_vector_is_no_reply_and_holds_up_none() -> None:
    embedded = Piece("", Completion("", vector=b"\0\0\0\0"))
    reply = Reply("p", 40)
    shown = reply.begin() + reply.hear(1, Piece("forty-two ")) + reply.hear(0, embedded)
    shown += reply.hear(1, Piece("", Completion("forty-two")))
    calls = [
        Call(b"0", "e", Request(text="q", embeds=True), Completion("", vector=b"\0\0\0\0")),
        Call(b"1", "m", Request(text="q"), Completion("forty-two")),
    ]
    shown += reply.end(view("forty-two", calls=calls))
    assert shown.count("forty-two") == 1
    alone = Reply("p", 40)
    told = alone.begin() + alone.hear(0, embedded) + alone.end(view("the nearest", calls=calls[:1]))
    assert "the nearest" in told


def test_steps_are_shown_and_again_only_what_was_revised() -> None:
    draft, again = {"step": "draft", "text": "send it now"}, {"step": "revision", "text": "please send it now"}
    found = structs.replace(view(), output=Output("x", data={"steps": [draft, again]}))
    assert "1. draft" in steps_text(found, 80, heard=False)
    assert steps_text(found, 80, heard=True) == ""
    revised = structs.replace(found, output=Output("x", data={"steps": [draft, {**again, "revises": True}]}))
    assert "{+please +}" in steps_text(revised, 80, heard=True)
    assert steps_text(view(), 80, heard=False) == ""
