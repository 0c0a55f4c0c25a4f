"""How many examples a verdict needs, from guesses or from a run, and the smallest difference a run could have seen.

A plan is made for the pairs as a verdict will count them: with dependent outcomes at their design effect, and every
unscored or error outcome against the claim, at the share that the run had.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo, read_figures
from scansion.experiments.lab import Lab
from scansion.experiments.only import only_head
from scansion.experiments.planning.needs import Basis, Need, needs_of, smallest
from scansion.experiments.planning.pilot import Pilot, pilot_of
from scansion.experiments.results import VariantResult, known_sum
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import find_variant, pair_with_baseline
from scansion.experiments.verdicts import pair

if TYPE_CHECKING:
    from scansion.stats.power import Aim, Claim, Expected

__all__ = ["Guess", "Need", "PowerPlan", "PowerResult", "Terms", "call_price", "power_of_guess", "power_of_run"]

_FEW = 50
"""Examples below which the power of scores other than 0/1 leans on their shape."""

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


class PowerPlan(Struct, frozen=True):
    """The plan for one comparison, of `b` against `a`.

    `level` is that of its interval, `n` the examples of the run (or those asked about), `pairs` the scored pairs of
    those. `difference` is the one seen or guessed, `rates` and `flips` those of 0/1 scores, `sd` one pair's standard
    deviation, `effect` the design effect. `smallest` is the smallest true difference (below 0: b worse), or margin,
    that `n` examples show as surely as planned (None: none that is possible). `calls` and `usd` are those of one
    example on both sides.
    """

    a: str
    b: str
    claim: str
    level: float
    power: float
    margin: float | None
    n: int | None
    pairs: int | None
    trials: int
    difference: float | None
    rates: tuple[float, float] | None
    flips: float | None
    sd: float
    effect: float
    unscored: float
    smallest: float | None
    calls: float | None
    usd: float | None
    needs: list[Need]


class PowerResult(Struct, frozen=True):
    """The plans of a run's comparisons, or the one from guesses. `notes` say what they rest on."""

    run: str
    alpha: float
    comparisons: int
    plans: list[PowerPlan]
    notes: list[str] = []


def power_of_guess(guess: Guess, terms: Terms | None = None) -> PowerResult:
    """The plan for two variants of which nothing is known but guesses. Raises InputError for what cannot be."""
    from scansion.stats.power import design_effect

    terms = terms or Terms()
    count, alpha = terms.comparisons or 1, _alpha(terms, 0.05)
    aim, trials = _aim(terms, alpha / count), terms.trials or 1
    icc = 0.5 if terms.icc is None else terms.icc
    try:
        guessed, asked = _guessed(guess, terms)
        effect = design_effect(trials, icc)
        expected, lost = _filled(guessed, guess.unscored)
    except ValueError as error:
        raise InputError(f"power: {error}") from None
    usd = None if guess.usd is None else guess.usd * trials
    basis = Basis(expected, effect, trials, lost, calls=guess.calls * trials, usd=usd)
    plan = _plan(("a", "b"), aim, basis, asked, terms.n)
    rates, flips = _rates(guessed)
    plan = structs.replace(plan, trials=trials, unscored=guess.unscored, rates=rates, flips=flips)
    return PowerResult("", alpha, count, [plan], [*_assumed(guess, terms, icc), *_few([plan]), *_shared(count, alpha)])


def power_of_run(
    lab: Lab, run: str | None = None, a: str | None = None, b: str | None = None, *, terms: Terms | None = None
) -> PowerResult:
    """The plans for the comparisons of a run (the last unless named), or for its variants `a` and `b`, with the run as
    the pilot. Raises InputError for a run without scores or without two variants, and for names that it has not."""
    record = lab.run_table.find(run)
    terms = terms or Terms()
    if terms.margin is None and terms.claim not in (None, "different"):
        terms = structs.replace(terms, margin=record.plan["margin"])
    couples = _couples(record, a, b)
    count, alpha = terms.comparisons or len(couples), _alpha(terms, record.plan["alpha"])
    aim = _aim(terms, alpha / count)
    result = lab.result(record.label)
    results = {v.name: v for v in result.variants}
    levels = {(each.a, each.b): each.level for each in result.comparisons} if _is_as_run(terms, a) else {}
    plans = []
    for first, second in couples:
        sides = [read_figures(lab, record, each.index, record.context["scorer_ids"][0]) for each in (first, second)]
        found = pilot_of(pair(*sides), worse=_is_loss(terms, aim))
        if found is None:
            few = f"fewer than two pairs of {first.name!r} and {second.name!r} are scored"
            raise InputError(f"{few}; a plan needs a larger pilot, or guesses: `scansion power --a 0.7 --b 0.76`")
        own = structs.replace(aim, level=levels.get((first.name, second.name), aim.level))
        plans.append(_of_pilot((results[first.name], results[second.name]), found, own, terms))
    notes = [*only_head(record), *_rests(plans, terms), *_few(plans), *_shared(count, alpha, as_run=bool(levels))]
    if record.plan.get("until"):
        notes.append("the run stopped when it was decided: the difference that it saw leans away from 0")
    return PowerResult(record.label, alpha, count, plans, notes)


