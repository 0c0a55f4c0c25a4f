"""The algebra: parsing, order, Python's `|`, composing, and random chains of techniques."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion import scorer, technique
from scansion.errors import InputError
from scansion.experiments.plan import load_plan, make_plan
from scansion.prompts import Prompt, from_text
from scansion.scorers import build_extractor
from scansion.techniques import (
    Composed,
    Context,
    Edit,
    Pipeline,
    Wrap,
    as_text,
    calls_per_outcome,
    compose,
    parse_techniques,
    prompt_of,
    techniques_of,
)
from scansion.techniques.cot import cot
from scansion.techniques.vote import vote
from scansion.types import Output, Request

CONTEXT = Context(extractor=build_extractor("last_number"))
CHAT = "Q: {{question}}"
BASE = "---\nmodel:\n  apiType: completion\n---\nQ: {{question}}\nA:"


def run(program: Any, lm: Any, **inputs: Any) -> Output:
    return asyncio.run(program(inputs, lm))


@pytest.mark.parametrize("text", ["as-is", "as_is", "as-is | as-is"])
def test_as_is(text: str) -> None:
    prompt = from_text(CHAT, name="p")
    assert parse_techniques(text) == ()
    assert compose(prompt, (), CONTEXT) is prompt


def test_aliases_become_canonical() -> None:
    found = parse_techniques("few_shot(3) | zero_shot_cot | two_stage | self_consistency(5, min=3)")
    assert [t.spec for t in found] == ["shots(3)", "cot", "extract", "vote(5, min=3)"]
    assert [t.kind for t in found] == ["edit", "edit", "wrap", "wrap"]
    assert [t.name for t in found] == ["shots", "cot", "extract", "vote"]
    assert [t.repeats for t in found] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vote(5) | cot", "cot edits a prompt, so it goes before vote, which runs one: cot | vote(5)"),
        ("vote | extract | shots(2) | cot", "shots edits a prompt, so it goes before extract"),
        ("vots", "unknown technique 'vots'; did you mean 'vote'?"),
        ("vote(0)", "ask at least once"),
        ("vote(5, min=6)", "must be from 1 to 5"),
        ("vote(five)", "n must be a whole number"),
        ("vote(by=lettre)", "unknown extractor 'lettre'; did you mean 'letter'?"),
        ("cot |", "expected a technique name at column 6"),
        ('extract("")', "the cue is empty"),
        ("shots", "say how many"),
        ("shots(0)", "at least one"),
        ("shots(2, ids=[a])", "ids names 1"),
        ("shots(2, by=named)", "belong together"),
        ("python:os.path:join", "join"),
    ],
)
def test_wrong_techniques(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_python_and_text_agree() -> None:
    prompt = from_text(CHAT, name="p")
    pipeline = prompt | cot() | vote(5)
    assert isinstance(pipeline, Pipeline)
    assert pipeline.spec == "cot | vote(5)"
    assert pipeline.program is prompt
    assert [t.identity for t in pipeline.techniques] == [t.identity for t in parse_techniques("cot | vote(5)")]


def test_order_and_start_are_checked_in_python_too() -> None:
    prompt = from_text(CHAT, name="p")
    with pytest.raises(InputError, match="goes before vote"):
        prompt | vote(5) | cot()
    with pytest.raises(InputError, match="starts with a prompt"):
        cot() | vote(5)


def test_a_technique_without_brackets_stands_in_a_pipeline() -> None:
    prompt = from_text(CHAT, name="p")
    assert (prompt | technique.cot | technique.vote(3)).spec == "cot | vote(3)"
    with pytest.raises(InputError, match="starts with a prompt"):
        technique.cot | technique.vote(3)


@pytest.mark.parametrize(
    "right", ["cot", 3, len, Wrap(lambda program, _context: program), Edit(lambda prompt, _context: prompt)]
)
def test_what_is_no_technique_is_told_what_to_write(right: Any) -> None:
    prompt = from_text(CHAT, name="p")
    for left in (prompt, prompt | cot(), cot()):
        with pytest.raises(InputError, match=r"is no technique by itself; write technique.cot\(\), put @technique"):
            left | right


def test_a_pipeline_runs_by_itself(scripted: Callable[..., Any]) -> None:
    pipeline = from_text(CHAT, name="p") | cot() | vote(2, by=build_extractor("last_number"))
    output = run(pipeline, scripted("is 3", "3.0"), question="1+2")
    assert (output.text, output.answer) == ("is 3", "3")


def test_a_prompt_may_be_named_by_its_file(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    (tmp_path / "a.txt").write_text("Say {{x}}")
    lm = scripted("ok")
    output = run(str(tmp_path / "a.txt") | cot("Think."), lm, x="hi")
    assert output.text == "ok"
    assert lm.requests[0].messages[0].content == "Say hi\n\nThink."


def test_edits_give_a_prompt_and_wrappers_keep_it() -> None:
    prompt = from_text(CHAT, name="p")
    edited = compose(prompt, parse_techniques("cot"), CONTEXT)
    assert isinstance(edited, Prompt)
    assert edited.version != prompt.version
    program = compose(prompt, parse_techniques("cot | vote(3)"), CONTEXT)
    assert isinstance(program, Composed)
    assert prompt_of(program) == edited
    assert prompt_of(edited) is edited
    assert program.spec == "cot | vote(3)"


async def doubled(inputs: Any, lm: Any) -> Output:
    return Output((await lm(Request(text=inputs["x"]))).text * 2)


def test_programs_in_python_take_wrappers_and_no_edits(scripted: Callable[..., Any]) -> None:
    program = compose(doubled, parse_techniques("vote(2)"), CONTEXT)
    assert run(program, scripted("1", "1"), x="a").answer == "11"
    assert prompt_of(program) is None
    with pytest.raises(InputError, match="cot edits a prompt, and doubled is a program in Python"):
        compose(doubled, parse_techniques("cot"), CONTEXT)


def test_every_example_in_a_docstring_parses_back(documented: dict[str, str]) -> None:
    for example in documented.values():
        built = parse_techniques(example)
        again = parse_techniques(" | ".join(t.spec for t in built))
        assert [t.identity for t in again] == [t.identity for t in built]
        whole = [t for t in built if "#" not in t.identity]  # with no digest of a file in it
        assert [t.identity for t in whole for t in parse_techniques(t.identity)] == [t.identity for t in whole]


OWN = """
from scansion.techniques import Edit, Wrap, technique
from scansion.types import Output

