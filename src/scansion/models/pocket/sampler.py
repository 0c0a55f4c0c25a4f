"""Drawing the next token. Every draw has random numbers of its own, whatever is drawn beside it.

The random number of a draw's token t is a hash of the draw's key and t (SplitMix64: Steele, Lea and Flood 2014, "Fast
splittable pseudorandom number generators"); the token is read off the cumulated probabilities. Top-k keeps the k
likeliest tokens (Fan and others 2018), top-p the smallest set of likeliest tokens that holds that much probability
(Holtzman and others 2020); both at the temperature asked for, top-k first.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.models.pocket.weights import Matrix
from scansion.types import Request, canonical

__all__ = ["Settings", "chances", "draw_key", "draw_tokens", "likeliest", "uniform"]

_COLDEST, _HOTTEST = 1e-6, 1e6  # beyond them the quotients leave the range of float32, and nothing else changes
_GOLDEN, _MIX1, _MIX2, _WORD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, (1 << 64) - 1


class Settings(Struct, frozen=True):
    """How a reply is drawn: `temperature` 0 takes the likeliest token; None leaves top-k or top-p out."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    @property
    def greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature <= 0 or self.top_k == 1

    @property
    def restricted(self) -> bool:
        """Whether some tokens are left out."""
        return self.top_k is not None or (self.top_p is not None and self.top_p < 1)


def draw_key(request: Request) -> int:
    """The key of a request's random numbers: of its content, its seed, its trial and its k.

    The other sampling fields are no part of it: at another temperature the same random numbers are read differently.
    """
    content = canonical((request.messages, request.text, request.sampling.seed, request.trial, request.k))
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


def uniform(key: int, at: int) -> float:
    """The random number of token `at` in the draw of that key: at least 0, less than 1, 52 bits."""
    z = (key + (at + 1) * _GOLDEN) & _WORD
    z = ((z ^ (z >> 30)) * _MIX1) & _WORD
    z = ((z ^ (z >> 27)) * _MIX2) & _WORD
    return ((z ^ (z >> 31)) >> 12) * 2.0**-52


def chances(logits: Matrix) -> Matrix:
    """The log-probabilities [rows, vocabulary] that the model gives, before temperature and restrictions."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: Matrix = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found


def draw_tokens(logits: Matrix, settings: Sequence[Settings], numbers: Sequence[float]) -> NDArray[np.intp]:
    """One token for each row of `logits` [rows, vocabulary], by its settings and its random number."""
    heat = np.array([1.0 if s.greedy else min(max(s.temperature, _COLDEST), _HOTTEST) for s in settings], np.float32)
    best = logits.max(axis=1, keepdims=True)
    weights = np.exp((logits - best) / heat[:, None])
    for row, each in enumerate(settings):
        if each.restricted and not each.greedy:
            _restrict(weights[row], each)
    sums = np.cumsum(weights, axis=1, dtype=np.float64)
    target = np.array(numbers) * sums[:, -1]
    drawn: NDArray[np.intp] = (sums <= target[:, None]).sum(axis=1)
    greedy = [row for row, each in enumerate(settings) if each.greedy]
    if greedy:
        drawn[greedy] = logits[greedy].argmax(axis=1)
    return drawn


def _restrict(weights: Matrix, settings: Settings) -> None:
    """Set the weights of the tokens that are left out to 0. Of equally likely tokens the first comes first."""
    order = np.argsort(-weights, kind="stable")
    kept = len(order) if settings.top_k is None else min(settings.top_k, len(order))
    if settings.top_p is not None and settings.top_p < 1:
        sums = np.cumsum(weights[order[:kept]], dtype=np.float64)
        kept = min(kept, int((sums < settings.top_p * sums[-1]).sum()) + 1)
    weights[order[kept:]] = 0


def likeliest(row: Matrix, count: int) -> list[tuple[int, float]]:
    """The `count` likeliest tokens of a row of log-probabilities, likeliest first."""
    order = np.argsort(-row, kind="stable")[:count]
    return [(int(token), float(row[token])) for token in order if row[token] > -np.inf]
