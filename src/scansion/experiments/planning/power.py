"""How many examples a verdict needs, from guesses or from a run, and the smallest difference a run could have seen.

A plan is made for the pairs as a verdict will count them: with dependent outcomes at their design effect, and every
unscored or error outcome against the claim, at the share that the run had.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo, read_figures
from scansion.experiments.lab import Lab
from scansion.experiments.only import only_head
from scansion.experiments.planning.needs import Basis, Need, fewest, needs_of, smallest
from scansion.experiments.planning.notes import assumed, few, few_units, never, rests, shared
from scansion.experiments.planning.pilot import Pilot, pilot_of
from scansion.experiments.planning.terms import (
    Guess,
    Terms,
    aim_of,
    alpha_of,
    call_price,
    check_guess,
    check_shares,
    check_trials,
)
from scansion.experiments.results import VariantResult, known_sum
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import find_variant, pair_with_baseline
from scansion.experiments.verdicts import Sides, check_margin, pair

if TYPE_CHECKING:
    from scansion.stats.power import Aim, Expected

__all__ = ["Guess", "Need", "PowerPlan", "PowerResult", "Terms", "call_price", "power_of_guess", "power_of_run"]


class PowerPlan(Struct, frozen=True):
    """The plan for one comparison, of `b` against `a`.

    `level` is that of its interval, `n` the examples of the run (or those asked about), `pairs` the scored pairs of
    those. `difference` is the one seen or guessed, `rates` and `flips` those of 0/1 scores, `sd` one pair's standard
    deviation, `effect` the design effect. `smallest` is the smallest true difference (below 0: b worse), or margin,
    that `n` examples show as surely as planned (None: none that is possible). `calls` and `usd` are those of one
    example on both sides. `fewest` are the independent clusters below which no verdict is reached, and the examples
    that hold so many (None: outcomes are independent). `rough` says that the run has few clusters.
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
    fewest: tuple[int, int] | None = None
    rough: bool = False


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
    count, alpha = terms.comparisons or 1, alpha_of(terms, 0.05)
    aim, trials = aim_of(terms, alpha / count), terms.trials or 1
    check_guess(guess, terms)
    icc = 0.5 if terms.icc is None else terms.icc
    try:
        guessed, asked = _guessed(guess, terms)
        effect = design_effect(trials, icc)
        expected, lost = _filled(guessed, guess.unscored)
    except ValueError as error:
        raise InputError(f"power: {error}") from None
    usd = None if guess.usd is None else guess.usd * trials
    units = 1.0 if trials > 1 or guess.sd is not None else None
    basis = Basis(expected, effect, trials, lost, units=units, calls=guess.calls * trials, usd=usd)
    plan = _plan(("a", "b"), aim, basis, asked, terms.n)
    rates, flips = _rates(guessed)
    plan = structs.replace(plan, trials=trials, unscored=guess.unscored, rates=rates, flips=flips)
    notes = [*never([plan]), *few_units([plan]), *assumed(guess, terms, icc), *few([plan]), *shared(count, alpha)]
    return PowerResult("", alpha, count, [plan], notes)


def power_of_run(
    lab: Lab, run: str | None = None, a: str | None = None, b: str | None = None, *, terms: Terms | None = None
) -> PowerResult:
    """The plans for the comparisons of a run (the last unless named), or for its variants `a` and `b`, with the run as
    the pilot. Raises InputError for a run without scores or without two variants, and for names that it has not."""
    record = lab.run_table.find(run)
    terms = terms or Terms()
    if terms.margin is None and terms.claim not in (None, "different"):
        terms = structs.replace(terms, margin=record.plan["margin"])
    couples = _couples(lab, record, run, a, b)
    count, alpha = terms.comparisons or len(couples), alpha_of(terms, record.plan["alpha"])
    aim = aim_of(terms, alpha / count)
    result = lab.result(record.label)
    results = {v.name: v for v in result.variants}
    levels = {(each.a, each.b): each.level for each in result.comparisons} if _is_as_run(terms, a) else {}
    plans = []
    for first, second in couples:
        sides = [read_figures(lab, record, each.index, record.context["scorer_ids"][0]) for each in (first, second)]
        pairs = pair(*sides)
        check_margin([Sides(first.name, second.name, pairs)], terms.margin)
        found = pilot_of(pairs, worse=_is_loss(terms, aim))
        if found is None:
            lack = f"fewer than two pairs of {first.name!r} and {second.name!r} are scored"
            raise InputError(f"{lack}; a plan needs a larger pilot, or guesses: `scansion power --a 0.7 --b 0.76`")
        own = structs.replace(aim, level=levels.get((first.name, second.name), aim.level))
        plans.append(_of_pilot((results[first.name], results[second.name]), found, own, terms))
    said = [*never(plans), *few_units(plans), *rests(plans, terms), *few(plans)]
    notes = [*only_head(record), *said, *shared(count, alpha, as_run=bool(levels))]
    if record.plan.get("until"):
        notes.append("the run stopped when it was decided: the difference that it saw leans away from 0")
    return PowerResult(record.label, alpha, count, plans, notes)


