"""The verdicts that judges write are read by their form, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import InputError, Unscored
from scansion.scorers import build_extractor
from scansion.scorers._verdicts import FORMS, Reader, Scale, label_reader, numbered, rating_reader, read
from scansion.types import Completion

SIDES = label_reader(["A", "B", "tie"])
MARKS = rating_reader(Scale(1, 5))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A", "A"),
        ("(a)", "A"),
        ("Output (b)", "B"),
        ("**B**.", "B"),
        ("Tie", "tie"),
        ("[[A]]", "A"),
        ("Both are fine, yet [[B]] it is.", "B"),
        ("Verdict: A", "A"),
        ("B is better in tone.\n**Winner:** A", "A"),
        ("Long reasons.\n\nB", "B"),
        ('{"winner": "B", "why": "A is better, some say."}', "B"),
        ('```json\n{"verdict": "tie"}\n```', "tie"),
        ("Therefore, Output (b) is better.", "B"),
        ("Output (a) is better because it is short. Therefore, Output (a) is better.", "A"),
        ("A is impatient. B is very polite. The answer is B.", "B"),
        ("Assistant B is clearly better than Assistant A.", "B"),
        ("I prefer B, and my reasons are these.", "B"),
        ("The better one is (a).", "A"),
        ("Output (a) is better, but I also like B.", "A"),
        ("<think>Verdict: B? The winner is B. [[B]]</think>\n\nVerdict: A", "A"),
        ("\n<THINK>\nB\n</THINK>A", "A"),
    ],
)
def test_a_stated_verdict_is_read(text, label):
    assert SIDES(text) == label


@pytest.mark.parametrize(
    "text",
    [
        *("", "A?", "A or B", "A and B", "C", "[[C]]", "a is better", "A is better in tone.", "Both are equally good."),
        *("I prefer A or B.", "It is open whether A is better.", "Neither A is better.", "A is not better."),
        *("Verdict: A\nVerdict: B", "A\nB", "[[A]] or [[B]]", "A is better. So B is better.", "A: rude\nB: polite"),
        *("Therefore, based on the fact that Output (a) follows the", '{"winner": "C"}', "Verdict: A or B"),
        *("The answer is A, but B.", "I prefer A, but then also (B)", "<think>A</think>", "<think>[[A]] or [[B]]"),
        *("Verdict: B\n<think>or</think>\nVerdict: A", "<think>B</think> <b>Verdict: A</b> Verdict: B"),
    ],
)
def test_anything_else_is_unreadable(text):
    with pytest.raises(Unscored) as found:
        SIDES(text)
    assert found.value.reason == "judge unreadable"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        *(("4", 4), ("4/5", 4), ("4 out of 5", 4), ("**4**", 4), ("- 3", 3), ("[[2]]", 2), ("Rating: 4", 4)),
        *(("Clear but rude.\nScore: 4/5", 4), ('{"score": 2}', 2), ('{"rating": "3"}', 3), ("The rating is 3.", 3)),
        *(("I would rate it a 4.", 4), ("It gets 4/5 from me.", 4), ("2/5 at first sight.\nRating: 3", 3)),
    ],
)
def test_a_stated_mark_is_read(text, mark):
    assert MARKS(text) == mark


@pytest.mark.parametrize(
    "text",
    [
        *("", "6", "0", "-3", ".5", "4.5", "4-5", "4%", "4/10", "4 of 10", "four", "Rating: 4-5", "Rating: 11"),
        *("Rating: 3\nRating: 4", '{"score": 7}', "I give it 4 of 10.", "The score is 4.5.", "2 of the 5 rules hold."),
    ],
)
def test_no_mark_is_made_up(text):
    with pytest.raises(Unscored, match=r"mark|two verdicts"):
        MARKS(text)


YES = label_reader(["yes", "no"])


@pytest.mark.parametrize(
    "text",
    [
        *("Yes, but no", "Yes, but also no.", "Yes, but in a way no", "No, yet yes!", "The answer is yes, but no."),
        *("Yes, though others would say no.", "Yes. However, *no*.", "yes; but 'no', really"),
    ],
)
def test_a_word_that_is_taken_back_is_no_verdict(text):
    with pytest.raises(Unscored, match="two verdicts"):
        YES(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Yes, but it has no units.", "Yes, it is, yet barely.", "Yes, but yes.", "Yes.\nBut no one else thinks so."),
        *("<think>No, the answer is no. But yes?</think>Yes, it does.", "Yes, there is no error, however small."),
    ],
)
def test_a_mere_word_takes_nothing_back(text):
    assert YES(text) == "yes"
    assert read(Completion(text, finish_reason="stop"), YES) == "yes"


def test_the_words_that_could_not_be_read_are_shown():
    with pytest.raises(Unscored, match=r"no mark of 1\.\.5: 'I like it\.'"):
        MARKS("I like it.")
    with pytest.raises(Unscored, match="cut off"):
        read(Completion("Verdict: A", finish_reason="length"), SIDES)
    assert read(Completion("Verdict: A", finish_reason="stop"), SIDES) == "A"


def test_each_form_reads_its_own_alone():
    texts = {
        "alone": "B",
        "line": "Well.\nVerdict: B",
        "brackets": "So [[B]] it is",
        "json": 'See {"winner": "B"}, I say',
        "stated": "So B is better.",
    }
    assert tuple(texts) == FORMS
    for form in FORMS:
        read_it = build_extractor(f"verdict([A, B], form={form})")
        assert [name for name, text in texts.items() if read_it(text) == "B"] == (
            ["alone", "line"] if form == "line" else [form]
        )


def test_extractors_give_none_where_nothing_is_stated():
    assert build_extractor("verdict([yes, no])")("Yes, it is.") == "yes"
    assert build_extractor("verdict([yes, no])")("Yes and no.") is None
    assert build_extractor("rating(1..10)")("Rating: 10") == 10
    assert build_extractor("rating(1..10)")("Rating: 11") is None


@pytest.mark.parametrize("labels", [[], ["A"], ["A", "a"], ["A", " "]])
def test_labels_that_cannot_be_told_apart_are_refused(labels):
    with pytest.raises(InputError, match="two or more different words"):
        label_reader(labels)


@pytest.mark.parametrize("text", ["5", 5, "5..1", "1..1", "a..b", "1.5..2", ""])
def test_a_scale_needs_both_ends(text):
    with pytest.raises(InputError, match=r"such as 1\.\.5"):
        Scale.parse(text)


def test_marks_become_shares():
    scale = Scale.parse("1-5")
    assert (scale, scale.share(1), scale.share(4), scale.share(5)) == (Scale(1, 5), 0.0, 0.75, 1.0)


def tried(reader: Reader[Any], text: str) -> Any:
    """What a reader reads, or why it reads nothing."""
    try:
        return reader(text)
    except Unscored as error:
        return error


@given(st.text(max_size=200), st.sampled_from(["A", "B", "tie"]))
def test_a_last_line_decides_whatever_stands_before_it_but_another_verdict(before, label):
    found = tried(SIDES, f"{before}\nVerdict: {label}")
    assert found == label or "[[" in before or "two verdicts" in str(found)


@given(st.text(alphabet="AB (){}[]\"':.,\n-4/5isbetvrdcomr", max_size=60))
def test_no_text_breaks_a_reader(text):
    for reader, known in ((SIDES, {"A", "B", "tie"}), (MARKS, {1, 2, 3, 4, 5})):
        found = tried(reader, text)
        assert found.reason == "judge unreadable" if isinstance(found, Unscored) else found in known


@given(st.lists(st.sampled_from(["met", "not met"]), min_size=1, max_size=8), st.randoms())
def test_numbered_lines_are_read_in_any_order(said, chance):
    lines = [f"{i}: {word}" for i, word in enumerate(said, 1)]
    chance.shuffle(lines)
    assert numbered("\n".join(lines), len(said), ["met", "not met"], "criterion") == said


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("1: met", "nothing of criterion 2 of 2"),
        ("1: met\n2: met\n2: not met", "two things of criterion 2"),
        ("1: met\n2: met\n3: met", "speaks of criterion 3, and there are 2"),
        ("1: met\n2: met\nSo far.", "the judge wrote 'So far.'"),
    ],
)
def test_numbered_lines_say_one_thing_of_each(reply, why):
    with pytest.raises(Unscored, match=why):
        numbered(reply, 2, ["met", "not met"], "criterion", only=False)
