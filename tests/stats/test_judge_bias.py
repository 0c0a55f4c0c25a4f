"""Position and length bias of judges: counts by hand, tests against scipy, regressions against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom

from scansion.stats.agreement import agreement, confusion
from scansion.stats.length_bias import _firth, length_bias
from scansion.stats.position_bias import position_bias


def test_verdicts_in_both_orders_are_counted():
    plain = [1, 1, 2, 2, 0, 0, 1]
    swapped = [1, 2, 1, 2, 0, 1, 2]
    found = position_bias(plain, swapped)
    assert (found.n, found.consistent, found.first, found.second, found.mixed) == (7, 3, 2, 1, 1)
    assert found.follows_share == pytest.approx(3 / 7)
    # first shown is named by: 1 in plain, 2 in swapped; 5 times, and the other 5 times
    ahead = plain.count(1) + swapped.count(2)
    behind = plain.count(2) + swapped.count(1)
    assert found.first_share == pytest.approx((ahead - behind) / 14)


def test_a_judge_that_goes_by_the_place_is_seen():
    found = position_bias([1] * 40, [2] * 40)
    assert (found.consistent_share, found.follows_share, found.first_share) == (0.0, 1.0, 1.0)
    assert found.p < 0.001
    fair = position_bias([1, 2] * 20, [1, 2] * 20)
    assert (fair.consistent_share, fair.first_share) == (1.0, 0.0)
    assert fair.p == 1.0
    assert position_bias([], []).consistent_share is None


def test_the_longer_output_is_counted_and_tested():
    preference = [1, 1, 1, 1, 0, 0.5, 1]
    found = length_bias(preference, [1] * 7, [2, 2, 2, 2, 2, 2, 1])
    assert (found.decided, found.longer) == (5, 4)  # a tie and a pair of equal lengths tell nothing
    tail = binom.cdf(1, 5, 0.5) - 0.5 * binom.pmf(1, 5, 0.5)
    assert found.p == pytest.approx(2 * tail)
    assert found.win_rate == pytest.approx(5.5 / 7)
    assert found.controlled is None  # below 10 pairs


def test_the_regression_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    a, b = rng.integers(50, 500, 4000), rng.integers(50, 500, 4000)
    gap = np.tanh((b - a) / (b - a).std())
    wins = (rng.random(4000) < 1 / (1 + np.exp(-(0.3 + 1.2 * gap)))).astype(float)
    found = length_bias(wins, a, b)
    fit = sm.GLM(wins, sm.add_constant(gap), family=sm.families.Binomial()).fit(cov_type="HC0")
    assert found.slope == pytest.approx(fit.params[1], rel=0.002)
    assert found.controlled == pytest.approx(1 / (1 + np.exp(-fit.params[0])), abs=0.0005)
    reach = (found.slope_interval.hi - found.slope_interval.lo) / 2
    assert reach == pytest.approx(1.9605 * fit.bse[1], rel=0.005)
    assert found.win_rate != pytest.approx(found.controlled, abs=0.001)


def test_firths_penalty_adds_half_a_case_to_each_cell():
    """In a saturated model it is known in closed form: (s + 1/2) / (n + 1) in each group."""
    x = np.array([0] * 10 + [1] * 20, dtype=float)
    y = np.array([1] * 3 + [0] * 7 + [1] * 20, dtype=float)  # separated: no maximum likelihood estimate
    beta = _firth(np.column_stack([np.ones(30), x]), y)
    assert 1 / (1 + np.exp(-beta[0])) == pytest.approx(3.5 / 11, abs=1e-8)
    assert 1 / (1 + np.exp(-beta.sum())) == pytest.approx(20.5 / 21, abs=1e-8)


def test_a_judge_that_always_takes_the_longer_has_no_quality_left():
    rng = np.random.default_rng(1)
    a, b = rng.random(200), rng.random(200)
    found = length_bias((b > a).astype(float), a, b)
    assert found.longer_share == 1.0
    assert found.controlled_interval.lo < 0.5 < found.controlled_interval.hi


def test_clusters_widen_every_interval():
    rng = np.random.default_rng(2)
    a, b, wins = rng.random(60), rng.random(60), (rng.random(60) < 0.6).astype(float)
    once = length_bias(wins, a, b)
    copies = length_bias(np.tile(wins, 4), np.tile(a, 4), np.tile(b, 4), clusters=np.tile(np.arange(60), 4))
    for name in ("win_interval", "controlled_interval", "slope_interval"):
        width, own = (getattr(f, name).hi - getattr(f, name).lo for f in (copies, once))
        assert width == pytest.approx(own, rel=0.1)


def test_kappa_of_copies_in_clusters():
    rng = np.random.default_rng(3)
    a = rng.integers(0, 2, 80)
    b = np.where(rng.random(80) < 0.8, a, 1 - a)
    once = agreement(a.tolist(), b.tolist())
    four = agreement(np.tile(a, 4).tolist(), np.tile(b, 4).tolist(), clusters=np.tile(np.arange(80), 4))
    assert four.kappa == pytest.approx(once.kappa)
    for name in ("share_interval", "kappa_interval"):
        width, own = (getattr(f, name).hi - getattr(f, name).lo for f in (four, once))
        assert width == pytest.approx(own, rel=0.1)


def test_the_table_keeps_the_order_given():
    found = confusion(["x", "y", "x"], ["y", "y", "z"], ("z", "y", "unused"))
    assert found.kinds == ("z", "y", "x")
    assert found.counts == ((0, 0, 0), (0, 1, 0), (1, 1, 0))


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="one length"):
        position_bias([1], [])
    with pytest.raises(ValueError, match="verdict"):
        position_bias([3], [1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        length_bias([2], [1], [1])
    with pytest.raises(ValueError, match="one length"):
        length_bias([1], [1, 2], [1])
