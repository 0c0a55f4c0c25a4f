"""PPI++ against its closed form, its own published package, and simulated coverage."""

import numpy as np
import pytest
from scipy.stats import norm

from scansion.stats.intervals import mean_interval
from scansion.stats.prediction_powered import LEAST_LABELLED, corrected_difference, corrected_mean


def drawn(n, count, rate, yes, no, seed=1):
    """Human labels of the first `n` of `count` items and a judge's of all, 0/1."""
    rng = np.random.default_rng(seed)
    y = (rng.random(count) < rate).astype(float)
    f = np.where(y == 1, rng.random(count) < yes, rng.random(count) > no).astype(float)
    y[n:] = np.nan
    return y, f


def graded(n, count, seed=2):
    rng = np.random.default_rng(seed)
    y = rng.normal(5, 1, count)
    f = y + rng.normal(1, 0.5, count)
    y[n:] = np.nan
    return y, f


def test_the_estimate_is_the_papers():
    """Proposition 2 and equation (2) of the paper: theta = mean(Y) + lambda (mean of the rest - mean(F)), with
    lambda = Cov(Y, F) / ((1 + n/N) Var F), all of them from the labelled part here."""
    y, f = graded(100, 1000)
    own, rest = f[:100], f[100:]
    tuned = np.cov(y[:100], own)[0, 1] / own.var(ddof=1) / (1 + 100 / 900)
    found = corrected_mean(y, f)
    assert found.weight == pytest.approx(tuned, rel=1e-9)
    assert found.estimate == pytest.approx(y[:100].mean() + tuned * (rest.mean() - own.mean()), rel=1e-9)
    variance = (y[:100] - tuned * own).var(ddof=2) / 100 + tuned**2 * f.var() / 900
    assert (found.hi - found.lo) / 2 == pytest.approx(1.9845 * np.sqrt(variance), rel=0.02)
    assert (found.labelled, found.n, found.unreadable) == (100, 1000, 0)
    assert found.judge.mean == pytest.approx(f.mean())


def test_for_two_labels_it_is_the_stratified_mean():
    """With a 0/1 judge the line is read at each stratum's own rate, half a right and half a wrong added to each."""
    y, f = drawn(60, 600, 0.4, 0.8, 0.9)
    rates = [(y[:60][f[:60] == side].sum() + 0.5) / ((f[:60] == side).sum() + 1) for side in (0, 1)]
    share = f.mean()
    found = corrected_mean(y, f)
    assert found.estimate == pytest.approx((1 - share) * rates[0] + share * rates[1], rel=1e-9)
    sizes = [(f[:60] == side).sum() + 1 for side in (0, 1)]
    variance = sum(w**2 * p * (1 - p) / m for w, p, m in zip((1 - share, share), rates, sizes, strict=True))
    variance += (rates[1] - rates[0]) ** 2 * share * (1 - share) / 600
    assert found.hi - found.estimate == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_a_good_judge_helps_and_a_useless_one_costs_nothing():
    good = corrected_mean(*drawn(150, 3000, 0.4, 0.98, 0.98))
    assert good.narrower > 0.4
    assert good.hi - good.lo == pytest.approx((1 - good.narrower) * (good.human.hi - good.human.lo))
    useless = corrected_mean(*drawn(150, 3000, 0.4, 0.5, 0.5))
    assert -0.05 < useless.narrower < 0.05
    constant = corrected_mean(drawn(150, 3000, 0.4, 0.5, 0.5)[0], np.ones(3000))
    assert constant.weight == 0.0
    assert constant.narrower > -0.05


def test_the_labels_alone_are_those_of_a_mean():
    y, f = drawn(80, 400, 0.3, 0.9, 0.9)
    assert corrected_mean(y, f).human == mean_interval(y[:80])


def test_unreadable_judgements_cost_width_and_bounds_say_so():
    y, f = drawn(100, 1000, 0.4, 0.9, 0.9)
    whole = corrected_mean(y, f)
    assert (whole.bounds.lo, whole.bounds.hi) == (whole.lo, whole.hi)
    f[::10] = np.nan
    found = corrected_mean(y, f)
    assert found.unreadable == 100
    assert found.hi - found.lo > whole.hi - whole.lo
    assert found.bounds.lo <= found.lo < found.hi <= found.bounds.hi
    assert found.labelled == 100  # none of them is dropped


