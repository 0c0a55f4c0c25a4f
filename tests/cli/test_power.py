"""`scansion power` and `scansion frontier` as they are typed, and what is said of wrong words."""

from __future__ import annotations

import json
import shlex

import pytest

from scansion.cli import main


def test_a_plan_from_guesses_fits_80_columns(capsys) -> None:
    words = "power --a 0.7 --b 0.76 --flips 0.2 --n 200 -m openai/gpt-4o-mini --tokens 400,150"
    assert main(shlex.split(words)) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "200 examples can show that b is better by 9.4 points or more" in out
    assert "+6.0 points (asked)" in out
    assert "cost USD" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--a 0.7 --b 0.6 --margin 0.02", "cannot be shown however many examples: b is worse by the margin or more"),
        ("--a 0.7 --unscored 0.1", "cannot be shown however many examples: what is unscored may hide it"),
        (
            "--a 0.6 --b 0.7 --claim equivalent --margin 0.02",
            "cannot be shown however many examples: b is better by the margin or more",
        ),
        ("--sd 1e300 --difference 1", "it takes more than 100,000,000 pairs"),
    ],
)
def test_a_line_without_a_number_says_why(words: str, why: str, capsys) -> None:
    assert main(["power", *words.split()]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"-: {why}" in out


def test_the_head_names_both_directions_where_it_differs_from_the_table(capsys) -> None:
    assert main(shlex.split("power --a 0.95 --n 60")) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "+1.0 points" in out
    assert "60 examples can show no gain that is possible with that power, but that b is worse by" in out


def test_one_example_is_not_examples(capsys) -> None:
    assert main(shlex.split("power --a 0.7 --b 0.76 --n 1")) == 0
    assert "\n1 example can show" in capsys.readouterr().out


def test_a_plan_as_json(capsys) -> None:
    assert main(shlex.split("power --a 0.8 --margin 0.03 --json")) == 0
    found = json.loads(capsys.readouterr().out)
    [plan] = found["plans"]
    assert plan["claim"] == "not worse"
    assert [need["margin"] for need in plan["needs"] if need["seen"]] == [0.03]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("power --a 70", "--a: 70 is not between 0 and 1; 70% is 0.7"),
        ("power --a 0.7 r1", "leave out one of them"),
        ("power r1 a b c", "one word too many"),
        ("power --b 0.7", "guesses begin with --a or --sd"),
        ("power --a 0.7 --tokens 1,2", "a price takes a model and its tokens"),
        ("power --a 0.7 --b 0.8 --flips 0.01", "of pairs flip, not 0.01"),
        ("power --a 0.7 --difference x", "'x' is not a number"),
        ("power --a 0.7 --margin 2", "margin: 2 is not below 1, and scores here are shares of 1: 0.05 is 5 points"),
        ("power --a 0.7 --difference 0", "no number of examples shows a difference of 0"),
        ("power --sd 1 --difference 0", "no number of examples shows a difference of 0"),
        ("power --a 0.7 --difference 3", "difference: 3 is not between -1 and 1"),
        ("power --a 0.7 --b 0.7", "--a and --b are equal"),
        ("power --a 0.7 --b 0.8 --icc 0.3", "give --trials"),
        ("power --a 0.7 --b 0.8 --icc 2 --trials 2", "--icc: an icc lies between 0 and 1, not 2\n"),
        ("power --a 0.7 -m foo/bar --tokens 1,2", "no price is known for foo/bar"),
        ("power", "there is no lab"),
        ("frontier", "there is no lab"),
        ("frontier --by beauty", "unknown 'beauty'"),
        ("frontier -o plot.pdf", "a plot is written as .svg, .html, .png"),
        ("frontier -o nowhere/plot.svg", "there is no folder"),
    ],
)
def test_wrong_words_are_one_line(words: str, said: str, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
