"""The decision of a run that stops when decided, on arrays: what a `Watch` says, and the order of looks."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from scansion.experiments.figures import Figures, Totals, example_cost
from scansion.experiments.sequential.order import draw_order
from scansion.experiments.sequential.until import OutOfRange, Terms, Unit, Watch, replay
from scansion.stats.sequence import ConfidenceSequence
from scansion.stats.verdict import decide


def figures(values: list[float], states: list[int] | None = None) -> Figures:
    size = len(values)
    return Figures(
        row=np.arange(size, dtype=np.int64),
        trial=np.zeros(size, dtype=np.int64),
        state=np.array(states if states is not None else [0] * size),
        value=np.array(values, dtype=np.float64),
        request=np.zeros(size, dtype=np.int64),
        group=None,
        weight=None,
    )


def terms(size: int, **changes: Any) -> Terms:
    settings = {"alpha": 0.05, "margin": None, "pairs": ((0, 1),), "units": size, "rows": size}
    return Terms(**{**settings, "mean_weight": 1.0, "most_weight": 1.0, **changes})


def watched(columns: list[Figures], **changes: Any) -> Watch:
    size = len(columns[0].row)
    weights = dict.fromkeys(range(size), 1.0)
    return replay(terms(size, **changes), [[i] for i in range(size)], dict(enumerate(columns)), 1, weights)


def test_it_is_the_confidence_sequence_of_the_differences() -> None:
    rng = np.random.default_rng(5)
    a, b = (rng.random(300) < 0.4).astype(float), (rng.random(300) < 0.65).astype(float)
    [found] = watched([figures(a.tolist()), figures(b.tolist())]).contests
    sequence = ConfidenceSequence(alpha=0.05, total=300)
    for value in b - a:
        sequence.add(value)
        if decide(*sequence.interval) != "undecided":
            break
    assert (found.verdict, found.decided_at) == ("better", sequence.n)
    assert found.interval == pytest.approx(sequence.interval)
    assert found.p == pytest.approx(sequence.p)
    assert found.p is not None
    assert found.p <= 0.05


def test_a_claim_must_hold_however_the_missing_ones_went() -> None:
    rng = np.random.default_rng(6)
    a, b = (rng.random(400) < 0.4).astype(float), (rng.random(400) < 0.75).astype(float)
    states = (rng.random(400) < 0.5).astype(int).tolist()
    [found] = watched([figures(a.tolist()), figures(b.tolist(), states)]).contests
    assert found.verdict == "undecided"
    assert found.missing
    assert found.alone() == "better"
    low, high = found.bounds or (0.0, 0.0)
    filled = [np.where(np.array(states) == 1, end, b).mean() - a.mean() for end in (0.0, 1.0)]
    assert (low, high) == pytest.approx(tuple(filled))


def test_nothing_scored_decides_nothing() -> None:
    [found] = watched([figures([0.0] * 50, [1] * 50), figures([1.0] * 50)]).contests
    assert found.verdict == "undecided"
    assert found.interval is None
    assert found.p is None


MARKS = st.tuples(st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([0.0, 0.25, 1.0]))


@settings(max_examples=40)
@given(st.lists(MARKS, min_size=2, max_size=30))
def test_whatever_comes_the_counts_add_up(marks: list[tuple[int, float]]) -> None:
    half = len(marks) // 2
    sides = [figures([v for _, v in part], [s for s, _ in part]) for part in (marks[:half], marks[half : 2 * half])]
    watch = watched(sides)
    [found] = watch.contests
    assert found.units == watch.units <= half
    assert found.pairs <= found.rows
    if found.interval is not None and found.difference is not None:
        assert -1 <= found.interval[0] <= found.difference <= found.interval[1] <= 1
    if found.decided_at is not None:
        assert found.decided_at == found.rows
    assert [look[0] for look in found.whole_path()] == sorted({look[0] for look in found.whole_path()})


def test_an_example_costs_what_all_its_trials_cost() -> None:
    rows = structs.replace(figures([1.0] * 6), row=np.repeat([3, 8], 3), trial=np.tile([0, 1, 2], 2))
    totals = Totals({}, {}, {}, 6, 6, 0, 0, 0, 6.0, 6.0, 0, None, None, 0, 1.0, ())
    assert example_cost(totals, rows) == pytest.approx(3.0)
    assert example_cost(structs.replace(totals, cost_usd=None), rows) is None


def test_scores_out_of_range_are_raised() -> None:
    with pytest.raises(OutOfRange, match="a score of 3 is outside 0 to 1"):
        Watch(terms(2)).look(Unit(1, [1.0], {0: [(0, 3.0)], 1: [(0, 0.0)]}))


@given(st.integers(1, 60), st.integers(0, 5), st.integers(0, 2**70))
def test_an_order_holds_every_row_once_and_keeps_units_together(size: int, groups: int, seed: int) -> None:
    labels = np.arange(size) if not groups else np.arange(size) % groups
    order = draw_order([f"id{i}" for i in range(size)], seed, labels=labels)
    units = [order.unit(i) for i in range(order.units)]
    assert sorted(row for unit in units for row in unit) == list(range(size))
    assert all(len({int(labels[row]) for row in unit}) == 1 for unit in units)
    assert order.units == len(set(labels.tolist()))


def test_an_order_stays_when_rows_are_added() -> None:
    ids = [f"id{i}" for i in range(200)]
    small, large = draw_order(ids[:100], 7), draw_order(ids, 7)
    assert [i for i in large.places.tolist() if i < 100] == small.places.tolist()


def test_rows_of_one_id_are_not_brought_together() -> None:
    """Rows of marks alone have their content's digest as id: equal marks are no reason to be looked at in a row."""
    marks = ["0,1", "1,0"] * 200
    order = draw_order(marks, 0)
    seen = [marks[place] for place in order.places.tolist()]
    runs = 1 + sum(a != b for a, b in pairwise(seen))
    assert abs(runs - 201) < 5 * 10  # runs of equal ones: mean 201, standard deviation 10
    longer = draw_order([*marks, "0,1"], 0).places.tolist()
    assert [place for place in longer if place < 400] == order.places.tolist()


