"""Every extractor on given texts, and on texts made to be slow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.scorers import build_extractor, extractor
from scansion.scorers._numbers import last_number, number_in, numbers, whole_number

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("spec", "text", "wanted"),
    [
        ("text", " a b\n", "a b"),
        ("text", "", ""),
        ("first_number", "from $1,200 to 7%", "1200"),
        ("last_number", "from $1,200 to 7%", "7%"),
        ("number", "1,2,3", "3"),
        ("last_number", "none", None),
        ("last_number", "(-5)", "-5"),
        ("last_number", "x = \u22125.0", "-5.0"),
        ("last_number", "3/4/2020", "2020"),
        ("last_number", "5/0", "0"),
        ("last_number", "a1 b_2", None),
        ("letter", "so (b)", "B"),
        ("letter(which=first)", "B, not C", "B"),
        ("letter(which=last)", "B, not C", "C"),
        ("letter(A-C)", "E", None),
        ("letter", "What A's B'", None),
        ("boolean", "TRUE!", True),
        ("boolean", "no-one knows", None),
        ("boolean(last)", "yes and no", False),
        ("word(yes, no)", "'No.'", "no"),
        ("word(yes, no, which=last)", "no: yes", "yes"),
        ("word(Yes, ignore_case=false)", "yes", None),
        ("word(positive, negative)", "It is Positive.", "positive"),
        ("tag", "<answer>a</answer> <answer> b </answer>", "b"),
        ("tag(which=first)", "<answer>a</answer> <answer> b </answer>", "a"),
        ("tag(x)", "<x>cut off", None),
        ("tag(x)", "</x> <x>", None),
        ("after(is, first)", "it is a; it is b", "a; it is b"),
        ("after(is)", "it is a; it is b", "b"),
        ("after(IS, ignore_case=true)", "it is a; it is b", "b"),
        ("after(is)", "it is ", None),
        ("after(is)", "none", None),
        ("line", "a\n b \n\n", "b"),
        ("line(first)", "\n a\nb", "a"),
        ("line", " \n", None),
        ('regex("a(b)?")', "a", None),
        ('regex("a(b)")', "ab", "b"),
        ('regex("a.", which=last)', "ab ac", "ac"),
        ('regex("(?P<n>x)y", group=n)', "xy", "x"),
        ('regex("xy", group=0)', "xy", "xy"),
        ("boxed", "\\boxed{1} so \\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("boxed", "\\boxed{a\\}b}", "a\\}b"),
        ("boxed", "\\boxed{open", None),
        ("code", "```python\nx = 1\n```\n```js\ny\n```", "x = 1"),
        ("code(js)", "```python\nx = 1\n```\n```js\ny\n```", "y"),
        ("code(which=last)", "````\n```\n````", "```"),
        ("code", "```\nopen", None),
        ('json("a[-1].b")', 'x {"a": [1, {"b": 2}]} y', 2),
        ("json", "```json\n[1]\n```", [1]),
        ("json", "no { json [here", None),
        ("json(a)", '{"a": null}', None),
        ("then(after(is), first_number)", "1 is 2", "2"),
        ("then(json(a), first_number)", '{"a": 5}', "5"),
        ("either(boxed, last_number)", "so 5", "5"),
        ('drop(",")', "1,000", "1000"),
        ("drop(a, spaces=true)", " a b ", "b"),
        ('trim(".")', " a.. ", "a."),
        ('trim(start="<", end=">")', "<a>", "a"),
    ],
)
def test_answers(spec: str, text: str, wanted: Any) -> None:
    assert build_extractor(spec)(text) == wanted


def test_the_rules_of_the_zero_shot_paper_are_specs() -> None:
    number = build_extractor('then(drop(","), regex("-?\\\\d+\\\\.?\\\\d*"), trim("."))')
    assert [number(t) for t in ("about 1,200. ok", "-3.5.", "none")] == ["1200", "-3.5", None]
    letters = build_extractor('drop("\\"\'.", spaces=true)')
    assert letters(' "n y".\n') == "ny"
    bbh = build_extractor('then(after("the answer is "), trim("."))')
    assert [bbh(t) for t in ("so the answer is (A).", "the answer is a. the answer is  b. ", "(A)")] == [
        "(A)",
        "b",
        None,
    ]


def test_every_example_in_a_docstring_is_a_spec_and_parses_back() -> None:
    for entry in extractor.built_in():
        example = (entry.__doc__ or "").rsplit("Example: `", 1)[1].strip().removesuffix("`")
        built = build_extractor(example)
        again = build_extractor(built.spec)
        assert (again.spec, again.identity) == (built.spec, built.identity)
        assert build_extractor(built.identity).identity == built.identity


@quick
@given(st.text(alphabet="0123456789,./ -+$%e\u2212abx^*{}\\fracd", max_size=40))
def test_numbers_are_found_in_a_form_that_reads_back(text: str) -> None:
    for plain in numbers(text):
        assert next(numbers(plain)) == plain
        assert number_in(plain) == number_in(f"it is {plain}")


@quick
@given(
    st.lists(
        st.sampled_from(
            ["is ", "so\n", "\\times ", "x ", "1", "23", "$ ", " ", "%", "/", "10^3", ",", ".", "-", "H2O ", "ab"]
        )
    ).map("".join)
)
def test_the_last_number_is_the_last_of_all(text: str) -> None:
    assert last_number(text) == next(reversed(list(numbers(text))), None)


@pytest.mark.parametrize(
    ("text", "known"), [("5", True), ("5.0", True), ("007", False), ("5 apples", False), ("-3", True)]
)
def test_whole_numbers(text: str, known: bool) -> None:
    assert (whole_number(text) is not None) is known


SLOW = [
    *("<answer>", "{", "[", "A ", "```\n", "\\boxed{", "answer is ", "answer ", "yes", "\n", " ", '{"a":', "(", "-"),
    *("1", "1 ", "1,", "111,", "1/", "$", "\\frac{1", "1.1", "e1", "</answer>", "a", "\u2212", "**", "~~~\n"),
]


@pytest.mark.parametrize("piece", SLOW)
@pytest.mark.timeout(60)
def test_no_text_is_slow(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    for entry in extractor.built_in():
        example = (entry.__doc__ or "").rsplit("Example: `", 1)[1].strip().removesuffix("`")
        build_extractor(example)(text)
