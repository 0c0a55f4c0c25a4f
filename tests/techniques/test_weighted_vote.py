"""Weighted votes: what a vote weighs, what has no weight, and votes for abstaining."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.techniques.answering import Answering, likely

from scansion.errors import Unscored
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques
from scansion.types import Completion, Output, Sampling

CONTEXT = Context(extractor=build_extractor("last_number"))


def run(techniques: str, lm: Any) -> Output:
    program = compose(from_text("Q: {{x}}", name="p"), parse_techniques(techniques), CONTEXT)
    return asyncio.run(program({"x": "1"}, lm))


def test_votes_weigh_as_the_model_found_them_likely() -> None:
    said = [likely("3", -2, -2), likely("4", -0.1), likely("it is 3", -3)]
    output = run("vote(3, weight=logprob)", Answering(said))
    assert (output.answer, output.data["votes"]) == ("4", {"3": 2, "4": 1})
    three, four = math.exp(-2) + math.exp(-3), math.exp(-0.1)
    assert output.data["weights"] == pytest.approx({"3": three / (three + four), "4": four / (three + four)}, abs=1e-6)
    assert output.data["unweighed"] == 0
    lm = Answering([likely("3", -1)])
    run("vote(1, weight=logprob)", lm)
    assert lm.asked[0][1].sampling == Sampling(logprobs=0)


def test_the_whole_log_probability_counts_long_replies_for_less_and_does_not_vanish() -> None:
    said = [likely("3", *[-1.0] * 900), likely("4", *[-1.1] * 890)]
    assert run("vote(2, weight=logprob)", Answering(said)).answer == "3"
    output = run("vote(2, weight=total_logprob)", Answering(said))
    assert output.data["weights"]["3"] > 0.99
    assert run("vote(2, weight=total_logprob)", Answering([said[0], likely("4", -800)])).answer == "4"


def test_longer_replies_weigh_more() -> None:
    output = run("vote(3, weight=length)", Answering(["3", "4", "one and two and one is 3 less 0, that is 4"]))
    assert (output.answer, output.data["weights"]) == ("4", {"3": round(1 / 14, 6), "4": round(13 / 14, 6)})


def test_a_judge_weighs_each_text_once() -> None:
    def judge(_task: str, material: str, _model: str) -> str:
        return "VERDICT: PASS" if "so 4" in material else "VERDICT: FAIL"

    lm = Answering(["3", "3", "3", "so 4"], judge)
    technique = 'vote(4, weight=rubric("Are there steps?"))'
    output = run(technique, lm)
    assert (output.answer, output.data["weights"], len(lm.judged)) == ("4", {"3": 0.0, "4": 1.0}, 2)
    assert calls_per_outcome(parse_techniques(technique)) == 8
    nothing = run(technique, Answering(["3", "4", "4", "5"], judge))
    assert (nothing.answer, nothing.data["weights"]) == ("4", {"3": 0.0, "4": 0.0, "5": 0.0})


def test_a_vote_without_a_weight_counts_nothing_and_all_such_are_unscored() -> None:
    output = run("vote(3, weight=logprob)", Answering(["3", "3", likely("4", -9)]))
    assert (output.answer, output.data["unweighed"], output.data["votes"]) == ("4", 2, {"3": 2, "4": 1})
    with pytest.raises(Unscored, match="no log-probabilities"):
        run("vote(2, weight=logprob)", Answering(["3", "4"]))
    with pytest.raises(Unscored) as caught:
        run("vote(2, weight=length)", Answering(["none", "such"]))
    assert caught.value.reason == "no answer"


@pytest.mark.parametrize("weight", ["", ", weight=length"])
def test_abstaining_is_voted_for(weight: str) -> None:
    said = ["unsure", "I add 1 and 2. The answer is unsure", "3"]
    output = run(f"abstain | vote(3{weight})", Answering(said))
    assert (output.text, output.answer, output.data["abstained"]) == ("unsure", None, True)
    assert (output.data["votes"], output.data["silent"]) == ({"unsure": 2, "3": 1}, 0)
    output = run(f"abstain | vote(3{weight})", Answering(["unsure", "it is 3", "so it is 3"]))
    assert (output.text, "abstained" in output.data) == ("it is 3", False)


def test_abstaining_in_the_lead_stops_a_vote_early() -> None:
    lm = Answering(["unsure"] * 40)
    output = run("abstain | vote(40, stop=adaptive)", lm)
    assert output.data["abstained"] is True
    assert output.data["asked"] == len(lm.asked) < 40


def test_a_silent_output_is_no_sign_of_abstaining() -> None:
    data = run("vote(3)", Answering(["none", "3", "3"])).data
    assert (data["silent"], data["votes"]) == (1, {"3": 2})
    assert "abstained" not in data
    assert "weights" not in data


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "so 2", "none"]), st.floats(-5, 0)), min_size=1, max_size=8))
def test_the_answer_has_the_greatest_weight(said: list[tuple[str, float]]) -> None:
    weights: dict[str, float] = {}
    for text, logprob in said:
        for number in re.findall(r"\d", text):
            weights[number] = weights.get(number, 0.0) + math.exp(logprob)
    lm = Answering([likely(text, logprob) for text, logprob in said])
    if not weights:
        with pytest.raises(Unscored, match="has an answer"):
            run(f"vote({len(said)}, weight=logprob)", lm)
        return
    output = run(f"vote({len(said)}, weight=logprob)", lm)
    assert weights[output.answer] == pytest.approx(max(weights.values()))
    assert sum(output.data["weights"].values()) == pytest.approx(1, abs=1e-5)
    assert sum(output.data["votes"].values()) + output.data["silent"] == len(said)


def test_a_preview_shows_what_weighing_asks() -> None:
    lm = Answering([Completion("", finish_reason="stop")] * 3, lambda *_: "")
    with pytest.raises(Unscored):
        run('vote(3, weight=rubric("Are there steps?"))', lm)
    assert len(lm.judged) == 3
