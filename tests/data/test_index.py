"""Indexes of texts: the formulas by hand, the same rows as brute force, the same in every process."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.data.index import BM25, Dense, Hashed, fused, mmr, tokens
from scansion.data.index.postings import Postings

WORDS = ["pear", "apple", "plum", "the", "a", "of", "quince", "10"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), min_size=1, max_size=50)
CORPUS = [
    " ".join(
        WORDS[int(w)] for w in np.random.default_rng(i).choice(8, 6, p=[0.05, 0.05, 0.05, 0.4, 0.2, 0.15, 0.05, 0.05])
    )
    for i in range(400)
]


def okapi(query: str, texts: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    """The formula, word by word."""
    rows = [Counter(text.split()) for text in texts]
    average = sum(row.total() for row in rows) / len(rows)
    held = {word: sum(word in row for row in rows) for word in query.split()}

    def part(word: str, row: Counter[str]) -> float:
        idf = math.log(1 + (len(rows) - held[word] + 0.5) / (held[word] + 0.5))
        return idf * row[word] / (row[word] + k1 * (1 - b + b * row.total() / average)) if row[word] else 0.0

    return [sum(part(word, row) for word in query.split()) for row in rows]


@settings(max_examples=60, deadline=None)
@given(TEXTS.filter(lambda texts: any(texts)), st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join))
def test_bm25_is_the_formula(texts: list[str], query: str) -> None:
    assert BM25(texts).scores(query) == pytest.approx(okapi(query, texts), abs=2e-5)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), st.integers(1, 60))
def test_the_first_k_are_those_of_brute_force(texts: list[str], query: str, k: int) -> None:
    for index in (BM25(texts), Hashed(texts)):
        scores = index.scores(query)
        rows, found = index.top(query, k)
        wanted = np.lexsort((np.arange(len(texts)), -scores))[:k]
        assert rows.tolist() == wanted.tolist()
        assert found == pytest.approx(scores[wanted])


def test_common_words_are_looked_up_and_not_left_out() -> None:
    index = BM25(CORPUS)
    for query in ("the", "the a of", "pear the a", "quince of 10", "the the the pear", "nothing known"):
        scores = index.scores(query)
        for k in (1, 3, 400):
            rows, _ = index.top(query, k)
            assert rows.tolist() == np.lexsort((np.arange(400), -scores))[:k].tolist()


@settings(max_examples=30, deadline=None)
@given(TEXTS, st.randoms())
def test_the_order_of_the_rows_changes_no_score(texts: list[str], random) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    query = "pear of 10"
    mixed = BM25([texts[i] for i in order]).scores(query)
    assert mixed.tolist() == BM25(texts).scores(query)[order].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_large_lists_and_weights_are_merged_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, terms = 200, 12
    held = rng.random((terms, size)) < np.linspace(0.01, 0.9, terms)[:, None]
    weights = np.where(held, rng.integers(1, 1 << 20, (terms, size)), 0)
    rows = [held[t].nonzero()[0] for t in range(terms)]
    start = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    index = Postings(start, np.concatenate(rows), weights[held], size)
    asked = rng.permutation(terms)[: rng.integers(1, terms)].tolist()
    factors = rng.integers(1, 60, len(asked)).tolist()
    sums = sum(weights[t] * f for t, f in zip(asked, factors, strict=True))
    k = int(rng.integers(1, 40))
    found, values = index.top(asked, factors, k)
    wanted = np.lexsort((np.arange(size), -sums))[:k]
    assert found.tolist() == wanted.tolist()
    assert values.tolist() == sums[wanted].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_rare_and_common_terms_of_many_rows(seed: int) -> None:
    """Some queries merge short lists, some add up long ones, some need rows that only common terms hold."""
    rng = np.random.default_rng(seed)
    size = 20_000
    lengths = [20, 40, 80, 150, 300, 600, 1200, 1000, 800, 2500, 6000, 15_000]
    rows = [np.sort(rng.choice(size, n, replace=False)) for n in lengths]
    weights = [np.minimum(rng.pareto(1.5, n) * size / n * 300 + 1, 1 << 20).astype(np.int64) for n in lengths]
    index = Postings(np.concatenate([[0], np.cumsum(lengths)]), np.concatenate(rows), np.concatenate(weights), size)
    for _ in range(60):
        asked = rng.permutation(len(lengths))[: rng.integers(1, 9)].tolist()
        factors = rng.integers(1, 4, len(asked)).tolist()
        sums = np.zeros(size, np.int64)
        for term, factor in zip(asked, factors, strict=True):
            sums[rows[term]] += weights[term] * factor
        k = int(rng.integers(1, 30))
        found, values = index.top(asked, factors, k)
        wanted = np.lexsort((np.arange(size), -sums))[:k]
        assert found.tolist() == wanted.tolist()
        assert values.tolist() == sums[wanted].tolist()


def test_hashed_sees_parts_of_words() -> None:
    index = Hashed(["walking to the market", "a bowl of soup", "the market was closed", "walked home"])
    rows, cosines = index.top("she walked", 4)
    assert rows.tolist()[:2] == [3, 0]
    assert cosines[1] > 0
    assert index.top("a bowl of soup", 1)[1][0] == pytest.approx(1, abs=1e-3)
    square = index.similarities(np.array([0, 3]))
    assert square[0, 0] == pytest.approx(1, abs=1e-6)
    assert 0 < square[0, 1] == square[1, 0] < 1


def test_words_of_any_script() -> None:
    assert tokens("Straße, 3 - 2 = $1") == ["strasse", "3", "-", "2", "=", "$", "1"]
    assert tokens("東京都に住む a") == ["東京", "京都", "都に", "に住", "住む", "a"]
    assert tokens("किताब") == ["किताब"]
    index = BM25(["我住在东京", "他在北京工作", "книга лежит", "Книги"])
    assert index.top("北京", 1)[0].tolist() == [1]
    assert index.top("КНИГА", 1)[0].tolist() == [2]
    assert Hashed(["книга лежит", "стол"]).top("книги", 1)[0].tolist() == [0]


def test_nothing_and_one_row() -> None:
    for index in (BM25([]), Hashed([])):
        assert index.top("x", 3)[0].tolist() == []
    assert BM25(["", ""]).top("x", 3)[0].tolist() == [0, 1]
    assert Hashed([""]).top("", 3)[1].tolist() == [0.0]


def test_dense_vectors_by_cosine() -> None:
    index = Dense([[1, 0], [0, 2], [3, 3], [0, 0], [0, 1]])
    rows, cosines = index.top([0, 5], 4)
    assert rows.tolist() == [1, 4, 2, 0]
    assert cosines == pytest.approx([1, 1, math.sqrt(0.5), 0])
    assert index.similarities(np.array([0, 2]))[0, 1] == pytest.approx(math.sqrt(0.5))


def test_reciprocal_ranks_are_added() -> None:
    assert fused([[5, 1, 2], [1, 7]]) == [1, 5, 7, 2]  # 1/62 + 1/61; 1/61; 1/62; 1/63
    assert fused([[3], [2]]) == [2, 3]
    assert fused([[3, 2, 1]], 2) == [3, 2]


def test_maximal_marginal_relevance_passes_over_what_is_said() -> None:
    alike = np.array([[1, 0.99, 0.1], [0.99, 1, 0.1], [0.1, 0.1, 1.0]])
    assert mmr([1.0, 0.98, 0.6], alike, 3, 0.5) == [0, 2, 1]
    assert mmr([1.0, 0.98, 0.6], alike, 2, 1.0) == [0, 1]
    assert mmr([], np.zeros((0, 0)), 2) == []


def test_every_process_finds_the_same() -> None:
    code = (
        "from scansion.data.index import BM25, Hashed\n"
        "texts = [' '.join(str(i * j % 17) for j in range(9)) for i in range(300)]\n"
        "for make in (BM25, Hashed):\n"
        "    rows, scores = make(texts).top('3 5 8 13', 12)\n"
        "    print(rows.tolist(), scores.tolist())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
