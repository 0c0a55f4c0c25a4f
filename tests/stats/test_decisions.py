"""Holm, verdicts, needed pairs, clusters and quantiles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

from scansion.stats.clusters import compact, distinct, merge
from scansion.stats.multiple import holm, holm_levels
from scansion.stats.need import pairs_for, pairs_needed, sd_of_flips
from scansion.stats.newcombe import Table
from scansion.stats.power import Aim
from scansion.stats.quantiles import p50_p95
from scansion.stats.verdict import decide, decide_bounded

quick = settings(deadline=None, max_examples=40)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)
limits = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(lambda pair: (min(pair), max(pair)))


@quick
@given(p_values)
def test_holm_equals_statsmodels(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1], abs=1e-12)


@quick
@given(p_values, st.sampled_from([0.05, 0.1, 0.2]))
def test_holm_levels_decide_as_holm_does(ps: list[float], alpha: float) -> None:
    levels = holm_levels(ps, alpha)
    assert [p <= level for p, level in zip(ps, levels, strict=True)] == [
        math.nextafter(p, 0) <= alpha for p in holm(ps)
    ]
    assert all(alpha / len(ps) <= level <= alpha for level in levels)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm_levels([0.01, 0.04, 0.03]) == pytest.approx([0.05 / 3, 0.025, 0.025])
    assert holm_levels([0.01, 0.04, 0.02]) == pytest.approx([0.05 / 3, 0.05, 0.025])
    assert (holm([]), holm_levels([])) == ([], [])
    with pytest.raises(ValueError):
        holm([math.nan])


@pytest.mark.parametrize(
    ("lo", "hi", "margin", "verdict"),
    [
        (0.01, 0.2, None, "better"),
        (-0.2, -0.01, None, "worse"),
        (-0.1, 0.2, None, "undecided"),
        (0.0, 0.2, None, "undecided"),
        (0.001, 0.01, 0.02, "better"),
        (-0.01, 0.01, 0.02, "equivalent"),
        (-0.01, -0.001, 0.02, "equivalent"),
        (-0.01, 0.3, 0.02, "not worse"),
        (-0.02, 0.01, 0.02, "undecided"),
        (-0.03, -0.01, 0.02, "worse"),
        (None, None, 0.02, "undecided"),
    ],
)
def test_decide(lo: float | None, hi: float | None, margin: float | None, verdict: str) -> None:
    assert decide(lo, hi, margin) == verdict


def test_a_margin_must_be_above_zero() -> None:
    for margin in (0.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="margin"):
            decide(0.1, 0.2, margin)


@quick
@given(limits, limits, limits, st.sampled_from([None, 0.05, 0.3]))
def test_a_bounded_claim_holds_in_all_three(
    main: tuple[float, float], low: tuple[float, float], high: tuple[float, float], margin: float | None
) -> None:
    verdict = decide_bounded(main, low, high, margin)
    singles = [decide(*interval, margin) for interval in (main, low, high)]
    claims = {
        "better": lambda lo, hi: lo > 0,
        "worse": lambda lo, hi: hi < 0,
        "equivalent": lambda lo, hi: lo > -margin and hi < margin,
        "not worse": lambda lo, hi: lo > -margin,
        "undecided": lambda lo, hi: True,
    }
    assert all(claims[verdict](*interval) for interval in (main, low, high))
    for certain in ("better", "worse"):
        if all(s == certain for s in singles):
            assert verdict == certain
    if margin is None and len(set(singles)) > 1:
        assert verdict == "undecided"


def test_bounded_by_hand() -> None:
    assert decide_bounded((0.1, 0.2), (0.05, 0.15), (0.1, 0.3)) == "better"
    assert decide_bounded((0.1, 0.2), (-0.01, 0.15), (0.1, 0.3)) == "undecided"
    assert decide_bounded((0.1, 0.2), (-0.01, 0.15), (0.1, 0.3), 0.02) == "not worse"
    assert decide_bounded((0.1, 0.2), (None, None), (0.1, 0.3)) == "undecided"


def test_pairs_needed_gives_the_power_asked_for() -> None:
    needed = pairs_needed(0.05, 0.5, 200)
    assert needed is not None
    power = NormalIndPower(ddof=0).power(0.05 / 0.5, needed, 0.05, ratio=0)
    assert power == pytest.approx(0.8, abs=0.002)


@pytest.mark.parametrize(("flips", "n"), [((2, 4), 30), ((5, 8), 40), ((10, 15), 100), ((20, 30), 100)])
def test_pairs_needed_is_near_what_a_plan_asks_for(flips: tuple[int, int], n: int) -> None:
    down, up = flips
    table = Table(0.6 * (n - down - up), down + 0.5, up + 0.5, 0.4 * (n - down - up))
    plan = pairs_for(Table(*(share / (n + 1) for share in structs.astuple(table))), Aim())
    assert pairs_needed((up - down) / n, sd_of_flips(flips, n), n) == pytest.approx(plan, rel=0.1)


def test_pairs_needed_says_none_where_no_amount_is_sensible() -> None:
    assert pairs_needed(0.0, 0.4, 500) is None
    assert pairs_needed(-0.1, 0.4, 500) is None
    assert pairs_needed(0.001, 0.5, 100) is None
    assert pairs_needed(0.9, 0.1, 40) == 40
    with pytest.raises(ValueError):
        pairs_needed(0.1, 0.5, 0)


def test_sd_of_flips() -> None:
    assert sd_of_flips((100, 150), 1000) == pytest.approx(np.std([-1] * 100 + [1] * 150 + [0] * 750), abs=1e-3)
    assert sd_of_flips((0, 0), 100) > 0.0


@quick
@given(st.integers(0, 2**32 - 1))
def test_merge_is_connected_components(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    labelings = [rng.integers(0, int(rng.integers(1, n + 1)), n) for _ in range(int(rng.integers(1, 4)))]
    found = merge(*labelings)
    links = np.zeros((n, n))
    for labels in labelings:
        links += labels[:, None] == labels[None, :]
    count, expected = connected_components(coo_matrix(links))
    assert sorted(set(found.tolist())) == list(range(count))
    assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == count


def test_merge_follows_a_long_chain_and_keeps_distinct_rows_apart() -> None:
    n = 20_001
    order = np.random.default_rng(0).permutation(n)
    joined = merge((np.arange(n) // 2)[order], ((np.arange(n) + 1) // 2)[order])
    assert set(joined.tolist()) == {0}
    apart = merge(np.arange(1_000_000)[::-1], np.arange(1_000_000))
    assert apart.max() == 999_999
    assert distinct(apart)


def test_compact_and_wrong_labels() -> None:
    labels, count = compact([10**15, -5, 10**15, 3])
    assert (labels.tolist(), count) == ([2, 0, 2, 1], 3)
    assert compact([7, 5, 7])[0].tolist() == [1, 0, 1]
    assert compact([])[1] == 0
    assert not distinct([1, 1])
    for wrong in ([0.5], [[1]], ["a"]):
        with pytest.raises(ValueError, match="whole numbers"):
            compact(wrong)
    with pytest.raises(ValueError):
        merge([1, 2], [1])
    with pytest.raises(ValueError):
        merge()


def test_latency_quantiles() -> None:
    values = [x / 10 for x in range(1, 101)]
    assert p50_p95([]) == (None, None)
    assert p50_p95([*values, math.nan]) == (pytest.approx(5.05), pytest.approx(9.505))
    assert p50_p95([2.0]) == (2.0, 2.0)
