"""Confidence sequences against the definition, worked out mean by mean; closed forms; and seeded simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.stats.betting import BETS, log_capital
from scansion.stats.sequence import ConfidenceSequence, Path, confidence_sequence
from scansion.stats.verdict import decide

BAR = math.log(2 / 0.05)
few = settings(deadline=None, max_examples=25)


def pairs(seed: int, n: int, up: float, down: float) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], p=[down, 1 - up - down, up], size=n)


def capital_by_hand(values: list[float], mean: float, total: int | None) -> float:
    """ln of the capital staked on values above `mean`, by the definition: one bet, one value after the other."""
    whole = 0.0
    for bet in BETS.tolist():
        capital, before = 1.0, 0.0
        for i, value in enumerate(values):
            rest = mean if total is None else (total * mean - before) / (total - i)
            capital *= 1 - bet + bet * (value + 1) / (rest + 1) if total is None else 1.0
            if total is not None:
                rest = (total * (mean + 1) - before) / (total - i)
                capital *= 1 - bet + bet * (value + 1) / rest
                before += value + 1
        whole += bet / BETS.sum() * capital
    return math.log(whole)


@pytest.mark.parametrize("total", [None, 200])
@pytest.mark.parametrize("mean", [-0.3, 0.0, 0.1])
def test_the_capital_is_that_of_the_definition(mean: float, total: int | None) -> None:
    values = pairs(1, 40, 0.3, 0.1).tolist()
    above, below = log_capital(values, mean, total=total)
    assert above[-1] == pytest.approx(capital_by_hand(values, mean, total))
    assert below[-1] == pytest.approx(capital_by_hand([-v for v in values], -mean, total))


def test_against_no_difference_only_flips_move_the_capital() -> None:
    """Then it is the mixture of (1 + bet)^gained (1 - bet)^lost: ties add nothing."""
    above, _ = log_capital([1, 0, 1, 0, 0, -1, 1], 0.0)
    expected = math.log(sum(BETS / BETS.sum() * (1 + BETS) ** 3 * (1 - BETS)))
    assert above[-1] == pytest.approx(expected)


def test_capital_is_a_fair_game_over_all_draws() -> None:
    """The mean of the capital over all orders of a data set is 1 against its own mean, without replacement."""
    import itertools

    data = [1.0, 0.0, -1.0, 0.5, 0.0]
    orders = np.array(list(itertools.permutations(data)))
    above, below = log_capital(orders, float(np.mean(data)), total=5)
    assert np.exp(above[:, :4]).mean(axis=0) == pytest.approx(np.ones(4))
    assert np.exp(below[:, :4]).mean(axis=0) == pytest.approx(np.ones(4))


def ends_by_search(values: np.ndarray, total: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Both ends after each value: the means on a fine grid that capital never left out until then."""
    grid = np.linspace(-0.9995, 0.999, 2000)
    lows, highs = np.full(len(values), -1.0), np.full(len(values), 1.0)
    for mean in grid:
        above, below = log_capital(values, mean, total=total)
        for found, out, best in ((above, lows, np.maximum), (below, highs, np.minimum)):
            gone = np.maximum.accumulate(found) >= BAR
            out[gone] = best(out[gone], mean)
    return lows, highs


@pytest.mark.parametrize("total", [None, 150])
@pytest.mark.parametrize("kind", ["flips", "graded"])
def test_the_ends_are_where_the_capital_reaches_the_bar(kind: str, total: int | None) -> None:
    values = pairs(2, 120, 0.35, 0.1) if kind == "flips" else np.random.default_rng(3).beta(2, 3, 120) - 0.3
    sequence = ConfidenceSequence(total=total)
    path = sequence.path(values)
    kept = [ends_by_search(values, count) for count in ({None, total} if total else {None})]
    lows, highs = np.min([k[0] for k in kept], axis=0), np.max([k[1] for k in kept], axis=0)
    width = highs - lows
    assert (path.lows <= lows + 1.1e-3).all()  # never narrower than the definition, but for the step of the search
    assert (path.highs >= highs - 1.1e-3).all()
    assert (path.lows >= lows - 1.1e-3 - 0.006 * width).all()  # nor wider by more than a hair
    assert (path.highs <= highs + 1.1e-3 + 0.006 * width).all()


@few
@given(
    st.lists(st.sampled_from([-1.0, -0.4, 0.0, 0.25, 1.0]), min_size=1, max_size=60),
    st.integers(0, 20),
    st.booleans(),
)
def test_one_by_one_is_all_at_once(values: list[float], more: int, known: bool) -> None:
    total = len(values) + more if known else None
    path = confidence_sequence(values, total=total)
    sequence = ConfidenceSequence(total=total)
    lo, hi, p = -1.0, 1.0, 1.0
    for i, value in enumerate(values):
        sequence.add(value)
        assert sequence.interval == pytest.approx((path.lows[i], path.highs[i]), abs=1e-9)
        assert sequence.p == pytest.approx(path.ps[i])
        assert lo <= sequence.interval[0] <= sequence.interval[1] <= hi  # it never widens
        assert sequence.p <= p
        (lo, hi), p = sequence.interval, sequence.p
        assert (p < 0.05) == (decide(lo, hi) in ("better", "worse"))
    assert sequence.n == len(values)
    assert sequence.mean == pytest.approx(np.mean(values))


