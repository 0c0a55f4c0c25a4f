"""Steps: what a text or a Python object stands for, what it costs and reads, and what is told to who mixes kinds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.techniques import wind
from tests.techniques.wind import Wind

from scansion import Prompt, extractor, scorer, technique
from scansion.errors import InputError
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, Pipeline, calls_per_outcome, compose, parse_techniques
from scansion.techniques._steps import Step, named, steps

B = "---\nname: b\nmodel:\n  id: c\n  provider: wind\n---\nuser:\n{{ question }} {{ previous }}"
CODE = """
def clean(previous, answer=""): return previous
def asking(inputs, lm): ...
def nameless(previous, /): ...
asking.calls = 3
from scansion.techniques import Wrap
from scansion.techniques import Edit
def checked() -> Edit:
    def wrap(program, context):
        async def run(inputs, lm):
            found = await program(inputs, lm)
            await lm("Are you sure of?")
            return found
        return run
    return Edit(lambda prompt, context: prompt, then=Wrap(wrap, plus=1))
def factory(n: int = 2) -> Wrap: return Wrap(lambda program, context: program, times=n)
"""


@pytest.fixture(autouse=True)
def folder(windy: Path) -> Path:
    (windy / "p").mkdir()
    for name in ("b.prompty", "p/c.txt", "my b.md", "bare", "vote"):
        (windy / name).write_text(B if name.endswith(("prompty", "md")) else "{{ question }}")
    (windy / "code4.py").write_text(CODE)
    return windy


@pytest.mark.parametrize(
    ("text", "name", "calls", "variables", "models"),
    [
        ("as-is", "start", (1, 0), (), ()),
        ("b.prompty", "b", (0, 1), ("question", "previous"), ("wind/c",)),
        ("b.prompty | using(wind/d)", "b", (0, 1), ("question", "previous"), ("wind/d",)),
        ("p/c.txt | cot | vote(5) | extract", "c", (0, 6), ("question",), ()),
        ("bare", "bare", (0, 1), ("question",), ()),
        ("vote", "vote", (5, 0), (), ()),
        ("cot | vote(3) | extract", "cot", (3, 1), (), ()),
        ("wind/d?temperature=0.5", "d", (1, 0), (), ("wind/d?temperature=0.5",)),
        ("wind/d | vote(2)", "d", (2, 0), (), ("wind/d",)),
        ("using(wind/d) | vote(2)", "d", (2, 0), (), ("wind/d",)),
        ("python:code4:clean", "clean", (0, 0), ("previous",), ()),
        ("python:code4:asking", "asking", (0, 3), (), ()),
        ("python:code4:factory", "factory", (2, 0), (), ()),
        ("python:code4:factory(4) | extract", "factory", (4, 1), (), ()),
        ("chain(b.prompty, as-is | vote(2)) | vote(2)", "chain", (4, 2), ("question", "previous"), ("wind/c",)),
        ('"cot | vote(2)"', "cot", (2, 0), (), ()),
        ('"my b.md" | cot', "my_b", (0, 1), ("question", "previous"), ("wind/c",)),
    ],
)
def test_what_a_text_stands_for(
    text: str, name: str, calls: tuple[int, int], variables: tuple[str, ...], models: tuple[str, ...]
) -> None:
    [built] = parse_techniques(f"chain({text}, as-is)")
    step = steps.build(built.spec.removeprefix("chain(").removesuffix(", as-is)"))
    assert (step.name, (step.times, step.plus), step.variables, step.models) == (name, calls, variables, models)
    assert steps.build(step.spec).identity == step.identity
    assert parse_techniques(built.spec)[0].identity == built.identity


def test_prompts_and_functions_are_part_of_what_a_technique_is(folder: Path) -> None:
    def identity() -> str:
        return parse_techniques("chain(b.prompty, python:code4.py:clean)")[0].identity

    before = identity()
    (folder / "b.prompty").write_text(B + "!")
    between = identity()
    (folder / "code4.py").write_text(CODE + "\n\n")
    assert len({before, between, identity()}) == 3


def test_what_python_may_give() -> None:
    def shout(previous: str) -> str:
        return previous.upper()

    prompt = from_text("{{ question }}", name="ask")
    given: list[Any] = [prompt, Prompt.load("b.prompty"), Path("p/c.txt"), shout, technique.cot(), technique.vote]
    given += [
        (technique.cot(), technique.vote(2)),
        prompt | technique.vote(2),
        shout | technique.vote(2),
        "wind/d | vote",
    ]
    built = [steps.build(each) for each in given]
    wanted = ["ask", "b", "c", "shout", "cot", "vote", "cot", "ask", "shout", "d"]
    assert [step.name for step in built] == wanted
    assert [(s.times, s.plus) for s in built] == [
        *((0, 1), (0, 1), (0, 1), (0, 0), (1, 0), (5, 0), (2, 0), (0, 2), (0, 0), (5, 0))
    ]
    chained = technique.chain(*given)
    assert calls_per_outcome([chained]) == 13 + 5
    assert isinstance(prompt | chained, Pipeline)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (scorer.numeric(), "numeric is a scorer, and a step is wanted here"),
        (scorer.numeric, "numeric is a scorer, and a step is wanted here"),
        (extractor.last_number(), "last_number is an extractor, and a step is wanted here"),
        (Step, "it is a class; name a function"),
        (str.upper, "its parameter 'self' cannot be given by name"),
        ((technique.vote(2), technique.cot()), "cot edits a prompt, so it goes before vote"),
        (Path("none.txt"), "prompt 'none.txt': no such file"),
        ([], "steps must be a step, not []"),
        (None, "steps must be a step, not none"),
    ],
)
def test_what_python_may_not_give(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        technique.chain(given)


def test_python_writes_a_column_as_text_does() -> None:
    assert technique.map_reduce("as-is", "cot", "$text").variables == ("text",)
    assert technique.route("$a b", one="cot").spec == 'route($"a b", one=cot)'
    with pytest.raises(InputError, match="'x y' is no name"):
        technique.route("$kind", **{"x y": "cot"})


def test_names_are_taken_once() -> None:
    found = named([steps.build(text) for text in ("b.prompty", "b.prompty", "vote(2)", "vote(3)")], {"x": Step})  # type: ignore[dict-item]
    assert list(found) == ["b", "b_2", "vote", "vote_2", "x"]


def test_a_step_stands_on_all_that_stands_before() -> None:
    """An edit in it is at the prompt itself, its wrapper within those before; the step's wrappers are around them."""
    techniques = parse_techniques("vote(3) | cascade(cot | python:code4:checked | extract, as-is)")
    assert calls_per_outcome(techniques) == 3 * 2 + 1 + 3
    context = Context(extractor=build_extractor("last_number"))
    ran = wind.run(compose(from_text("Q", name="p"), techniques, context), {}, Wind(script=lambda *_: "5"))
    asked = [[str(m.content)[-8:] for m in call.request.messages] for call in ran.trace.calls]
    thought = ["by step."]
    assert asked == [thought] * 3 + [["sure of?"]] * 3 + [["by step.", "5", "nswer is"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "chain(numeric)",
            "numeric is neither a prompt file nor a technique nor a model nor a function; it is a scorer",
        ),
        ("chain(last_number)", "it is an extractor"),
        ("chain(cott)", "did you mean 'cot'?"),
        ("route(kind, a=cot)", "a column is written $kind"),
        ("chain(5)", "technique 'chain': steps must be a step, not 5"),
        ("chain()", "chain: name its steps"),
        ("chain(non.prompty)", "prompt 'non.prompty': no such file"),
        ("chain(b.prompty | p/c.txt)", "a technique stands behind '|', and p/c.txt is none; write b.prompty, p/c.txt"),
        ("chain(b.prompty | wind/d)", "write b.prompty | using(wind/d)"),
        ("chain(b.prompty | python:code4:clean)", "write b.prompty, python:code4:clean"),
        ("chain(b.prompty | vote(n=cot))", "n must be a whole number, not cot"),
        ("chain(vote(2) | cot)", "cot edits a prompt, so it goes before vote"),
        ("chain(b.prompty) | cot", "for a prompt in a step, write it there: b.prompty | cot"),
        ("chain(python:code4:nameless)", "its parameter 'previous' cannot be given by name"),
        ("chain(python:code4:CODE)", "there is no 'CODE'"),
        ("chain(wind/d?tempratur=1)", "unknown option 'tempratur'"),
        ("using(b.prompty)", "using: b.prompty is a prompt file, and a model is wanted here"),
        ("using(cot)", "using: cot is a technique, and a model is wanted here"),
        ("using(d)", "model 'd' names no provider"),
        ("b.prompty", "unknown technique 'b.prompty'; it is a prompt file: -p b.prompty, or a step: chain(b.prompty)"),
        ("wind/d", "it is a model: -m wind/d, or using(wind/d)"),
        ("numeric", "it is a scorer, and a technique is wanted here"),
        ("python:code4:clean", "a function of inputs or texts is a step: chain(python:code4:clean)"),
        ("vote(5, by=cot | extract)", "'cot | extract': one extractor is wanted here, not a chain with '|'"),
        ("parallel(cot)", "parallel: name at least two steps"),
        ("route($kind)", "route: name the steps"),
        ("route($kind, a_b=cot, AB=vote)", "are the same but for case and signs"),
        ("cascade(cot)", "cascade: name at least two steps, the cheapest first"),
        ("cascade(cot, vote, n=3)", "n is how often a step is asked where when=disagrees, and when is abstains"),
        ("cascade(cot, vote, when=disagrees, n=1)", "one answer cannot disagree"),
        ("cascade(cot, vote, threshold=1)", "threshold belongs to when=disagrees (a share) or when=unsure"),
        ("cascade(cot, vote, when=disagrees, threshold=2)", "it is a share, above 0 and at most 1"),
        ("cascade(cot, vote, when=unsure, threshold=0.5)", "a mean log-probability, at most 0"),
        ("cascade(anthropic/claude-haiku-4-5, as-is, when=unsure)", "anthropic/claude-haiku-4-5 gives no log-prob"),
        ("cascade(cot, vote, when=never)", "when must be abstains or disagrees or unsure, not never"),
        ("map_reduce(as-is, b.prompty, text)", "over must be a column ($name), not text"),
        ("map_reduce(as-is, b.prompty, $text, size=0)", "size is 0"),
        ("map_reduce(as-is, b.prompty, $text, most=0)", "most is 0"),
        ("map_reduce(as-is, b.prompty, $text, size=3, overlap=3)", "overlap is 3; it must be from 0 to 2"),
        ("map_reduce(as-is, b.prompty, $text, chunk=paragraphs, overlap=1)", "overlap counts words"),
    ],
)
def test_what_goes_where_is_said_at_once(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(text)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
