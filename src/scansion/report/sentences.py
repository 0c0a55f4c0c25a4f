"""Verdicts and remarks as sentences, the same in the terminal, in HTML and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from scansion.experiments.results import Comparison, RunResult, VariantResult
from scansion.report.figures import Scale, count, plural, probability, scale_of, usd
from scansion.report.text import one_line

__all__ = ["gates", "head", "remarks", "verdict", "verdicts"]

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
    facts = ", ".join([*_measured(found, scale, level), plural(found.n, "pair")])
    return f"{start}: {facts}" + "".join(f"; {each}" for each in _rest(found, scale))


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
        yield f"{found.flips[1]} mended, {found.flips[0]} broken"
    spread = found.bounds and max(found.bounds) - min(found.bounds)
    if found.bounds and spread and spread > 1e-9:
        yield f"{scale.span(found.bounds)} points over all ways the unscored could have gone"
    if found.reason:
        yield one_line(found.reason)
    if found.verdict == "undecided" and found.needed is not None:
        cost = f", {usd(found.needed_usd)} USD," if found.needed_usd else ""
        yield f"about {plural(found.needed, 'more row')}{cost} would decide it"


def verdicts(result: RunResult) -> list[str]:
    """All comparisons of a run as sentences."""
    scale = scale_of(result)
    return [verdict(c, scale, result.level) for c in result.comparisons]


def head(result: RunResult) -> list[str]:
    """What a reader must know before the figures: which run, on what, scored how, and settings that change meaning."""
    named = f"({one_line(result.name)})" if result.name else ""
    first = " ".join(each for each in ("run" if result.run else "comparison", result.run, named) if each)
    size = _size(result.variants)
    part = f"{one_line(result.data)}{f', {result.split} part' if result.split else ''}"
    lines = [first if not result.data else f"{first}: {part}, {size}" if size else f"{first}: {part}"]
    if result.scorers:
        also = f", also {', '.join(map(one_line, result.scorers[1:]))}" if result.scorers[1:] else ""
        lines.append(f"scored by {one_line(result.scorers[0])}{also}; {100 * result.level:.4g}% intervals")
    return [*lines, *map(one_line, result.head)]


def _size(variants: list[VariantResult]) -> str:
    if not variants:
        return ""
    n, trials = variants[0].n, variants[0].trials
    return plural(n, "example") + (f" x {trials} trials" if trials > 1 else "")


def gates(result: RunResult) -> list[str]:
    """The run's gates, each with whether it held."""
    return [
        f"gate {'held' if g.held else 'NOT held'}: {one_line(g.rule)}"
        + (f" ({one_line(g.detail)})" if g.detail else "")
        for g in result.gates
    ]


def remarks(result: RunResult) -> list[str]:
    """What the table does not show: why outcomes are unscored or errors, bounds on zero wrong, money, notes."""
    found = [line for v in result.variants for line in _of_variant(v, result.level)]
    found += _money(result)
    if not result.complete:
        why = "interrupted" if result.interrupted else "incomplete"
        found.append(f"this run is {why}: the same command goes on where it stopped")
    return [*found, *map(one_line, result.notes)]


def _of_variant(variant: VariantResult, level: float) -> Iterable[str]:
    name = _name(variant.name)
    if variant.zero_wrong_bound is not None:
        most = f"at most {100 * variant.zero_wrong_bound:.2g}% are wrong (one-sided {100 * level:.4g}% bound)"
        yield f"{name}: 0 wrong of {count(variant.scored)}; {most}"
    lost = [
        f"{plural(total, word) if word == 'error' else f'{count(total)} {word}'} ({_reasons(why)})"
        for total, word, why in (
            (variant.unscored, "unscored", variant.unscored_reasons),
            (variant.errors, "error", variant.error_kinds),
        )
        if total and why
    ]
    if lost:
        yield f"{name}: {', '.join(lost)}"


def _reasons(why: dict[str, int]) -> str:
    if len(why) == 1:
        return one_line(next(iter(why)))
    return ", ".join(f"{one_line(k)} {count(n)}" for k, n in sorted(why.items(), key=lambda item: -item[1]))


def _money(result: RunResult) -> Iterable[str]:
    recorded = sum(v.recorded_calls for v in result.variants)
    made = plural(result.calls_made, "call")
    if result.spent_usd:
        made += f" for {usd(result.spent_usd)} USD"
    if recorded or result.spent_usd:
        yield f"this run made {made}" + (f"; {plural(recorded, 'call')} came from recordings" if recorded else "")
    unpriced = sorted({v.model for v in result.variants if v.cost_usd is None and v.calls})
    if unpriced:
        yield f"no price is known for {', '.join(map(one_line, unpriced))}"
    judged = sum(v.judge_calls for v in result.variants)
    if judged:
        costs = [v.judge_cost_usd for v in result.variants if v.judge_cost_usd is not None]
        amount = f", {usd(sum(costs))} USD" if costs else ""
        yield f"judges: {plural(judged, 'call')}{amount}, not in the figures above"
