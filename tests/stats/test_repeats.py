"""pass@k, pass^k, majority@k and best-of-k against every subset, the published code, and known figures."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.stats import repeats
from scansion.stats.repeats import best_of_k, majority_at_k, pass_at_k, pass_hat_k

DATA = Path(__file__).resolve().parents[3] / "shared/data"
quick = settings(max_examples=60, deadline=None)


def published_pass_at_k(n: int, c: int, k: int) -> float:
    """The function printed in Chen et al. 2021, figure 3."""
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


@quick
@given(st.integers(1, 200), st.data())
def test_pass_at_k_is_the_published_estimator(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, k) == pytest.approx(published_pass_at_k(n, c, k), abs=1e-12)


@quick
@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_both_are_means_over_all_subsets(right: list[bool], data: st.DataObject) -> None:
    n, k = len(right), data.draw(st.integers(1, len(right)))
    subsets = list(itertools.combinations(right, k))
    assert pass_at_k(n, sum(right), k) == pytest.approx(np.mean([any(s) for s in subsets]))
    assert pass_hat_k(n, sum(right), k) == pytest.approx(np.mean([all(s) for s in subsets]))


def test_they_take_a_column_of_examples() -> None:
    assert pass_at_k([5, 10, 3], [0, 10, 1], 3).tolist() == pytest.approx([0.0, 1.0, 1.0])
    assert pass_hat_k(4, np.array([4, 3, 0]), 2).tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_they_are_unbiased() -> None:
    rng = np.random.default_rng(4)
    c = rng.binomial(10, 0.3, size=200_000)
    assert pass_at_k(10, c, 4).mean() == pytest.approx(1 - 0.7**4, abs=3e-3)
    assert pass_hat_k(10, c, 2).mean() == pytest.approx(0.3**2, abs=3e-3)


@quick
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=7), st.data())
def test_best_of_k_over_all_subsets(scores: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(scores)))
    tried = np.mean([max(s) for s in itertools.combinations(scores, k)])
    assert best_of_k(scores, k) == pytest.approx(tried, abs=1e-9)
    assert best_of_k([scores, scores], k) == pytest.approx([tried, tried], abs=1e-9)


def majority_by_trying(votes: list[int], scores: list[float], k: int, silent: int) -> float:
    """Every order of drawing k calls; the first reached of the most common answers wins."""
    calls = [a for a, count in enumerate(votes) for _ in range(count)] + [-1] * silent
    found = []
    for drawn in itertools.permutations(calls, k):
        said = [a for a in drawn if a >= 0]
        best = max(said, key=said.count) if said else None  # the first of equals
        found.append(scores[best] if best is not None else 0.0)
    return float(np.mean(found))


@quick
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=3),
    st.integers(0, 2),
    st.data(),
)
def test_majority_over_all_orders(answers: list[tuple[int, float]], silent: int, data: st.DataObject) -> None:
    votes, scores = [count for count, _ in answers], [score for _, score in answers]
    n = sum(votes) + silent
    if not 1 <= n <= 7:
        return
    k = data.draw(st.integers(1, n))
    assert majority_at_k(votes, scores, k, silent) == pytest.approx(majority_by_trying(votes, scores, k, silent))


def test_many_calls_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = majority_at_k([20, 15, 3], [1, 0, 0], 15, 2)
    monkeypatch.setattr(repeats, "EXACT", 10)
    assert majority_at_k([20, 15, 3], [1, 0, 0], 15, 2) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: pass_at_k(5, 6, 1),
        lambda: pass_at_k(5, 2, 6),
        lambda: pass_at_k(5, -1, 2),
        lambda: pass_hat_k(5, 2, 0),
        lambda: pass_at_k(5, 2.5, 1),
        lambda: best_of_k([1.0, 2.0], 3),
        lambda: best_of_k([1.0, float("nan")], 1),
        lambda: majority_at_k([2, 1], [1.0], 1),
        lambda: majority_at_k([2, 1], [1.0, 0.0], 4),
    ],
)
def test_what_cannot_be_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        wrong()


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded data is not beside this checkout (../shared/data)")
def test_published_figures_of_cruxeval() -> None:
    expected = json.loads((DATA / "expected.json").read_text())
    for path in (DATA / "cruxeval_codellama7b").glob("*.jsonl.gz"):
        with gzip.open(path, "rt") as file:
            passed = np.array([json.loads(line)["passed"] for line in file])
        figures = expected[f"cruxeval_codellama7b/{path.name.split('.')[0]}"]
        n, c = passed.shape[1], passed.sum(axis=1)
        assert 100 * pass_at_k(n, c, 1).mean() == pytest.approx(figures["recorded_pass_at_1"], abs=1e-9)
        assert 100 * pass_at_k(n, c, 5).mean() == pytest.approx(figures["recorded_pass_at_5"], abs=1e-9)
