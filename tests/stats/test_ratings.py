"""Ratings against evalica, choix, scipy, published tables, closed forms and simulation."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

import choix
import evalica
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.stats import rankings
from scansion.stats.bradley_terry import BradleyTerry, bradley_terry, covariance, elo_scale, prior_fit, win_probability
from scansion.stats.comparison_graph import groups, has_cycle, is_rateable, strong_groups
from scansion.stats.davidson import Davidson, davidson, outcome_probabilities
from scansion.stats.davidson import covariance as davidson_covariance
from scansion.stats.elo import elo, elo_draws
from scansion.stats.next_pair import next_pairs
from scansion.stats.rank_ranges import rank_ranges, separated
from scansion.stats.rating_bootstrap import drawn_counts, drawn_ratings, percentile_intervals, widening
from scansion.stats.unread_votes import least_leads
from scansion.stats.votes import LEFT, RIGHT, TIE, Ballot, Counts, ballot

LLMFAO = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "llmfao"
OUTCOMES = {"left": LEFT, "right": RIGHT, "tie": TIE}
PEER = {LEFT: evalica.Winner.X, RIGHT: evalica.Winner.Y, TIE: evalica.Winner.Draw}


def simulated(
    players: int, votes: int, seed: int, *, ties: float = 0.15, spread: float = 1.0
) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, spread, players)
    left = rng.integers(0, players, votes)
    right = (left + rng.integers(1, players, votes)) % players
    won = rng.random(votes) < 1 / (1 + np.exp(strength[right] - strength[left]))
    return left, right, np.where(rng.random(votes) < ties, TIE, np.where(won, LEFT, RIGHT))


def peer(method, votes, players, **how):
    """evalica's scores by player."""
    left, right, outcome = (each.tolist() for each in votes)
    found = method(left, right, [PEER[o] for o in outcome], **how).scores
    return np.array([found[i] for i in range(players)])


@pytest.mark.parametrize("name", ["simple", "food"])
def test_the_published_tables_are_reproduced(name):
    if not LLMFAO.is_dir():
        pytest.skip("the recorded votes are not beside the project: ../shared/data/llmfao")
    with (LLMFAO / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = sorted({row[side] for row in rows for side in ("left", "right")})
    left, right = ([names.index(row[side]) for row in rows] for side in ("left", "right"))
    votes = ballot(left, right, [OUTCOMES[row["winner"]] for row in rows])
    counts = votes.counts()
    strength = np.exp(bradley_terry(counts))
    ours = {
        "average_win_rate": rankings.average_win_rate(counts),
        "bradley_terry": strength / strength.sum(),
        "counting": rankings.counting(counts),
        "eigen": rankings.eigen(counts),
        "elo": elo(votes),
        "newman": rankings.newman(counts),
        "pagerank": rankings.pagerank(counts),
    }
    with (LLMFAO / f"{name}-golden.csv").open() as file:
        published = list(csv.DictReader(file))
    assert {row["algorithm"] for row in published} == ours.keys()
    for row in published:
        assert ours[row["algorithm"]][names.index(row["item"])] == pytest.approx(float(row["score"]), rel=1e-11), row


@pytest.mark.parametrize(("players", "votes"), [(5, 200), (20, 2000), (59, 8931)])
def test_every_ranking_agrees_with_evalica(players, votes):
    said = simulated(players, votes, players)
    cast = ballot(*said, players=players)
    counts = cast.counts()
    far = {"tolerance": 1e-12, "limit": 100_000}
    strength = peer(evalica.bradley_terry, said, players, **far)
    np.testing.assert_allclose(np.exp(bradley_terry(counts)), strength / np.exp(np.log(strength).mean()), rtol=1e-8)
    np.testing.assert_allclose(rankings.counting(counts), peer(evalica.counting, said, players))
    np.testing.assert_allclose(rankings.average_win_rate(counts), peer(evalica.average_win_rate, said, players))
    np.testing.assert_allclose(rankings.eigen(counts), peer(evalica.eigen, said, players, **far), rtol=1e-8)
    np.testing.assert_allclose(rankings.pagerank(counts), peer(evalica.pagerank, said, players, **far), rtol=1e-8)
    np.testing.assert_allclose(rankings.newman(counts), peer(evalica.newman, said, players, **far), rtol=1e-8)
    np.testing.assert_allclose(elo(cast), peer(evalica.elo, said, players), rtol=1e-12)
    np.testing.assert_allclose(win_probability(np.log(strength)), evalica.pairwise_scores(strength), rtol=1e-12)


def test_bradley_terry_agrees_with_choix():
    left, right, outcome = simulated(12, 600, 3, ties=0.0)
    pairs = [(x, y) if o == LEFT else (y, x) for x, y, o in zip(left, right, outcome, strict=True)]
    ours = bradley_terry(ballot(left, right, outcome).counts())
    np.testing.assert_allclose(ours, choix.opt_pairwise(12, pairs, tol=1e-12), atol=1e-5)


def test_two_players_have_the_log_odds_of_their_points():
    votes = ballot([0] * 10, [1] * 10, [LEFT] * 6 + [RIGHT] * 2 + [TIE] * 2)
    found = bradley_terry(votes.counts())
    assert found[0] - found[1] == pytest.approx(math.log(7 / 3), abs=1e-12)
    assert elo_scale(found).mean() == pytest.approx(1000.0)
    assert elo_scale(np.array([math.log(10), 0.0]))[0] == pytest.approx(1400.0)


def test_a_prior_keeps_ratings_finite_where_votes_do_not_tie_players_together():
    won_all = bradley_terry(ballot([0, 0, 1], [1, 2, 2], [LEFT, LEFT, TIE]).counts())
    assert np.isfinite(won_all).all()
    assert won_all[0] > won_all[1] == pytest.approx(won_all[2])
    apart = bradley_terry(ballot([0, 2], [1, 3], [LEFT, TIE], players=5).counts())
    assert apart[0] > apart[2] == pytest.approx(apart[4])
    assert bradley_terry(ballot([], [], [], players=0).counts()).size == 0
    np.testing.assert_allclose(bradley_terry(ballot([], [], [], players=3).counts()), 0.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5), st.integers(0, 2)), max_size=40), st.integers(0, 9))
