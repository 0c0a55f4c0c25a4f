"""What a plan rests on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scansion.experiments.planning.terms import Guess, Terms, claim_of

if TYPE_CHECKING:
    from scansion.experiments.planning.power import PowerPlan

__all__ = ["assumed", "few", "few_units", "never", "rests", "shared"]

_FEW = 50
"""Examples below which the power of scores other than 0/1 leans on their shape."""


def assumed(guess: Guess, terms: Terms, icc: float) -> Iterator[str]:
    """What a plan from guesses takes for granted."""
    if guess.a is not None and guess.flips is None and guess.correlation is None:
        yield (
            "a and b are taken to be right on unrelated rows, which is careful: prompts for one task mostly share "
            "their hard rows, and need fewer; --flips or --correlation says how many, a pilot run measures it"
        )
    yield from _as_good("different" if guess.b is not None else claim_of(terms), terms)
    if (terms.trials or 1) > 1 and terms.icc is None:
        yield f"two trials of one example are taken to agree half the way (--icc {icc:g}); a pilot run measures it"


def _as_good(claim: str, terms: Terms) -> Iterator[str]:
    if claim != "different" and not terms.difference:
        yield "b is taken to be truly as good as a; --difference -0.01 would plan for a loss of 1 point"


def rests(plans: list[PowerPlan], terms: Terms) -> Iterator[str]:
    """What a plan from a run rests on."""
    if any(each.careful is not None for plan in plans for each in plan.needs):
        yield "to be safe: with the spread of the pilot's pairs at its one-sided 80% bound"
    if any(plan.claim == "different" for plan in plans):
        yield (
            "the difference seen is a lucky draw as often as not: plan for the smallest one that would matter to you "
            "(--difference)"
        )
    yield from _as_good(plans[0].claim, terms)
    if any(plan.unscored for plan in plans):
        yield "unscored and error outcomes count against the claim, at the share that the run had"


def few(plans: list[PowerPlan]) -> Iterator[str]:
    """Where the formula is not as near as elsewhere (`bench/statistics/power.py`)."""
    if any(plan.rates is None and any((each.n or _FEW) < _FEW for each in plan.needs) for plan in plans):
        yield f"below {_FEW} examples, where two thirds of the scores are equal, power may be 3 points less than said"


def few_units(plans: list[PowerPlan]) -> Iterator[str]:
    """Where clusters set the number of examples, and where those of the run are too few to measure by."""
    for units, rows in dict.fromkeys(plan.fewest for plan in plans if plan.fewest and _is_floor(plan, plan.fewest[1])):
        yield f"no test rejects with fewer than {units} clusters, which takes {rows} examples"
    if any(plan.rough for plan in plans):
        yield "few clusters: the estimate is rough"


def _is_floor(plan: PowerPlan, rows: int) -> bool:
    return (plan.n is not None and plan.n < rows) or any(each.n == rows for each in plan.needs)


def never(plans: list[PowerPlan]) -> Iterator[str]:
    """Why some lines have no number, each reason once."""
    for why in dict.fromkeys(each.why for plan in plans for each in plan.needs if each.why):
        yield f"-: {why}"


def shared(count: int, alpha: float, *, as_run: bool = False) -> list[str]:
    """How comparisons share the error rate."""
    if count == 1:
        return []
    how = "the level that Holm's procedure gave it" if as_run else f"{alpha / count:.3g}, Holm's worst step"
    return [f"{count} comparisons share the alpha of {alpha:g}: each is planned at {how}"]
