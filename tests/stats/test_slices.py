"""A slice against the rest: published limits, scipy's Fisher test and Welch's t, and seeded simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep

from scansion.stats.slices import against_rest, fisher_mid_p


def table(right: int, n: int, others: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.concatenate([np.ones(right), np.zeros(n - right), np.ones(others), np.zeros(m - others)])
    return values, np.arange(n + m) < n


def test_the_published_limits_of_two_proportions() -> None:
    found = against_rest(*table(56, 70, 48, 80))  # Newcombe 1998, table II (a), method 10
    assert found.difference == pytest.approx(0.2)
    assert (found.lo, found.hi) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


@pytest.mark.parametrize("cells", [(3, 20, 40, 90), (0, 25, 9, 60), (25, 25, 30, 60), (12, 40, 33, 41)])
def test_fisher_and_newcombe_are_those_of_scipy_and_statsmodels(cells: tuple[int, int, int, int]) -> None:
    right, n, others, m = cells
    tail = scipy_stats.hypergeom(n + m, right + others, n)
    half = 0.5 * tail.pmf(right)
    expected = min(1.0, 2 * min(tail.cdf(right) - half, tail.sf(right) + half))
    assert fisher_mid_p(*cells) == pytest.approx(expected)
    found = against_rest(*table(*cells), level=0.9)
    lo, hi = confint_proportions_2indep(right, n, others, m, method="newcomb", compare="diff", alpha=0.1)
    if expected <= 0.1:
        assert (found.lo, found.hi) == pytest.approx((lo, hi))
    else:
        assert (found.lo, found.hi) == pytest.approx((min(lo, 0.0), max(hi, 0.0)))


def test_graded_scores_are_welchs() -> None:
    rng = np.random.default_rng(0)
    values, inside = np.concatenate([rng.normal(0.4, 0.1, 30), rng.normal(0.55, 0.3, 80)]), np.arange(110) < 30
    found = against_rest(values, inside)
    expected = scipy_stats.ttest_ind(values[inside], values[~inside], equal_var=False)
    assert found.p == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (found.lo, found.hi) == pytest.approx((interval.low, interval.high))


def test_copies_within_clusters_are_no_evidence() -> None:
    rng = np.random.default_rng(1)
    values, inside = rng.normal(0.5, 0.2, 60), np.arange(60) < 25
    alone = against_rest(values, inside)
    copied = against_rest(np.repeat(values, 4), np.repeat(inside, 4), clusters=np.repeat(np.arange(60), 4))
    assert (copied.difference, copied.p) == (pytest.approx(alone.difference), pytest.approx(alone.p))
    assert (copied.lo, copied.hi) == pytest.approx((alone.lo, alone.hi))
    doubled = against_rest(np.r_[values, values], np.r_[inside, inside], weights=np.full(120, 0.5))
    assert doubled.difference == pytest.approx(alone.difference)


@pytest.mark.parametrize("cluster", [1, 3])
def test_equal_groups_are_told_apart_no_more_often_than_they_may(cluster: int) -> None:
    rng = np.random.default_rng(2)
    runs, said = 600, 0
    for _ in range(runs):
        effects = np.repeat(rng.normal(0, 0.6, 90 // cluster), cluster)
        values = (effects + rng.normal(0, 0.6, 90) > 0.2).astype(float)
        inside = np.repeat(np.arange(90 // cluster) < 30 // cluster, cluster)
        labels = np.repeat(np.arange(90 // cluster), cluster) if cluster > 1 else None
        found = against_rest(values, inside, clusters=labels)
        said += found.p is not None and found.p <= 0.05
    assert said / runs <= 0.06 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_where_nothing_can_be_said() -> None:
    assert against_rest([], []).difference is None
    assert against_rest([1.0, 0.0], [True, True]).p is None
    assert against_rest([0.5, 0.3, 0.2], [True, False, False]).p is None  # one row has no spread
    assert against_rest([0.5, 0.5, 0.2, 0.2], [True, True, False, False]).p is None
    with pytest.raises(ValueError):
        against_rest([math.nan, 1.0], [True, False])
    with pytest.raises(ValueError):
        against_rest([1.0], [True], level=1.0)
