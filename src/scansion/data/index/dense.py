"""Rows ranked by the cosine of vectors that an embedding model gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Dense"]


class Dense:
    """An index of vectors, one row each; their lengths do not matter, and a vector of zeros is near to nothing."""

    def __init__(self, vectors: Any) -> None:
        import numpy as np

        self._vectors: NDArray[np.float32] = _unit(np.array(vectors, np.float32, ndmin=2))
        self.size, self.width = self._vectors.shape

    def top(self, query: Any, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` rows nearest to the vector (all where there are fewer) and their cosines, nearest first; ties by
        row."""
        import numpy as np

        scores = self.scores(query)
        k = min(k, self.size)
        least = np.partition(scores, self.size - k)[self.size - k] if k else np.inf
        rows = (scores >= least).nonzero()[0]
        rows = rows[np.lexsort((rows, -scores[rows]))][:k]
        return rows, scores[rows]

    def scores(self, query: Any) -> NDArray[np.float64]:
        """The cosine of every row."""
        import numpy as np

        found: NDArray[np.float64] = (self._vectors @ _unit(np.array(query, np.float32, ndmin=2))[0]).astype(np.float64)
        return found

    def similarities(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosines of these rows with each other, a square array."""
        import numpy as np

        chosen = self._vectors[rows].astype(np.float64)
        found: NDArray[np.float64] = chosen @ chosen.T
        return found


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
