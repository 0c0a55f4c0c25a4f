"""The verifiers, kind by kind, from the definitions of IFEval; and what holds of all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.scorers import build_scorer
from scansion.scorers._verifying import Verifier, readings, verifier
from scansion.types import Example, Output

ROW = Example("a", {"question": "What is tea?", "must": ["tea", "cup"]})


def broken(spec: str, text: str, mode: str = "strict") -> str:
    found: Verifier = verifier.build(spec)
    return found.broken(text, ROW, mode)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "obeying", "breaking"),
    [
        ("words(at_least=3)", "one two three", "one two"),
        ("words(less_than=3)", "one two", "don't stop"),  # an apostrophe parts words
        ("words(at_most=3)", "one two three", "one two three four"),
        ("sentences(at_least=2)", "One. Two!", "Dr. Smith met Mrs. Jones."),
        ("sentences(less_than=3)", "It costs 3.50 at J. Smith's. Good.", "One. Two? Three"),
        ("sentences(at_least=3)", "1. One\n2. two.\nP.S. Three", "at 1. two by J.R.R. Tolkien etc. and"),
        ("sentences(less_than=2)", 'He said "Stop it. "', "Tea, cups etc. 3"),
        ("sentences(less_than=2)", "Pets, e.g. the dog", "Pets. The dog"),
        ("paragraphs(2)", "one\n***\ntwo", "one\n\ntwo"),
        ("paragraphs(2)", "***\none\n***\ntwo\n***", "one\n***\n***\ntwo"),
        ("nth_paragraph(2, of=2, starts=However)", "one\n\n'However, two", "However\n\none"),
        ("nth_paragraph(1, of=2, starts=it)", "It's\n\ntwo", "It\n\ntwo\n\nthree"),
        ("keywords([tea, cup])", "a teacup, CUP", "tea alone"),
        ("keywords($must)", "Tea in a cup", "tea"),
        ('keywords(["a.b"])', "x a.b y", "axb"),
        ("forbidden([no])", "nobody knows", "oh No!"),
        ("keyword(tea, at_least=2)", "Tea, teapot", "tea"),
        ("keyword(tea, less_than=2)", "tea", "tea tea"),
        ("letter(q, at_least=2)", "Queen q", "queen"),
        ('letter("#", at_least=2)', "# a #", "# a"),
        ("bullets(2)", "* a\n - b", "* a"),
        ("bullets(1)", "- a", "**bold**"),
        ("answers", "Well. My answer is no.", "no"),
        ("answers([left, right])", "turn left", "straight on"),
        ("highlights(2)", "*a* and **b**", "*a* and ****"),
        ("sections(2)", "SECTION 1 a SECTION 2 b", "Section 1 a Section 2 b"),
        ("sections(1, mark=Day)", "Day 1", "Day one"),
        ("json", '```json\n{"a": 1}\n```', "{'a': 1}"),
        ("title", "<<A walk>>\nIt rained.", "<< >> <A walk>"),
        ("placeholders(2)", "[name] and [place]", "[name]"),
        ("postscript", "Bye.\nP. S. more", "Bye. PS more"),
        ('postscript("P.P.S")', "p.p.s. more", "P.S. more"),
        ("language(German)", "Das ist der Hund und er ist nicht groß.", "The dog is not big and it is old."),
        ("language(ja)", "すべての人間は自由であり", "所有的人都是自由的"),
        ("capitals", "THE DOG IS NOT BIG AND IT IS OLD", "The DOG"),
        ("capitals", "42 NEW YORK", "DER HUND IST NICHT GROSS UND DAS IST GUT"),
        ("lowercase", "the dog is old", "The dog is old"),
        ("capital_words(at_least=2)", "I saw NASA", "I saw Nasa"),
        ("capital_words(less_than=2)", "WELL-KNOWN dogs", "A DOG"),
        ('ends_with("any more?")', 'Is there Any More?"  ', "any more? Yes."),
        ("quoted", ' "all of it" ', '"'),
        ("repeats($question)", "what is tea? A drink.", "Tea is a drink."),
        ("two_responses", "one ****** two", "one ****** one"),
        ("two_responses", "******\none\n******\ntwo", "one ****** ****** two"),
        ("no_comma", "one; two", "one, two"),
    ],
)
def test_a_verifier_tells_what_obeys_from_what_does_not(spec: str, obeying: str, breaking: str) -> None:
    assert broken(spec, obeying) == ""
    assert broken(spec, breaking) != ""
    assert broken(spec, "  \n") == "no text"


def test_a_loose_check_forgives_a_first_line_a_last_line_and_asterisks() -> None:
    text = "Sure, here it is:\n*the dog*\nI hope, that helps"
    assert broken("no_comma", text) == "2 commas"
    assert broken("no_comma", text, "loose") == ""
    assert broken("ends_with(dog)", text) != ""
    assert broken("ends_with(dog)", text, "loose") == ""
    assert len(list(readings(text))) == 8


SPECS = [
    *("words(at_least=3)", "sentences(less_than=4)", "paragraphs(2)", "nth_paragraph(1, of=2, starts=a)", "quoted"),
    *("keywords([a])", "forbidden([a])", "keyword(a, at_most=2)", "letter(a, at_least=1)", "bullets(1)", "answers"),
    *("highlights(1)", "sections(1)", "json", "title", "placeholders(1)", "postscript", "language(en)", "capitals"),
    *("lowercase", "capital_words(at_least=1)", "ends_with(a)", "repeats(a)", "two_responses", "no_comma"),
]
PIECES = st.sampled_from(
    [*"a A.!?,*-[]<>\"'{}1\n", "***", "******", "SECTION 1", "P.S.", "Dr. ", "…", "ß", "是", "\u0301"]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, spec=st.sampled_from(SPECS))
def test_no_text_breaks_a_verifier_and_what_obeys_strictly_obeys_loosely(text: str, spec: str) -> None:
    strict, loose = broken(spec, text), broken(spec, text, "loose")
    assert bool(strict) >= bool(loose)


@pytest.mark.parametrize(
    "spec",
    [
        *('keyword("", at_least=1)', 'keyword(" ", at_least=1)', 'forbidden(" ")', "words(at_least=-3)"),
        *('sections(2, mark="")', 'nth_paragraph(1, of=2, starts="")', "words(at_least=3, less_than=3)", "words"),
    ],
)
def test_a_demand_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(InputError):
        verifier.build(spec)


@pytest.mark.parametrize("spec", SPECS)
def test_a_verifier_is_written_as_it_parses(spec: str) -> None:
    found = verifier.build(spec)
    assert verifier.build(found.spec).spec == found.spec


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("words", "how many"),
        ("words(at_least=5, less_than=5)", "no text can have"),
        ("paragraphs(0)", "at least 1"),
        ("nth_paragraph(3, of=2, starts=a)", "no paragraph 3"),
        ("keywords([])", "a text or a list"),
        ("letter(ab, at_least=1)", "keyword"),
        ("language(Klingon)", "none that can be told"),
        ("bullets(-1)", "too few"),
        ('ends_with(" ")', "empty"),
        ("comma_free", "unknown verifier"),
        ("max_words(3)", "it is a scorer"),
    ],
)
def test_wrong_arguments_are_refused_when_the_scorer_is_built(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        build_scorer(f"follows({spec})")
    with pytest.raises(InputError, match="no verifier is given"):
        build_scorer("follows()")


def test_follows_scores_the_share_or_all_and_names_what_is_broken() -> None:
    output = Output("Tea, in a cup")
    share = build_scorer("follows(no_comma, keywords($must))").score(output, ROW)
    assert share is not None
    assert (share.value, share.explanation) == (0.5, "no_comma: 1 commas")
    assert [one["obeyed"] for one in share.answer] == [False, True]
    whole = build_scorer("follows(no_comma, keywords($must), level=prompt)").score(output, ROW)
    assert whole is not None
    assert whole.value == 0.0
    assert build_scorer("follows(no_comma, keywords($must))").columns == ("must",)


def test_a_function_of_ones_own_is_a_verifier(tmp_path: Path) -> None:
    code = "def short(text):\n    return len(text) < 9\n\ndef calm(text):\n    return 'shouts' if '!' in text else ''\n"
    (tmp_path / "my_rules.py").write_text(code, encoding="utf-8")
    mine = build_scorer("follows(python:my_rules.py:short, python:my_rules.py:calm)", tmp_path)
    assert mine.score(Output("Hello"), ROW).value == 1.0  # type: ignore[union-attr]
    found = mine.score(Output("Hello there!"), ROW)
    assert found is not None
    assert found.explanation == "python:my_rules.py:short: it says no; python:my_rules.py:calm: shouts"


def test_an_extractors_name_leads_to_the_verifier_that_is_near() -> None:
    with pytest.raises(InputError, match="a verifier is wanted here; did you mean 'words'"):
        build_scorer("follows(word(less_than=3))")
