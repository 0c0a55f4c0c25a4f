"""A plan in a terminal: what is planned for, what the run could have seen, and a line for each difference or margin."""

from __future__ import annotations

from collections.abc import Iterator

from scansion.experiments.planning.needs import Need
from scansion.experiments.planning.power import PowerPlan, PowerResult
from scansion.report.figures import NONE, Scale, count, percent, plural, usd
from scansion.report.names import shortener
from scansion.report.table import Column, grid
from scansion.report.text import hanging, one_line

__all__ = ["render"]

_CLAIMS = {"different": "better or worse", "not worse": "not worse", "equivalent": "equivalent"}


def render(result: PowerResult, width: int = 80) -> str:
    """The plans as text for a terminal of `width` cells, ended by a newline."""
    short = shortener({name.split(" | ")[-1] for plan in result.plans for name in (plan.a, plan.b)})
    lines: list[str] = []
    for plan in result.plans:
        head = [f"{result.run}: `{one_line(short(plan.b))}` against `{one_line(short(plan.a))}`"] if result.run else []
        lines += [part for text in [*head, *_facts(plan)] for part in hanging(text, width)]
        lines += ["", *grid(_columns(plan), width), ""]
    lines += [part for note in result.notes for part in hanging(note, width)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _scale(plan: PowerPlan) -> Scale:
    return Scale(plan.rates is not None)


def _facts(plan: PowerPlan) -> Iterator[str]:
    """What is known and what is planned for, in sentences."""
    yield from _known(plan)
    claim = _CLAIMS[plan.claim] + (f" within {_scale(plan).margin(plan.margin)}" if plan.margin is not None else "")
    trials = f", {plan.trials} trials an example" if plan.trials > 1 else ""
    yield f"planned: {claim}, at a {100 * plan.level:.4g}% interval, with power {100 * plan.power:.4g}%{trials}"
    if plan.n is not None:
        yield _could(plan, plan.n)


def _known(plan: PowerPlan) -> Iterator[str]:
    scale = _scale(plan)
    parts = []
    if plan.rates is not None:
        parts.append(f"{scale.mean(plan.rates[0])} right in a, {scale.mean(plan.rates[1])} in b")
    if plan.pairs is not None and plan.difference is not None:
        parts.append(f"a difference of {scale.difference(plan.difference)}")
    if plan.flips is not None:
        parts.append(f"{100 * plan.flips:.1f}% of pairs flip")
    elif plan.rates is None:
        parts.append(f"differences have a standard deviation of {plan.sd:.3g}")
    if plan.effect > 1.005:
        parts.append(f"design effect {plan.effect:.2f}")
    if plan.unscored:
        parts.append(f"{100 * plan.unscored:.1f}% of pairs unscored or errors")
    where = "guessed" if plan.pairs is None else f"seen in {plural(plan.pairs, 'scored pair')}"
    yield f"{where}: {', '.join(parts)}"


def _could(plan: PowerPlan, n: int) -> str:
    """What the examples of a run, or so many, can show."""
    ran = plan.pairs is not None
    who = ("its " if ran else "") + plural(n, "example")
    if plan.smallest is None:
        what = "no difference that is possible" if plan.claim == "different" else "no margin"
        return f"{who} can show {what} with that power"
    size = _scale(plan).margin(abs(plan.smallest))
    if plan.claim == "different":
        side = f"that b is {'worse' if plan.smallest < 0 else 'better'} by {size} or more"
        if plan.needs and (plan.needs[0].difference < 0) != (plan.smallest < 0):
            none = "gain" if plan.smallest < 0 else "loss"
            return f"{who} can show no {none} that is possible with that power, but {side}"
        return f"{who} can show {side}"
    return f"{who} can show {plan.claim} within a margin of {size} or more"


def _columns(plan: PowerPlan) -> list[Column]:
    needs = plan.needs
    columns = [
        Column(_title(plan), [_size(each, plan) for each in needs], right=False),
        Column("examples", [_number(each.n) for each in needs]),
    ]
    if any(each.careful is not None for each in needs):
        columns.append(Column("to be safe", [_number(each.careful) for each in needs]))
    if any(each.further is not None for each in needs):
        columns.append(Column("further", [_number(each.further) for each in needs]))
    if plan.calls is not None:
        columns.append(Column("calls", [_number(each.calls) for each in needs]))
    if plan.usd is not None:
        columns.append(Column("cost USD", [usd(each.usd) for each in needs]))
    if plan.n is not None:
        columns.append(Column(f"at {count(plan.n)}", [percent(each.power) for each in needs]))
    return columns


def _title(plan: PowerPlan) -> str:
    return "difference" if plan.claim == "different" else "margin"


def _size(need: Need, plan: PowerPlan) -> str:
    scale = _scale(plan)
    said = scale.difference(need.difference) if need.margin is None else scale.margin(need.margin)
    if not need.seen:
        return said
    seen = need.margin is None and plan.pairs is not None and need.difference == plan.difference
    return f"{said} ({'seen' if seen else 'asked'})"


def _number(value: int | None) -> str:
    return NONE if value is None else count(value)
