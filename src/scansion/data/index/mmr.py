"""Maximal marginal relevance: choose what fits the query and is not yet said by what was chosen before.

Follows Carbonell and Goldstein, The use of MMR, diversity-based reranking for reordering documents and producing
summaries (SIGIR 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["mmr"]


def mmr(relevance: Sequence[float], similarities: NDArray[np.float64], k: int, weight: float = 0.5) -> list[int]:
    """Places of the `k` candidates chosen in turn: each the one with the most
    `weight` x relevance - (1 - `weight`) x the greatest similarity to one chosen before; ties by place.

    `similarities` is a square array of the candidates with each other, on the scale of `relevance`.
    """
    import numpy as np

    gain = weight * np.asarray(relevance, np.float64)
    nearest = np.zeros(len(gain))
    chosen: list[int] = []
    for _ in range(min(k, len(gain))):
        value = gain - (1 - weight) * nearest
        value[chosen] = -np.inf
        best = int(value.argmax())
        chosen.append(best)
        nearest = np.maximum(nearest, similarities[best]) if len(chosen) > 1 else np.array(similarities[best])
    return chosen
