"""What is seen of an example from its input and target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data.facets import FACETS, facet_values, input_text
from scansion.types import Example


def value(facet: str, text: str, target: object = None) -> str | None:
    [found] = facet_values([Example("a", {"q": text}, target)], [facet])[facet]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Jo has 3 apples and eats 2. How many apples are left?", "how many"),
        ("If it rains, who gets wet?", "who"),
        ("In what year did the war end?", "when"),
        ("Where is Oslo?", "where"),
        ("Why is the sky blue?", "why"),
        ("Which is larger?", "which"),
        ("What is it?", "what"),
        ("How does it work?", "how"),
        ("Would a whale fit in a bath?", "yes or no"),
        ("Isn't it late?", "yes or no"),
        ("Please translate this into French. The cat sat.", "instruction"),
        ("So?", "other question"),
        ("The cat sat.", None),
        ("", None),
    ],
)
def test_the_kind_of_question(text: str, kind: str | None) -> None:
    assert value("question", text) == kind


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the capital of France, and how many people live there?", "English"),
        ("Wie viele Einwohner hat die Stadt und wer ist der Bürgermeister?", "German"),
        ("Quelle est la capitale de la France et qui est le maire ?", "French"),
        ("¿Cuál es la capital y cuántos habitantes tiene?", "Spanish"),
        ("Сколько яблок осталось?", "Cyrillic"),
        ("東京の人口は", "Chinese characters"),
        ("كم عدد التفاحات", "Arabic"),
        ("Rena Devon Rosalinda Paulina", None),
        ("12 + 7 = ?", None),
    ],
)
def test_the_language(text: str, language: str | None) -> None:
    assert value("language", text) == language


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("1,200", "number"),
        (3.5, "number"),
        ("$4", "number"),
        ("Yes", "yes or no"),
        (True, "yes or no"),
        ("(B)", "letter"),
        ("Oslo", "one word"),
        ("New York", "several words"),
        ([1, 2], "list"),
        ({"a": 1}, "object"),
        (None, None),
    ],
)
def test_the_kind_of_target(target: object, kind: str | None) -> None:
    assert value("target", "?", target) == kind


def test_thirds_of_lengths() -> None:
    examples = [Example(str(n), {"q": "x" * n}) for n in range(1, 10)]
    found = [each[0] for each in facet_values(examples, ["length"])["length"]]
    assert found == ["short (to 3)"] * 3 + ["medium (4 to 6)"] * 3 + ["long (from 7)"] * 3
    same = [Example(str(n), {"q": "xx"}) for n in range(9)]
    assert facet_values(same, ["length"])["length"] == [()] * 9


def test_tags_digits_and_columns_that_are_no_input() -> None:
    example = Example("a", {"q": "two", "answer": "2"}, "2", tags=("x", "y", "x"))
    found = facet_values([example], columns={"q"})
    assert found["tag"] == [("x", "y")]
    assert found["digits"] == [("without digits",)]
    assert input_text(example) == "two\n2"
    assert set(found) == set(FACETS)


@given(st.lists(st.tuples(st.text(), st.none() | st.text() | st.floats() | st.booleans()), max_size=8))
def test_any_text_has_facets(rows: list[tuple[str, object]]) -> None:
    examples = [Example(str(i), {"q": text}, target) for i, (text, target) in enumerate(rows)]
    for found in facet_values(examples).values():
        assert len(found) == len(rows)
        assert all(isinstance(name, str) and name for each in found for name in each)
