"""Indexes of texts: which rows fit a query best. Numpy alone, exact, ties by row, the same on every machine.

    index = BM25(texts)
    rows, scores = index.top("How many feet has an iamb?", 8)

`BM25` goes by words, `Hashed` by a light embedding of words and their parts, `Dense` by the vectors of an embedding
model. `fused` makes one ranking of several, `mmr` chooses different ones among the best.
"""

from scansion.data.index.bm25 import BM25
from scansion.data.index.dense import Dense
from scansion.data.index.fusion import fused
from scansion.data.index.hashed import Hashed
from scansion.data.index.mmr import mmr
from scansion.data.index.tokens import tokens

__all__ = ["BM25", "Dense", "Hashed", "fused", "mmr", "tokens"]
