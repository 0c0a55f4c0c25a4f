"""Verdicts and remarks as sentences, the same in the terminal, in HTML and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from scansion.errors import PASSING
from scansion.experiments.results import Comparison, Gate, Looks, RunResult, Saving, VariantResult
from scansion.report import until
from scansion.report.figures import NONE, Scale, count, kappa_said, plural, probability, scale_of, usd
from scansion.report.names import AT, joined
from scansion.report.text import cut, one_line

__all__ = [
    "covered",
    "gate_text",
    "gates",
    "head",
    "is_outside",
    "is_replay",
    "kind_words",
    "looks",
    "remarks",
    "verdict",
    "verdicts",
]

_ROUNDING = 1e-9
_LISTED = 5  # rows that a remark names
_MESSAGE = 160  # cells of an error's message that a remark repeats

_KINDS = {
    "connection": "no connection",
    "overloaded": "server overloaded",
    "server": "server error",
    "bad_response": "unreadable reply",
    "context_length": "request too long for the model",
    "content_policy": "refused for its content",
    "bad_request": "request refused",
    "program": "program error",
}
"""The kinds of errors whose names do not say it by themselves."""

_WITHIN = {
    "require not-worse": "to let small differences pass",
    "require equivalent": "to say how much equivalent ones may differ",
}
"""What a margin does for the gates that go by one."""

_RELATION = {
    "better": "is better than",
    "worse": "is worse than",
    "not worse": "is not worse than",
    "equivalent": "is equivalent to",
}


def _name(text: str) -> str:
    return "`" + one_line(text).replace("`", "'") + "`"


def verdict(found: Comparison, scale: Scale, level: float = 0.95) -> str:
    """One comparison as a sentence: the verdict, the difference with its interval, the test, the pairs, and for an
    undecided one what would decide it. `level` is the level that the reader assumes."""
    a, b = _name(found.a), _name(found.b)
    if found.verdict == "undecided":
        start = f"{b} against {a} is undecided"
    else:
        start = f"{b} {_RELATION[found.verdict]} {a}"
        if found.margin is not None and found.verdict in ("not worse", "equivalent"):
            start += f" within {scale.margin(found.margin)}"
    facts = ", ".join([*_measured(found, scale, level), _pairs(found)])
    return f"{start}: {facts}" + "".join(f"; {each}" for each in _rest(found, scale))


def _pairs(found: Comparison) -> str:
    """How many pairs the difference rests on; a difference on none is of a lab that did not count them."""
    if found.pairs == found.n or (not found.pairs and found.difference is not None):
        return plural(found.n, "pair")
    return f"{plural(found.pairs, 'scored pair')} of {plural(found.n, 'example')}"


def _measured(found: Comparison, scale: Scale, level: float) -> Iterable[str]:
    if found.difference is not None:
        text = scale.difference(found.difference)
        if found.interval is not None:
            text += f" {scale.span(found.interval)}"
            if abs(found.level - level) > 1e-9:
                text += f" at {100 * found.level:.4g}%"
        yield text
    if found.p is not None:
        adjusted = found.p_adjusted is not None and abs(found.p_adjusted - found.p) > 1e-12
        note = f", adjusted {probability(found.p_adjusted or 0.0)}" if adjusted else ""
        yield f"{probability(found.p)} ({one_line(found.test)}{note})"


def _rest(found: Comparison, scale: Scale) -> Iterable[str]:
    if found.flips is not None and any(found.flips):
        yield f"{count(found.flips[1])} mended, {count(found.flips[0])} broken"
    if found.bounds and max(found.bounds) - min(found.bounds) > _ROUNDING:
        yield _bounded(found, found.bounds, scale)
    yield from until.came_to(found)
    if found.reason:
        yield one_line(found.reason)
    if found.caution:
        yield one_line(found.caution)
    if found.verdict == "undecided" and found.needed is not None:
        cost = f", {usd(found.needed_usd)} USD," if found.needed_usd else ""
        about = "about" if found.until is None else "roughly"  # how long one has to look is known less well
        yield f"{about} {plural(found.needed, 'more row')}{cost} would decide it"


def _bounded(found: Comparison, bounds: tuple[float, float], scale: Scale) -> str:
    """The bounds, and of what they are where the difference lies outside."""
    span = scale.span(bounds)
    if is_outside(found):
        return f"{span} points over all {count(found.n)}, whichever way the unscored went"
    return f"{span} points over all ways the unscored could have gone"


def is_outside(found: Comparison) -> bool:
    """Whether a difference, which is of the scored pairs, lies outside its bounds, which are of all examples."""
    if found.difference is None or found.bounds is None or not found.pairs:
        return False
    return not min(found.bounds) - _ROUNDING <= found.difference <= max(found.bounds) + _ROUNDING


def verdicts(result: RunResult) -> list[str]:
    """All comparisons of a run as sentences."""
    scale = scale_of(result)
    return [verdict(c, scale, result.level) for c in result.comparisons]


def head(result: RunResult) -> list[str]:
    """What a reader must know before the figures: which run, on what, scored how, what all variants share, and settings
    that change meaning."""
    named = f"({one_line(result.name)})" if result.name else ""
    first = " ".join(each for each in ("run" if result.run else "comparison", result.run, named) if each)
    anew = f"{one_line(result.rescored)} scored anew" if result.rescored else ""
    part = f"{one_line(result.data)}{f', {result.split} part' if result.split else ''}" if result.data else ""
    about = ", ".join(each for each in (anew, part, _size(result) if result.data else "") if each)
    lines = [f"{first}: {about}" if about else first]
    if result.scorers:
        also = f", also {', '.join(map(one_line, result.scorers[1:]))}" if result.scorers[1:] else ""
        lines.append(f"scored by {one_line(result.scorers[0])}{also}; {100 * result.level:.4g}% intervals")
    if shared := _shared(result.variants):
        lines.append(shared)
    return [*lines, *looks(result.looks), *map(one_line, result.head)]


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def looks(found: Looks | None) -> list[str]:
    """Which look at its test part a run is: with every look choices are made that make it less of a test."""
    if found is None:
        return []
    number = found.count
    if not found.new:
        return [f"no new look at this test set: {plural(number, 'look')} so far"]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return [f"{_ORDINALS[number - 1] if number <= len(_ORDINALS) else f'{number}{ending}'} look at this test set"]


def _shared(variants: list[VariantResult]) -> str:
    """The technique and the model that do not vary, or the server that all models share."""
    techniques, models = {v.technique for v in variants}, {v.model for v in variants}
    parts = []
    if len(techniques) == 1 and techniques.isdisjoint({"", "as-is"}):
        parts.append(f"technique {one_line(min(techniques))}")
    hosts = {v.model.partition(AT)[2] for v in variants}
    if len(models) == 1 and "" not in models:
        parts.append(f"model {one_line(min(models))}")
    elif len(hosts) == 1 and "" not in hosts:
        parts.append(f"models{AT}{one_line(min(hosts))}")
    return "; ".join(parts)


def _size(result: RunResult) -> str:
    if not result.variants:
        return ""
    n, trials = result.variants[0].n, result.variants[0].trials
    examples = until.size(result.until) if result.until is not None else plural(n, "example")
    return examples + (f" x {plural(trials, 'trial')}" if trials > 1 else "")


def gates(result: RunResult) -> list[str]:
    """The run's gates, each with whether it held."""
    unbounded = all(c.margin is None and not c.by_result for c in result.comparisons)
    lines = []
    for gate in result.gates:
        mend = not gate.held and result.comparisons and unbounded and gate.rule in _WITHIN
        lines.append(gate_text(gate, f"give --margin {_WITHIN[gate.rule]}" if mend else ""))
    return lines


