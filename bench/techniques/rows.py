"""The rows that techniques are tried on: held-out items of the embedded model's own tasks, which no training item has
in this form, drawn from seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.source import Source
from training.tasks import labels, politeness, symbolic, word_problem, world

__all__ = ["Row", "coins", "hard", "lists", "missing", "mixed", "problems", "rude", "topics", "way_out"]

Row = dict[str, Any]
_MOST = 20  # draws a row, for those that came before
TOPICS = {"zop": "sports", "fep": "food", "lun": "weather", "dov": "music"}
"""Labels that say nothing by themselves, and what they stand for throughout a data set."""


def _drawn(name: str, n: int, make: Callable[[Source, int], Row]) -> list[Row]:
    """`n` rows, each from its own seed and no two alike; fewer where there are no more."""
    rows: dict[str, Row] = {}
    for at in range(_MOST * n):
        row = make(Source(f"techniques {name} {at}", held=True), at)
        rows.setdefault(str(row), row)
        if len(rows) == n:
            break
    return [{"id": f"{name}-{number}", **row} for number, row in enumerate(rows.values())]


def problems(n: int) -> list[Row]:
    """Word problems of 1 to 5 steps."""
    return _drawn("problems", n, lambda s, at: _problem(s, 1 + at % 5))


def hard(n: int) -> list[Row]:
    """Word problems of 6 to 9 steps."""
    return _drawn("hard", n, lambda s, at: _problem(s, 6 + at % 4))


def _problem(s: Source, steps: int) -> Row:
    problem = word_problem.word_problem(s, steps)
    return {"question": problem.question, "answer": problem.answer}


def coins(n: int) -> list[Row]:
    """Coins that are flipped or not: is one still heads up?"""

    def make(s: Source, _at: int) -> Row:
        problem = symbolic.coin_flip(s)
        return {"question": problem.question, "answer": problem.answer}

    return _drawn("coins", n, make)


def mixed(n: int) -> list[Row]:
    """Coins and word problems in turn; `kind` says which."""
    pairs = zip(coins((n + 1) // 2), problems(n // 2), strict=False)
    kinds = (({**coin, "kind": "coin"}, {**problem, "kind": "sum"}) for coin, problem in pairs)
    return [row for pair in kinds for row in pair]


def lists(n: int) -> list[Row]:
    """Lists of 40 names, of which those that start with a letter are to be found: far longer lists than the model has
    seen."""

    def make(s: Source, _at: int) -> Row:
        names = s.names(40)
        letter = str(s.pick(names))[0]
        found = [name for name in names if name.startswith(letter)]
        return {"letter": letter, "names": ", ".join(names), "answer": ", ".join(found)}

    return _drawn("lists", n, make)


def missing(n: int) -> list[Row]:
    """Questions of which every other one has no answer in what is told; its target is one that no reply can meet."""

    def make(s: Source, at: int) -> Row:
        known = at % 2 == 0
        if at % 4 < 2:
            problem = word_problem.word_problem(s, 1 + at // 4 % 4, not known)
        else:
            problem = world.passage_problem(s, given=True, known=known)
        return {"question": problem.question, "answer": problem.answer if known else "(cannot be known)"}

    return _drawn("missing", n, make)


def way_out(n: int) -> list[Row]:
    """The same questions; where nothing can be known the target is to say so."""
    return [{**row, "answer": row["answer"].replace("(cannot be known)", "unsure")} for row in missing(n)]


def topics(n: int) -> list[Row]:
    """Sentences on one of four topics, whose labels only examples explain."""

    def make(s: Source, at: int) -> Row:
        label, topic = list(TOPICS.items())[at % len(TOPICS)]
        return {"text": labels.text_of(s, topic), "label": label}

    return _drawn("topics", n, make)


def rude(n: int) -> list[Row]:
    """Replies from insulting to plain, with what they ask for, to be made polite."""

    def make(s: Source, at: int) -> Row:
        asked = politeness.request(s)
        return {"reply": politeness.reply_at(s, asked, at % 3), "action": asked.action}

    return _drawn("rude", n, make)
