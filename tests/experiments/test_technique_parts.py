"""What techniques say of themselves: further models, inputs and files, and replies that must be read their own way."""

from typing import Any

import pytest

from scansion.errors import InputError
from scansion.scorers import build_scorer
from scansion.techniques import calls_per_outcome, parse_techniques

PARTS = """
from pathlib import Path
from scansion.techniques import Edit, Wrap
from msgspec.structs import replace

def other(model="echo", column="number"):
    def wrap(program, context):
        async def run(inputs, lm):
            first = await program(inputs, lm)
            second = await lm.using(model)(str(inputs[column]))
            return replace(first, text=first.text + " " + second.text)
        return run
    return Wrap(wrap, plus=1, models=(model,), variables=(column,))

def way_out(word="no idea"):
    def wrap(program, context):
        async def run(inputs, lm):
            found = await program(inputs, lm)
            return replace(found, data={**found.data, "abstained": True}) if found.text == word else found
        return run
    return Edit(lambda prompt, context: prompt.with_cue(f"Or say {word}."), then=Wrap(wrap))

def reads(path="words.txt"):
    from scansion.types import hexdigest
    return Edit(lambda prompt, context: prompt, source=hexdigest(Path(path).read_text()))

def twice():
    def wrap(program, context):
        async def run(inputs, lm):
            await program(inputs, lm)
            return await program(inputs, lm)
        return run
    return Wrap(wrap, times=2)
"""
WAY_OUT = "def flat(request):\n    return 'no idea' if '3' in request.messages[-1].content.split()[3] else '1'\n"


@pytest.fixture
def parts(project: Any) -> Any:
    project.write("parts6.py", PARTS)
    project.rows(10)
    return project


def test_another_model_and_a_further_column_are_there(parts: Any) -> None:
    parts.write("plain.txt", "Add one to 7")
    [variant] = parts.run(prompts=["plain.txt"], techniques=["python:parts6:other"], scorers=["contains('7')"]).variants
    assert (variant.calls, variant.errors) == (20, 0)


@pytest.mark.parametrize(
    ("technique", "message"),
    [
        ("python:parts6:other(nobody/here)", "nobody"),
        ("python:parts6:other(openai/gpt-5-mini)", "OPENAI_API_KEY"),
        ("python:parts6:other(column=answer)", "holds the target, which no technique may see"),
        ("python:parts6:other(column=nothing)", "nothing"),
    ],
)
def test_what_a_technique_lacks_is_said_before_any_call(
    parts: Any, monkeypatch: Any, technique: str, message: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError, match=message):
        parts.run(prompts=["direct.txt"], techniques=[technique])
    assert not parts.asked


def test_an_edit_brings_its_wrapper_around_the_prompt_first(parts: Any) -> None:
    techniques = parse_techniques("python:parts6:way_out | python:parts6:twice", parts.folder)
    assert [t.kind for t in techniques] == ["edit", "wrap"]
    assert calls_per_outcome(techniques) == 2
    parts.write("flat6.py", WAY_OUT)
    found = parts.run(
        prompts=["direct.txt"],
        techniques=["python:parts6:way_out | python:parts6:twice"],
        models=["python:flat6:flat"],
        scorers=["numeric", "max_words(80)"],
    )
    [variant] = found.variants
    assert (variant.scored, variant.unscored, variant.unscored_reasons) == (9, 1, {"abstained": 1})
    assert variant.scores["max_words(80)"].unscored == 1


def test_what_a_technique_has_read_is_part_of_its_identity(parts: Any) -> None:
    path = parts.folder / "words.txt"
    text = f"python:parts6:reads('{path}')"
    found = []
    for words in ("one", "two", "one"):
        path.write_text(words)
        found.append(parse_techniques(text, parts.folder)[0].identity)
    assert found[0] == found[2] != found[1]


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("technique", "numeric", "unknown technique 'numeric'; it is a scorer, and a technique is wanted here"),
        ("technique", "vote(5, by=numeric)", "it is a scorer, and an extractor is wanted here"),
        ("scorer", "cot", "unknown scorer 'cot'; it is a technique, and a scorer is wanted here"),
        ("scorer", "last_number", "it is an extractor, and a scorer is wanted here"),
    ],
)
def test_a_name_of_another_kind_is_told_apart(kind: str, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(text) if kind == "technique" else build_scorer(text)
    assert message in str(caught.value)