def test_looking_changes_nothing_where_bounds_are_renewed_less_often() -> None:
    values = pairs(5, 3000, 0.12, 0.1)
    path = confidence_sequence(values, total=3000)
    sequence = ConfidenceSequence(total=3000)
    for i, value in enumerate(values.tolist()):
        sequence.add(value)
        if i % 97 == 0 or i > 2990:
            assert sequence.interval == pytest.approx((path.lows[i], path.highs[i]), abs=1e-9)
    whole = ConfidenceSequence(total=3000)
    whole.extend(values)
    assert whole.interval == pytest.approx(sequence.interval)
    assert whole.this_data == pytest.approx((values.mean(), values.mean()))  # all are seen


def test_a_long_run_of_losses_is_nothing_unusual(recwarn: pytest.WarningsRecorder) -> None:
    values = np.concatenate([-np.ones(9000), np.zeros(200)])
    path = confidence_sequence(values, total=9300)
    assert -1.0 < path.highs[-1] < -0.97
    assert path.ps[-1] == 0.0
    assert not recwarn.list


def test_values_mirrored_mirror_the_interval() -> None:
    values = pairs(6, 200, 0.3, 0.1)
    path, mirrored = confidence_sequence(values, total=300), confidence_sequence(-values, total=300)
    assert path.lows == pytest.approx(-mirrored.highs)
    assert path.highs == pytest.approx(-mirrored.lows)
    assert path.ps == pytest.approx(mirrored.ps)


def test_other_scales() -> None:
    values = pairs(7, 100, 0.4, 0.1)
    path, wide = confidence_sequence(values), confidence_sequence(values * 10, low=-10, high=10)
    assert wide.lows == pytest.approx(10 * path.lows)
    assert wide.highs == pytest.approx(10 * path.highs)


def test_what_few_rows_say() -> None:
    path = confidence_sequence([1.0, 1.0, 1.0])
    assert decide(path.lows[-1], path.highs[-1]) == "undecided"
    path = confidence_sequence(np.ones(8))
    assert [decide(lo, hi) for lo, hi in zip(path.lows, path.highs, strict=True)].index("better") == 6  # the seventh
    ties = confidence_sequence(np.zeros(500), total=500)
    assert decide(ties.lows[-1], ties.highs[-1]) == "undecided"
    assert ties.ps[-1] == 1.0
    assert decide(ties.lows[-1], ties.highs[-1], margin=0.05) == "equivalent"
    empty = ConfidenceSequence(total=10)
    assert (empty.interval, empty.p, empty.mean, empty.n) == ((-1.0, 1.0), 1.0, None, 0)
    assert isinstance(confidence_sequence([]), Path)
    assert confidence_sequence([]).lows.size == 0


def test_all_but_one_seen_leaves_what_it_can_be() -> None:
    sequence = ConfidenceSequence(total=4)
    sequence.extend([1.0, -1.0, 1.0])
    assert sequence.this_data == pytest.approx((0.0, 0.5))
    sequence.add(0.0)
    assert sequence.this_data == pytest.approx((0.25, 0.25))
    assert sequence.interval[0] < -0.5  # but of rows like these four say nothing


def test_the_values_that_are_needed_are_those_that_it_takes() -> None:
    """What a long part tells of how many are needed is near to how many it takes, on average over 20 draws."""
    told, took = [], []
    for seed in range(20):
        values = pairs(seed, 1600, 0.35, 0.15)
        sequence = ConfidenceSequence()
        sequence.extend(values[800:])
        told.append(sequence.values_needed(0.0, above=True))
        took.append(int((confidence_sequence(values[:800]).lows > 0).argmax()) + 1)
        assert sequence.values_needed(0.0, above=False) is None
    assert 0.7 < np.median(told) / np.mean(took) < 1.5


def test_what_goes_on_as_it_did_reaches_the_bar_where_that_was_told() -> None:
    values = [1.0, 0.0, 0.0, 1.0, -1.0] * 4
    sequence = ConfidenceSequence()
    sequence.extend(values)
    told = sequence.values_needed(0.0, above=True)
    assert told is not None
    above, _ = log_capital(values * 20)
    assert above[5 * math.floor(told / 5) - 1] < BAR <= above[5 * math.ceil(told / 5) - 1]
    assert ConfidenceSequence().values_needed(0.0, above=True) is None
    with pytest.raises(ValueError, match="a mean to leave out lies between"):
        sequence.values_needed(1.0, above=True)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie in"):
        ConfidenceSequence().add(1.5)
    with pytest.raises(ValueError, match="must lie in"):
        ConfidenceSequence().add(math.nan)
    with pytest.raises(ValueError, match="must lie in"):
        confidence_sequence([0.0, math.nan])
    sequence = ConfidenceSequence(total=1)
    sequence.add(0.0)
    with pytest.raises(ValueError, match="more values than the 1"):
        sequence.add(0.0)
    for settings_ in ({"alpha": 0.0}, {"low": 0.5}, {"total": 0}, {"high": math.inf}):
        with pytest.raises(ValueError):
            ConfidenceSequence(**settings_)
    with pytest.raises(ValueError):
        log_capital([0.0], 1.0)
    with pytest.raises(ValueError):
        log_capital([0.0, 0.0], total=1)


@pytest.mark.parametrize("total", [None, 100])
def test_looked_at_after_every_row_it_errs_no_more_than_it_may(total: int | None) -> None:
    """2,000 experiments without a difference: better or worse in 5% at most, three standard errors allowed."""
    rng = np.random.default_rng(11)
    values = rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.6, 0.2], size=(2000, 100))
    if total:
        each = np.repeat([-1.0, 0.0, 1.0], [20, 60, 20])
        values = rng.permuted(np.tile(each, (2000, 1)), axis=1)
    above, below = log_capital(values, total=total)
    missed = (np.maximum(above, below) >= BAR)[:, :-1].any(axis=1).mean()
    assert missed <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
