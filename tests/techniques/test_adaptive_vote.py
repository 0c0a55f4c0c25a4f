"""Votes that stop once they are decided: the same answer for fewer calls, numbered as those of fixed votes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.errors import BudgetSpent, CallError, InputError, Unscored
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques, technique
from scansion.techniques._stops import Stop
from scansion.types import Output

CONTEXT = Context(extractor=build_extractor("last_number"))
DOWN = CallError("server", "down")


def run(techniques: str, lm: Any, context: Context = CONTEXT) -> Output:
    program = compose(from_text("Q: {{x}}", name="p"), parse_techniques(techniques), context)
    return asyncio.run(program({"x": "1"}, lm))


def voted(techniques: str, answers: Sequence[Any], context: Context = CONTEXT) -> Output:
    """The vote over a program that gives these answers one after the other."""
    given_out = iter(answers)

    async def program(_inputs: Any, _lm: Any) -> Output:
        answer = next(given_out)
        if isinstance(answer, Exception):
            raise answer
        return Output(str(answer))

    return asyncio.run(compose(program, parse_techniques(techniques), context)({}, None))


def test_a_unanimous_vote_stops_after_one_batch(scripted: Callable[..., Any]) -> None:
    lm = scripted(*["it is 7"] * 40)
    output = run("vote(40, stop=adaptive)", lm)
    assert (output.text, len(lm.requests)) == ("it is 7", 3)
    assert output.data["votes"] == {"7": 3}
    assert (output.data["asked"], output.data["saved"], output.data["failed"]) == (3, 37, 0)
    assert output.data["stop"].startswith("adaptive(")
    assert 0.93 <= output.data["confidence"] < 1


def test_a_divided_vote_goes_on_in_batches() -> None:
    output = voted("vote(40, stop=adaptive)", [1, 2, 1, *[1] * 37])
    assert output.data["votes"]["2"] == 1
    assert 4 < output.data["asked"] < 12
    assert voted("vote(40, stop=adaptive)", [1, 2] * 20).data["asked"] >= 39


def test_a_higher_threshold_asks_more() -> None:
    asked = [voted(f"vote(40, stop=adaptive({t}))", [1] * 40).data["asked"] for t in (0.8, 0.93, 0.97, 0.99, 1)]
    assert asked == sorted(asked)
    assert (asked[0], asked[-1]) == (2, 20)


answers = st.lists(st.sampled_from(["1", "2", "2", "3", "none"]), min_size=1, max_size=24)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers)
def test_at_certainty_the_answer_is_that_of_all_calls(given_answers: list[str]) -> None:
    n = len(given_answers)
    try:
        fixed = voted(f"vote({n})", given_answers)
    except Unscored:
        with pytest.raises(Unscored, match="none of"):
            voted(f"vote({n}, stop=adaptive(1))", given_answers)
        return
    adaptive = voted(f"vote({n}, stop=adaptive(1))", given_answers)
    assert adaptive.text == fixed.text
    assert adaptive.data["asked"] + adaptive.data["saved"] == n
    assert adaptive.data["confidence"] == 1.0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers, st.sampled_from([0.6, 0.85, 0.93, 0.99]))
def test_counts_add_up_and_rounds_are_few(given_answers: list[str], threshold: float) -> None:
    n = len(given_answers)
    try:
        data = voted(f"vote({n}, stop=adaptive({threshold}))", given_answers).data
    except Unscored:
        return
    assert sum(data["votes"].values()) + data["silent"] + data["failed"] == data["asked"] <= n


@pytest.mark.parametrize(("n", "most"), [(5, 3), (10, 5), (40, 7), (100, 10)])
def test_rounds_are_few_however_the_votes_fall(n: int, most: int) -> None:
    """The deepest path over all ways in which batches can be split among two answers and silence."""
    stop = _stop("adaptive")

    @lru_cache(None)
    def rounds(first: int, second: int, asked: int) -> int:
        more = stop([first, second], asked, n)
        if not more:
            return 0
        falls = ((first + a, second + b) for a in range(more + 1) for b in range(more + 1 - a))
        return 1 + max(rounds(max(pair), min(pair), asked + more) for pair in falls)

    assert rounds(0, 0, 0) == most


def _stop(text: str) -> Stop:
    from scansion.techniques._stops import stop

    return stop.build(text)


def test_which_reply_comes_first_changes_nothing(scripted: Callable[..., Any]) -> None:
    texts = ["a 1", "b 2", "c 2", "d 1", *["e 1"] * 36]
    slow = run("vote(40, stop=adaptive)", scripted(*texts, delays=[9, 5, 0, 2, 7, 1, 4, 0, 3]))
    fast = run("vote(40, stop=adaptive)", scripted(*texts))
    assert (slow.text, slow.data) == (fast.text, fast.data)


def test_calls_are_numbered_as_those_of_a_fixed_vote(by_request: Callable[..., Any]) -> None:
    """The k of a call is how often its request was made before, for both of the calls of a branch."""
    fixed, adaptive = (by_request(lambda _request, _k: "5", alike=True) for _ in range(2))
    run("extract | vote(12)", fixed)
    output = run("extract | vote(12, stop=adaptive)", adaptive)
    asked = output.data["asked"]
    assert asked < 12
    first, *_ = fixed.requests
    assert adaptive.requests.count(first) == asked
    assert all(fixed.requests.count(request) >= adaptive.requests.count(request) for request in adaptive.requests)


def test_failed_calls(scripted: Callable[..., Any]) -> None:
    with pytest.raises(CallError):
        voted("vote(40, stop=adaptive)", [1, DOWN, 1, 1, 1])
    allowed = voted("vote(10, min=8, stop=adaptive)", [1, DOWN, 1, 1, DOWN, 1, 1, 1, 1, 1])
    assert (allowed.data["failed"], allowed.text) in {(1, "1"), (2, "1")}
    with pytest.raises(CallError):
        voted("vote(10, min=8, stop=adaptive)", [1, DOWN, 2, DOWN, 2, DOWN, 1, 2, 1, 1])
    late = voted("vote(10, min=1, stop=adaptive)", [DOWN] * 4 + [5] * 6)
    assert (late.text, late.data["failed"]) == ("5", 4)
    lm = scripted("1", BudgetSpent("spent"), "1", *["1"] * 20)
    with pytest.raises(BudgetSpent):
        run("vote(20, min=1, stop=adaptive)", lm)
    assert len(lm.requests) == 3


def test_abstentions_are_no_votes() -> None:
    output = voted("vote(40, stop=adaptive)", ["none", 4, "none", 4, 4, 4, 4, 4, 4, 4])
    assert output.text == "4"
    assert output.data["silent"] >= 1
    with pytest.raises(Unscored, match="none of 12 runs"):
        voted("vote(12, stop=adaptive)", ["none"] * 12)


def test_empty_replies_are_no_reason_to_stop() -> None:
    """A preview answers with nothing: it must count every call that there may be."""
    text = Context(extractor=build_extractor("text"))
    output = voted("vote(20, stop=adaptive)", [""] * 20, text)
    assert (output.data["asked"], output.data["votes"]) == (20, {"": 20})
    assert voted("vote(20, stop=adaptive)", ["x"] * 20, text).data["asked"] < 5

    async def program(_inputs: Any, _lm: Any) -> Output:
        return Output("", answer=3)

    own = compose(program, parse_techniques("vote(20, stop=adaptive)"), text)
    assert asyncio.run(own({}, None)).data["asked"] < 5


def test_small_votes() -> None:
    assert voted("vote(1, stop=adaptive)", [1]).data["asked"] == 1
    assert voted("vote(2, stop=adaptive)", [1, 2]).data == {
        **voted("vote(1)", [1]).data,
        "saved": 1,
        "confidence": 1.0,
        "stop": _stop("adaptive").identity,
    }
    assert voted("vote(3, stop=adaptive)", [1, 1, 2]).data["asked"] == 2


def test_its_text_parses_back() -> None:
    for text in ("vote(40, stop=adaptive)", "vote(40, stop=adaptive(0.95))", "vote(5, by=letter, stop=adaptive(1.0))"):
        [found] = parse_techniques(text)
        assert found.spec == text
        assert parse_techniques(found.spec)[0].identity == found.identity
    assert technique.vote(40, stop="adaptive").identity == parse_techniques("vote(40, stop=adaptive)")[0].identity
    assert technique.vote(40).identity != technique.vote(40, stop="adaptive").identity
    assert calls_per_outcome(parse_techniques("extract | vote(40, stop=adaptive)")) == 80


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vote(5, stop=0.9)", "stop must be a stopping rule"),
        ("vote(5, stop=adaptiv)", "did you mean 'adaptive'"),
        ("vote(5, stop=adaptive(0.5))", "above 0.5"),
        ("vote(5, stop=adaptive(1.1))", "at most 1"),
        ("vote(5, stop=adaptive(high))", "must be a number"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_techniques(text)


def test_a_rule_of_ones_own(tmp_path: Any) -> None:
    (tmp_path / "my_rules.py").write_text("def three():\n    return lambda votes, asked, n: 0 if asked >= 3 else 2\n")
    found = parse_techniques("vote(9, stop=python:my_rules:three)", tmp_path)

    async def program(_inputs: Any, _lm: Any) -> Output:
        return Output("8")

    assert asyncio.run(compose(program, found, CONTEXT)({}, None)).data["asked"] == 4
