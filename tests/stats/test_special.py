"""The distribution functions against scipy."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special as scipy_special
from scipy import stats as scipy_stats

from scansion.stats import special

quick = settings(deadline=None, max_examples=60)
probabilities = st.floats(1e-10, 1.0 - 1e-6)


@quick
@given(st.floats(-37.0, 8.0))
def test_normal_cdf(x: float) -> None:
    assert special.normal_cdf(x) == pytest.approx(scipy_stats.norm.cdf(x), rel=1e-11)


@quick
@given(st.floats(1e-300, 1.0 - 1e-12))
def test_normal_ppf(p: float) -> None:
    assert special.normal_ppf(p) == pytest.approx(scipy_stats.norm.ppf(p), rel=1e-12, abs=1e-14)


@quick
@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6), st.floats(-6.0, 6.0))
def test_beta_cdf(a: float, b: float, z: float) -> None:
    sd = math.sqrt(a * b / (a + b + 1.0)) / (a + b)
    x = min(max(a / (a + b) + z * sd, 1e-12), 1.0 - 1e-12)
    assert special.beta_cdf(x, a, b) == pytest.approx(scipy_special.betainc(a, b, x), rel=1e-9, abs=1e-250)


@quick
@given(st.floats(0.5, 1e6), st.floats(0.5, 1e6), probabilities)
def test_beta_ppf(a: float, b: float, p: float) -> None:
    assert special.beta_ppf(p, a, b) == pytest.approx(scipy_special.betaincinv(a, b, p), rel=1e-9)


@quick
@given(st.floats(-40.0, 40.0), st.floats(0.5, 1e6))
def test_t_cdf(t: float, df: float) -> None:
    assert special.t_cdf(t, df) == pytest.approx(scipy_stats.t.cdf(t, df), rel=1e-9, abs=1e-250)


@quick
@given(st.floats(1e-10, 1.0 - 1e-10), st.floats(0.5, 1e6))
def test_t_ppf(p: float, df: float) -> None:
    assert special.t_ppf(p, df) == pytest.approx(scipy_stats.t.ppf(p, df), rel=1e-9, abs=1e-12)


def test_binomial_tails_and_pmf() -> None:
    rng = random.Random(4)
    for _ in range(500):
        n, p = int(10 ** rng.uniform(0, 6)), rng.choice([0.5, rng.random()])
        k = min(n, max(0, round(rng.gauss(n * p, 4 * math.sqrt(n * p * (1 - p))))))
        assert special.binomial_cdf(k, n, p) == pytest.approx(scipy_stats.binom.cdf(k, n, p), rel=1e-9, abs=1e-250)
        assert special.binomial_sf(k, n, p) == pytest.approx(scipy_stats.binom.sf(k, n, p), rel=1e-9, abs=1e-250)
        assert special.binomial_log_pmf(k, n, p) == pytest.approx(scipy_stats.binom.logpmf(k, n, p), rel=1e-9, abs=1e-9)


def test_edges() -> None:
    assert special.normal_ppf(0.0) == -math.inf
    assert special.normal_ppf(1.0) == math.inf
    assert special.t_ppf(0.5, 3.0) == 0.0
    assert special.t_ppf(1.0, 3.0) == math.inf
    assert special.t_cdf(-math.inf, 3.0) == 0.0
    assert special.t_cdf(0.0, 3.0) == 0.5
    assert (special.beta_cdf(0.0, 2.0, 3.0), special.beta_cdf(1.0, 2.0, 3.0)) == (0.0, 1.0)
    assert (special.beta_ppf(0.0, 2.0, 3.0), special.beta_ppf(1.0, 2.0, 3.0)) == (0.0, 1.0)
    assert (special.binomial_cdf(-1, 3, 0.5), special.binomial_cdf(3, 3, 0.5)) == (0.0, 1.0)
    assert (special.binomial_sf(-1, 3, 0.5), special.binomial_sf(3, 3, 0.5)) == (1.0, 0.0)
    assert special.binomial_log_pmf(4, 3, 0.5) == -math.inf
    assert (special.binomial_log_pmf(3, 3, 1.0), special.binomial_log_pmf(2, 3, 1.0)) == (0.0, -math.inf)
    assert special.binomial_log_pmf(0, 10, 0.3) == pytest.approx(10 * math.log(0.7))
    assert special.binomial_log_pmf(10, 10, 0.3) == pytest.approx(10 * math.log(0.3))


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    for quantile in (special.normal_ppf, lambda p: special.t_ppf(p, 3.0), lambda p: special.beta_ppf(p, 1.0, 1.0)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            quantile(p)


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        special.beta_cdf(0.5, 0.0, 1.0)
    with pytest.raises(ValueError, match="above 0"):
        special.t_cdf(0.5, 0.0)
