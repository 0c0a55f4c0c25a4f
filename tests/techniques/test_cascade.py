"""Cascades: who is asked, who answers, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.techniques import wind
from tests.techniques.wind import Ran, Wind

from scansion.errors import InputError, Unscored
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques
from scansion.types import Completion, Message, Request, TokenLogprob

CONTEXT = Context(extractor=build_extractor("last_number"))
CODE = """
from scansion.errors import Unscored
from scansion.types import Output
def unsure(): return Output(text="12", data={"abstained": True})
def counted(): return Output(text="12", data={"abstained": 2})  # as votes of former versions left it
def unscored(): raise Unscored("no answer", "none of 3")
"""


@pytest.fixture(autouse=True)
def folder(windy: Path) -> Path:
    (windy / "code6.py").write_text(CODE)
    return windy


def says(**answers: Any) -> Callable[[str, Request], Any]:
    """A script: each model's answers in turn, the last one again and again."""
    left: dict[str, Iterator[Any]] = {name: iter(each) for name, each in answers.items()}

    def script(model: str, _request: Request) -> Any:
        return next(left[model[-1]])

    return script


def likely(text: str, logprob: float) -> Completion:
    return Completion(text, "stop", logprobs=(TokenLogprob("x", logprob), TokenLogprob("y", logprob)))


def run(techniques: str, script: Callable[[str, Request], Any], context: Context = CONTEXT) -> Ran:
    found = parse_techniques(techniques)
    ran = wind.run(compose(from_text("Q {{ q }}", name="p"), found, context), {"q": "x"}, Wind(script=script))
    if isinstance(ran.output, Exception):
        raise ran.output
    assert len(ran.trace.calls) <= calls_per_outcome(found)
    return ran


@pytest.mark.parametrize(
    ("small", "why"),
    [
        ("it is 5", None),
        ("no idea", "no answer"),
        ("", "no answer"),
        (Completion("5", "length"), "cut off"),
    ],
)
def test_the_large_is_asked_where_the_small_abstains(small: Any, why: str | None) -> None:
    ran = run("cascade(as-is, wind/b)", says(a=[small], b=["9"]))
    steps = ran.output.data["steps"]
    assert ran.output.text == ("9" if why else "it is 5")
    assert ran.output.data["level"] == ("b" if why else "start")
    assert [call.model for call in ran.trace.calls] == (["wind/a", "wind/b"] if why else ["wind/a"])
    assert steps[0].get("why") == why
    assert ran.output.messages == (Message("user", "Q x"), Message("assistant", ran.output.text))


def test_three_levels_and_what_programs_say_of_themselves() -> None:
    ran = run("cascade(python:code6:unsure, python:code6:unscored, wind/b, wind/c)", says(b=["none"], c=["none"]))
    assert [step.get("why") for step in ran.output.data["steps"]] == ["abstained", "no answer", "no answer", None]
    assert (ran.output.data["level"], ran.output.text) == ("c", "none")


def test_without_an_extractor_an_empty_text_abstains() -> None:
    assert run("cascade(as-is, wind/b)", says(a=["no idea"]), Context()).output.text == "no idea"
    assert run("cascade(as-is, wind/b)", says(a=[" "], b=["x"]), Context()).output.text == "x"


def test_a_vote_with_silent_runs_is_an_answer() -> None:
    ran = run("cascade(vote(3), wind/b)", says(a=["5", "?", "it is 5"], b=["9"]))
    assert (ran.output.data["level"], ran.output.text, ran.output.data["silent"]) == ("vote", "5", 1)
    assert run("cascade(python:code6:counted, wind/b)", says(b=["9"])).output.text == "12"


@pytest.mark.parametrize(
    ("votes", "threshold", "text", "agreement"),
    [
        (["5", "it is 5", "5.0"], 1, "5", 1.0),
        (["4", "5", "so 5"], 0.6, "5", 0.666667),
        (["4", "5", "so 5"], 0.7, "9", 0.666667),
        (["5", "?", "5"], 1, "9", 0.666667),
        (["?", "?", "?"], 0.1, "9", 0.0),
    ],
)
def test_the_large_is_asked_where_the_small_disagrees(
    votes: list[str], threshold: float, text: str, agreement: float
) -> None:
    ran = run(f"cascade(as-is, wind/b, when=disagrees, n=3, threshold={threshold})", says(a=votes, b=["9"]))
    assert ran.output.text == text
    assert ran.output.data["steps"][0]["agreement"] == agreement
    assert [call.request.k for call in ran.trace.calls[:3]] == [0, 1, 2]
    assert len(ran.trace.calls) == (4 if text == "9" else 3)


@pytest.mark.parametrize(("logprob", "text"), [(-0.05, "5"), (-0.15, "9")])
def test_the_large_is_asked_where_the_small_is_unsure(logprob: float, text: str) -> None:
    ran = run("cascade(as-is, wind/b, when=unsure)", says(a=[likely("5", logprob)], b=["9"]))
    assert ran.output.text == text
    assert ran.output.data["steps"][0]["logprob"] == logprob
    asked = [call.request.sampling.logprobs for call in ran.trace.calls]
    assert asked == [0, None][: len(asked)]


def test_a_sure_one_that_says_nothing_is_not_relied_on() -> None:
    ran = run("cascade(as-is, wind/b, when=unsure)", says(a=[likely("no idea", -0.01)], b=["9"]))
    assert ran.output.data["steps"][0]["why"] == "no answer"


def test_what_cannot_be_judged_is_said() -> None:
    with pytest.raises(Unscored, match="no log-probabilities") as caught:
        run("cascade(as-is, wind/b, when=unsure)", says(a=["5"]))
    assert caught.value.reason == "no log-probabilities"
    with pytest.raises(InputError, match="cascade must know how to read an answer"):
        run("cascade(as-is, wind/b, when=disagrees)", says(), Context())
    assert parse_techniques("cascade(as-is, wind/b, when=unsure)")[0].asks.logprobs == 0
    assert parse_techniques("cascade(wind/b, as-is, when=unsure)")[0].asks.logprobs is None


def test_the_last_word_stands_also_where_it_is_unscored() -> None:
    with pytest.raises(Unscored):
        run("cascade(as-is, vote(2))", says(a=["?", "?", "?"]))


def test_the_transcript_goes_on() -> None:
    ran = run("cascade(as-is, wind/b) | extract(' so')", says(a=["?", "5"], b=["9"]))
    assert [call.model for call in ran.trace.calls] == ["wind/a", "wind/b", "wind/a"]
    assert ran.trace.calls[2].request.messages[1].content == "9"


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("cascade(as-is, wind/b)", 2),
        ("cascade(vote(3), wind/b, vote(2) | extract)", 7),
        ("cascade(as-is, vote(2), wind/b, when=disagrees)", 5 + 10 + 1),
        ("vote(3) | cascade(as-is, wind/b, when=disagrees, n=2)", 9),
    ],
)
def test_the_most_calls(text: str, calls: int) -> None:
    techniques = parse_techniques(text)
    assert calls_per_outcome(techniques) == calls
    assert techniques[-1].fewer