def test_clusters_widen():
    y, f = drawn(100, 1000, 0.4, 0.8, 0.8)
    alone = corrected_mean(y, f)
    thrice = corrected_mean(np.tile(y, 3), np.tile(f, 3), clusters=np.tile(np.arange(1000), 3))
    free = corrected_mean(np.tile(y, 3), np.tile(f, 3))
    assert thrice.hi - thrice.lo == pytest.approx(alone.hi - alone.lo, rel=0.06)
    assert free.hi - free.lo < 0.7 * (thrice.hi - thrice.lo)
    assert "clustered" in thrice.method


def test_what_is_too_little_is_refused():
    y, f = drawn(LEAST_LABELLED - 1, 300, 0.5, 0.9, 0.9)
    with pytest.raises(ValueError, match="29 items have a human label and 30 are needed"):
        corrected_mean(y, f)
    y, f = drawn(60, 300, 0.5, 0.9, 0.9)
    with pytest.raises(ValueError, match="20 clusters"):
        corrected_mean(y, f, clusters=np.arange(300) // 3)
    with pytest.raises(ValueError, match="every item"):
        corrected_mean(f, f)
    with pytest.raises(ValueError, match="no label of the judge"):
        corrected_mean(y, np.full(300, np.nan))
    with pytest.raises(ValueError, match="one length"):
        corrected_mean(y, f[:-1])


def test_a_judge_that_was_never_wrong_may_be():
    y, f = graded(40, 400)
    found = corrected_mean(np.where(np.isnan(y), y, f), f)
    assert found.hi - found.lo > 2 * 0.05 * (f[:40].max() - f[:40].min())


def test_a_difference_is_paired():
    rng = np.random.default_rng(4)
    a = (rng.random(2000) < 0.6).astype(float)
    b = np.where(rng.random(2000) < 0.2, 1 - a, a)
    judged = [np.where(rng.random(2000) < 0.95, side, 1 - side) for side in (a, b)]
    human = [np.where(np.arange(2000) < 200, side, np.nan) for side in (a, b)]
    found = corrected_difference((human[0], human[1]), (judged[0], judged[1]))
    assert found.lo < (b - a).mean() < found.hi
    assert found.narrower > 0.1
    assert "Newcombe" in found.human.method


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [30, 100])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(("yes", "no"), [(0.5, 0.5), (0.9, 0.9), (0.999, 0.8), (0.6, 0.95)])
def test_0_1_labels_are_covered(labelled, rate, yes, no):
    found = [corrected_mean(*drawn(labelled, 10 * labelled, rate, yes, no, seed)) for seed in range(300)]
    assert np.mean([each.lo <= rate <= each.hi for each in found]) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300) - 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("errs", "far"), [(0.02, 5.0), (0.1, 2.0), (0.5, 1.0)])
def test_marks_are_covered_where_the_judge_errs_seldom_and_far(errs, far):
    rng, hits = np.random.default_rng(8), 0
    marks = np.arange(1, 11)  # normal(7, 1.5), rounded and cut off
    ends = np.concatenate([[-np.inf], marks[:-1] + 0.5, [np.inf]])
    truth = float(marks @ np.diff(norm.cdf(ends, 7, 1.5)))
    for _ in range(300):
        y = np.clip(np.round(rng.normal(7, 1.5, 600)), 1, 10)
        f = np.where(rng.random(600) < errs, y - far * rng.random(600), y)
        found = corrected_mean(np.where(np.arange(600) < 60, y, np.nan), f)
        hits += found.lo <= truth <= found.hi
    assert hits / 300 > 0.92


@pytest.mark.parametrize(
    ("labelled", "estimate", "lo", "hi"),
    [(60, 5.299490, 5.163042, 5.435938), (150, 5.304134, 5.194336, 5.413932), (300, 5.303008, 5.202542, 5.403474)],
)
def test_it_is_near_the_authors_package(labelled, estimate, lo, hi):
    """The figures are those of `ppi_mean_ci` of ppi-python 0.2.3, which takes Var F over both parts and the normal
    quantile: equal in large samples."""
    i = np.arange(900)
    y = 5 + 2 * np.sin(i * 0.7) + 0.1 * (i % 7)
    f = y + 0.5 * np.cos(i * 1.3) + 0.8 + 0.3 * np.sin(i * 2.1)
    found = corrected_mean(np.where(i < labelled, y, np.nan), f)
    assert found.estimate == pytest.approx(estimate, abs=0.0015)
    assert found.hi - found.lo == pytest.approx(hi - lo, rel=2.5 / labelled)