def test_any_votes_give_finite_ratings_that_expect_the_points_won(votes, seed):
    left = [x for x, _, _ in votes]
    right = [(x + step) % 6 for x, step, _ in votes]
    cast = ballot(left, right, [o for _, _, o in votes], players=6)
    counts = cast.counts()
    found = bradley_terry(counts)
    assert np.isfinite(found).all()
    assert counts.points.sum() == len(votes)
    if is_rateable(counts.points[None])[0]:
        expected = (counts.games * win_probability(found)).sum(axis=1)
        np.testing.assert_allclose(expected, counts.points.sum(axis=1), atol=1e-8)
    tied = davidson(counts)
    assert np.isfinite(tied.log).all()
    if votes:
        draws = drawn_ratings(cast, BradleyTerry(counts), 20, seed)
        each = [
            bradley_terry(Counts(w, t))
            for b in drawn_counts(cast, 20, seed)
            for w, t in zip(b.wins, b.ties, strict=True)
        ]
        np.testing.assert_allclose(draws, each, atol=2e-5)


def test_davidson_is_the_likeliest_and_newman_finds_it_too():
    counts = ballot(*simulated(6, 300, 5, ties=0.3)).counts()
    found = davidson(counts)

    def loss(x):
        win, tie = outcome_probabilities(x[:-1], math.exp(x[-1]))
        return -(counts.wins * np.log(win)).sum() - 0.5 * (counts.ties * np.log(tie)).sum() + x[:-1].sum() ** 2

    best = scipy.optimize.minimize(loss, np.zeros(7), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(found.log, best[:-1] - best[:-1].mean(), atol=1e-5)
    assert found.tie == pytest.approx(math.exp(best[-1]), rel=1e-5)
    iterated = np.log(rankings.newman(counts))
    np.testing.assert_allclose(found.log, iterated - iterated.mean(), atol=1e-9)
    np.testing.assert_allclose(davidson(counts, start=Davidson(found.log + 0.3, 2.0)).log, found.log, atol=1e-9)


def test_davidson_without_ties_or_with_nothing_else():
    left, right, outcome = simulated(4, 80, 1, ties=0.0)
    counts = ballot(left, right, outcome).counts()
    assert davidson(counts).tie == 0.0
    np.testing.assert_allclose(davidson(counts).log, bradley_terry(counts))
    only = davidson(ballot([0, 1], [1, 2], [TIE, TIE]).counts())
    assert math.isinf(only.tie)
    assert outcome_probabilities(only.log, only.tie)[1].min() == 1.0
    bounded = davidson(ballot([0, 0], [1, 1], [LEFT, TIE]).counts())
    assert np.abs(bounded.log).max() < 2.0


def test_the_covariance_is_the_spread_of_refitted_ratings():
    left, right, outcome = simulated(5, 4000, 2, ties=0.0)
    cast = ballot(left, right, outcome)
    counts = cast.counts()
    draws = drawn_ratings(cast, BradleyTerry(counts), 4000, 1)
    np.testing.assert_allclose(covariance(counts, bradley_terry(counts)), np.cov(draws.T), atol=6e-4)


@pytest.mark.parametrize("votes", [60, 3000])
def test_counts_are_drawn_as_votes_would_be(votes):
    """Both ways to draw have the mean and covariance of a multinomial, and every draw has all votes."""
    cast = ballot(*simulated(3, votes, 4))
    cells = np.concatenate(
        [
            np.concatenate([c.wins.reshape(len(c.wins), -1), np.triu(c.ties).reshape(len(c.ties), -1)], 1)
            for c in drawn_counts(cast, 20_000, 0)
        ]
    )
    assert (cells.sum(axis=1) == votes).all()
    share = np.bincount(cast.cell, minlength=18) / votes
    exact = scipy.stats.multinomial(votes, share)
    np.testing.assert_allclose(cells.mean(axis=0), share * votes, rtol=0.02)
    np.testing.assert_allclose(np.cov(cells.T), exact.cov(), atol=0.03 * votes * share.max())


def test_whole_questions_are_drawn():
    left, right, outcome = simulated(4, 300, 8)
    question = np.random.default_rng(0).integers(0, 12, 300)
    cast = ballot(left, right, outcome, units=[f"q{q}" for q in question])
    assert (cast.units, ballot(left, right, outcome, units=range(300)).unit) == (12, None)
    rng = np.random.default_rng(3)
    brute = []
    for _ in range(1500):
        rows = np.concatenate([np.flatnonzero(question == q) for q in rng.integers(0, 12, 12)])
        brute.append(bradley_terry(ballot(left[rows], right[rows], outcome[rows], players=4).counts()))
    draws = drawn_ratings(cast, BradleyTerry(cast.counts()), 3000, 1)
    np.testing.assert_allclose(draws.mean(axis=0), np.mean(brute, axis=0), atol=0.02)
    np.testing.assert_allclose(draws.std(axis=0), np.std(brute, axis=0), rtol=0.08)


def test_many_small_questions_are_drawn_without_a_table(monkeypatch):
    votes = simulated(4, 300, 8)
    cast = ballot(*votes, units=np.arange(300) // 3)
    dense = np.concatenate([c.wins for c in drawn_counts(cast, 40, 5)])
    monkeypatch.setattr("scansion.stats.rating_bootstrap._DENSE", 0)
    np.testing.assert_allclose(np.concatenate([c.wins for c in drawn_counts(cast, 40, 5)]), dense)


def test_few_units_widen_intervals():
    found = widening(10, 0.95)
    assert found.factor == pytest.approx(math.sqrt(10 / 9) * scipy.stats.t.ppf(0.975, 9) / scipy.stats.norm.ppf(0.975))
    assert found.tail == pytest.approx(scipy.stats.norm.cdf(-found.factor * scipy.stats.norm.ppf(0.975)))
    assert widening(10**6, 0.9).tail == pytest.approx(0.05, abs=1e-5)
    draws = np.random.default_rng(0).normal(size=(20_000, 1))
    low, high = percentile_intervals(draws, 10)
    assert (low[0], high[0]) == pytest.approx((-found.factor * 1.96, found.factor * 1.96), abs=0.08)


def test_an_order_is_claimed_for_all_pairs_together():
    """Studentized range: the limit for three equal normal means is Tukey's."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, 3))
    limit = scipy.stats.studentized_range.ppf(0.95, 3, np.inf)
    for apart, claimed in ((0.97 * limit, False), (1.03 * limit, True)):
        above = separated(np.array([0.0, 0.0, apart]), draws + np.array([0.0, 0.0, apart]))
        assert above[2].tolist() == [claimed, claimed, False]
    assert not separated(np.zeros(3), draws).any()
    assert rank_ranges(above) == [(2, 3), (2, 3), (1, 1)]


def test_decided_pairs_make_room_for_others_and_unknowns_take_it():
    rng = np.random.default_rng(1)
    ratings = np.array([0.0, 3.0, 100.0])
    draws = ratings + rng.normal(size=(20_000, 3))
    assert separated(ratings, draws)[1, 0], "against one pair 2.77 is enough, against three 3.31"
    assert not separated(ratings, draws, factor=1.2)[1, 0]
    assert not separated(ratings, draws, error=np.full((3, 3), 2.0))[1, 0]
    lead = ratings[:, None] - ratings[None, :] - 1.0
    assert not separated(ratings, draws, lead=lead)[1, 0]


def test_few_unanimous_votes_are_drawn():
    """As many as 4 times their own root or fewer, all in one cell."""
    for votes in range(1, 20):
        (drawn,) = drawn_counts(ballot([0] * votes, [1] * votes, [LEFT] * votes), 5, 0)
        assert (drawn.wins[:, 0, 1] == votes).all()


def test_an_elo_bootstrap_has_the_spread_of_resamples_in_their_order():
    left, right, outcome = simulated(4, 120, 6)
    cast = ballot(left, right, outcome)
    rng = np.random.default_rng(0)
    brute = []
    for _ in range(1500):
        rows = np.sort(rng.integers(0, 120, 120))
        brute.append(elo(Ballot(4, cast.cell[rows], None)))
    draws = elo_draws(cast, 1500, 1)
    np.testing.assert_allclose(draws.mean(axis=0), np.mean(brute, axis=0), atol=1.5)
    np.testing.assert_allclose(draws.std(axis=0), np.std(brute, axis=0), rtol=0.08)
    whole = elo_draws(ballot(left, right, outcome, units=np.arange(120) // 7), 300, 1)
    np.testing.assert_allclose(whole.sum(axis=1), 4000.0)
    assert 0.5 < (whole.std(axis=0) / draws.std(axis=0)).mean() < 2.0


def test_elo_draws_lie_about_the_ratings_of_players_that_changed():
    cast = ballot([0] * 600, [1] * 600, [LEFT] * 300 + [RIGHT] * 300)
    for units in (None, np.arange(600) // 5):
        draws = elo_draws(Ballot(2, cast.cell, units), 200, 0)
        np.testing.assert_allclose(draws.mean(axis=0), elo(cast), atol=5.0)


def test_newman_is_finite_and_davidsons_where_votes_do_not_tie_players_together():
    for votes in (([0, 0, 1], [1, 2, 2], [LEFT, LEFT, TIE]), ([0, 2, 2], [1, 3, 3], [LEFT, LEFT, TIE])):
        counts = ballot(*votes).counts()
        found = np.log(rankings.newman(counts))
        np.testing.assert_allclose(found - found.mean(), davidson(counts).log, atol=1e-8)


def test_davidsons_covariance_is_the_spread_of_its_own_refits():
    cast = ballot(*simulated(4, 3000, 2, ties=0.4))
    counts = cast.counts()
    found = davidson(counts)
    draws = np.array(
        [
            davidson(Counts(w, t), start=found, tolerance=1e-6).log
            for b in drawn_counts(cast, 1000, 1)
            for w, t in zip(b.wins, b.ties, strict=True)
        ]
    )
    own = np.sqrt(np.diag(davidson_covariance(counts, found)))
    # Ties here do not follow Davidson's model: 40% whoever meets, so its own error is near and not equal.
    np.testing.assert_allclose(own, draws.std(axis=0), rtol=0.12)
    assert (own > 1.2 * np.sqrt(np.diag(covariance(counts, bradley_terry(counts))))).all()
    no_ties = ballot(*simulated(4, 200, 2, ties=0.0)).counts()
    np.testing.assert_allclose(
        davidson_covariance(no_ties, davidson(no_ties)), covariance(no_ties, bradley_terry(no_ties))
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_least_lead_is_that_of_the_worst_filling(seed):
    """Against every way to give all unread votes of each cell to one side or half to each."""
    rng = np.random.default_rng(seed)
    counts = ballot(*simulated(4, 80, seed)).counts()
    unread = np.zeros((4, 4))
    cells = [(0, 1), (1, 2), (2, 3)]
    for i, j in cells:
        unread[i, j] = unread[j, i] = rng.integers(1, 25)
    least = np.full((4, 4), np.inf)
    for shares in itertools.product((0.0, 0.5, 1.0), repeat=3):
        wins = counts.wins.copy()
        for (i, j), share in zip(cells, shares, strict=True):
            wins[i, j] += share * unread[i, j]
            wins[j, i] += (1 - share) * unread[i, j]
        log = bradley_terry(Counts(wins, counts.ties))
        least = np.minimum(least, log[:, None] - log[None, :])
    off = ~np.eye(4, dtype=bool)
    found = least_leads(counts, unread, off)
    assert (found[off] >= least[off] - 1e-4).all()
    np.testing.assert_allclose(found[off], least[off], atol=0.05)
    assert np.isneginf(np.diag(found)).all()


def test_groups_of_players():
    counts = ballot([0, 1, 3], [1, 2, 4], [LEFT, TIE, RIGHT], players=6).counts()
    assert groups(counts.points) == [[0, 1, 2], [3, 4], [5]]
    assert strong_groups(counts.points) == [[1, 2], [0], [3], [4], [5]]
    circle = ballot([0, 1, 2], [1, 2, 0], [LEFT] * 3).counts()
    assert is_rateable(np.stack([circle.points, np.triu(circle.points)])).tolist() == [True, False]
    assert has_cycle(circle.wins)
    assert not has_cycle(counts.wins)


def test_the_gain_of_a_pair_is_what_its_vote_takes_off_all_variances():
    """Against the covariance with one expected vote more, inverted anew, for every pair."""
    counts = ballot(*simulated(5, 40, 9)).counts()
    log, spread = prior_fit(counts)
    gap = log[:, None] - log[None, :]

    def variance(covariance):
        own = np.diag(covariance)
        return own[:, None] + own[None, :] - 2 * covariance

    off = ~np.eye(5, dtype=bool)
    weight = scipy.stats.norm.pdf(gap[off], scale=np.sqrt(variance(spread)[off]))
    gains = {}
    for i in range(5):
        for j in range(i + 1, 5):
            contrast = np.zeros(5)
            contrast[[i, j]] = 1, -1
            p = 1 / (1 + np.exp(-gap[i, j]))
            after = np.linalg.inv(np.linalg.inv(spread) + p * (1 - p) * np.outer(contrast, contrast))
            gains[i, j] = (weight * (variance(spread) - variance(after))[off]).sum()
    best = next_pairs(counts, 1)[0]
    i, j = sorted((best.first, best.second))
    assert gains[i, j] == pytest.approx(max(gains.values()))
    assert best.gain == pytest.approx(gains[i, j] * math.sqrt(math.tau) / 2)
    assert best.uncertain == pytest.approx(scipy.stats.norm.cdf(-abs(gap[i, j]) / math.sqrt(variance(spread)[i, j])))


def test_pairs_chosen_together_differ_and_plain_orders_are_left_alone():
    fresh = next_pairs(ballot([], [], [], players=6).counts(), 3)
    assert sorted(i for p in fresh for i in (p.first, p.second)) == [0, 1, 2, 3, 4, 5]
    lopsided = ballot([0] * 40 + [1] * 2, [1] * 40 + [2] * 2, [LEFT] * 39 + [RIGHT] + [LEFT, RIGHT]).counts()
    assert {(p.first, p.second) for p in next_pairs(lopsided, 2)} <= {(1, 2), (2, 1)}
    with pytest.raises(ValueError, match="two players"):
        next_pairs(ballot([], [], [], players=1).counts())


def test_the_active_rule_beats_random_pairs():
    import bench.statistics.active_pairs as bench

    taus = {
        active: np.mean(
            [
                bench.path(np.random.default_rng(s).normal(0, 1, 8), 200, 5, active, np.random.default_rng((7, s)))
                for s in range(15)
            ],
            axis=0,
        )
        for active in (False, True)
    }
    assert taus[True][10:].mean() > taus[False][10:].mean() + 0.02


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (([0], [1, 2], [1]), "one length"),
        (([0], [0], [1]), "itself"),
        (([0], [1], [3]), "outcome"),
        (([-1], [1], [1]), "numbered"),
    ],
)
def test_votes_are_checked(votes, message):
    with pytest.raises(ValueError, match=message):
        ballot(*votes)
    with pytest.raises(ValueError, match="label"):
        ballot([0], [1], [1], units=[1, 2])
    with pytest.raises(ValueError, match="no vote"):
        next(drawn_counts(ballot([], [], [], players=2), 1, 0))
