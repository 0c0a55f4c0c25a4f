"""Which tasks are learned, and how much of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from training.present import present
from training.problem import Item, Problem
from training.source import Source
from training.tasks import (
    copying,
    extraction,
    labels,
    numbers,
    politeness,
    program,
    review,
    symbolic,
    untrusted,
    word_problem,
    world,
)

__all__ = ["MIXTURE", "draw"]


def _problem(make: Callable[[Source], Problem], s: Source) -> Item:
    return present(s, partial(make, s))


def _word_problem(s: Source) -> Problem:
    return word_problem.word_problem(s, missing=s.chance(0.13))


def _asked(make: Callable[[Source], Problem]) -> Callable[[Source], Item]:
    return partial(_problem, make)


MIXTURE: dict[str, tuple[float, Callable[[Source], Item]]] = {
    "word_problem": (32.0, _asked(_word_problem)),
    "last_letters": (4.0, _asked(symbolic.last_letters)),
    "coin_flip": (2.5, _asked(symbolic.coin_flip)),
    "sorting": (2.5, _asked(symbolic.sorting)),
    "counting": (2.5, _asked(symbolic.counting)),
    "date_shift": (3.0, _asked(symbolic.date_shift)),
    "number_words": (4.0, _asked(numbers.number_words)),
    "passage": (18.0, _asked(world.passage_problem)),
    "hypothetical": (1.0, world.passage),
    "labels": (18.0, labels.labels),
    "extraction": (16.0, extraction.extraction),
    "rewrite": (2.0, politeness.rewrite),
    "judge": (4.0, politeness.judge),
    "rate": (1.5, politeness.rate),
    "rules": (2.5, politeness.rules),
    "revise": (1.5, politeness.revise),
    "program": (3.0, program.program),
    "untrusted": (4.0, untrusted.untrusted),
    "hidden_prompt": (2.0, untrusted.hidden_prompt),
    "echo": (4.0, copying.echo),
    "lookup": (3.0, copying.lookup),
    "unclear": (1.5, review.unclear),
    "agrees": (1.5, review.agrees),
}


EARLY = {"echo": 60.0, "lookup": 40.0}
"""Weights at the beginning of a training, in place of those above."""


def draw(s: Source, early: bool = False) -> Item:
    """One training item; `early` as at the beginning of a training."""
    weights = {name: weight for name, (weight, _) in MIXTURE.items()} | (EARLY if early else {})
    return MIXTURE[s.weighted(weights)][1](s)
