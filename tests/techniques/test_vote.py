"""Voting: who wins, who abstains, what fails, and that nothing paid is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.errors import BudgetSpent, CallError, InputError, ProgramError, Quit, Unscored
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, compose, parse_techniques
from scansion.techniques._answers import answer_key
from scansion.types import Output

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CONTEXT = Context(extractor=build_extractor("last_number"))
DOWN, LATE = CallError("server", "down"), CallError("timeout", "late")


def run(techniques: str, lm: Any, context: Context = CONTEXT) -> Output:
    program = compose(from_text("Q: {{x}}", name="p"), parse_techniques(techniques), context)
    return asyncio.run(program({"x": "1"}, lm))


@pytest.mark.parametrize(
    ("answers", "winner", "votes"),
    [
        (["a 1", "b 2", "c 2"], "b 2", {"1": 1, "2": 2}),
        (["a 1", "b 2", "c 2", "d 1"], "a 1", {"1": 2, "2": 2}),
        (["none", "b 2"], "b 2", {"2": 1}),
        (["5.0", "4", "it is 5"], "5.0", {"5.0": 2, "4": 1}),
        (["1/2", "0.50", "2"], "1/2", {"1/2": 2, "2": 1}),
        (["50%", "0.5", "0.5"], "0.5", {"50%": 1, "0.5": 2}),
    ],
)
def test_the_first_output_with_the_most_common_answer_wins(
    scripted: Callable[..., Any], answers: list[str], winner: str, votes: dict[str, int]
) -> None:
    output = run(f"vote({len(answers)})", scripted(*answers))
    assert output.text == winner
    assert output.data["votes"] == votes
    assert output.data["asked"] == len(answers)
    assert output.data["silent"] == len(answers) - sum(votes.values())
    assert output.data["failed"] == 0


def test_branches_are_counted_in_their_order_whatever_comes_first(scripted: Callable[..., Any]) -> None:
    assert run("vote(4)", scripted("a 1", "b 2", "c 2", "d 1", delays=[9, 5, 0, 2])).text == "a 1"


def test_second_calls_are_made_in_the_order_of_the_branches(scripted: Callable[..., Any]) -> None:
    lm = scripted("same", "same", "same", "1", "2", "2", delays=[9, 5, 0, 0, 4, 0])
    output = run("extract | vote(3)", lm)
    assert (output.answer, output.text) == ("2", "2")
    assert output.data["votes"] == {"1": 1, "2": 2}


def test_a_branch_that_ends_early_lets_the_others_go_on() -> None:
    calls: list[str] = []

    def lm(prompt: str, **_sampling: Any) -> Any:
        async def answer() -> str:
            return prompt

        calls.append(prompt)
        return answer()

    ids = iter(range(3))

    async def program(inputs: Any, lm: Any) -> Output:
        me = next(ids)
        first, second = lm(f"{me}a"), lm(f"{me}b") if me else None
        if second is not None:
            await second  # awaited before the first, which must not stand in its way
        await first
        return Output(str(me % 2))

    output = asyncio.run(compose(program, parse_techniques("vote(3)"), CONTEXT)({}, lm))
    assert output.text == "0"
    assert [c for c in calls if c.endswith("b")] == ["1b", "2b"]


def test_other_models_keep_the_turns() -> None:
    calls: list[str] = []

    class Handle:
        model = "a"

        def __call__(self, prompt: str, **_sampling: Any) -> Any:
            async def answer() -> str:
                await asyncio.sleep(0.001 if prompt == "0" else 0)
                return prompt

            calls.append(prompt)
            return answer()

        def using(self, _spec: str) -> Any:
            return self

    ids = iter(range(3))

    async def program(inputs: Any, lm: Any) -> Output:
        me = str(next(ids))
        await lm(me)
        assert lm.model == "a"
        await lm.using("b")("x" + me)
        return Output("1")

    asyncio.run(compose(program, parse_techniques("vote(3)"), CONTEXT)({}, Handle()))
    assert calls == ["0", "1", "2", "x0", "x1", "x2"]


def test_extractors(scripted: Callable[..., Any]) -> None:
    assert run("vote(3, by=letter)", scripted("(A) 1", "(B) 1", "(B) 1")).answer == "B"
    assert run("vote(2, by=text)", scripted("a  b", "a b")).data["votes"] == {"a  b": 2}
    assert run("extract(by=first_number) | vote(2)", scripted("x", "y", "7 or 8", "7 or 9")).answer == "7"
    with pytest.raises(InputError, match="give by="):
        run("vote(3)", scripted(), Context())


def test_all_abstain(scripted: Callable[..., Any]) -> None:
    with pytest.raises(Unscored) as caught:
        run("vote(2)", scripted("none", "nothing"))
    assert caught.value.reason == "no answer"


def test_an_unscored_branch_abstains(scripted: Callable[..., Any]) -> None:
    output = run("vote(3)", scripted("3", Unscored("skipped"), "3"))
    assert (output.answer, output.data["silent"]) == ("3", 1)


def test_a_failed_call_fails_the_outcome_once_all_are_done(scripted: Callable[..., Any]) -> None:
    lm = scripted("1", LATE, DOWN, "1", delays=[0, 9, 0, 20])
    with pytest.raises(CallError) as caught:
        run("vote(4)", lm)
    assert caught.value is LATE  # the first in the order of the branches
    assert lm.finished == 4


def test_min_allows_failed_calls(scripted: Callable[..., Any]) -> None:
    output = run("vote(4, min=2)", scripted(DOWN, "1", "2", LATE))
    assert (output.text, output.data["failed"], output.data["asked"]) == ("1", 2, 4)
    with pytest.raises(CallError):
        run("vote(4, min=3)", scripted(DOWN, "1", "2", LATE))


@pytest.mark.parametrize(
    "stop",
    [BudgetSpent("spent"), Quit(), InputError("x"), CallError("bad_request", "no key", fatal=True), ProgramError("x")],
)
def test_what_stops_a_run_is_never_outvoted(scripted: Callable[..., Any], stop: Exception) -> None:
    lm = scripted(DOWN, "1", stop, "1", delays=[0, 0, 0, 9])
    with pytest.raises(type(stop)) as caught:
        run("vote(4, min=1)", lm)
    assert caught.value is stop
    assert lm.finished == 4


def test_a_cancelled_vote_leaves_nothing_running() -> None:
    seen: list[str] = []

    async def slow(inputs: Any, lm: Any) -> Output:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("ended")
        return Output("1")

    async def main() -> None:
        task = asyncio.ensure_future(compose(slow, parse_techniques("vote(3)"), CONTEXT)({}, None))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert seen == ["ended"] * 3


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (5, 5.0, True),
        ("5", 5, True),
        ("1,000", "1000.0", True),
        ("007", "7", False),
        (True, 1, False),
        ("yes", "Yes", False),
        (" a\n b", "a b", True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1], "[1]", True),
    ],
)
def test_when_answers_are_the_same(a: Any, b: Any, same: bool) -> None:
    assert (answer_key(a) == answer_key(b)) is same


@quick
@given(st.lists(st.sampled_from(["1", "2", "3", "none"]), min_size=1, max_size=7))
def test_the_winner_has_the_most_votes_and_came_first(answers: list[str]) -> None:
    async def lm(_request: Any) -> Any:
        raise AssertionError

    given_out = iter(answers)

    async def program(inputs: Any, lm: Any) -> Output:
        return Output(next(given_out))

    vote = compose(program, parse_techniques(f"vote({len(answers)})"), CONTEXT)
    real = [a for a in answers if a != "none"]
    if not real:
        with pytest.raises(Unscored):
            asyncio.run(vote({}, lm))
        return
    most = max(real.count(a) for a in real)
    assert asyncio.run(vote({}, lm)).text == next(a for a in real if real.count(a) == most)


def test_it_says_what_read_the_answer(scripted: Callable[..., Any]) -> None:
    assert run("vote(2)", scripted("1", "1")).data["extractor"] == "last_number"
    assert run("vote(2, by=first_number)", scripted("1", "1")).data["extractor"] == "first_number"
    by_extract = run("extract(by=first_number) | vote(2)", scripted("x", "y", "7 or 8", "7 or 9"))
    assert by_extract.data["extractor"] == "first_number"
    after = run("vote(2) | extract", scripted("1", "1", "it is 2"))
    assert (after.answer, "extractor" in after.data) == (None, False)

    async def program(inputs: Any, lm: Any) -> Output:
        return Output("so", answer=3)

    own = asyncio.run(compose(program, parse_techniques("vote(2)"), CONTEXT)({}, None))
    assert (own.answer, "extractor" in own.data) == (3, False)


def test_scorers_that_read_otherwise_look_at_the_text_of_a_vote(scripted: Callable[..., Any]) -> None:
    from scansion.scorers import build_scorer
    from scansion.types import Example

    voted = run("vote(3)", scripted("it is 6", "it is 6", "7"))
    plain = Output("it is 6")
    for spec in ("numeric", "exact", "f1", "exact(by=last_number)"):
        scorer, example = build_scorer(spec), Example("1", {}, "6")
        one, other = scorer.score(voted, example), scorer.score(plain, example)
        assert one is not None
        assert other is not None
        assert one.value == other.value