def gate_text(gate: Gate, mend: str = "") -> str:
    """Whether a gate held, why not, and how to mend it."""
    details = [text for text in (one_line(gate.detail), mend) if text]
    why = f" ({'; '.join(details)})" if details else ""
    return f"gate {'held' if gate.held else 'NOT held'}: {one_line(gate.rule)}{why}"


def remarks(result: RunResult) -> list[str]:
    """What the table does not show: why outcomes are unscored or errors, bounds on zero wrong, money, what a further
    run would do, notes."""
    found = [line for v in result.variants for line in _perfect(v, result.level)]
    found += [f"{_name(v.name)}: {one_line(v.caution)}" for v in result.variants if v.caution]
    found += [until.remark(result.until, len(result.comparisons))] if result.until is not None else []
    found += [*_answered(result), *_cheaper(result), *_agreed(result)]
    return [*found, *_lost(result), *_money(result), *_ahead(result), *map(one_line, result.notes)]


def _perfect(variant: VariantResult, level: float) -> Iterable[str]:
    if variant.zero_wrong_bound is not None:
        bound = f"one-sided {100 * level:.4g}% bound"
        most = f"at most {100 * variant.zero_wrong_bound:.2g}% are wrong ({bound})"
        yield f"{_name(variant.name)}: 0 wrong of {count(variant.scored)}; {most}"


