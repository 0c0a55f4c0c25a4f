"""The frontier of quality against cost, and intervals of costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scansion.stats.frontier import cost_interval, dominators

points = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12)


@given(points)
def test_dominators_by_definition(found: list[tuple[int, int]]) -> None:
    by = dominators([float(c) for c, _ in found], [float(m) for _, m in found])
    for (cost, mean), others in zip(found, by, strict=True):
        beaten = [i for i, (c, m) in enumerate(found) if c <= cost and m >= mean and (c, m) != (cost, mean)]
        assert others == beaten
    assert any(not others for others in by)  # somebody is on the frontier


def test_equal_points_do_not_dominate_each_other() -> None:
    assert dominators([1.0, 1.0, 2.0], [0.5, 0.5, 0.4]) == [[], [], [0, 1]]
    with pytest.raises(ValueError):
        dominators([1.0], [float("nan")])


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0, 1e4])
def test_an_interval_of_costs_is_the_same_in_any_unit(unit: float) -> None:
    """Thousandths of a USD are no shares of 1."""
    values = np.random.default_rng(3).lognormal(0.0, 1.0, 60)
    mean, interval = cost_interval(values * unit)
    _, plain = cost_interval(values * 100)
    assert interval is not None
    assert plain is not None
    assert np.array(interval) / unit == pytest.approx(np.array(plain) / 100)
    assert interval[1] < 3 * mean


def test_intervals_of_costs() -> None:
    values = np.random.default_rng(0).gamma(20.0, 1.0, 400)
    reach = stats.t.ppf(0.975, 399) * values.std(ddof=1) / 20
    mean, interval = cost_interval(values)
    assert mean == pytest.approx(values.mean())
    assert interval == pytest.approx((values.mean() - reach, values.mean() + reach))
    assert cost_interval([5, 5, 5]) == (5.0, (5.0, 5.0))
    assert cost_interval([5]) == (5.0, None)
    assert cost_interval([1, 2, 3], clusters=[1, 1, 1]) == (2.0, None)
    _, skewed = cost_interval([0.0] * 30 + [9.0, 100.0])
    assert skewed is not None
    assert skewed[0] >= 0.0
    with pytest.raises(ValueError):
        cost_interval([])
