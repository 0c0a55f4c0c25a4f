"""Likeness to the target."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError, Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check, value_of
from scansion.scorers._function import Asked
from scansion.scorers._likeness import NGRAMS, check_embedder, likeness, overlap
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["similar"]


@scorer("similar", "similarity", "cosine")
def similar(
    target: str | Column | None = None,
    embedder: str = NGRAMS,
    threshold: float = 0.75,
    by: Extractor | None = None,
) -> Check | Asked:
    """How like the output is to the target, from 0 to 1: the cosine of their embeddings; of several targets the likest.

    Below `threshold` an output counts as wrong; what says that two texts mean the same differs from embedder to
    embedder, so look at a few pairs before setting it. The default `embedder` counts the words, pairs of words and runs
    of letters that both texts have: it makes no call, and sees likeness of wording, not of meaning. Any other is an
    embedding model, such as `openai/text-embedding-3-small`, a local `/embeddings` server or
    `sentence-transformers/all-MiniLM-L6-v2` (extra `embed`); its calls are the judge's: each text is paid once. `by`
    reads the answer to compare; without it the whole output is compared.

    The cosine of sentence embeddings as a measure of meaning follows Reimers and Gurevych 2019, Sentence-BERT (arXiv
    1908.10084).

    Example: `similar(embedder=openai/text-embedding-3-small, threshold=0.8)`
    """
    if not 0 < threshold <= 1:
        raise InputError(f"similar: threshold={threshold:g} must be above 0 and at most 1, such as 0.75")
    check_embedder(embedder, "similar")
    wanted = TARGET if target is None else target
    check = Check(_overlap, by=by, usual=build_extractor("text"), wanted=wanted, pass_mark=threshold)
    if embedder == NGRAMS:
        return check

    async def rate(output: Output, example: Example, lm: Any) -> Score:
        targets = _texts(value_of(wanted, example))
        if not targets:
            return Score(None, "no target")
        answer, _ = check.answer(output)
        if answer is None or not as_text(answer).strip():
            return Score(None, "no answer")
        found = await likeness(as_text(answer), targets, lm, embedder)
        return _said(max(found), answer if by is not None else None)

    return Asked(
        rate,
        needs_target=check.needs_target,
        extractor=check.extractor,
        columns=check.columns,
        pass_mark=threshold,
        calls=2,
        embedders=(embedder,),
    )


def _overlap(answer: Any, wanted: Any) -> Score:
    target = _text(wanted)
    if not target.strip():
        raise Unscored("gold refused", "the target is empty; leave it out where there is none")
    if not as_text(answer).strip():
        raise Unscored("no answer", "the output is empty")
    return _said(overlap(as_text(answer), target), None)


def _text(wanted: Any) -> str:
    if isinstance(wanted, dict):
        raise Unscored("gold refused", "the target is an object; similar compares texts")
    return as_text(wanted)


def _texts(value: Any) -> list[str]:
    """What the answer may be like; empty texts are none, since no server embeds them."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [text for text in map(_text, values) if text.strip()]


def _said(value: float, answer: Any) -> Score:
    return Score(value, None, f"similarity {value:.3f}", answer)
