"""A run that may cost more than 1 USD asks at a terminal, and only there."""

import io

import pytest

from scansion.cli._watch import ask
from scansion.errors import InputError
from scansion.experiments.plan import make_plan


class Keyboard(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def dear(project, monkeypatch):
    """A plan of 10 rows, 500 trials and a priced model; whatever the person types comes from `type`."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")

    def typed(text, **changes):
        monkeypatch.setattr("sys.stdin", Keyboard(text))
        monkeypatch.setattr("sys.stderr", Keyboard())
        fields = {"prompts": ["direct.txt"], "models": ["openai/gpt-4o"], "data": "rows.jsonl", "trials": 500}
        return make_plan(**{**fields, **changes})

    return typed


def test_no_means_no(dear, capsys):
    with pytest.raises(InputError, match="nothing was asked; --budget"):
        ask(dear("n\n"), yes=False)
    with pytest.raises(InputError):
        ask(dear(""), yes=False)


def test_yes_goes_on(dear):
    import sys

    ask(dear("y\n"), yes=False)
    assert "5,000 calls, about" in sys.stderr.getvalue()


def test_a_budget_a_flag_or_a_cheap_run_asks_nothing(dear):
    ask(dear("", budget="100usd"), yes=False)
    ask(dear(""), yes=True)
    ask(dear("", trials=1), yes=False)


def test_elsewhere_nothing_is_asked(dear, monkeypatch):
    plan = dear("")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ask(plan, yes=False)