@technique("shout")
def shout(mark: str = "!") -> Edit:
    return Edit(lambda prompt, context: prompt.with_cue("Shout" + mark))

def again(n: int = 2) -> Wrap:
    def wrap(program, context):
        async def run(inputs, lm):
            outputs = [await program(inputs, lm) for _ in range(n)]
            return outputs[-1]
        return run
    return Wrap(wrap, times=n)

def wrong() -> int:
    return 3
"""


def test_techniques_of_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_techniques.py").write_text(OWN)
    found = parse_techniques('python:own_techniques:shout("?") | python:own_techniques:again(n=3)')
    assert [t.kind for t in found] == ["edit", "wrap"]
    assert calls_per_outcome(found) == 3
    lm = scripted("a", "b", "c")
    assert run(compose(from_text(CHAT, name="p"), found, CONTEXT), lm, question="x").text == "c"
    assert "Shout?" in str(lm.requests[0].messages[0].content)
    assert [t.identity for t in parse_techniques(" | ".join(t.spec for t in found))] == [t.identity for t in found]
    with pytest.raises(InputError, match="must return an Edit or a Wrap, not int"):
        parse_techniques("python:own_techniques:wrong")


edits = st.lists(st.sampled_from(["cot", 'cot("Hm.")']), max_size=2)
wraps = st.lists(
    st.one_of(
        st.just("extract"),
        st.just('extract("So:", by=last_number)'),
        st.integers(1, 3).map(lambda n: f"vote({n})"),
        st.just("vote(2, by=first_number, min=1)"),
    ),
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([CHAT, BASE]), edits, wraps, st.lists(st.integers(0, 5), max_size=60), st.integers(0, 9))
def test_any_chain_asks_what_it_says_and_gives_the_same_whatever_comes_first(
    by_request: Callable[..., Any], source: str, before: list[str], after: list[str], delays: list[int], seed: int
) -> None:
    techniques = parse_techniques(" | ".join([*before, *after]) or "as-is")
    program = compose(from_text(source, name="p"), techniques, CONTEXT)

    def script(request: Request, number: int) -> str:
        said = request.text or str(request.messages[-1].content)
        return f" so {(len(said) * 7 + number + seed) % 3}."

    lm, calm = by_request(script, delays, alike=True), by_request(script, alike=True)
    output, expected = run(program, lm, question="x"), run(program, calm, question="x")
    assert len(lm.requests) == calls_per_outcome(techniques)
    assert output == expected
    transcript = output.messages
    if isinstance(transcript, str):
        assert transcript.startswith("Q: x\nA:")
        assert transcript.endswith(output.text)
    else:
        assert [m.role for m in transcript] == ["user", "assistant"] * (len(transcript) // 2)
        assert transcript[-1].content == output.text


@pytest.mark.parametrize("left", [None, 3, ["a"]])
def test_a_pipeline_starts_with_something_that_runs(left: Any) -> None:
    from scansion import technique

    with pytest.raises(InputError, match="a pipeline starts with a prompt, the name of its file, or a program"):
        left | technique.cot()


def test_what_a_plan_lists_as_one() -> None:
    both = (technique.cot(), technique.vote(2))
    listed = ["cot | vote(2)", both, [technique.cot, technique.vote(2)], technique.cot]
    wanted = ["cot | vote(2)"] * 3 + ["cot"]
    assert [as_text(techniques_of(each)) for each in listed] == wanted


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (5, "techniques: 5 is none; give a text in quotes"),
        (None, "techniques: None is none"),
        ({"chain": ["cot"]}, "is none; give a text in quotes"),
        (["cot"], "is none; give a text in quotes"),
        ([], "techniques: [] is none"),
        (scorer.numeric, "techniques: numeric is a scorer"),
        (scorer.numeric(), "techniques: numeric is a scorer"),
        ([technique.vote(2), technique.cot()], "cot edits a prompt, so it goes before vote"),
        (len, "techniques: len is none"),
    ],
)
def test_what_a_plan_may_not_list(source: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        techniques_of(source)
    assert message in str(caught.value)
    with pytest.raises(InputError):
        make_plan(prompts=["p.txt"], data="d.jsonl", scorers=["exact"], models=["echo"], techniques=[source])


def test_yaml_parts_a_text_at_its_comma(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("prompts: [p.txt]\ndata: d.jsonl\nscorers: [exact]\ntechniques: [as-is, cascade(vote, cot)]\n")
    with pytest.raises(InputError, match=r"e.yaml:4: techniques: .*found the end; a comma parts a list in \[...\]"):
        load_plan(file)