def test_trials_that_nobody_has_are_no_missing_outcomes() -> None:
    """Two trials of even rows and one of odd ones: all are scored, and a row counts as much as another."""
    rows, trials = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 1, 0, 0, 1, 0])
    sides = [structs.replace(figures(values), row=rows, trial=trials) for values in ([0.0] * 6, [1, 0, 1, 1, 1, 1])]
    watch = replay(terms(4), [[i] for i in range(4)], dict(enumerate(sides)), 2, dict.fromkeys(range(4), 1.0))
    [found] = watch.contests
    assert not found.missing
    assert found.pairs == 6
    assert found.difference == pytest.approx((0.5 + 1 + 1 + 1) / 4)


def test_the_rows_that_are_needed_are_of_the_growth_so_far() -> None:
    """Rows in place of values: a unit of two rows counts twice, and a claim that comes sooner counts."""
    sides = [figures([0.0, 0.0, 1.0, 0.0] * 5), figures([0.0, 1.0, 0.0, 1.0] * 5)]
    [found] = watched(sides).contests
    sequence = ConfidenceSequence(total=20)
    sequence.extend([0.0, 1.0, -1.0, 1.0] * 5)
    values = sequence.values_needed(0.0, above=True)
    assert values is not None
    assert found.needed() == math.ceil(values) - 20
    weights = dict.fromkeys(range(20), 0.5)
    units = [[2 * i, 2 * i + 1] for i in range(10)]
    [paired] = replay(terms(20, units=10), units, dict(enumerate(sides)), 1, weights).contests
    halves = ConfidenceSequence(total=10)
    halves.extend([0.5, 0.0] * 5)
    assert paired.needed() == math.ceil(2 * (halves.values_needed(0.0, above=True) or 0)) - 20
    assert (watched(sides, margin=0.3).contests[0].needed() or 0) < math.ceil(values) - 20


def test_no_number_of_rows_decides_where_nothing_is_seen() -> None:
    same = [figures([1.0, 0.0] * 50), figures([1.0, 0.0] * 50)]
    assert watched(same).contests[0].needed() is None
    further = watched(same, margin=0.02).contests[0].needed()
    assert further is not None
    assert 100 < further < 1000
    hidden = [figures([0.4] * 60), figures([0.5] * 60, [0, 1] * 30)]
    assert watched(hidden).contests[0].needed() is None  # counted in against b, nothing is left of it


def test_an_order_is_as_good_as_random() -> None:
    """Over many seeds a row's place is uniform: the mean of 400 places is within 5 standard errors of the middle."""
    places = [int(np.flatnonzero(draw_order([str(i) for i in range(50)], seed).places == 7)[0]) for seed in range(400)]
    assert abs(np.mean(places) - 24.5) < 5 * 14.43 / 20
