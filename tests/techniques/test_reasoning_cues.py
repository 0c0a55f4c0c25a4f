"""Cues that make a model reason: what is sent, under which identity, and where the answer is read."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import from_text
from scansion.scorers import build_extractor, build_scorer
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques, technique
from scansion.types import Example, Output

RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data"
BASE = "---\nmodel:\n  apiType: completion\n---\nQ:{{question}}\nA:"
NUMBERS = Context(extractor=build_extractor("last_number"))


def run(techniques: str, lm: Any, source: str = "{{question}}", context: Context = NUMBERS) -> Output:
    program = compose(from_text(source, name="p"), parse_techniques(techniques), context)
    return asyncio.run(program({"question": "1+1?"}, lm))


def sent(techniques: str, scripted: Callable[..., Any], source: str = "{{question}}") -> str:
    lm = scripted("2")
    run(techniques, lm, source)
    request = lm.requests[0]
    return request.text if request.text is not None else request.messages[-1].content


def test_the_identity_of_cot_and_of_a_cue_of_ones_own_is_what_it_was() -> None:
    assert technique.cot().identity == 'cot("Let\'s think step by step.")'
    assert parse_techniques('cot("Think hard.")')[0].identity == 'cot("Think hard.")'


@pytest.mark.parametrize(
    ("spec", "cue"),
    [
        ("cot", "Let's think step by step."),
        ("cot(ape)", "Let's work this out in a step by step way to be sure we have the right answer."),
        ("cot(breath)", "Take a deep breath and work on this problem step-by-step."),
        ("cot(logically)", "Let's think about this logically."),
        (
            "plan(plain)",
            (
                "Let's first understand the problem and devise a plan to solve the problem. "
                "Then, let's carry out the plan and solve the problem step by step."
            ),
        ),
    ],
)
def test_a_named_cue_stands_where_any_cue_does(spec: str, cue: str, scripted: Callable[..., Any]) -> None:
    assert sent(spec, scripted) == f"1+1?\n\n{cue}"
    assert sent(spec, scripted, BASE) == f"Q:1+1?\nA: {cue}"
    assert calls_per_outcome(parse_techniques(spec)) == 1


def test_plan_asks_for_more_by_default(scripted: Callable[..., Any]) -> None:
    assert "extract relevant variables and their corresponding numerals" in sent("plan", scripted)
    assert sent("plan", scripted) == sent("plan_and_solve(plus)", scripted)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("7\nFirst 3 + 4 = 7, and 2 of them are red.", "7"),
        ("\n\n 7\nthen 2", "7"),
        ("no number here\nthen 2", None),
    ],
)
def test_an_answer_that_comes_first_is_read_there(reply: str, answer: str | None, scripted: Callable[..., Any]) -> None:
    output = run("cot(answer-first)", scripted(reply))
    assert (output.text, output.answer) == (reply, answer)


def test_an_answer_in_tags_is_read_there(scripted: Callable[..., Any]) -> None:
    reply = "<thinking>3 and 4</thinking>\n<answer>7</answer> (of 9)"
    output = run("cot(tags)", scripted(reply))
    assert (output.answer, output.data["extractor"]) == ("7", NUMBERS.extractor.identity)  # type: ignore[union-attr]
    assert build_scorer("numeric").score(output, Example("a", {}, "7")).value == 1.0  # type: ignore[union-attr]
    assert build_scorer("numeric").score(Output(reply), Example("a", {}, "7")).value == 0.0  # type: ignore[union-attr]


def test_a_reply_without_the_tags_is_left_to_the_scorer(scripted: Callable[..., Any]) -> None:
    output = run("cot(tags)", scripted("it is 7"))
    assert (output.answer, output.data) == (None, {})


def test_votes_are_over_answers_in_tags(scripted: Callable[..., Any]) -> None:
    said = [f"<answer>{n}</answer> of 9" for n in (7, 7, 2)]
    assert run("cot(tags) | vote(3)", scripted(*said)).data["votes"] == {"7": 2, "2": 1}


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("cot(aep)", "did you mean 'ape'?"),
        ('cot(" ")', "the cue is empty"),
        ("plan(long)", "form must be plain or plus, not long"),
        ("vote(3) | plan", "plan edits a prompt, so it goes before vote"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spec: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(spec)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["MultiArith", "last_letters"])
def test_recorded_chains_of_plan_and_solve_replay_behind_the_cue(name: str, tmp_path: Path) -> None:
    """The recorded set keeps questions and chains: each comes back behind `Q:`, the question, `A:` and the cue."""
    path = RECORDS / "plan_and_solve" / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip("the recorded outputs are not beside the project: ../shared/data/plan_and_solve")
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()[:60]]
    cue = parse_techniques("plan(plain)")[0].raw.apply(from_text(BASE, name="p"), Context()).cue  # type: ignore[union-attr]
    lines = [{"prompt": f"Q:{r['question']}\nA: {cue}", "completions": [r["chain-of-thought"]]} for r in rows]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    program = compose(from_text(BASE, name="p"), parse_techniques("plan(plain)"), Context())

    async def main() -> list[str]:
        gateway = Gateway(base_dir=tmp_path)
        lm = LM(gateway, gateway.channel("replay:r.jsonl"), Trace())
        return [(await program({"question": row["question"]}, lm)).text for row in rows]

    assert asyncio.run(main()) == [row["chain-of-thought"] for row in rows]
