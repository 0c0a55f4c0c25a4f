"""Recurring phrases: against a plain count of all n-grams, and what does not count."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.data.phrases import Recurring, recurring, words_of

TOPICS = "tax cats trains bread rivers opera chess rust maths poems soup stars".split()  # noqa: SIM905
PHRASE = "it's important to remember that everyone is different"


def said(seed: int, phrase: str = "") -> str:
    """Some words at random around a phrase."""
    draw = random.Random(seed)
    words = [f"w{draw.randrange(10_000)}" for _ in range(20)]
    return " ".join([*words[:10], phrase, *words[10:]])


def test_a_phrase_is_found_whole_with_the_texts_that_have_it() -> None:
    texts = [said(i, PHRASE if i % 2 else "") for i in range(12)]
    [found] = recurring(texts, about=TOPICS, least=3)
    assert found == Recurring(PHRASE, 8, 6, (1, 3, 5, 7, 9, 11))


def test_case_punctuation_and_line_ends_do_not_matter() -> None:
    forms = [PHRASE, PHRASE.upper(), "It\u2019s important,\nto remember: that *everyone* is different!"]
    [found] = recurring([said(i, forms[i % 3]) for i in range(6)], least=5)
    assert (found.text, found.inputs) == (PHRASE, 6)


def test_what_a_prompt_says_itself_does_not_count() -> None:
    texts = [said(i, PHRASE) for i in range(8)]
    prompts = [f"Say that {PHRASE}" if i < 5 else "Go" for i in range(8)]
    assert recurring(texts, prompts=prompts, least=4) == []
    [found] = recurring(texts, prompts=prompts, least=3)
    assert found.where == (5, 6, 7)


def test_texts_of_one_input_count_once_and_inputs_about_one_thing_do_not() -> None:
    texts = [said(i, PHRASE) for i in range(12)]
    assert recurring(texts, about=["one and the same"] * 12, least=2) == []
    about = [f"How tall is the Eiffel tower {topic}?" for topic in TOPICS[:6]] + [f"What of {t}?" for t in TOPICS * 5]
    answers = [said(i, "the eiffel tower is very tall" if i < 6 else "") for i in range(len(about))]
    assert recurring(answers, about=about, least=3) == []
    assert len(recurring(answers, about=[str(i) for i in range(len(about))], least=3)) == 1


def test_a_longer_phrase_stands_for_what_is_in_it_unless_that_is_much_more_frequent() -> None:
    longer = f"{PHRASE} in its own way"
    texts = [said(i, longer if i < 5 else PHRASE) for i in range(40)]
    assert [(p.text, p.inputs) for p in recurring(texts, least=4)] == [(PHRASE, 40)]
    texts = [said(i, longer if i < 36 else PHRASE) for i in range(40)]
    assert [(p.text, p.inputs) for p in recurring(texts, least=4)] == [(longer, 36)]


def test_chinese_has_no_spaces() -> None:
    [found] = recurring([f"{c}很抱歉我不能{c}" for c in "天地人山水火"], least=5)
    assert found.text == "很 抱 歉 我 不 能"
    assert words_of("GPT很好") == ["gpt", "很", "好"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab ", max_size=30), max_size=12), st.integers(2, 4), st.integers(2, 3))
def test_every_phrase_is_one_that_a_plain_count_finds(texts: list[str], words: int, least: int) -> None:
    for found in recurring(texts, words=words, least=least):
        having = [i for i, text in enumerate(texts) if f" {found.text} " in f" {' '.join(words_of(text))} "]
        assert list(found.where) == having
        assert found.inputs == len(having) >= least
        assert found.words == len(found.text.split()) >= words


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab ", max_size=24), min_size=2, max_size=10))
def test_every_frequent_n_gram_is_covered_where_it_stands(texts: list[str]) -> None:
    found = recurring(texts, words=3, least=2, limit=10_000)
    plain = [words_of(text) for text in texts]
    grams: dict[str, set[int]] = {}
    for i, of in enumerate(plain):
        for at in range(len(of) - 2):
            grams.setdefault(" ".join(of[at : at + 3]), set()).add(i)
    if any(len(having) >= 2 for having in grams.values()):
        assert found
    else:
        assert found == []


@pytest.mark.parametrize("texts", [[], [""], ["a b c"], ["", "  ", "?!"]])
def test_little_text_has_no_phrases(texts: list[str]) -> None:
    assert recurring(texts, least=2) == []
