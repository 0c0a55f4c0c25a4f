"""Near-duplicates: small edits are found, other examples of the same task are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data.near import Likeness, NearDuplicates, Passage, normal

APPLES = "Ana has 3 apples and buys 4 more at the market. How many apples does she have now?"
PARIS = "The Louvre, on the right bank of the Seine, is the most visited museum in the world."


def index(*texts: str) -> NearDuplicates:
    found = NearDuplicates()
    for text in texts:
        found.add(text, text)
    return found


def test_a_small_edit_is_found():
    texts = index(PARIS, APPLES)
    assert texts.find("ana has 3 apples, and buys 4 more at the market: how many apples does she have now") == APPLES
    assert texts.find(APPLES.replace("Ana", "Anna")) == APPLES
    assert texts.find(PARIS.replace("most visited", "most-visited")) == PARIS


def test_the_same_task_with_other_numbers_is_another_example():
    assert index(APPLES).find(APPLES.replace("3", "5")) is None


def test_other_texts_are_not_found():
    assert index(APPLES).find(PARIS) is None
    assert index().find(APPLES) is None


def test_short_texts_must_be_equal():
    texts = index("Chad", "乍得的首都")
    assert texts.find("chad.") == "Chad"
    assert texts.find("Chile") is None
    assert texts.find("乍得的首都？") == "乍得的首都"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 + 30", "12 - 30"),
        ("12 - 30", "12 * 30"),
        ("3/4", "3 4"),
        ("x < y", "x > y"),
        ("\N{SLIGHTLY SMILING FACE}", "\N{UPSIDE-DOWN FACE}"),
        ("???", ""),
        ("किताब", "कुताबी"),
    ],
)
def test_signs_symbols_and_vowels_tell_texts_apart(one, other):
    assert index(one).find(other) is None
    assert index(one).find(f" {one} ") == one


@pytest.mark.parametrize(
    ("one", "other"), [("12+30", "12 + 30."), ("12-30", "12 - 30"), ("most-visited", "Most visited")]
)
def test_blanks_and_punctuation_do_not(one, other):
    assert index(one).find(other) == one


def test_of_several_the_nearest_is_given():
    near, nearer = APPLES.replace("at the market", "at a market"), APPLES.replace("now?", "?")
    assert index(near, nearer).find(APPLES.replace("now?", "")) == nearer


@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=4))
def test_a_text_is_always_near_itself(text, others):
    found = index(*others, text).find(text)
    assert found is not None
    assert normal(found) == normal(text)


@given(st.text(min_size=0, max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_a_passage_holds_what_was_put_into_it(before, inside, after):
    passage = Passage(f"{before} {inside} {after}")
    if len(normal(inside)) >= 20:
        assert passage.holds(inside)
    if len(normal(inside)) < 8:
        assert not passage.holds(inside)


def test_a_passage_holds_what_was_put_into_it_with_a_small_edit():
    passage = Passage(f"Answer like this.\n\nQ: {APPLES.replace('the market', 'a market')}\nA: 7\n\nQ: {{question}}")
    assert passage.holds(APPLES)
    assert not passage.holds(APPLES.replace("4", "9"))
    assert not passage.holds(PARIS)


@pytest.mark.parametrize("short", ["What is 12 + 30?", "乍得的首都是哪一座城市"])
def test_a_short_text_is_found_where_it_stands_by_itself(short):
    assert Passage(f"Q: {short}\nA: 42").holds(short)
    assert Passage(f'Like "{short}", which is easy.').holds(short)
    assert Passage(f"Answer.\n{short}\n").holds(short)
    assert not Passage(f"Never ask {short} of anybody").holds(short)


def test_a_text_altered_at_both_ends_is_found():
    assert Passage(f"Q: {APPLES}").holds("I" + APPLES[1:].replace("now?", "nau?"))


def test_a_long_line_with_many_colons_takes_no_time():
    found = Passage("a:" * 20_000)
    assert not found.holds("What is 12 + 30?")
    assert len(found._lines) <= 120


TEXT = st.text(st.sampled_from("aB3 -*/%.,_$+\n\té"), max_size=40)


@given(TEXT)
def test_plain_text_is_normalised_as_any_other(text):
    """The quick way for ASCII gives what the way for all scripts gives."""
    assert normal(text) == " ".join(normal(text + " é").split()[:-1])


@given(st.lists(st.sampled_from(["pear", "apple", "plums", "3", "quince"]), max_size=9), st.integers(0, 9))
def test_one_text_is_held_against_another_by_the_same_rule(words, place):
    one = " ".join(words)
    other = " ".join([*words[:place], *words[place + 1 :], "pears"])
    for a, b in ((one, other), (one, one + "!"), (other, one)):
        assert Likeness(a).alike(b) == (index(a).find(b) is not None)
