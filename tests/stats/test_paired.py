"""Paired comparisons against published tables, scipy, direct binomials, and each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from scansion.stats.mcnemar import mcnemar
from scansion.stats.newcombe import Table, bonett_price, newcombe, paired_interval
from scansion.stats.paired import Paired, compare
from scansion.stats.sign_flip import sign_flip

quick = settings(deadline=None, max_examples=25)


def pairs(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    cells = ((1, 1, both), (1, 0, only_a), (0, 1, only_b), (0, 0, neither))
    a = np.concatenate([np.full(count, float(x)) for x, _, count in cells])
    b = np.concatenate([np.full(count, float(y)) for _, y, count in cells])
    return a, b


@pytest.mark.parametrize(
    ("cells", "lo", "hi"),
    [
        # Newcombe 1998, table II (method 10)
        ((36, 2, 12, 0), 0.0569, 0.3404),
        # Fagerland, Lydersen and Laake 2014: airway hyper-responsiveness (Bentur et al.)
        ((1, 7, 1, 12), -0.507, -0.026),
    ],
)
def test_newcombe_gives_the_published_limits(cells: tuple[int, int, int, int], lo: float, hi: float) -> None:
    found = compare(*pairs(*cells))
    digits = 5e-5 if round(lo, 3) != lo else 5e-4
    assert (found.lo, found.hi) == (pytest.approx(lo, abs=digits), pytest.approx(hi, abs=digits))
    assert found.interval_method == "Newcombe"
    assert found.flips == (cells[1], cells[2])


def test_bonett_price_is_the_wald_interval_of_a_table_with_a_made_up_flip_each_way() -> None:
    """Against the multinomial covariance by numpy, of a table with one more flip each way."""
    for cells in ((36, 2, 12, 0), (1, 7, 1, 12), (50, 0, 5, 45), (80, 0, 0, 20)):
        _, only_a, only_b, _ = cells
        n = sum(cells) + 2
        p = np.array([only_a + 1, only_b + 1, n - only_a - only_b - 2]) / n
        spread = np.array([-1.0, 1.0, 0.0])
        error = math.sqrt(spread @ (np.diag(p) - np.outer(p, p)) @ spread / n)
        found = bonett_price(Table(*cells))
        assert found.hi == pytest.approx(p[1] - p[0] + scipy_stats.norm.ppf(0.975) * error)
        assert found.lo == pytest.approx(p[1] - p[0] - scipy_stats.norm.ppf(0.975) * error)


def test_flips_one_way_take_the_far_limit_of_bonett_and_price() -> None:
    up, down, none = Table(48, 0, 2, 50), Table(48, 2, 0, 50), Table(50, 0, 0, 50)
    name, limits = paired_interval(up)
    assert name == "Newcombe with Bonett-Price (flips one way)"
    assert limits.lo == newcombe(up).lo
    assert limits.hi == bonett_price(up).hi > newcombe(up).hi
    turned = paired_interval(down)[1]
    assert (turned.lo, turned.hi) == (pytest.approx(-limits.hi), pytest.approx(-limits.lo))
    assert paired_interval(none)[1] == bonett_price(none)
    for all_one_way in (Table(0, 0, 9, 0), Table(0, 9, 0, 0)):
        limits = paired_interval(all_one_way)[1]
        assert -1.0 <= limits.lo <= all_one_way.difference <= limits.hi <= 1.0


@quick
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_mid_p_by_direct_binomial(down: int, up: int) -> None:
    n, k = down + up, min(down, up)
    weights = [math.comb(n, i) for i in range(k + 1)]
    expected = 1.0 if down == up else (2 * sum(weights) - weights[k]) / 2**n
    assert mcnemar(down, up) == pytest.approx(expected, rel=1e-9)
    exact = statsmodels_mcnemar([[0, down], [up, 0]], exact=True).pvalue
    assert mcnemar(down, up) <= exact + 1e-12


def test_mcnemar_at_a_million_pairs() -> None:
    expected = 2 * scipy_stats.binom.cdf(248_000, 500_000, 0.5) - scipy_stats.binom.pmf(248_000, 500_000, 0.5)
    assert mcnemar(248_000, 252_000) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(0, 500_000) == 0.0


@quick
@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 2)), min_size=1, max_size=9))
def test_sign_flip_by_enumeration(differences: list[float]) -> None:
    seen = abs(sum(differences))
    totals = [abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
              for signs in itertools.product((1, -1), repeat=len(differences))]  # fmt: skip
    expected = np.mean([t >= seen - 1e-9 for t in totals])
    assert sign_flip(np.array(differences)) == (pytest.approx(expected), "exact")


def test_sign_flip_exact_on_a_lattice_and_by_chance_agree_with_scipy() -> None:
    rng = np.random.default_rng(0)
    graded = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], 120, p=[0.1, 0.1, 0.5, 0.15, 0.15])
    smooth = rng.normal(0.15, 1, 150)
    for values, how in ((graded, "exact"), (smooth, "Monte Carlo")):
        p, counting = sign_flip(values)
        expected = scipy_stats.permutation_test(
            (values,), np.sum, permutation_type="samples", n_resamples=20_000, rng=1, vectorized=True
        ).pvalue
        assert counting == how
        assert p == pytest.approx(expected, abs=4 * math.sqrt(expected / 10_000))


def test_sign_flip_mid_p_of_single_steps_is_mcnemar() -> None:
    for down, up in ((3, 9), (10, 31), (700, 820), (0, 40)):
        values = np.concatenate([np.full(down, -1.0), np.full(up, 1.0), np.zeros(50)])
        assert sign_flip(values, mid=True)[0] == pytest.approx(mcnemar(down, up), rel=1e-8)


def test_sign_flip_of_very_many_units_takes_the_normal_limit() -> None:
    """Against exact binomials where all sizes are equal, as mid-p, far into the tail."""
    for n, up in ((5_001, 2_560), (5_001, 2_640), (20_000, 10_400), (1_000_000, 501_500)):
        values = np.repeat([1.0, -1.0], [up, n - up])
        p, counting = sign_flip(values, mid=True)
        expected = 2 * scipy_stats.binom.sf(up, n, 0.5) + scipy_stats.binom.pmf(up, n, 0.5)
        assert counting == "normal limit" if n > 5_001 else counting in ("normal limit", "exact")
        assert p == pytest.approx(expected, rel=2e-3)


def test_the_normal_limit_of_uneven_units_agrees_with_signs_drawn_at_random() -> None:
    rng = np.random.default_rng(5)
    values = rng.exponential(1, 5_000) * rng.choice([-1.0, 1.0], 5_000)
    values += 1.6 / math.sqrt(5_000) * math.sqrt(np.mean(values**2))
    p, counting = sign_flip(values)
    draws = np.concatenate([rng.choice([-1.0, 1.0], (500, 5_000)) @ values for _ in range(16)])
    expected = np.mean(np.abs(draws) >= abs(values.sum()))
    assert counting == "normal limit"
    assert p == pytest.approx(expected, abs=4 * math.sqrt(expected / 8_000))


def test_few_large_units_among_very_many_are_drawn_at_random() -> None:
    values = np.concatenate([[3_000.0, -2_000.0, 1_000.0], np.random.default_rng(6).normal(0, 1, 6_000)])
    p, counting = sign_flip(values)
    assert counting == "Monte Carlo"
    assert p == pytest.approx(0.5, abs=0.03)  # the three large ones: at least 2,000 off in 4 of 8 patterns


def test_collapsed_resamples_have_the_distribution_of_drawn_ones() -> None:
    rng = np.random.default_rng(9)
    values = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], 400, p=[0.1, 0.1, 0.5, 0.15, 0.15])
    collapsed = compare(np.zeros(400), values)
    drawn = compare(np.zeros(400), values + rng.normal(0, 1e-9, 400))  # all different: drawn by position
    assert collapsed.lo == pytest.approx(drawn.lo, abs=0.004)
    assert collapsed.hi == pytest.approx(drawn.hi, abs=0.004)


def test_very_many_graded_pairs_take_student_t() -> None:
    rng = np.random.default_rng(10)
    a, b = rng.random(10_000), rng.random(10_000)
    found = compare(a, b)
    lo, hi = scipy_stats.ttest_rel(b, a).confidence_interval()
    assert (found.interval_method, found.test) == ("Student t", "paired permutation (normal limit)")
    assert (found.lo, found.hi) == (pytest.approx(min(lo, 0.0)), pytest.approx(max(hi, 0.0)))
    assert found.p == pytest.approx(scipy_stats.ttest_rel(b, a).pvalue, abs=1e-3)


def test_graded_interval_is_near_student_t_where_that_holds() -> None:
    rng = np.random.default_rng(6)
    a = rng.random(400)
    b = a + rng.normal(0.1, 0.3, 400)
    found = compare(a, b)
    lo, hi = scipy_stats.ttest_rel(b, a).confidence_interval()
    assert found.interval_method == "bootstrap-t"
    assert (found.lo, found.hi) == (pytest.approx(lo, abs=0.003), pytest.approx(hi, abs=0.003))
    assert found.sd == pytest.approx(np.std(b - a, ddof=1))
    assert found == compare(a, b)
    assert found != compare(a, b, seed=1)


@quick
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_all_distinct_clusters_change_nothing(seed: int, weighted: bool, binary: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    a, b = (rng.integers(0, 2, n), rng.integers(0, 2, n)) if binary else (rng.random(n), rng.random(n))
    weights = rng.random(n) + 0.1 if weighted else None
    assert compare(a, b, weights=weights, clusters=rng.permutation(n)) == compare(a, b, weights=weights)


@quick
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_exchanging_the_sides_turns_the_comparison_round(seed: int, clustered: bool, binary: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    a, b = (rng.integers(0, 2, n), rng.integers(0, 2, n)) if binary else (rng.random(n), rng.random(n))
    clusters = rng.integers(0, n, n) if clustered else None
    one, other = compare(a, b, clusters=clusters), compare(b, a, clusters=clusters)
    assert one.difference == pytest.approx(-other.difference)
    assert one.p == pytest.approx(other.p, abs=1e-9)
    if one.lo is not None:
        assert (one.lo, one.hi) == (pytest.approx(-other.hi, abs=1e-9), pytest.approx(-other.lo, abs=1e-9))
        assert one.lo <= one.difference <= one.hi


@quick
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["binary", "graded"]), st.booleans(), st.sampled_from([0.9, 0.95, 0.99])
)
def test_a_claim_has_both_interval_and_test(seed: int, kind: str, clustered: bool, level: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 60))
    a = rng.random(n)
    b = np.clip(a + rng.choice([0.0, 0.3], n), 0, 1)
    a, b = (a > 0.5, b > 0.5) if kind == "binary" else (a, b)
    found = compare(a, b, clusters=rng.integers(0, n, n) if clustered else None, level=level)
    if found.lo is not None and (found.lo > 0 or found.hi < 0):
        assert found.p <= 1 - level + 1e-12


def test_binary_scores_never_take_t_or_a_bootstrap() -> None:
    rng = np.random.default_rng(7)
    for n in (3, 30, 300):
        a, b, clusters, weights = rng.integers(0, 2, n), rng.integers(0, 2, n), np.arange(n) // 3, rng.random(n) + 0.1
        for options in ({}, {"clusters": clusters}, {"weights": weights}, {"clusters": clusters, "weights": weights}):
            found = compare(a, b, **options)
            assert found.interval_method.startswith("Newcombe")
            assert "McNemar" in found.test


def test_few_flips_are_said() -> None:
    assert compare(*pairs(60, 1, 5, 34)).caution == "few rows differ: the interval is on the wide side"
    assert compare(*pairs(60, 0, 0, 40)).caution == "no row differs: the interval is on the wide side"
    assert compare(*pairs(60, 6, 5, 29)).caution == ""
    few = compare(*pairs(6, 6, 5, 3), clusters=np.repeat(np.arange(10), 2))
    assert "few" in few.caution


def test_clusters_of_copies_count_once() -> None:
    once = compare(*pairs(60, 8, 22, 30))
    a, b = pairs(60, 8, 22, 30)
    copied = compare(np.repeat(a, 4), np.repeat(b, 4), clusters=np.repeat(np.arange(120), 4))
    assert (copied.lo, copied.hi, copied.p) == (
        pytest.approx(once.lo, abs=1e-9),
        pytest.approx(once.hi, abs=1e-9),
        pytest.approx(once.p),
    )
    assert copied.n == 480
    assert copied.flips == (32, 88)
    assert copied.sd == pytest.approx(2 * once.sd)


def test_one_cluster_alone_decides_nothing() -> None:
    found = compare([0, 0, 0, 0], [1, 1, 1, 0], clusters=[5, 5, 5, 5])
    assert found.p == pytest.approx(0.5)
    assert found.lo < 0.0 < found.hi
    graded = compare([0.1, 0.2], [0.5, 0.9], clusters=[5, 5])
    assert (graded.lo, graded.hi, graded.p) == (None, None, 1.0)


def test_equal_outputs_have_no_zero_width_interval() -> None:
    for values in ([1.0] * 20, [0.4, 0.9] * 10, [3.0, 5.0] * 10, [7.0] * 20):
        found = compare(values, values)
        assert (found.difference, found.p) == (0.0, 1.0)
        assert found.lo < 0.0 < found.hi
    bound = compare([0.4, 0.9] * 10, [0.4, 0.9] * 10)
    assert bound.hi == pytest.approx(1 - 0.025 ** (1 / 20))


def test_degenerate_and_wrong_input() -> None:
    assert compare([], []) == Paired(None, None, None, None, "none: no pairs", "none: no pairs", 0, None)
    one = compare([0.0], [1.0])
    assert (one.difference, one.p, one.flips) == (1.0, pytest.approx(0.5), (0, 1))
    assert one.lo <= 0.0
    for a, b in (([1.0], [1.0, 0.0]), ([math.nan], [1.0])):
        with pytest.raises(ValueError):
            compare(a, b)
    with pytest.raises(ValueError, match="level"):
        compare([1.0], [0.0], level=1.0)


def test_memory_at_a_million_pairs_stays_bounded() -> None:
    import tracemalloc

    rng = np.random.default_rng(8)
    n = 1_000_000
    clusters, scores = rng.integers(0, n, n), rng.random(n)
    others = np.clip(scores + rng.normal(0, 0.1, n), 0, 1)
    for a, b, labels in (
        (scores > 0.5, others > 0.5, None),
        (np.round(scores), np.round(others), clusters),
        (scores, others, None),
        (scores, others, clusters),
    ):
        tracemalloc.start()
        compare(a, b, clusters=labels)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40 * 2**20