def call_price(model: str | None, tokens: str | None) -> float | None:
    """What one call to `model` (`provider/name`) with `IN,OUT` tokens costs in USD; None where no price is known.

    Raises InputError where one of the two is missing or not of that form.
    """
    from scansion.models.prices import price
    from scansion.types import Usage

    parts = (tokens or "").split(",")
    if not model or len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise InputError("power: a price takes a model and its tokens: -m openai/gpt-5-mini --tokens 400,150")
    return price(model.partition("?")[0], Usage(int(parts[0]), int(parts[1])))


def _is_loss(terms: Terms, aim: Aim) -> bool | None:
    """Whether the claim is of a worse b (None: as the difference of the pilot lies)."""
    if aim.claim != "different":
        return False
    return None if terms.difference is None else terms.difference < 0.0


def _alpha(terms: Terms, usual: float) -> float:
    alpha = usual if terms.alpha is None else terms.alpha
    if not 0.0 < alpha < 1.0:
        raise InputError(f"power: an alpha of {alpha:g} is not between 0 and 1; 0.05 is usual")
    if not 0.0 < terms.power < 1.0:
        raise InputError(f"power: a power of {terms.power:g} is not between 0 and 1; 0.8 is usual")
    return alpha


def _aim(terms: Terms, alpha: float) -> Aim:
    from scansion.stats.power import Aim

    claim = _claim(terms)
    if claim not in _NAMES:
        raise InputError(f"power: {claim!r} is no claim; choose {', '.join(_NAMES)}")
    if claim != "different" and terms.margin is None:
        raise InputError(f"power: a claim of {claim} needs a margin, such as --margin 0.02")
    if claim == "different" and terms.margin is not None:
        raise InputError("power: a margin is for a claim of not-worse or equivalent, not of a difference")
    return Aim(_NAMES[claim], 1.0 - alpha, terms.margin, terms.power)


def _claim(terms: Terms) -> str:
    return terms.claim or ("different" if terms.margin is None else "not-worse")


def _guessed(guess: Guess, terms: Terms) -> tuple[Expected, float | None]:
    """What is expected of a pair, and the difference that is asked about (None: the usual sizes alone)."""
    from scansion.stats.power import Graded, paired_shares

    if guess.sd is not None:
        if guess.a is not None or guess.b is not None:
            raise InputError("power: --sd is for scores that are not 0/1, --a and --b are rates of right answers")
        return Graded(terms.difference or 0.0, guess.sd), terms.difference
    if guess.a is None:
        raise InputError("power: guess at least the rate of a, such as --a 0.7 --b 0.76, or name a run")
    if guess.b is not None and terms.difference is not None:
        raise InputError("power: --b and --difference say the same; give one of them")
    if guess.flips is not None and guess.correlation is not None:
        raise InputError("power: --flips and --correlation say the same; give one of them")
    asked = terms.difference if guess.b is None else round(guess.b - guess.a, 9)
    b = guess.a + (asked or 0.0)
    return paired_shares(guess.a, b, flips=guess.flips, correlation=guess.correlation), asked


def _filled(expected: Expected, share: float) -> tuple[Expected, float]:
    """What is expected with a share of b's outcomes unscored, and how far that moves the difference at worst."""
    from scansion.stats.power import Graded, with_unscored

    if isinstance(expected, Graded):
        if share:
            raise InputError("power: --unscored is for rates of right answers; give --a")
        return expected, 0.0
    found = with_unscored(expected, share)
    return found, abs(expected.difference - found.difference)


def _couples(record: RunRecord, a: str | None, b: str | None) -> list[tuple[VariantInfo, VariantInfo]]:
    infos = VariantInfo.of(record)
    if not record.context["scorer_ids"]:
        raise InputError(f"{record.label} has no scores; `scansion score {record.label} -s SCORER` adds them")
    if a is not None and b is not None:
        first, second = find_variant(a, infos), find_variant(b, infos)
        if first.index == second.index:
            raise InputError(f"power is that of two variants, and both names mean {first.name!r}")
        return [(first, second)]
    found = [(infos[x], infos[y]) for x, y in pair_with_baseline(record.plan["baseline"], infos)]
    if not found:
        raise InputError(f"{record.label} has one variant, and a plan is for two; guess: `scansion power --a 0.7`")
    return found


