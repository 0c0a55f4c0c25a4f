"""Whether the leader of a poll stays ahead: against the beta distribution, the beta-binomial and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scansion.stats.leader import fewest_more, lead_probability, stay_probability, top_two

counts = st.integers(0, 25)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (4, 0), (7, 3), (40, 31)])
def test_the_beta_criterion(first: int, second: int) -> None:
    assert lead_probability(first, second) == pytest.approx(stats.beta(first + 1, second + 1).sf(0.5), rel=1e-9)


def test_agreeing_votes_by_the_closed_form() -> None:
    assert [lead_probability(v, 0) for v in range(6)] == pytest.approx([1 - 2.0 ** -(v + 1) for v in range(6)])


@settings(max_examples=100, deadline=None)
@given(counts, counts, st.integers(0, 40), st.booleans())
def test_what_the_votes_to_come_leave_is_beta_binomial(a: int, b: int, left: int, wins_ties: bool) -> None:
    first, second = max(a, b), min(a, b)
    gains = np.arange(left + 1)
    ahead = first + gains - (second + left - gains)
    chance = stats.betabinom(left, first + 1, second + 1).pmf(gains)[(ahead > 0) | (wins_ties & (ahead == 0))].sum()
    assert stay_probability(first, second, left, wins_ties) == pytest.approx(chance, abs=1e-9)


def test_many_votes_to_come_are_the_beta_criterion() -> None:
    assert stay_probability(5, 2, 20_000) == pytest.approx(lead_probability(5, 2), abs=1e-3)


@settings(max_examples=200, deadline=None)
@given(counts, counts, st.integers(0, 40), st.sampled_from([0.6, 0.8, 0.9, 0.93, 0.99, 1.0]), st.booleans())
def test_the_fewest_further_votes_by_trying_all(a: int, b: int, left: int, threshold: float, wins_ties: bool) -> None:
    first, second = max(a, b), min(a, b)
    enough = (m for m in range(left) if stay_probability(first + m, second, left - m, wins_ties) >= threshold)
    tried = next((m for m in enough if first + m), left)
    assert fewest_more(first, second, left, threshold, wins_ties) == tried


def test_certainty_is_exact() -> None:
    assert stay_probability(21, 0, 19) == 1.0
    assert stay_probability(20, 0, 20) == 1.0
    assert stay_probability(20, 0, 20, wins_ties=False) < 1.0
    assert fewest_more(0, 0, 40, 1.0) == 20


@pytest.mark.parametrize(
    ("votes", "top"),
    [
        ([], (0, 0, True)),
        ([3], (3, 0, True)),
        ([1, 4, 2], (4, 2, True)),
        ([2, 4, 2], (4, 2, False)),
        ([2, 2], (2, 2, True)),
        ([0, 3], (3, 0, False)),
    ],
)
def test_the_two_leaders_in_the_order_reached(votes: list[int], top: tuple[int, int, bool]) -> None:
    assert top_two(votes) == top


def test_counts_below_nothing() -> None:
    for wrong in (
        lambda: lead_probability(-1, 0),
        lambda: stay_probability(0, 0, -1),
        lambda: fewest_more(1, -1, 2, 0.9),
    ):
        with pytest.raises(ValueError, match="0 or more"):
            wrong()