def covered(variant: VariantResult) -> str:
    """The share of questions that a variant answered, with its interval."""
    found, share = variant.coverage, Scale()
    if found is None:
        return NONE
    return share.mean(found.share) + (f" {share.span(found.interval)}" if found.interval is not None else "")


def _answered(result: RunResult) -> Iterable[str]:
    """How well variants that abstain did on what they answered, and what nothing answered."""
    scale = scale_of(result)
    for v in result.variants:
        if v.coverage is not None:
            asked = f"{count(v.coverage.answered)} of {count(v.coverage.answered + v.abstained)}"
            span = f" {scale.span(v.coverage.mean_interval)}" if v.coverage.mean_interval is not None else ""
            on = f"the {count(v.coverage.scored)} of these that are scored"
            on = "these" if v.coverage.scored == v.coverage.answered else on
            mean = f"; mean on {on}: {scale.mean(v.coverage.mean)}{span}" if v.coverage.scored else ""
            yield f"{_name(v.name)}: answered {asked} and abstained on the rest{mean}"
    if result.unanswered_rows:
        first = [f"{_name(each.id)} ({_quoted(each.words)})" for each in result.unanswered[:_LISTED]]
        more = result.unanswered_rows - len(first)
        rest = f" and {count(more)} more" if more else ""
        see = f"; see `scansion show {one_line(result.run)} --abstain`" if result.run else ""
        rows = plural(result.unanswered_rows, "row")
        were = "was" if result.unanswered_rows == 1 else "were"
        why = f"{rows} {were} answered by nothing that may abstain; look whether something is missing there"
        yield f"{why}: {', '.join(first)}{rest}{see}"


def _quoted(text: str) -> str:
    return one_line(text).replace("`", "'")


def _cheaper(result: RunResult) -> Iterable[str]:
    """Which variant gives the same quality for less."""
    for each in result.savings:
        base = _name(each.baseline)
        if each.usd is None or each.less is None:
            yield f"nothing cheaper than {base} is shown to be not worse"
            continue
        less = f"{100 * each.less:.0f}% less"
        prices = f"{usd(each.usd)} USD per 1,000 outcomes instead of {usd(each.baseline_usd)}, {less}"
        yield f"{_name(each.variant)} is the cheapest that is not worse than {base}: {prices}{_month(result, each)}"


def _month(result: RunResult, saving: Saving) -> str:
    costs = {v.name: v.usd_per_month for v in result.variants}
    before, after = costs.get(saving.baseline), costs.get(saving.variant)
    if before is None or after is None:
        return ""
    return f"; at {one_line(result.volume)}: {usd(after)} USD a month instead of {usd(before)}"


def _agreed(result: RunResult) -> Iterable[str]:
    """How far people agree."""
    share = Scale()
    for each in result.agreements:
        equal = f"{share.mean(each.equal)} {share.span(each.equal_interval)} of {plural(each.n, 'answer')} equal"
        yield f"{_name(each.a)} and {_name(each.b)}: {equal}, {kappa_said(each)}"


def _lost(result: RunResult) -> Iterable[str]:
    """Why outcomes are unscored or errors; what is so of several variants is said once."""
    where = f"; see `scansion show {one_line(result.run)} --errors`" if result.run else ""
    said: dict[tuple[str, str], list[str]] = {}
    for v in result.variants:
        if v.unscored and v.unscored_reasons:
            key = (f"{count(v.unscored)} unscored", f" ({_reasons(v.unscored_reasons)})")
            said.setdefault(key, []).append(one_line(v.name))
        if v.errors and v.error_kinds:
            key = (plural(v.errors, "error"), f" ({_errors(v)}){where}")
            said.setdefault(key, []).append(one_line(v.name))
    for (number, why), names in said.items():
        each = " each" if len(names) > 1 else ""
        yield f"{joined(names, result.variants)}: {number}{each}{why}"