def _of_pilot(results: tuple[VariantResult, VariantResult], found: Pilot, aim: Aim, terms: Terms) -> PowerPlan:
    """The plan for two variants of a run."""
    before = max(1, results[0].trials)
    trials = terms.trials or before
    calls, usd = (known_sum(_per_outcome(v, name) for v in results) for name in ("calls", "cost_usd"))
    per_example = trials * found.pairs / (found.rows * before)
    basis = Basis(
        expected=found.expected,
        effect=_effect(found.effect, before, trials, terms.icc),
        pairs=per_example,
        lost=found.lost,
        seen=found.pairs / found.effect,
        calls=None if calls is None else calls * per_example,
        usd=None if usd is None else usd * per_example,
    )
    usual = found.difference if aim.claim == "different" else 0.0
    asked = usual if terms.difference is None else terms.difference
    plan = _plan((results[0].name, results[1].name), aim, basis, asked, terms.n or found.rows, run_rows=found.rows)
    return structs.replace(
        plan,
        pairs=found.scored,
        trials=trials,
        difference=found.difference,
        rates=found.rates,
        flips=found.flips,
        unscored=1.0 - found.scored / found.pairs,
    )


def _per_outcome(variant: VariantResult, field: str) -> float | None:
    """A variant's calls or cost for one outcome."""
    total, done = getattr(variant, field), variant.scored + variant.unscored + variant.errors
    return total / done if total is not None and done else None


def _effect(effect: float, before: int, trials: int, icc: float | None) -> float:
    """The design effect for another number of trials, from that of a pilot whose rows depend by their trials alone."""
    if trials == before and icc is None:
        return effect
    if icc is None and before == 1:
        why = "the run has one trial an example, which does not tell how alike several are"
        raise InputError(f"power: {why}; guess it with --icc, 0 to 1 (1: all the same)")
    alike = icc if icc is not None else min(1.0, max(0.0, (effect - 1.0) / (before - 1)))
    return 1.0 + (trials - 1) * alike


def _plan(
    names: tuple[str, str], aim: Aim, basis: Basis, asked: float | None, n: int | None, *, run_rows: int | None = None
) -> PowerPlan:
    """The plan on one basis: for the difference asked about and the usual sizes."""
    from scansion.stats.power import Graded

    spread = basis.expected.sd if isinstance(basis.expected, Graded) else math.sqrt(basis.expected.variance)
    return PowerPlan(
        a=names[0],
        b=names[1],
        claim=aim.claim,
        level=aim.level,
        power=aim.power,
        margin=aim.margin,
        n=n,
        pairs=None,
        trials=1,
        difference=asked,
        rates=None,
        flips=None,
        sd=spread,
        effect=basis.effect,
        unscored=0.0,
        smallest=None if n is None else smallest(basis, aim, asked, n),
        calls=basis.calls,
        usd=basis.usd,
        needs=needs_of(basis, aim, asked, n, run_rows),
    )


def _rates(expected: Expected) -> tuple[tuple[float, float] | None, float | None]:
    """The rates of right answers in a and in b, and the share of pairs that flip; None and None for other scores."""
    from scansion.stats.power import Graded

    if isinstance(expected, Graded):
        return None, None
    rates = (expected.both + expected.only_a, expected.both + expected.only_b)
    return rates, expected.only_a + expected.only_b


def _assumed(guess: Guess, terms: Terms, icc: float) -> Iterator[str]:
    """What a plan from guesses takes for granted."""
    if guess.a is not None and guess.flips is None and guess.correlation is None:
        yield (
            "a and b are taken to be right on unrelated rows, which is careful: prompts for one task mostly share "
            "their hard rows, and need fewer; --flips or --correlation says how many, a pilot run measures it"
        )
    yield from _as_good("different" if guess.b is not None else _NAMES[_claim(terms)], terms)
    if (terms.trials or 1) > 1 and terms.icc is None:
        yield f"two trials of one example are taken to agree half the way (--icc {icc:g}); a pilot run measures it"


def _as_good(claim: str, terms: Terms) -> Iterator[str]:
    if claim != "different" and not terms.difference:
        yield "b is taken to be truly as good as a; --difference -0.01 would plan for a loss of 1 point"


def _rests(plans: list[PowerPlan], terms: Terms) -> Iterator[str]:
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


def _few(plans: list[PowerPlan]) -> Iterator[str]:
    """Where the formula is not as near as elsewhere (`bench/statistics/power.py`)."""
    if any(plan.rates is None and any((each.n or _FEW) < _FEW for each in plan.needs) for plan in plans):
        yield f"below {_FEW} examples, where two thirds of the scores are equal, power may be 3 points less than said"


def _is_as_run(terms: Terms, a: str | None) -> bool:
    """Whether each comparison is planned at the level that it had in the run: no pair is named, and no other alpha."""
    return a is None and terms.alpha is None and terms.comparisons is None


def _shared(count: int, alpha: float, *, as_run: bool = False) -> list[str]:
    if count == 1:
        return []
    how = "the level that Holm's procedure gave it" if as_run else f"{alpha / count:.3g}, Holm's worst step"
    return [f"{count} comparisons share the alpha of {alpha:g}: each is planned at {how}"]
