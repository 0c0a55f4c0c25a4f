"""Votes read from tables, and rated: what is claimed, what is not, and what is said of votes that could not be read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.experiments.rating.methods import METHODS
from scansion.experiments.rating.ratings import RatingTerms, rate
from scansion.experiments.rating.votes import UNREAD, VoteColumns, read_votes
from scansion.stats.bradley_terry import bradley_terry, elo_scale
from scansion.stats.rankings import newman
from scansion.stats.votes import ballot

WORDS = {
    1: ("left", "A", "model_a", "Model A", "model_x", "1", " LEFT ", "first"),
    2: ("right", "B", "model_b", "2", "model_y", "second"),
    0: ("tie", "Tie", "draw", "tie (bothbad)", "both_bad", "tie (both good)", "neither", "equal"),
    UNREAD: ("", None, "unclear", "N/A", "leftish"),
}


def row(left="m1", right="m2", winner="left", **more):
    return {"left": left, "right": right, "winner": winner, **more}


def counts(left="m1", right="m2", wins=3, losses=2, ties=1):
    return {"model_a": left, "model_b": right, "wins": wins, "losses": losses, "ties": ties}


def many(strengths, votes=600, seed=0, blank=()):
    """Simulated votes by question as rows; four of five between the players of `blank` are left unread."""
    rng = np.random.default_rng(seed)
    names, rows = list(strengths), []
    for at in range(votes):
        x, y = rng.choice(len(names), 2, replace=False)
        won = rng.random() < 1 / (1 + np.exp(strengths[names[y]] - strengths[names[x]]))
        unread = {names[x], names[y]} == set(blank) and rng.random() < 0.8
        rows.append(row(names[x], names[y], "" if unread else "left" if won else "right", question=at // 4))
    return rows


STRONG = {"ada": 2.0, "bob": 0.0, "cyd": -2.0}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(sorted(WORDS))), min_size=1), st.data())
def test_votes_are_read_however_they_are_said(votes, data):
    said = [(f"m{x}", f"m{(x + step) % 4}", data.draw(st.sampled_from(WORDS[o])), o) for x, step, o in votes]
    if all(o == UNREAD for *_, o in said):
        said.append(("m0", "m1", "tie", 0))
    found = read_votes([row(x, y, w) for x, y, w, _ in said])
    assert [found.players[i] for i in found.left] == [x for x, *_ in said]
    assert [found.players[i] for i in found.right] == [y for _, y, *_ in said]
    assert found.outcome.tolist() == [o for *_, o in said]
    assert sum(found.unreadable.values()) == sum(o == UNREAD for *_, o in said)


@pytest.mark.parametrize(
    ("left", "right", "winner"),
    [
        ("Left", "RIGHT", "Winner"),
        ("model_a", "model_b", "winner"),
        ("model x", "Model_Y", "preference"),
        ("a", "b", "vote"),
    ],
)
def test_columns_are_found_by_name(left, right, winner):
    found = read_votes([{left: "gpt", right: "llama", winner: "gpt", "Question ID": "q1", "Judge": "me"}])
    assert (found.players, found.outcome.tolist()) == (("gpt", "llama"), [1])
    assert found.question is not None
    assert found.voter is not None


def test_left_and_right_go_before_model_x_and_model_y():
    found = read_votes([{"model_x": "p", "model_y": "q", "left": "q", "right": "p", "winner": "left"}])
    assert [found.players[i] for i in found.left] == ["q"]


def test_other_columns_can_be_named():
    rows = [{"one": 3.0, "two": 4, "pick": 4, "task": "t"}, {"one": 4, "two": 3, "pick": "3", "task": None}]
    found = read_votes(rows, VoteColumns("one", "Two", "pick", question="task"))
    assert (found.players, found.outcome.tolist()) == (("3", "4"), [2, 2])
    assert found.question.tolist() == [0, 1], "a row without a question stands alone"


def test_a_player_may_be_called_almost_a_tie_and_two_almost_the_same():
    assert read_votes([row("tier-1", "tier-2", "tier-1")]).outcome.tolist() == [1]
    assert read_votes([row("gpt-4", "gpt4", w) for w in ("gpt4", "gpt-4", "GPT 4")]).outcome.tolist() == [2, 1, UNREAD]
    assert read_votes([row("-", "m"), row("-", "m", "")]).outcome.tolist() == [1, UNREAD]


def test_winners_and_losers_are_votes():
    found = rate([{"winner": "B", "loser": "A"}] * 3 + [{"winner": "A", "loser": "B"}])
    assert [(r.player, r.wins, r.losses) for r in found.ratings] == [("B", 3, 1), ("A", 1, 3)]


def test_counted_votes_are_votes():
    found = rate([counts(), counts("m2", "m3", 4, 0, 0), counts("m1", "m3", 0, 0, 0)])
    assert {r.player: (r.wins, r.losses, r.ties) for r in found.ratings} == {
        "m1": (3, 2, 1),
        "m2": (6, 3, 1),
        "m3": (0, 4, 0),
    }
    assert (found.votes, found.unreadable) == (10, {})


def test_a_column_for_each_verdict_is_a_vote_and_none_of_them_an_unread_one():
    said = {"left": (1, 0, 0), "right": (0, 1, 0), "tie": (0, 0, 1), "": (0, 0, 0)}
    names = ("winner_model_a", "winner_model_b", "winner_tie")
    words = ["left", "right", "tie", "left", ""]
    rows = [
        {"model_a": "p", "model_b": "q", "prompt": n, **dict(zip(names, said[w], strict=True))}
        for n, w in enumerate(words)
    ]
    found = read_votes(rows)
    assert found.outcome.tolist() == [1, 2, 0, 1, UNREAD]
    assert found.question.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json"])
def test_files_of_every_format_are_read(tmp_path, suffix):
    rows = [row(winner=w) for w in ("left", "right", "tie", "left")]
    path = tmp_path / f"votes.{suffix}"
    if suffix in ("csv", "tsv"):
        mark = "," if suffix == "csv" else "\t"
        path.write_text("\n".join(mark.join(each) for each in [rows[0].keys(), *(r.values() for r in rows)]))
    else:
        path.write_text(json.dumps(rows) if suffix == "json" else "\n".join(map(json.dumps, rows)))
    found = rate(path)
    assert [(r.player, r.wins, r.losses, r.ties) for r in found.ratings] == [("m1", 2, 1, 1), ("m2", 1, 2, 1)]


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([], VoteColumns(), "no rows"),
        ([{"p": 1, "winner": "left"}], VoteColumns(), "who was compared"),
        ([{"left": 1, "right": 2}], VoteColumns(), "which player won"),
        ([row()], VoteColumns(left="left"), "--left and --right"),
        ([row()], VoteColumns(question="promt"), "--question names 'promt'"),
        ([row(winner="zz"), row(winner=None)], VoteColumns(), "holds 'zz', '', which is no vote"),
        ([row(left="x", right="x")], VoteColumns(), "two different players"),
        ([row(winner=0), row(winner=1)], VoteColumns(), "0 may be a tie or the second player"),
        ([row(winner=0)], VoteColumns(), "0 may be a tie or the second player"),
        ([row(winner=1), row(winner=-1)], VoteColumns(), "holds -1, which may be either player"),
        ([row(winner=1), row(winner=0), row(winner=-1)], VoteColumns(), "holds -1, which may be either player"),
        ([row("B", "A", "a")], VoteColumns(), "the vote 'a' is a player's name and also"),
        ([counts(wins="many")], VoteColumns(), "row 1: wins, losses, ties count votes, and 'many' is no whole number"),
        ([counts(), counts(losses=None)], VoteColumns(), "row 2: wins, losses, ties count votes, and '' is no whole"),
        ([counts(ties=0.5)], VoteColumns(), "and 0.5 is no whole number"),
        ([counts(wins=0, losses=0, ties=0), counts(wins=0, losses=0, ties=0)], VoteColumns(), "which is no vote"),
        ([row("b", "a", "a")], VoteColumns(), "data row 1: the vote 'a' is a player's name and also"),
    ],
)
def test_tables_that_are_no_votes_say_what_to_do(rows, columns, message):
    with pytest.raises(InputError, match=message) as caught:
        rate(rows, columns=columns)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (RatingTerms(by="bradly-terry"), "did you mean 'bradley-terry'"),
        (RatingTerms(unit="voter"), "no column says the voter"),
        (RatingTerms(unit="row"), "question, voter or vote"),
        (RatingTerms(level=95), "0.95 for 95%"),
        (RatingTerms(rounds=10), "100 or more"),
        (RatingTerms(level=0.999), "too few for a level of 0.999; give 4,000"),
    ],
)
def test_terms_that_do_not_fit_say_so(terms, message):
    with pytest.raises(InputError, match=message):
        rate([row()], terms)


def test_ratings_ranks_and_claims():
    found = rate(many(STRONG))
    assert (found.unit, found.units, found.votes, found.rounds) == ("question", 150, 600, 1000)
    assert [r.player for r in found.ratings] == ["ada", "bob", "cyd"]
    assert [r.rank for r in found.ratings] == [(1, 1), (2, 2), (3, 3)]
    assert [r.above for r in found.ratings] == [["bob", "cyd"], ["cyd"], []]
    assert sum(r.rating for r in found.ratings) == pytest.approx(3000)
    assert all(r.interval[0] < r.rating < r.interval[1] for r in found.ratings)
    chances = np.array(found.win_probability)
    np.testing.assert_allclose(chances + chances.T, 1)
    gap = found.ratings[0].rating - found.ratings[1].rating
    assert chances[0, 1] == pytest.approx(1 / (1 + 10 ** (-gap / 400)))
    assert rate(many(STRONG)) == found, "the same seed gives the same document"


def test_equals_are_not_ranked():
    found = rate(many({"x": 0, "y": 0, "z": 0}), RatingTerms(next=4))
    assert [r.rank for r in found.ratings] == [(1, 3)] * 3
    assert sum(pair.times for pair in found.next) == 4
    assert all(0.05 < pair.uncertain <= 0.5 for pair in found.next)


@pytest.mark.parametrize("by", sorted(METHODS))
def test_every_method_ranks_plain_differences(by):
    found = rate(many({"ada": 1.0, "bob": 0.0, "cyd": -1.0}), RatingTerms(by=by, rounds=200))
    assert [r.player for r in found.ratings] == ["ada", "bob", "cyd"]
    assert all(r.rank[0] <= at <= r.rank[1] for at, r in enumerate(found.ratings, 1))
    assert found.ratings[0].above[-1:] == ["cyd"]
    assert (found.win_probability is not None) == METHODS[by].model
    assert all(r.interval[0] <= r.rating <= r.interval[1] for r in found.ratings)


def test_unread_votes_are_bounds_and_take_claims_back():
    rows = many({"ada": 1.0, "bob": 0.0, "cyd": -3.0}, blank=("ada", "bob"))
    found = rate(rows)
    ada, bob, _ = found.ratings
    assert sum(found.unreadable.values()) == ada.unreadable > 50
    assert ada.bounds[0] < bob.rating < ada.rating < ada.bounds[1]
    assert "bob" not in ada.above
    assert bob.above == ["cyd"]
    read = [r for r in rows if r["winner"]]
    assert "bob" in rate(read).ratings[0].above, "without them the order would be claimed"
    assert rate(read).ratings[0].bounds is None
    assert [r.rating for r in rate(read).ratings] == [r.rating for r in found.ratings]


@pytest.mark.parametrize("by", ["bradley-terry", "elo", "eigen"])
def test_bounds_are_the_ratings_with_every_unread_vote_lost_or_won(by):
    rows = [
        row("p", "q"),
        row("q", "p"),
        row("q", "r", "tie"),
        row("p", "r", ""),
        row("r", "p", "?"),
        row("q", "r", ""),
    ]
    found = rate(rows, RatingTerms(by=by, rounds=100))
    mine = next(r for r in found.ratings if r.player == "p")

    def filled(wins):
        other = [
            {**r, "winner": "p" if wins else "r"} if "p" in (r["left"], r["right"]) and r["winner"] in ("", "?") else r
            for r in rows
        ]
        return next(r.rating for r in rate(other, RatingTerms(by=by, rounds=100)).ratings if r.player == "p")

    assert mine.bounds == pytest.approx(tuple(sorted((filled(False), filled(True)))))
    assert mine.unreadable == 2


@pytest.mark.parametrize("by", ["bradley-terry", "davidson", "newman", "counting"])
def test_unread_votes_between_others_take_claims_back_too(by):
    """ada is linked to dan over bob and cyd alone, and what most votes on those two said is not known."""
    rows = [row(x, y, w) for x, y in (("ada", "bob"), ("cyd", "dan")) for w in ["left"] * 90 + ["right"] * 10]
    rows += [row("bob", "cyd", w) for w in ["left"] * 10 + ["right"] * 5]
    terms = RatingTerms(by=by, rounds=200)

    def above(rows):
        return next(r.above for r in rate(rows, terms).ratings if r.player == "ada")

    assert "dan" in above(rows)
    assert "dan" not in above(rows + [row("bob", "cyd", "")] * 500)
    assert "dan" not in above(rows + [row("bob", "cyd", "right")] * 500)


@pytest.mark.parametrize("by", ["bradley-terry", "davidson", "elo"])
def test_an_order_that_holds_in_the_worst_case_is_claimed(by):
    """ada and bob share all unread votes: they count against ada once, not once for each of the two."""
    rows = [row("ada", "bob", w) for w in ["left", "left", "left", "left", "right"] * 20]
    terms = RatingTerms(by=by, rounds=200)

    def above(filling):
        found = rate(rows + [row("ada", "bob", filling)] * 15, terms).ratings
        return next(r.above for r in found if r.player == "ada")

    assert above("right") == ["bob"], "the worst filling"
    assert above("") == ["bob"]


def test_newmans_strengths_are_those_of_the_iteration():
    rows = [{**r, "winner": "tie" if n % 5 == 0 else r["winner"]} for n, r in enumerate(many(STRONG))]
    votes = read_votes(rows)
    iterated = newman(ballot(votes.left, votes.right, votes.outcome).counts())
    found = {r.player: r.rating for r in rate(rows, RatingTerms(by="newman")).ratings}
    ours = np.array([found[name] for name in votes.players])
    np.testing.assert_allclose(ours / ours[0], iterated / iterated[0], rtol=1e-8)


def test_a_perfect_record_leaves_an_interval():
    low, high = rate([row("x", "y")] * 40, RatingTerms(by="newman")).ratings[0].interval
    assert low * 4 < high
    for rows in ([row("x", "y")] * 40, [row("x", "y")] * 9):
        best = rate(rows).ratings[0]
        assert best.interval[0] < best.rating - 100
        assert best.interval[1] > best.rating + 100


def test_players_that_never_met_are_not_compared():
    rows = many(STRONG, 200) + many({"dan": 3.0, "eve": -3.0}, 200)
    found = rate(rows)
    assert [sorted(group) for group in found.groups] == [["ada", "bob", "cyd"], ["dan", "eve"]]
    assert "cannot be compared" in found.notes[0]
    names = [r.player for r in found.ratings]
    assert all(set(r.above).issubset(next(g for g in found.groups if r.player in g)) for r in found.ratings)
    chances = found.win_probability
    assert chances[names.index("ada")][names.index("dan")] is None
    assert chances[names.index("dan")][names.index("eve")] > 0.8


def test_a_player_that_won_every_vote_is_finite_and_named():
    found = rate([row("x", "y")] * 8 + [row("y", "z"), row("z", "y"), row("x", "z", "")])
    assert np.isfinite([r.rating for r in found.ratings]).all()
    assert any("x won every vote" in note for note in found.notes)
    assert any("made-up player" in note for note in found.notes)
    assert not any("every vote" in note for note in rate(many(STRONG)).notes)


def test_whole_questions_widen_intervals_where_their_votes_agree():
    rows = [row("x", "y", "left" if q % 3 else "right", question=q, voter=v) for q in range(40) for v in range(10)]
    by_vote, by_question, by_voter = (rate(rows, RatingTerms(unit=u)) for u in ("vote", "question", "voter"))

    def wide(found):
        low, high = found.ratings[0].interval
        return high - low

    assert (by_question.units, by_voter.units, by_vote.units) == (40, 10, 400)
    assert wide(by_question) > 2.5 * wide(by_vote)
    assert wide(by_voter) < 0.1 * wide(by_vote)
    assert any("10 voters are few" in note for note in by_voter.notes)


def test_one_unit_gives_no_interval():
    found = rate([row(question="q"), row(winner="right", question="q"), row(question="q")])
    assert found.ratings[0].interval is None
    assert found.ratings[0].rank == (1, 2)
    assert "--unit vote" in found.notes[0]
    assert rate([row()]).ratings[0].interval is None


def test_elo_goes_by_the_order_of_the_votes():
    rows = [row("x", "y")] * 20 + [row("y", "x")] * 20
    first, last = rate(rows, RatingTerms(by="elo")), rate(rows[::-1], RatingTerms(by="elo"))
    assert (first.ratings[0].player, last.ratings[0].player) == ("y", "x")
    assert rate(rows).ratings[0].rating == pytest.approx(1000)


def test_ratings_are_those_of_the_counts():
    found = rate(many(STRONG))
    votes = read_votes(many(STRONG))
    counts = ballot(votes.left, votes.right, votes.outcome).counts()
    expected = dict(zip(votes.players, elo_scale(bradley_terry(counts)), strict=True))
    assert {r.player: r.rating for r in found.ratings} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "named", "said"),
    [
        ([row()], VoteColumns(left="nope"), "--left names 'nope', and no column is called so"),
        ([row()], VoteColumns(left="left"), "name both columns"),
        ([{**counts(), "X": "q"}], VoteColumns(question="X"), "--question is for a vote a row"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(rows, named, said):
    with pytest.raises(InputError, match=said) as caught:
        read_votes(rows, named)
    assert "\n" not in str(caught.value)


def test_a_vote_a_row_told_in_counts_may_name_its_question():
    found = read_votes([{**counts(wins=1, losses=0, ties=0), "X": "q"}] * 2, VoteColumns(question="X"))
    assert found.question.tolist() == [0, 0]