def _by_count(why: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(why.items(), key=lambda item: -item[1])


def _reasons(why: dict[str, int]) -> str:
    if len(why) == 1:
        return one_line(next(iter(why)))
    return ", ".join(f"{one_line(k)} {count(n)}" for k, n in _by_count(why))


def _errors(variant: VariantResult) -> str:
    """The kinds of a variant's errors, each with how many of several kinds there are and what the first one said."""
    alone = len(variant.error_kinds) == 1
    told = []
    for kind, number in _by_count(variant.error_kinds):
        words = kind_words(kind)
        message = cut(one_line(variant.error_examples.get(kind, "")).replace("`", "'"), _MESSAGE)
        if message.lower().startswith(words):
            words, message = message, ""
        told.append(("" if alone else f"{count(number)} x ") + words + (f": {message}" if message else ""))
    return "; ".join(told)


def kind_words(kind: str) -> str:
    """The kind of an error as a person says it."""
    return _KINDS.get(kind) or one_line(kind).replace("_", " ")


def _ahead(result: RunResult) -> Iterable[str]:
    """What stopped the run, and what an equal one would do about it; nothing of a comparison that ran nothing."""
    if not result.run:
        return
    unreached = sum(v.unreached for v in result.variants)
    if unreached and result.budget_spent:
        yield f"the budget of {result.budget} stopped the run; give a larger one and run the same again"
    elif unreached or result.interrupted:
        why = "interrupted" if result.interrupted else "incomplete"
        yield f"this run is {why}: the same command goes on where it stopped"
    kinds = {kind for v in result.variants for kind in v.error_kinds if v.errors}
    if kinds & PASSING:
        yield "errors that may pass are asked again by the same command" + ("" if kinds <= PASSING else "; others stay")
    elif kinds:
        yield "the errors stay: the same command does not ask again what would fail again"


def _money(result: RunResult) -> Iterable[str]:
    """The calls that were made and those that were not, what they cost, and models without a price."""
    replayed = sum(v.recorded_calls for v in result.variants if is_replay(v.model))
    known = sum(v.recorded_calls for v in result.variants) - replayed
    if known or replayed or result.spent_usd or result.calls_now is not None:
        made = f"this run made {plural(result.calls_made, 'call')}"
        paid = f" for {usd(result.spent_usd)} USD" if result.spent_usd else ""
        more = " more" if result.calls_made else ""
        more += " of the variants'" if any(v.judge_calls for v in result.variants) else ""
        if result.calls_now is not None:
            paid += f" in all, {count(result.calls_now)} of them by this command"
        kept = f"; {known:,}{more} {_was(known)} answered from the lab" if known else ""
        played = f"; {replayed:,}{more} {_was(replayed)} answered from a recording" if replayed else ""
        yield made + paid + kept + played
    yield from _judged(result)
    unpriced = sorted({model for v in result.variants if v.calls for model in v.without_price})
    if unpriced and result.run:
        yield f"no price is known for {', '.join(map(one_line, unpriced))}"
    if any(is_pocket(v.model) and v.cost_usd for v in result.variants):
        yield "the prices of pocket models are notional: in proportion to the model's size, and paid to nobody"


def _judged(result: RunResult) -> Iterable[str]:
    """The calls of judges: those that the scores rest on, and how many of them are among the calls of the run."""
    judged = sum(v.judge_calls for v in result.variants)
    if not judged:
        return
    costs = [v.judge_cost_usd for v in result.variants if v.judge_cost_usd is not None]
    made = result.judge_calls_made
    whole = made is None or made >= judged
    amount = f", {usd(sum(costs))} USD{'' if whole else ' if asked afresh'}" if costs else ""
    whose = "" if made is None else f", {'all' if whole else count(made) if made else 'none'} of them made by this run"
    yield f"judges: {plural(judged, 'call')}{amount}{whose}; not in the variants' figures"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def is_pocket(model: str) -> bool:
    """Whether a model's spec names an embedded model, whose price is notional."""
    return model.startswith(("pocket/", "pocket:"))


def is_replay(model: str) -> bool:
    """Whether a model's spec names a recording."""
    return model.startswith("replay:")
