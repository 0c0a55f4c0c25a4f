"""Side by side, by a rule, and in parts: parallel, route and map_reduce."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.techniques import wind
from tests.techniques.wind import Ran, Wind

from scansion.errors import InputError, ProgramError, Unscored
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques
from scansion.techniques._chunks import by_paragraphs, by_words, grouped, length
from scansion.types import Completion, Message, Request

CONTEXT = Context(extractor=build_extractor("last_number"), mapping={"passage": "Text", "text": "Text"})
RULES = """
def kind(question): return question.split()[0]
def long(question): return len(question) > 2
def join(previous): return previous.upper()
def all_of(inputs): return inputs['text']
"""
WORDS = "one two three four five six seven eight nine ten"


@pytest.fixture(autouse=True)
def folder(windy: Path) -> Path:
    files = {
        "pros.txt": "for {{ question }}",
        "cons.txt": "against {{ question }}",
        "weigh.txt": "{{ pros }} or {{ cons }}: {{ previous }}",
        "kind.txt": "What kind is {{ question }}?",
        "part.txt": "part {{ part }} of {{ parts }}: {{ text }}",
        "merge.txt": "merge {{ previous }} of {{ text | length }}",
        "rules.py": RULES,
    }
    for name, text in files.items():
        (windy / name).write_text(text)
    return windy


def echo(model: str, request: Request) -> str:
    return f"{model[-1]}({request.messages[-1].content})"


def run(
    techniques: str, script: Callable[[str, Request], Any] = echo, prompt: str = "Q {{ question }}", **more: Any
) -> Ran:
    found = parse_techniques(techniques)
    inputs = {"question": "x 3", **more}
    ran = wind.run(compose(from_text(prompt, name="p"), found, CONTEXT), inputs, Wind(script=script))
    if isinstance(ran.output, Exception):
        raise ran.output
    assert len(ran.trace.calls) <= calls_per_outcome(found)
    return ran


def test_texts_are_joined_in_their_order() -> None:
    ran = run("parallel(pros.txt, wind/b, join=' + ')")
    assert ran.output.text == "a(for x 3) + b(Q x 3)"
    assert [step["step"] for step in ran.output.data["steps"]] == ["pros", "b"]
    assert ran.output.messages == (Message("user", "for x 3"), Message("assistant", ran.output.text))


@pytest.mark.parametrize(
    "text", ["parallel(pros.txt, cons.txt, by=weigh.txt)", "chain(parallel(pros.txt, cons.txt), weigh.txt)"]
)
def test_a_later_step_sees_each(text: str) -> None:
    ran = run(text)
    assert str(ran.trace.calls[-1].request.messages[0].content).startswith(
        "a(for x 3) or a(against x 3): a(for x 3)\n\na("
    )
    wanted = "b" if text.startswith("p") else "weigh"
    assert ran.output.data["steps"][-1]["step"].startswith(wanted)


def test_what_a_step_adds_is_kept_once() -> None:
    ran = run("chain(vote(2), kind.txt | vote(3))", lambda *_: "5")
    first, last = ran.output.data["steps"]
    assert first["data"]["votes"] == {"5": 2}
    assert ran.output.data["votes"] == {"5": 3}
    assert "data" not in last
    joined = run("parallel(vote(2), as-is)", lambda *_: "5").output.data
    assert (joined["steps"][0]["data"]["asked"], "votes" in joined) == (2, False)


def test_a_function_puts_together() -> None:
    ran = run("parallel(x=pros.txt, y=cons.txt, by=python:rules:join)")
    assert ran.output.text == "A(FOR X 3)\n\nA(AGAINST X 3)"
    assert ran.output.messages[-1] == Message("assistant", ran.output.text)


def test_one_that_is_cut_off_cuts_all_off() -> None:
    ran = run(
        "parallel(pros.txt, cons.txt)", lambda _, r: Completion("5", "length" if "against" in echo("m", r) else "stop")
    )
    assert ran.output.finish_reason == "length"


@pytest.mark.parametrize(
    ("rule", "kind", "taken"),
    [
        ("$kind", "sum", "sum"),
        ("$kind", "Word Problem", "word_problem"),
        ("$kind", "it is a sum.", "sum"),
        ("$kind", "a sum or a word problem", "other"),
        ("$kind", "summary", "other"),
        ("$kind", 7, "other"),
        ("$kind, by=regex('k=([a-z]+)')", "word problem k=sum", "sum"),
        ("python:rules:kind", "sum", "other"),
        ("$kind", 2, "2"),
        ("$kind", 2.0, "2"),
        ("$kind", "2.0", "2"),
        ("$kind", 20, "other"),
        ("$kind", -2, "other"),
        ("$kind", 2.5, "other"),
        ("$kind", "the 2 of them", "2"),
        ("$kind", True, "true"),
        ("python:rules:long", "sum", "true"),
        ("kind.txt", "sum", "word_problem"),
    ],
)
def test_routes(rule: str, kind: Any, taken: str) -> None:
    def script(model: str, request: Request) -> str:
        said = echo(model, request)
        return "A word problem, I think." if "What kind" in said else said

    ran = run(f"route({rule}, sum=cot, word_problem=wind/b, 2=cot, true=cot, other=as-is)", script, kind=kind)
    assert ran.output.data["route"] == taken
    assert [step["step"] for step in ran.output.data["steps"]] == ["rule", taken]
    assert ran.trace.calls[-1].model == ("wind/b" if taken == "word_problem" else "wind/a")
    assert ran.output.messages[-1].content == ran.output.text


def test_an_unknown_route_is_unscored() -> None:
    with pytest.raises(Unscored, match="'date' names none of sum, time; add other= for the rest") as caught:
        run("route($kind, sum=cot, time=as-is)", kind="date")
    assert caught.value.reason == "no route"
    assert run("route(python:rules:kind, x=cot)").output.data["route"] == "x"


def test_the_calls_of_a_route_are_those_of_the_longest() -> None:
    assert calls_per_outcome(parse_techniques("route($kind, a=vote(5), b=pros.txt | vote(3))")) == 5
    assert (
        calls_per_outcome(parse_techniques("vote(2) | route(kind.txt, a=vote(5), b=pros.txt | vote(20))"))
        == 2 * 5 + 15 + 1
    )
    assert calls_per_outcome(parse_techniques("route($kind, a=pros.txt, b=pros.txt | vote(3))")) == 3


def test_a_long_text_goes_in_parts() -> None:
    ran = run("map_reduce(part.txt, merge.txt, $text, size=4)", text=WORDS)
    asked = [call.request.messages[0].content for call in ran.trace.calls]
    assert asked[:3] == [
        "part 1 of 3: one two three four",
        "part 2 of 3: five six seven eight",
        "part 3 of 3: nine ten",
    ]
    assert [step["step"] for step in ran.output.data["steps"]] == ["map"] * 3 + ["reduce"] * 2
    assert ran.output.data["parts"] == 3
    assert calls_per_outcome(parse_techniques("map_reduce(as-is | vote(2), merge.txt, $text, most=5)")) == 5 * 2 + 4
    assert calls_per_outcome(parse_techniques("map_reduce(as-is, as-is, $text, most=1)")) == 2
    assert all(str(len(WORDS)) in str(said) for said in asked[3:])


def test_all_inputs_of_that_column_hold_the_part() -> None:
    ran = run("map_reduce(as-is, merge.txt, $text, size=5)", prompt="{{ passage }}", text=WORDS, passage=WORDS)
    assert ran.trace.calls[0].request.messages[0].content == "one two three four five"


@pytest.mark.parametrize("step", ["as-is", "as-is | vote(3)", "cot", "pros.txt", "python:rules:long", "pros.txt | cot"])
def test_a_step_that_does_not_read_the_column_is_refused(step: str) -> None:
    with pytest.raises(InputError, match="does not read 'text', so that every part would ask the same"):
        run(f"map_reduce({step}, merge.txt, $text)", text=WORDS)


@pytest.mark.parametrize("step", ["route($text, one=as-is, other=as-is)", "python:rules:all_of"])
def test_what_a_step_reads_need_not_be_its_prompts(step: str) -> None:
    assert run(f"map_reduce({step}, merge.txt, $text)", text="one").output.data["parts"] == 1


def test_a_text_that_fits_is_still_reduced() -> None:
    ran = run("map_reduce(part.txt, python:rules:join, $text)", text="one")
    assert ran.output.text == "A(PART 1 OF 1: ONE)"
    assert ran.output.messages[-1].content == ran.output.text


@pytest.mark.parametrize(("text", "message"), [(WORDS, "the text has 5 parts, and most is 4"), (5, "'text' holds int")])
def test_a_text_that_cannot_be_parted(text: Any, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        run("map_reduce(part.txt, merge.txt, $text, size=2, most=4)", text=text)


few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
texts = st.text(st.sampled_from("ab \n\t.\u00a0"), max_size=120)


@few
@given(texts, st.integers(1, 7), st.integers(0, 3))
def test_parts_hold_every_word_once(text: str, size: int, overlap: int) -> None:
    for parts in (by_words(text, size), by_paragraphs(text, size)):
        assert [word for part in parts for word in part.split()] == text.split()
        assert all(length(part) <= size for part in parts)
        assert all(part in text for part in parts)
    if overlap < size:
        parts = by_words(text, size, overlap)
        words = [part.split() for part in parts]
        assert words[0] + [w for part in words[1:] for w in part[overlap:]] == text.split()
        assert all(a[len(a) - overlap :] == b[:overlap] for a, b in pairwise(words))


def test_scripts_without_spaces_are_parted_too() -> None:
    assert by_words("日本語、テキスト。 two words", 4) == ["日本語、テ", "キスト。 two", "words"]
    assert by_words("ที่นี่", 1) == ["ที่", "นี่"]  # marks stay with their letter
    assert [len(part) for part in by_paragraphs("字" * 1000, 400)] == [400, 400, 200]


def test_paragraphs_stay_whole_where_they_fit() -> None:
    text = "a b\nc\n\n d e\n \nf g h i j k\n\nl"
    assert by_paragraphs(text, 5) == ["a b\nc\n\n d e", "f g h i j", "k\n\nl"]
    assert by_paragraphs("", 5) == [""]


@few
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(1, 8))
def test_groups_get_fewer(sizes: list[int], size: int) -> None:
    groups = grouped(["w " * n for n in sizes], size)
    assert [length(text) for group in groups for text in group] == sizes
    assert all(len(group) > 1 for group in groups[:-1])
    assert all(len(group) == 2 or sum(map(length, group)) <= size for group in groups if len(group) > 1)
