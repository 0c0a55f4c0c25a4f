"""Likeness of texts: by n-grams without a call, and by embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import InputError, Unscored
from scansion.scorers import build_scorer
from scansion.scorers._likeness import cosine, overlap
from scansion.types import Example, Output, Score

VECTORS = {"a cat": [1.0, 0.0], "feline": [0.8, 0.6], "a dog": [0.0, 1.0], "void": [0.0, 0.0], "not": [-1.0, 0.0]}


class Handle:
    """Gives vectors as `lm.embed` does; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.model = ""

    def using(self, model: str) -> Handle:
        self.model = model
        return self

    async def embed(self, texts: list[str]) -> Any:
        self.asked.append((self.model, list(texts)))
        return np.array([VECTORS[text] for text in texts], np.float32)


def done(coroutine: Coroutine[Any, Any, Score]) -> Score:
    return asyncio.run(coroutine)


EMBEDDER = "openai/text-embedding-3-small"


def test_without_an_embedder_wording_is_compared_and_no_model_asked() -> None:
    scorer = build_scorer("similar")
    assert not scorer.uses_model
    same = scorer.score(Output("The cat sat."), Example("x", {}, "the cat sat"))
    near = scorer.score(Output("The cat sat down."), Example("x", {}, "the cat sat"))
    far = scorer.score(Output("Profits rose."), Example("x", {}, "the cat sat"))
    assert same is not None
    assert near is not None
    assert far is not None
    assert same.value == pytest.approx(1)
    assert same.value > (near.value or 0) > 0.5 > (far.value or 0) >= 0


@pytest.mark.parametrize(("one", "other"), [("a profit of -5", "a profit of 5"), ("C++", "C#")])
def test_signs_and_symbols_set_texts_apart(one: str, other: str) -> None:
    assert overlap(one, other) < 1


def test_the_likest_of_several_targets_counts() -> None:
    found = build_scorer("similar").score(Output("a dog"), Example("x", {}, ["a cat", "a dog"]))
    assert found is not None
    assert found.value == pytest.approx(1)


def test_an_embedder_is_asked_once_for_all() -> None:
    lm = Handle()
    scorer = build_scorer(f"similar(embedder={EMBEDDER}, threshold=0.7)")
    assert (scorer.uses_model, scorer.embedders, scorer.pass_mark) == (True, (EMBEDDER,), 0.7)
    found = done(scorer(Output("a cat"), Example("x", {}, ["a dog", "feline"]), lm))
    assert found.value == pytest.approx(0.8)
    assert found.explanation == "similarity 0.800"
    assert lm.asked == [(EMBEDDER, ["a cat", "a dog", "feline"])]


@pytest.mark.parametrize(("target", "value"), [("not", 0.0), ("void", 0.0)])
def test_a_cosine_below_zero_and_one_of_nothing_count_as_zero(target: str, value: float) -> None:
    assert (
        done(build_scorer(f"similar(embedder={EMBEDDER})")(Output("a cat"), Example("x", {}, target), Handle())).value
        == value
    )


@pytest.mark.parametrize(
    ("text", "target", "reason"), [("", "a cat", "no answer"), ("a cat", None, "no target"), ("a cat", [], "no target")]
)
@pytest.mark.parametrize("spec", ["similar", f"similar(embedder={EMBEDDER})"])
def test_what_cannot_be_compared_is_unscored_without_a_call(spec: str, text: str, target: Any, reason: str) -> None:
    lm = Handle()
    assert done(build_scorer(spec)(Output(text), Example("x", {}, target), lm)).unscored == reason
    assert not lm.asked


@pytest.mark.parametrize("spec", ["similar", f"similar(embedder={EMBEDDER})"])
def test_what_is_compared_does_not_depend_on_the_embedder(spec: str) -> None:
    rate = build_scorer(spec)
    own = Output("a cat, said he", answer="a cat")
    read = Output("a cat", answer="9", data={"extractor": "last_number()"})
    for output in (own, read):
        assert done(rate(output, Example("x", {}, "a cat"), Handle())).value == pytest.approx(1)


@pytest.mark.parametrize("spec", ["similar", f"similar(embedder={EMBEDDER})"])
def test_an_object_is_no_text_to_be_like(spec: str) -> None:
    try:
        said = done(build_scorer(spec)(Output("a cat"), Example("x", {}, {"a": 1}), Handle())).unscored
    except Unscored as error:
        said = error.reason
    assert said == "gold refused"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("similar(embedder=nothing)", "write ngrams"),
        ("similar(threshold=0)", "above 0 and at most 1"),
        ("similar(threshold=2)", "above 0 and at most 1"),
        ("back_translation(like=sideways)", "ngrams .no call., judge .a call more."),
        ("back_translation(threshold=0)", "above 0 and at most 1"),
        ("back_translation(model=nonsense)", "names no provider"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spec: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_scorer(spec)


@given(st.text(), st.text())
def test_overlap_is_symmetric_and_between_zero_and_one(a: str, b: str) -> None:
    assert 0 <= overlap(a, b) <= 1
    assert overlap(a, b) == pytest.approx(overlap(b, a))


@given(st.text(alphabet="abc é"))
def test_a_text_is_wholly_like_itself(text: str) -> None:
    assert overlap(text, text) == pytest.approx(1)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5), st.floats(0.1, 10))
def test_length_does_not_matter_to_a_cosine(vector: list[float], by: float) -> None:
    expected = 1.0 if sum(x * x for x in vector) > 1e-300 else cosine(vector, vector)
    assert cosine(vector, [x * by for x in vector]) == pytest.approx(expected)
