"""What is planned for and what is guessed, and the refusal of what cannot be planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.verdicts import margin_refused

if TYPE_CHECKING:
    from scansion.stats.power import Aim, Claim

__all__ = [
    "Guess",
    "Terms",
    "aim_of",
    "alpha_of",
    "call_price",
    "check_guess",
    "check_shares",
    "check_trials",
    "claim_of",
]

_NAMES: dict[str, Claim] = {"different": "different", "not-worse": "not worse", "equivalent": "equivalent"}


class Terms(Struct, frozen=True, kw_only=True):
    """What is planned for.

    `claim` is `different` (better or worse), `not-worse` or `equivalent`, the latter within `margin`; without one it is
    not-worse where a margin is given, else different. `difference` is the true difference (b less a) to plan for, `n`
    a number of examples to ask the power of. `comparisons` are those that share `alpha`: each is planned at its part.
    `trials` and `icc` are the repeats of an example and how alike they turn out, 0 to 1.
    """

    claim: str | None = None
    power: float = 0.8
    alpha: float | None = None
    margin: float | None = None
    difference: float | None = None
    n: int | None = None
    comparisons: int | None = None
    trials: int | None = None
    icc: float | None = None


class Guess(Struct, frozen=True, kw_only=True):
    """What is guessed of two variants: rates of right answers with the share of pairs that flip or the correlation, or
    the standard deviation `sd` of paired differences of other scores.

    `unscored` is the share of b's outcomes without a score. `calls` are those of both sides for one example and trial,
    `usd` what they cost (None: not known).
    """

    a: float | None = None
    b: float | None = None
    flips: float | None = None
    correlation: float | None = None
    sd: float | None = None
    unscored: float = 0.0
    calls: float = 2.0
    usd: float | None = None


def call_price(model: str | None, tokens: str | None) -> float:
    """What one call to `model` (`provider/name`) with `IN,OUT` tokens costs in USD.

    Raises InputError where one of the two is missing or not of that form, or where no price is known.
    """
    from scansion.models.prices import price
    from scansion.types import Usage

    parts = (tokens or "").split(",")
    if not model or len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise InputError("power: a price takes a model and its tokens: -m openai/gpt-5-mini --tokens 400,150")
    name = model.partition("?")[0]
    usd = price(name, Usage(int(parts[0]), int(parts[1])))
    if usd is None:
        raise InputError(f"power: no price is known for {name}; leave out --model and --tokens to plan without a cost")
    return usd


def alpha_of(terms: Terms, usual: float) -> float:
    """The error rate that is planned with. Raises InputError where it, or the power, is not between 0 and 1."""
    alpha = usual if terms.alpha is None else terms.alpha
    if not 0.0 < alpha < 1.0:
        raise InputError(f"power: an alpha of {alpha:g} is not between 0 and 1; 0.05 is usual")
    if not 0.0 < terms.power < 1.0:
        raise InputError(f"power: a power of {terms.power:g} is not between 0 and 1; 0.8 is usual")
    return alpha


def aim_of(terms: Terms, alpha: float) -> Aim:
    """The verdict that is planned for. Raises InputError for a claim that is none, or that nothing can show."""
    from scansion.stats.power import Aim

    claim = terms.claim or ("different" if terms.margin is None else "not-worse")
    if claim not in _NAMES:
        raise InputError(f"power: {claim!r} is no claim; choose {', '.join(_NAMES)}")
    if claim != "different" and terms.margin is None:
        raise InputError(f"power: a claim of {claim} needs a margin, such as --margin 0.02")
    if claim == "different" and terms.margin is not None:
        raise InputError("power: a margin is for a claim of not-worse or equivalent, not of a difference")
    if claim == "different" and terms.difference == 0.0:
        why = "no number of examples shows a difference of 0"
        raise InputError(f"power: {why}; give the smallest one that matters, or --margin for not worse")
    return Aim(_NAMES[claim], 1.0 - alpha, terms.margin, terms.power)


def claim_of(terms: Terms) -> Claim:
    """The claim that `aim_of` has checked."""
    return _NAMES[terms.claim or ("different" if terms.margin is None else "not-worse")]


def check_shares(terms: Terms) -> None:
    """Raises InputError for a margin or a difference that no two shares of 1 have: mostly it was meant in points."""
    if terms.margin is not None and terms.margin >= 1.0:
        raise margin_refused(terms.margin)
    if terms.difference is not None and abs(terms.difference) >= 1.0:
        size = f"difference: {terms.difference:g} is not between -1 and 1"
        raise InputError(f"{size}, and scores here are shares of 1: 0.03 is 3 points")


def check_trials(terms: Terms, trials: int) -> None:
    """Raises InputError for an icc that is none, or that speaks of repeats where there are none."""
    if terms.icc is None:
        return
    if not 0.0 <= terms.icc <= 1.0:
        raise InputError(f"power: an icc lies between 0 and 1, not {terms.icc:g}")
    if trials == 1:
        raise InputError("power: --icc says how alike the trials of one example are; give --trials, 2 or more, as well")


def check_guess(guess: Guess, terms: Terms) -> None:
    """Raises InputError for guesses that contradict each other or tell too little."""
    check_trials(terms, terms.trials or 1)
    if guess.sd is not None:
        if guess.a is not None or guess.b is not None:
            raise InputError("power: --sd is for scores that are not 0/1, --a and --b are rates of right answers")
        return
    if guess.a is None:
        raise InputError("power: guess at least the rate of a, such as --a 0.7 --b 0.76, or name a run")
    check_shares(terms)
    if guess.b is not None and terms.difference is not None:
        raise InputError("power: --b and --difference say the same; give one of them")
    if guess.flips is not None and guess.correlation is not None:
        raise InputError("power: --flips and --correlation say the same; give one of them")
    if guess.a == guess.b and claim_of(terms) == "different":
        raise InputError(
            "power: --a and --b are equal, and no number of examples shows a difference of 0; "
            "leave out --b, or give --margin for not worse"
        )
