"""Kappa against statsmodels and a published table; its interval by simulation of its coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from scansion.stats.agreement import agreement, kappa_of, kappa_standard_error


@given(
    st.integers(2, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 40), min_size=k, max_size=k), min_size=k, max_size=k)
    )
)
def test_kappa_and_its_error_are_those_of_statsmodels(counts):
    table = np.array(counts, dtype=float)
    if not table.sum():
        return
    ours = kappa_of(table)
    if ours is None:
        assert np.count_nonzero(table) == 1
        return
    with np.errstate(all="ignore"):
        theirs = cohens_kappa(table)
    assert ours == pytest.approx(theirs.kappa, abs=1e-9)
    assert kappa_standard_error(table) == pytest.approx(np.sqrt(max(0, theirs.var_kappa)), abs=1e-6)


def test_a_published_table():
    """Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd ed., table 18.1: kappa 0.68."""
    table = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]], dtype=float)
    assert kappa_of(table) == pytest.approx(0.68, abs=0.005)
    assert kappa_standard_error(table) == pytest.approx(0.087, abs=0.001)


def test_ratings_are_counted_in_pairs():
    a = [True] * 20 + [False] * 10 + [True] * 5 + [False] * 15
    b = [True] * 20 + [True] * 10 + [False] * 5 + [False] * 15
    found = agreement(a, b)
    assert (found.n, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.share_interval.lo < 0.7 < found.share_interval.hi
    assert found.kappa_interval.lo < 0.4 < found.kappa_interval.hi
    assert agreement(b, a).kappa == pytest.approx(0.4)


def test_no_items_and_one_rating_have_no_kappa():
    assert agreement([], []).share is None
    found = agreement([True] * 9, [True] * 9)
    assert (found.share, found.kappa, found.kappa_interval) == (1.0, None, None)


def test_perfect_agreement_is_not_certainty():
    found = agreement([True, False] * 8, [True, False] * 8)
    assert found.kappa == 1.0
    assert found.kappa_interval.hi == 1.0
    assert 0.5 < found.kappa_interval.lo < 0.8


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="same items"):
        agreement([1], [])
    with pytest.raises(ValueError, match="level"):
        agreement([1], [1], level=1.0)


@pytest.mark.parametrize("n", [15, 30, 100])
@pytest.mark.parametrize(
    ("prevalence", "sensitivity", "specificity"),
    [(0.5, 0.9, 0.9), (0.5, 0.5, 0.5), (0.8, 0.95, 0.8), (0.8, 0.9, 0.4), (0.9, 0.97, 0.9), (0.5, 0.99, 0.99)],
)
def test_the_interval_covers(n, prevalence, sensitivity, specificity):
    rng = np.random.default_rng(5)
    truth = np.array(
        [
            [prevalence * sensitivity, prevalence * (1 - sensitivity)],
            [(1 - prevalence) * (1 - specificity), (1 - prevalence) * specificity],
        ]
    )
    kappa, hits, tries = kappa_of(truth), 0, 0
    for draw in rng.multinomial(n, truth.ravel(), size=400):
        a = np.repeat([1, 1, 0, 0], draw)
        b = np.repeat([1, 0, 1, 0], draw)
        interval = agreement(a.tolist(), b.tolist()).kappa_interval
        if interval is None:
            continue
        tries += 1
        hits += interval.lo <= kappa <= interval.hi
    assert hits / tries > 0.9
