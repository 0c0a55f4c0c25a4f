"""Variance between examples and trials: against statsmodels' analysis of variance, algebra and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from scansion.stats.variance_split import Split, split_variance


def test_components_are_those_of_an_analysis_of_variance() -> None:
    import pandas
    import statsmodels.api as sm
    from statsmodels.formula.api import ols

    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(40), rng.integers(1, 6, size=40))
    values = 7 + rng.normal(size=40)[labels] + rng.normal(size=labels.size)
    table = sm.stats.anova_lm(ols("v ~ C(e)", pandas.DataFrame({"v": values, "e": labels})).fit())
    among, within = table["mean_sq"]
    sizes = np.bincount(labels)
    trials = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    found = split_variance(values, labels)
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx((among - within) / trials)
    assert found.trials == pytest.approx(trials)
    assert found.examples == 40


def test_the_order_of_rows_and_a_shift_change_nothing() -> None:
    rng = np.random.default_rng(2)
    labels, values = np.repeat(np.arange(30), 3), rng.integers(0, 2, size=90).astype(float)
    order = rng.permutation(90)
    one, other = split_variance(values, labels), split_variance(values[order] + 1e6, labels[order] * 17)
    assert one.between == pytest.approx(other.between, abs=1e-8)
    assert one.within == pytest.approx(other.within)


def test_the_error_is_that_of_the_mean() -> None:
    """With equal numbers of trials the model's variance of the mean is the usual one of the examples' means."""
    rng = np.random.default_rng(3)
    scores = rng.random((50, 1)) + rng.random((50, 4))
    found = split_variance(scores.ravel(), np.repeat(np.arange(50), 4))
    assert found.error == pytest.approx(scores.mean(axis=1).std(ddof=1) / np.sqrt(50))
    assert found.least_error == pytest.approx(np.sqrt(found.between / 50))
    assert found.share_of_trials == pytest.approx(1 - (found.least_error / found.error) ** 2)
    assert found.worth is not None
    assert found.variance(found.worth, 1) == pytest.approx(found.error**2)
    assert 50 < found.worth < 200


def test_intervals_of_the_correlation_cover_it() -> None:
    rng = np.random.default_rng(5)
    covered, labels = 0, np.repeat(np.arange(80), 4)
    for _ in range(400):
        rates = rng.beta(1.5, 1.5, size=80)
        found = split_variance((rng.random((80, 4)) < rates[:, None]).ravel(), labels)
        assert found.interval is not None
        covered += found.interval[0] <= 0.25 <= found.interval[1]  # 1 / (1 + 1.5 + 1.5)
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize(("between", "within", "cost"), [(0.06, 0.19, 5.0), (0.2, 0.01, 3.0), (0.01, 0.2, 50.0)])
def test_the_best_number_of_trials_by_trying_all(between: float, within: float, cost: float) -> None:
    found = Split(between, within, 100, 3, None, None)
    tried = min(range(1, 300), key=lambda k: (cost + k) * (between + within / k))
    assert found.best_trials(cost) == tried
    assert found.best_trials() == 1


def test_extremes() -> None:
    labels = np.repeat(np.arange(10), 2)
    always = split_variance(np.repeat(np.arange(10) % 2, 2), labels)
    assert (always.within, always.icc, always.share_of_trials, always.worth) == (0.0, 1.0, 0.0, pytest.approx(10))
    assert (always.best_trials(100.0), always.interval) == (1, None)
    opposite = split_variance(np.tile([0, 1], 10), labels)
    assert (opposite.between, opposite.icc, opposite.best_trials(1.0)) == (0.0, 0.0, None)
    assert opposite.worth == pytest.approx(20)
    alike = split_variance(np.full(20, 0.1), labels)
    assert (alike.icc, alike.interval, alike.error, alike.worth) == (None, None, 0.0, None)


@pytest.mark.parametrize(
    ("values", "labels"), [([1, 2, 3], [0, 0, 0]), ([1, 2, 3], [0, 1, 2]), ([1, np.nan, 3, 4], [0, 0, 1, 1])]
)
def test_too_little_is_refused(values: list[float], labels: list[int]) -> None:
    with pytest.raises(ValueError, match=r"needs two examples|finite"):
        split_variance(values, labels)
