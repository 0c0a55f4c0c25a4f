"""Revision by principles: what is asked, which principle is drawn, and what files of principles may be."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import InputError, ProgramError
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, Technique, calls_per_outcome, compose, parse_techniques
from scansion.techniques._constitution import read_constitution
from scansion.techniques.revise import drawn
from scansion.types import Message, Output, Sampling

HEAD = "---\nmodel:\n  apiType: completion\n  options:\n    temperature: 0.5\n---\n"
OWN = """
principles:
  please:
    critique: Is please missing?
    revision: Say please.
  short:
    critique: |
      Is it long?
    revision: Make it short.
  dry: {revision: Make it dry.}
"""


@pytest.fixture
def built(tmp_path: Path) -> Callable[[str], tuple[Technique, ...]]:
    (tmp_path / "own.yaml").write_text(OWN)
    return lambda spec: parse_techniques(spec, tmp_path)


def run(techniques: tuple[Technique, ...], lm: Any, source: str = "{{x}}", x: str = "Hi", seed: int = 0) -> Output:
    context = Context(extractor=build_extractor("text"), seed=seed)
    return asyncio.run(compose(from_text(source, name="p"), techniques, context)({"x": x}, lm))


def test_a_chat_goes_on_with_critique_and_revision(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    lm = scripted("Go.", "Yes.", "Please go.", "No.", "Please.")
    output = run(built("revise(own.yaml, principles=[please, short])"), lm)
    assert lm.requests[4].messages == (
        Message("user", "Hi"),
        Message("assistant", "Go."),
        Message("user", "Is please missing?"),
        Message("assistant", "Yes."),
        Message("user", "Say please."),
        Message("assistant", "Please go."),
        Message("user", "Is it long?"),
        Message("assistant", "No."),
        Message("user", "Make it short."),
    )
    assert output.text == "Please."
    assert output.messages == (Message("user", "Hi"), Message("assistant", "Please."))
    assert output.data["steps"] == [
        {"step": "draft", "text": "Go."},
        {"step": "critique", "about": "please", "text": "Yes.", "aside": True},
        {"step": "revision", "about": "please", "text": "Please go.", "revises": True},
        {"step": "critique", "about": "short", "text": "No.", "aside": True},
        {"step": "revision", "about": "short", "text": "Please.", "revises": True},
    ]


def test_a_base_model_is_asked_as_in_the_paper(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    lm = scripted(" Go.", " Yes.", " Please go.")
    output = run(built("revise(own.yaml, principles=please)"), lm, HEAD + "Human: {{x}}\n\nAssistant:")
    begun = "Human: Hi\n\nAssistant: Go.\n\nCritiqueRequest: Is please missing?\n\nCritique:"
    assert [r.text for r in lm.requests[1:]] == [begun, f"{begun} Yes.\n\nRevisionRequest: Say please.\n\nRevision:"]
    assert output.messages == "Human: Hi\n\nAssistant: Please go."
    assert lm.requests[2].sampling == Sampling(temperature=0.5)


def test_without_critique_it_is_rewritten_alone(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    lm = scripted("Go.", "Dry.")
    output = run(built("revise(own.yaml, critique=false, principles=dry)"), lm)
    assert [step["step"] for step in output.data["steps"]] == ["draft", "revision"]
    assert calls_per_outcome(built("revise(own.yaml, critique=false, principles=dry)")) == 2 == len(lm.requests)
    assert calls_per_outcome(built("revise(rounds=3) | vote(2)")) == 14


def test_another_model_may_criticise(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    class Two:
        def __init__(self) -> None:
            self.own, self.other, self.asked = scripted("Go."), scripted("Yes.", "Please go."), []

        def __call__(self, prompt: Any, **sampling: Any) -> Any:
            return self.own(prompt, **sampling)

        def using(self, spec: str) -> Any:
            self.asked.append(spec)
            return self.other

    lm = Two()
    techniques = built("revise(own.yaml, principles=please, model=openai/gpt-5-mini)")
    assert run(techniques, lm).text == "Please go."
    assert lm.asked == ["openai/gpt-5-mini"]
    assert techniques[0].models == ("openai/gpt-5-mini",)


def test_the_principle_is_drawn_by_seed_and_inputs(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    def first(x: str, seed: int = 0) -> str:
        output = run(built("revise(rounds=1)"), scripted("a", "b", "c"), x=x, seed=seed)
        return str(output.data["steps"][1]["about"])

    texts = [f"text {i}" for i in range(40)]
    assert [first(x) for x in texts] == [first(x) for x in texts]
    assert [first(x) for x in texts] != [first(x, seed=1) for x in texts]
    assert len({first(x) for x in texts}) > 8


def test_principles_are_drawn_evenly_and_none_twice_before_all_were_used() -> None:
    pool = list(read_constitution("shipped").principles.values())
    assert len(pool) == 16
    counts = Counter(drawn(pool, 1, f"row {i}")[0].name for i in range(4000))
    chi_square = sum((n - 250) ** 2 / 250 for n in counts.values())
    assert len(counts) == 16
    assert chi_square < 37.7  # the 99.9th percentile with 15 degrees of freedom
    for seed in "abc":
        names = [principle.name for principle in drawn(pool, 35, seed)]
        assert set(names[:16]) == set(names[16:32]) == {p.name for p in pool}
        assert len(set(names[32:])) == 3
        assert drawn(pool, 35, seed)[:5] == drawn(pool, 5, seed)


def test_an_abstention_is_left_as_it_is_and_a_revision_may_be_one(
    built: Callable[..., Any], scripted: Callable[..., Any]
) -> None:
    lm = scripted("unsure")
    output = run(built("abstain | revise(own.yaml, principles=please)"), lm)
    assert (output.data.get("abstained"), len(lm.requests)) == (True, 1)
    late = run(built("abstain | revise(own.yaml, principles=please)"), scripted("12", "Hm.", "I am unsure."))
    assert late.data["abstained"] is True


def test_a_vote_of_which_some_abstained_is_revised(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    lm = scripted("unsure", "12", "12", "Hm.", "Twelve.")
    output = run(built("abstain | vote(3, by=text) | revise(own.yaml, principles=please)"), lm)
    assert (output.text, output.data.get("abstained") is True) == ("Twelve.", False)


def test_steps_of_a_program_before_are_kept(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    lm = scripted("a", "b", "c", "d")
    output = run(built("revise(own.yaml, principles=please) | revise(own.yaml, principles=dry, critique=false)"), lm)
    assert [step["text"] for step in output.data["steps"]] == ["a", "b", "c", "d"]
    assert [m.content for m in lm.requests[3].messages] == ["Hi", "c", "Make it dry."]


def test_a_program_without_a_transcript_is_an_error(built: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    async def bare(inputs: Any, lm: Any) -> Output:
        return Output("x")

    with pytest.raises(ProgramError, match="needs the transcript"):
        asyncio.run(compose(bare, built("revise(own.yaml, principles=please)"), Context())({}, scripted()))


def test_what_the_file_says_is_the_identity_and_not_its_name(tmp_path: Path) -> None:
    for name, text in {
        "a.yaml": OWN,
        "b.yaml": f"# a remark\n{OWN}",
        "c.yaml": OWN.replace("short.", "brief."),
    }.items():
        (tmp_path / name).write_text(text)
    marks = [
        parse_techniques(f"revise({n}, critique=false)", tmp_path)[0].identity.partition("#")[2]
        for n in ("a.yaml", "b.yaml", "c.yaml")
    ]
    assert marks[0] == marks[1] != marks[2]


def test_the_shipped_constitution_has_both_requests_of_each_principle() -> None:
    for principle in read_constitution("shipped").principles.values():
        assert principle.critique.endswith((".", "?"))
        assert principle.revision.startswith("Write your reply again")
        assert principle.revision.endswith(" Write only the new reply, with nothing before or after it.")
    assert parse_techniques("constitutional")[0].spec == "revise"


WRONG = {
    "a: [": ":2: not valid YAML",
    "- one": ":1: a constitution must be a mapping",
    "": ":1: a constitution must be a mapping",
    "rules: {}": ":1: there are no principles",
    "principles: {}": ":1: `principles` is empty",
    "principles:\n  - a": ":2: `principles` must be a mapping",
    "principles:\n  a: text": ":2: the principle 'a' must be a mapping",
    "principles:\n  a:\n    critique: x": ":2: the principle 'a' has no `revision`",
    "principles:\n  a:\n    critic: x\n    revision: y": ":3: the principle 'a' has no part 'critic'; did you mean",
    "principles:\n  a:\n    revision: 12": ":3: the revision of 'a' must be text",
    "principles:\n  a: {revision: x}\n  a: {revision: y}": ":3: 'a' stands there twice",
    "principles:\n  a: {revision: x}": "the principle 'a' has no `critique`; add it, or critique=false",
}


@pytest.mark.parametrize(("text", "wanted"), WRONG.items())
def test_a_wrong_file_is_told_of_in_one_line(text: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        parse_techniques("revise(wrong.yaml)", tmp_path)
    assert "wrong.yaml" in str(caught.value)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("revise(none.yaml)", "constitution 'none.yaml' cannot be read: No such file or directory"),
        ("revise(rounds=0)", "rounds is 0; it must be 1 or more"),
        ("revise(principles=[])", "principles is empty"),
        (
            "revise(principles=[no-danger, no-dangers])",
            "shipped has no principle 'no-dangers'; did you mean 'no-danger'?",
        ),
        ("revise(principles=[no-danger], rounds=2)", "rounds is 2 and principles names 1; leave rounds out"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spec: str, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(spec, tmp_path)
    assert wanted in str(caught.value)
