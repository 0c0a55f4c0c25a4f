"""Intervals of a mean against statsmodels and scipy, and where they must agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from scansion.stats.intervals import mean_interval, wilson
from scansion.stats.zero_bound import clopper_pearson, upper_bound, zero_bound

quick = settings(deadline=None, max_examples=40)
levels = st.sampled_from([0.8, 0.95, 0.99, 0.9975])


@quick
@given(st.integers(1, 5000), st.floats(0, 1), levels)
def test_wilson_and_clopper_pearson_equal_statsmodels(n: int, share: float, level: float) -> None:
    k = round(share * n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "beta")):
        interval = ours(k, n, level)
        lo, hi = proportion_confint(k, n, alpha=1 - level, method=method)
        assert interval.lo == pytest.approx(lo, rel=1e-8, abs=1e-12)
        assert interval.hi == pytest.approx(hi, rel=1e-8, abs=1e-12)


def test_zero_of_n() -> None:
    assert zero_bound(100) == pytest.approx(0.0295130, abs=1e-7)  # the rule of three, exactly
    assert zero_bound(60, 0.99) == pytest.approx(upper_bound(0, 60, 0.99), rel=1e-10)
    assert zero_bound(1e9) == pytest.approx(2.995732e-9, rel=1e-5)
    assert zero_bound(0) == 1.0
    assert upper_bound(5, 5) == 1.0
    assert upper_bound(2, 40) == pytest.approx(scipy_stats.beta.ppf(0.95, 3, 38), rel=1e-9)


def test_binary_values_take_wilson_whatever_n() -> None:
    for n in (1, 2, 7, 40, 3000):
        values = np.arange(n) % 3 == 0
        found, expected = mean_interval(values), wilson(int(values.sum()), n)
        assert (found.lo, found.hi, found.method) == (expected.lo, expected.hi, "Wilson")
        assert found.effective_n == n


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("clusters", [None, [0, 0, 1, 1, 2, 2], [0] * 6])
def test_all_equal_binary_values_have_width(value: float, clusters: list[int] | None) -> None:
    found = mean_interval([value] * 6, clusters=clusters)
    worth = 6 if clusters is None else len(set(clusters))
    expected = wilson(value * worth, worth)
    assert (found.lo, found.hi) == (pytest.approx(expected.lo), pytest.approx(expected.hi))


def test_symmetric_values_take_student_t() -> None:
    values = np.random.default_rng(0).normal(3, 2, 50)
    found = mean_interval(values, level=0.9)
    lo, hi = scipy_stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
    assert found.method == "Student t"
    assert (found.lo, found.hi) == (pytest.approx(lo), pytest.approx(hi))


def test_skewed_values_take_the_bootstrap_and_lean_as_they_do() -> None:
    values = np.random.default_rng(1).lognormal(0, 1.5, 60)
    found = mean_interval(values, seed=3)
    assert found.method == "bootstrap-t"
    assert found.lo is not None
    assert found.hi is not None
    assert found.hi - found.mean > 1.3 * (found.mean - found.lo)
    assert found == mean_interval(values, seed=3)
    reference = scipy_stats.bootstrap((values,), np.mean, n_resamples=5000, method="BCa", rng=2).confidence_interval
    assert found.lo == pytest.approx(reference.low, rel=0.15)
    assert found.hi > reference.high * 0.95  # BCa is known to stop short on this side


def test_graded_wilson_solves_its_score_equation() -> None:
    """(mean - m)^2 = t^2 share m (1 - m) / n at both limits, with the share of the 0/1 variance that was estimated."""
    values = np.random.default_rng(4).beta(0.1, 2, 40)
    found = mean_interval(values, level=0.9)
    assert found.method == "graded Wilson"
    n, mean = 40, values.mean()
    made_up = 0.25 * ((1 - mean) ** 2 + mean**2)
    share = (((values - mean) ** 2).sum() + made_up) / (n * mean * (1 - mean) + made_up)
    t = scipy_stats.t.ppf(0.95, n - 1)
    for limit in (found.lo, found.hi):
        assert (mean - limit) ** 2 == pytest.approx(t**2 * share * limit * (1 - limit) / n)
    turned = mean_interval(1 - values, level=0.9)
    assert (turned.lo, turned.hi) == (pytest.approx(1 - found.hi), pytest.approx(1 - found.lo))


@quick
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_graded_shares_stay_within_their_scale(seed: int, clustered: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.beta(0.05, 1, 30)
    found = mean_interval(values, clusters=rng.integers(0, 20, 30) if clustered else None)
    if found.method.startswith("graded Wilson"):
        assert 0.0 <= found.lo <= found.mean <= found.hi <= 1.0


def test_cautions_say_where_an_interval_misses_its_level() -> None:
    rng = np.random.default_rng(5)
    rows, labels = rng.random(300) < 0.5, np.repeat(np.arange(100), 3)
    assert mean_interval(rows).caution == ""
    assert mean_interval(np.repeat(rows[:100], 3), clusters=labels).caution == ""
    assert "few clusters" in mean_interval(rows, clusters=np.repeat(np.arange(10), 30)).caution
    assert "unrelated" in mean_interval(rows, clusters=labels).caution
    assert "narrow" in mean_interval(rng.lognormal(0, 1.5, 30)).caution


def test_clustered_values_equal_a_cluster_robust_regression_on_a_constant() -> None:
    rng = np.random.default_rng(2)
    clusters = rng.integers(0, 25, 200)
    values = rng.normal(0, 1, 25)[clusters] + rng.normal(0, 1, 200)
    fit = sm.OLS(values, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    lo, hi = fit.conf_int(0.05)[0]
    found = mean_interval(values, clusters=clusters)
    assert found.method == "Student t, clustered"
    assert (found.lo, found.hi) == (pytest.approx(lo), pytest.approx(hi))


def test_weighted_clustered_values_equal_a_weighted_cluster_robust_regression() -> None:
    rng = np.random.default_rng(3)
    clusters, weights = rng.integers(0, 60, 300), rng.uniform(0.5, 2, 300)
    values = rng.normal(0, 1, 60)[clusters] + rng.normal(0, 1, 300)
    fit = sm.WLS(values, np.ones(300), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
    )
    found = mean_interval(values, clusters=clusters, weights=weights)
    assert found.method == "Student t, clustered"
    assert found.mean == pytest.approx(fit.params[0])
    assert (found.lo, found.hi) == tuple(pytest.approx(x) for x in fit.conf_int(0.05)[0])


@quick
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(["binary", "even", "skewed"]))
def test_all_distinct_clusters_change_nothing(seed: int, weighted: bool, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    values = {"binary": rng.integers(0, 2, n), "even": rng.random(n), "skewed": rng.random(n) ** 8}[kind]
    weights = rng.random(n) if weighted else None
    plain = mean_interval(values, weights=weights)
    assert mean_interval(values, weights=weights, clusters=rng.permutation(n) * 7 - 5) == plain


@quick
@given(st.integers(0, 2**32 - 1))
def test_clusters_of_binary_values_never_count_for_more_than_rows_nor_less_than_clusters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(2, 80)), int(rng.integers(1, 30))
    clusters = rng.integers(0, groups, n)
    values = rng.random(n) < rng.random(groups)[clusters]
    found = mean_interval(values, clusters=clusters)
    sizes = np.bincount(clusters)
    assert n**2 / (sizes**2).sum() - 1e-9 <= found.effective_n <= n
    assert 0.0 <= found.lo <= found.mean <= found.hi <= 1.0
    assert found.hi - found.lo > 0.0


def test_perfectly_correlated_clusters_count_once() -> None:
    once = np.arange(200) % 4 == 0
    found = mean_interval(np.repeat(once, 5), clusters=np.repeat(np.arange(200), 5))
    expected = wilson(50, 200)
    assert found.lo == pytest.approx(expected.lo, abs=1e-9)
    assert found.hi == pytest.approx(expected.hi, abs=1e-9)


def test_weights() -> None:
    values, weights = np.array([1.0, 0.0, 1.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0, 0.0, 4.0])
    found = mean_interval(values, weights=weights)
    assert found.mean == pytest.approx(3 / 8)
    assert found.n == 4
    assert found.effective_n == pytest.approx(64 / 22)
    assert mean_interval(values, weights=np.full(5, 0.3)) == mean_interval(values)


def test_degenerate_samples_say_so() -> None:
    assert mean_interval([]).mean is None
    assert mean_interval([0.4]).lo is None
    assert mean_interval([0.4, 0.6], clusters=[1, 1]).method == "none: one cluster"
    same = mean_interval([0.4] * 10)
    assert same.method == "zero of n: all values equal"
    share = 1 - 0.025 ** (1 / 10)
    assert (same.lo, same.hi) == (pytest.approx(0.4 - 0.4 * share), pytest.approx(0.4 + 0.6 * share))
    same = mean_interval([-3.0] * 10)
    assert same.lo < -3.0 < same.hi


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": [0.5, np.nan]},
        {"values": [[0.5, 1.0]]},
        {"values": [0.5, 1.0], "weights": [1.0]},
        {"values": [0.5, 1.0], "weights": [1.0, -1.0]},
        {"values": [0.5, 1.0], "clusters": [1]},
        {"values": [0.5, 1.0], "clusters": [0.5, 1.0]},
        {"values": [0.5, 1.0], "level": 95},
    ],
)
def test_wrong_input_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        mean_interval(**wrong)


def test_wrong_counts_are_refused() -> None:
    for function in (wilson, clopper_pearson, upper_bound):
        with pytest.raises(ValueError):
            function(4, 3)
    with pytest.raises(ValueError):
        zero_bound(-1)
    assert (wilson(0, 0).lo, wilson(0, 0).hi) == (0.0, 1.0)
