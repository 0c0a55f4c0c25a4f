import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import NASTY, make_view

from scansion.experiments.people.annotations import Standing
from scansion.experiments.selection import Selection
from scansion.report.reader import Place, Shown, bottom, page, selected, top
from scansion.report.text import cells

SAID = Standing(marks={"Ann": True}, tags={"Ann": ("unit", "sign")}, notes={"Bo": "two\nlines"}, targets={"Ann": 12})
TEXTS = st.text(st.sampled_from("abc d.\n\t答えあשלום\u0301é\U0001f600\x1b\x00\u202e‹{}[]+-"), max_size=200)


def shown(a, b, **changes):
    views = [make_view(1, "direct", text=a, wrong=True), make_view(1, "steps", text=b)]
    fields = {"views": views, "said": [SAID, Standing()], "active": 1, "based": True, "calls": True, **changes}
    return Shown(**fields)


@given(TEXTS, TEXTS, st.integers(20, 130))
def test_no_line_is_wider_than_the_window_or_holds_a_control_character(a, b, width):
    found = page(shown(a, b), width)
    for line in found.lines:
        assert cells(line) <= width
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in line), line


def test_differences_are_marked_side_by_side_and_under_one_another():
    wide = page(shown("The answer is 6.", "The answer is 7."), 80).lines
    assert any(line.startswith("The answer is [-6-].") and line.endswith("| The answer is {+7+}.") for line in wide)
    narrow = page(shown("The answer is 6.", "The answer is 7."), 60).lines
    assert narrow.index("The answer is {+7+}.") < narrow.index("The answer is [-6-].")
    assert "[direct] wrong (baseline)" in narrow
    assert "> [steps] right" in narrow


def test_texts_with_little_in_common_stand_as_they_are():
    assert "one two three" in page(shown("one two three", "something else again"), 60).lines


def test_what_people_said_stands_with_what_it_is_about():
    lines = page(shown("6", "7"), 60).lines
    assert "corrected target (Ann): 12" not in lines
    lines = page(shown("6", "7", active=0), 60).lines
    assert "corrected target (Ann): 12" in lines
    assert "  marked right by Ann; the scorer says wrong" in lines
    assert "  tags: unit, sign" in lines
    assert "  note (Bo): two lines" in lines


def test_the_trace_begins_where_it_is_said_to():
    found = page(shown("6", "7"), 80)
    assert found.lines[found.calls_at].startswith("[steps] call 1: openai/gpt-5-mini")
    assert page(shown("6", "7", calls=False), 80).calls_at == len(page(shown("6", "7", calls=False), 80).lines)


def test_a_text_without_end_is_cut_with_a_word():
    lines = page(shown("x " * 80_000, "7"), 60).lines
    assert "[... 60,000 more characters]" in lines


def test_the_bars_fill_the_width_whatever_it_is():
    place = Place(run="r12 word problems", selection="wrong", at=3, items=1200, read=40, progress=0.345)
    for width in range(10, 130, 7):
        assert cells(top(place, width)) == width
        assert all(cells(line) == width for line in bottom("", ["? help", "q quit"], "1-20/45", width))
        assert all(cells(line) == width for line in bottom(NASTY, [], "", width))
    assert top(place, 90).rstrip() == " r12 word problems  item 3 of 1,200  wrong  read 40 of 1,200  searching 34%"
    assert top(place, 45).rstrip() == " item 3 of 1,200  read 40 of 1,200  searching 34%"[:44] + "…"
    assert "r12" not in top(place, 60)


def test_a_long_message_takes_the_lines_it_needs():
    lines = bottom("no outcome of r1 is tagged 'x'; did you mean 'wrong unit'?", [], "1-2/3", 30)
    assert len(lines) == 3
    assert " ".join(" ".join(lines).split()) == "no outcome of r1 is tagged 'x'; did you mean 'wrong unit'? 1-2/3"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(), ""),
        (Selection(which="wrong", variant="steps"), "wrong of steps"),
        (Selection(which="flips", flips=("a", "b"), text="x y"), "flips of a and b with 'x y'"),
        (Selection(tag="unit", id="q1"), "tagged unit of example q1"),
    ],
)
def test_what_is_selected_in_words(selection, words):
    assert selected(selection, []) == words


def test_a_difference_that_is_too_long_to_be_marked_is_said_to_be_so():
    words = [f"word{i % 150}" for i in range(15_000)]
    lines = page(shown(" ".join(words), " ".join(words[::-1])), 60).lines
    assert "[too long to be compared word by word]" in lines
