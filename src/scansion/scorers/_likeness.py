"""How alike two texts are, from 0 to 1: by their words and letters, or by what an embedding model makes of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scansion.data.index.tokens import tokens
from scansion.errors import InputError
from scansion.models.registry import parse_model

__all__ = ["NGRAMS", "check_embedder", "cosine", "likeness", "ngrams", "overlap"]

NGRAMS = "ngrams"
"""The embedder that is no model: n-grams of the two texts themselves. It makes no call."""

_SIZES = (3, 4)  # letters of the n-grams that are taken of each word


def check_embedder(embedder: str, scorer: str) -> None:
    """Raise InputError, naming the scorer, where `embedder` is neither `ngrams` nor the spec of a model."""
    if embedder == NGRAMS:
        return
    try:
        parse_model(embedder)
    except InputError as error:
        wanted = f"write {NGRAMS} (no call), or an embedding model such as openai/text-embedding-3-small"
        raise InputError(f"scorer {scorer!r}: embedder: {error}; {wanted}") from None


async def likeness(text: str, others: Sequence[str], lm: Any, embedder: str = NGRAMS) -> list[float]:
    """How alike `text` is to each of `others`; a cosine below 0 counts as 0.

    An embedder that is a model is asked through `lm`, one call a distinct text. Raises as `lm.embed` does.
    """
    if embedder == NGRAMS:
        return [overlap(text, other) for other in others]
    first, *rest = await lm.using(embedder).embed([text, *others])
    return [max(0.0, min(1.0, cosine(first, other))) for other in rest]


def cosine(a: Any, b: Any) -> float:
    """The cosine of the angle between two vectors of one length; 0 where one of them is all zeros."""
    import numpy as np

    one, other = np.asarray(a, np.float64), np.asarray(b, np.float64)
    size = math.sqrt(float(one @ one)) * math.sqrt(float(other @ other))
    return float(one @ other) / size if size else 0.0


def overlap(a: str, b: str) -> float:
    """The cosine of the n-gram counts of two texts, each count damped by its square root; 1 for two empty texts."""
    mine, theirs = ngrams(a), ngrams(b)
    if not mine or not theirs:
        return float(bool(mine) == bool(theirs) and a.strip() == b.strip())
    shared = math.fsum(math.sqrt(mine[gram] * theirs[gram]) for gram in mine.keys() & theirs.keys())
    return min(1.0, shared / math.sqrt(mine.total() * theirs.total()))


def ngrams(text: str) -> Counter[str]:
    """The words of a text as an index counts them (signs and symbols are words), its pairs of words and the runs of
    three and four letters within words, counted."""
    words = tokens(text)
    found = Counter(words)
    found.update(map(" ".join, pairwise(words)))
    for word in words:
        edged = f"<{word}>"
        found.update(edged[i : i + n] for n in _SIZES for i in range(len(edged) - n + 1))
    return found