def _is_loss(terms: Terms, aim: Aim) -> bool | None:
    """Whether the claim is of a worse b (None: as the difference of the pilot lies)."""
    if aim.claim != "different":
        return False
    return None if terms.difference is None else terms.difference < 0.0


def _guessed(guess: Guess, terms: Terms) -> tuple[Expected, float | None]:
    """What is expected of a pair, and the difference that is asked about (None: the usual sizes alone)."""
    from scansion.stats.power import Graded, paired_shares

    if guess.sd is not None:
        return Graded(terms.difference or 0.0, guess.sd), terms.difference
    assert guess.a is not None  # checked
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


def _couples(
    lab: Lab, record: RunRecord, run: str | None, a: str | None, b: str | None
) -> list[tuple[VariantInfo, VariantInfo]]:
    infos = VariantInfo.of(record)
    if not record.context["scorer_ids"]:
        raise InputError(f"{record.label} has no scores; `scansion score {record.label} -s SCORER` adds them")
    if a is not None and b is not None:
        try:
            first, second = find_variant(a, infos), find_variant(b, infos)
        except InputError as error:
            if run is None and lab.is_run(a):
                known = ", ".join(repr(each.name) for each in VariantInfo.of(lab.run_table.find(a)))
                why = f"{a!r} is a run, and a plan takes two of its variants, not {b!r} alone"
                raise InputError(f"power: {why}; it has {known}") from None
            raise InputError(f"{record.label}: {error}") from None
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
    check_trials(terms, trials)
    if found.rates is not None:
        check_shares(terms)
    calls, usd = (known_sum(_per_outcome(v, name) for v in results) for name in ("calls", "cost_usd"))
    per_example = trials * found.pairs / (found.rows * before)
    basis = Basis(
        expected=found.expected,
        effect=_effect(found.effect, before, trials, terms.icc),
        pairs=per_example,
        lost=found.lost,
        seen=found.pairs / found.effect,
        units=None if found.units is None else found.units / found.rows,
        calls=None if calls is None else calls * per_example,
        usd=None if usd is None else usd * per_example,
    )
    usual = found.difference if aim.claim == "different" else 0.0
    asked = usual if terms.difference is None else terms.difference
    plan = _plan((results[0].name, results[1].name), aim, basis, asked, terms.n or found.rows, run_rows=found.rows)
    if aim.claim == "different" and terms.difference is not None and not any(each.seen for each in plan.needs):
        raise InputError(f"power: {results[0].name!r} leaves no room for a difference of {asked:+g}: rates are 0 to 1")
    return structs.replace(
        plan,
        rough=found.rough,
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
        fewest=fewest(basis, aim),
    )


def _rates(expected: Expected) -> tuple[tuple[float, float] | None, float | None]:
    """The rates of right answers in a and in b, and the share of pairs that flip; None and None for other scores."""
    from scansion.stats.power import Graded

    if isinstance(expected, Graded):
        return None, None
    rates = (expected.both + expected.only_a, expected.both + expected.only_b)
    return rates, expected.only_a + expected.only_b


def _is_as_run(terms: Terms, a: str | None) -> bool:
    """Whether each comparison is planned at the level that it had in the run: no pair is named, and no other alpha."""
    return a is None and terms.alpha is None and terms.comparisons is None
