"""Power and its inverses: against the whole distribution, scipy's noncentral t, statsmodels, and simulated verdicts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multinomial, nct, t
from statsmodels.stats.power import TTestPower

from scansion.stats.need import (
    careful,
    pairs_for,
    sd_of_flips,
    smallest_difference,
    smallest_margin,
    units_to_reject,
)
from scansion.stats.newcombe import Table
from scansion.stats.paired import compare
from scansion.stats.power import (
    Aim,
    Graded,
    design_effect,
    flips_between,
    paired_shares,
    power,
    shifted,
    with_unscored,
)
from scansion.stats.sign_flip import sign_flip
from scansion.stats.verdict import decide

quick = settings(deadline=None, max_examples=60)
rates = st.floats(0.0, 1.0)


@lru_cache(None)
def verdict(counts: tuple[int, int, int, int], level: float, margin: float | None) -> tuple[str, float, float]:
    a, b = np.repeat([1.0, 1.0, 0.0, 0.0], counts), np.repeat([1.0, 0.0, 1.0, 0.0], counts)
    found = compare(a, b, level=level)
    return decide(found.lo, found.hi, margin), found.lo or 0.0, found.hi or 0.0


def whole_distribution(table: Table, n: int, aim: Aim) -> float:
    """The power by going through every table of n pairs."""
    total = 0.0
    shares = [table.both, table.only_a, table.only_b, table.neither]
    law = multinomial(n, shares)
    for both in range(n + 1):
        for down in range(n + 1 - both):
            for up in range(n + 1 - both - down):
                counts = (both, down, up, n - both - down - up)
                said, lo, hi = verdict(counts, aim.level, aim.margin)
                held = {
                    "different": said == ("better" if table.difference >= 0 else "worse"),
                    "not worse": lo > -aim.wide,
                    "equivalent": lo > -aim.wide and hi < aim.wide,
                }[aim.claim]
                total += law.pmf(counts) if held else 0.0
    return total


@pytest.mark.parametrize(
    ("table", "aim"),
    [
        (paired_shares(0.4, 0.8), Aim()),
        (paired_shares(0.8, 0.4, correlation=0.3), Aim()),
        (paired_shares(0.9, 0.95), Aim("not worse", margin=0.2)),
        (paired_shares(0.5, 0.5, correlation=0.9), Aim("equivalent", margin=0.3)),
    ],
)
def test_power_is_that_of_the_whole_distribution(table: Table, aim: Aim) -> None:
    assert power(table, 20, aim) == pytest.approx(whole_distribution(table, 20, aim), abs=0.015)


@pytest.mark.parametrize("n", [300, 900])
@pytest.mark.parametrize(
    ("rates", "aim"),
    [
        ((0.7, 0.76), Aim()),
        ((0.9, 0.86), Aim(level=1 - 0.05 / 3)),
        ((0.8, 0.8), Aim("not worse", margin=0.05)),
        ((0.8, 0.8), Aim("equivalent", margin=0.08)),
    ],
)
def test_power_is_within_two_points_of_simulated_verdicts(n: int, rates: tuple[float, float], aim: Aim) -> None:
    table = paired_shares(*rates, correlation=0.3)
    rng = np.random.default_rng(7)
    drawn = rng.multinomial(n, [table.both, table.only_a, table.only_b, table.neither], 6_000)
    kinds, times = np.unique(drawn, axis=0, return_counts=True)
    hits = 0
    for kind, count in zip(kinds.tolist(), times.tolist(), strict=True):
        said, lo, hi = verdict(tuple(kind), aim.level, aim.margin)
        if aim.claim == "different":
            hits += count * (said == ("better" if table.difference > 0 else "worse"))
        else:
            hits += count * (lo > -aim.wide and (aim.claim == "not worse" or hi < aim.wide))
    assert power(table, n, aim) == pytest.approx(hits / 6_000, abs=0.02)


def test_the_formulas_meet_where_one_takes_over_from_the_other() -> None:
    for aim in (Aim(), Aim("not worse", margin=0.03), Aim("equivalent", margin=0.03)):
        table = paired_shares(0.8, 0.82 if aim.claim == "different" else 0.8)
        assert power(table, 3_000, aim) == pytest.approx(power(table, 3_001, aim), abs=0.006)


@pytest.mark.parametrize("n", [8, 30, 200])
@pytest.mark.parametrize("difference", [0.1, 0.4, -0.8])
def test_other_scores_are_a_paired_t_test(n: int, difference: float) -> None:
    exact = nct.sf(t.ppf(0.975, n - 1), n - 1, abs(difference) * math.sqrt(n))
    assert power(Graded(difference, 1.0), n, Aim()) == pytest.approx(exact, abs=0.005)


def test_the_pairs_of_a_t_test_are_those_of_statsmodels() -> None:
    for size in (0.1, 0.3, 0.5):
        known = TTestPower().solve_power(size, power=0.8, alpha=0.05)
        assert pairs_for(Graded(size, 1.0), Aim()) == pytest.approx(math.ceil(known), abs=2)


def test_clusters_and_margins_of_other_scores() -> None:
    assert power(Graded(0.3, 1.0), 200, Aim(), 2.0) == pytest.approx(power(Graded(0.3, 1.0), 100, Aim()))
    aim = Aim("not worse", margin=0.4)
    assert power(Graded(0.0, 1.0), 50, aim) == pytest.approx(power(Graded(0.4, 1.0), 50, Aim()))
    both = power(Graded(0.0, 1.0), 100, Aim("equivalent", margin=0.4))
    assert both == pytest.approx(2 * power(Graded(0.4, 1.0), 100, Aim()) - 1)


@quick
@given(rates, rates, st.floats(0, 1))
def test_shares_have_the_rates_and_flips_that_were_asked_for(a: float, b: float, where: float) -> None:
    least, most = flips_between(a, b)
    flips = least + where * (most - least)
    table = paired_shares(a, b, flips=flips)
    assert table.n == pytest.approx(1.0)
    assert (table.both + table.only_a, table.both + table.only_b) == pytest.approx((a, b), abs=1e-9)
    assert table.only_a + table.only_b == pytest.approx(flips, abs=1e-9)


@quick
@given(st.floats(0.05, 0.9), st.floats(0.05, 0.9), st.floats(-0.05, 0.05), st.floats(0, 0.2))
def test_a_shift_keeps_a_and_unscored_outcomes_cost_the_claim(a: float, b: float, by: float, lost: float) -> None:
    table = paired_shares(a, b)
    moved = shifted(table, by)
    assert isinstance(moved, Table)
    assert moved.difference == pytest.approx(by, abs=1e-9)
    assert moved.both + moved.only_a == pytest.approx(a, abs=1e-9)
    assert moved.only_a + moved.only_b >= min(table.only_a + table.only_b, flips_between(a, a + by)[1]) - 1e-9
    against = with_unscored(table, lost)
    assert against.n == pytest.approx(1.0)
    worse = table.difference < -1e-12
    assert (table.difference - against.difference) * (-1 if worse else 1) >= -1e-9


def test_independence_is_a_correlation_of_0() -> None:
    assert paired_shares(0.7, 0.8) == paired_shares(0.7, 0.8, correlation=0.0)
    assert paired_shares(0.7, 0.8).only_a == pytest.approx(0.7 * 0.2)


def test_the_inverses_come_back() -> None:
    table, aim = paired_shares(0.7, 0.78, flips=0.2), Aim()
    n = pairs_for(table, aim)
    assert n is not None
    assert power(table, n, aim) >= 0.8 > power(table, 0.96 * n, aim)
    assert pairs_for(table, aim, 2.5) == pytest.approx(2.5 * n, abs=3)
    size = smallest_difference(table, n, aim)
    assert size == pytest.approx(0.08, abs=0.002)
    assert smallest_difference(table, 5, aim) is None
    assert smallest_difference(Graded(0.0, 2.0), 100, aim) == pytest.approx(2 * 2.83 / 10, abs=0.01)
    even = shifted(table, 0.0)
    within = smallest_margin(even, 400, Aim("not worse", margin=0.5))
    assert within is not None
    assert pairs_for(even, Aim("not worse", margin=within)) == pytest.approx(400, rel=0.03)
    assert pairs_for(even, aim) is None


def test_a_pilot_is_taken_with_care() -> None:
    table = paired_shares(0.7, 0.76, flips=0.2)
    wide = careful(table, 50)
    assert isinstance(wide, Table)
    assert wide.difference == pytest.approx(table.difference)
    assert wide.only_a + wide.only_b == pytest.approx(0.254, abs=0.005)  # Wilson, one-sided 80%
    spread = careful(Graded(0.1, 1.0), 30)
    assert isinstance(spread, Graded)
    assert spread.sd == pytest.approx(math.sqrt(29 / 22.475), abs=0.002)  # chi-square(29) at 20%: 22.475
    assert sd_of_flips((3, 7), 50) > math.sqrt(0.2 - 0.08**2)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0.1 to 0.5 of pairs flip, not 0.05"):
        paired_shares(0.7, 0.8, flips=0.05)
    with pytest.raises(ValueError, match="a correlation of"):
        paired_shares(0.7, 0.8, correlation=0.99)
    with pytest.raises(ValueError, match="needs a margin"):
        Aim("not worse")
    with pytest.raises(ValueError, match="between 0 and 1"):
        Aim(level=1.0)
    with pytest.raises(ValueError, match="leaves the rates"):
        shifted(paired_shares(0.9, 0.9), 0.2)
    with pytest.raises(ValueError):
        design_effect(0.5, 0.1)
    with pytest.raises(ValueError):
        paired_shares(1.2, 0.1)
    with pytest.raises(ValueError):
        power(Graded(0, 1), -1, Aim())
    assert design_effect(3, 0.5) == 2.0


@pytest.mark.parametrize(
    ("level", "mid", "units"), [(0.95, True, 5), (0.95, False, 6), (0.99, True, 7), (0.8, True, 3)]
)
def test_the_fewest_units_are_those_whose_test_can_reject(level: float, mid: bool, units: int) -> None:
    assert units_to_reject(level, mid=mid) == units
    assert sign_flip(np.ones(units), mid=mid)[0] <= 1.0 - level < sign_flip(np.ones(units - 1), mid=mid)[0]
