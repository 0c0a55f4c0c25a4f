import pytest

from scansion.cli.rate import _METHODS
from scansion.experiments.rating.methods import METHODS

FOOD = "left,right,winner\n" + "".join(
    f"{x},{y},{w}\n"
    for x, y, w in [("Tacos", "Pizza", "left"), ("Pizza", "Tacos", "right"), ("Sushi", "Tacos", "tie")] * 12
    + [("Sushi", "Pizza", "left"), ("Pizza", "Sushi", "left"), ("Sushi", "Pizza", "?")] * 3
)


@pytest.fixture
def food(project):
    (project / "food.csv").write_text(FOOD)
    return "food.csv"


def test_votes_are_rated(scansion, food):
    done = scansion("rate", food, "--next", "3")
    assert done.code == 0, done.err
    assert "42 votes between 3 players, 12 ties among them" in done.out
    assert "Tacos is above Pizza" in done.out
    assert "the order of the others is open" in done.out
    assert "3 votes could not be read (? 3)" in done.out
    assert "chance that the row is preferred to the column" in done.out
    assert "ask next:" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_document_holds_all_that_is_shown(scansion, food):
    found = scansion("rate", food, "--json", "--by", "davidson", "--level", "0.9", "--rounds", "200").json
    assert (found["by"], found["level"], found["rounds"]) == ("davidson", 0.9, 200)
    assert (found["votes"], found["unreadable"], found["unit"]) == (42, {"?": 3}, "vote")
    best = found["ratings"][0]
    assert best["player"] == "Tacos"
    assert best.keys() >= {"rank", "rating", "interval", "bounds", "wins", "losses", "ties", "above"}
    assert len(found["win_probability"]) == 3


def test_the_help_names_every_method():
    assert tuple(METHODS) == _METHODS


def test_wide_tables_are_parted(scansion, project):
    rows = "".join(f"q{i},the-longest-model-name-of-all-{i % 3},m,{'' if i % 9 else 'left'}\n" for i in range(99))
    (project / "wide.csv").write_text(
        "question,left,right,winner\n" + rows + "q,m,the-longest-model-name-of-all-0,left\n"
    )
    done = scansion("rate", "wide.csv")
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80


def test_many_players_are_told_by_their_ranks(scansion, project):
    rows = [f"m{i:02},m{j:02},{'left' if (i + j) % 7 else 'right'}" for i in range(15) for j in range(i + 1, 15)]
    (project / "many.csv").write_text("left,right,winner\n" + "\n".join(rows * 20))
    out = scansion("rate", "many.csv").out
    assert "of 105 pairs is decided" in out
    assert "chance that" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.csv"], "not found"),
        (["food.csv", "--by", "elos"], "did you mean 'elo'"),
        (["food.csv", "--question", "topic"], "--question names 'topic'"),
        (["food.csv", "--unit", "question"], "name it with --question"),
        (["food.csv", "--next", "0"], "too few"),
        (["food.csv", "--level", "95"], "say 0.95"),
    ],
)
def test_wrong_words_are_one_line(scansion, food, words, message):
    done = scansion("rate", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert len(done.err.splitlines()) == 1
