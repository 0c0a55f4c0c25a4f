"""How many requests a month a task has in production, and what variants would cost there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from scansion.errors import InputError, nearest
from scansion.experiments.results import Comparison, Saving, VariantResult

__all__ = ["monthly", "savings_of", "usd_of"]

_VOLUME = re.compile(r"\s*(?P<number>[\d._]+(?:[eE]\+?\d+)?)\s*(?P<unit>[kKmM]?)\s*(?:(?:/|per\s)\s*(?P<time>\w+))?\s*")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_MONTHLY = {
    "second": 30.4375 * 86_400,
    "minute": 30.4375 * 1440,
    "hour": 30.4375 * 24,
    "day": 30.4375,
    "week": 30.4375 / 7,
    "month": 1.0,
    "year": 1 / 12,
}
"""How often each time passes in a month of 365.25 / 12 days."""

_GOOD_ENOUGH = ("better", "not worse", "equivalent")


def monthly(text: str) -> float:
    """Requests a month of `2e6/month`, `50k/day`, `1M` (a month, where no time is given). Raises InputError."""
    match = _VOLUME.fullmatch(text)
    try:
        number = float(match["number"]) * _UNITS[match["unit"].lower()] if match else math.nan
    except ValueError:
        number = math.nan
    if match is None or not 0 < number < math.inf:
        raise InputError(f"volume: {text!r} is no number of requests a time; write it as 2e6/month or 50k/day")
    time = (match["time"] or "month").lower()
    if time not in _MONTHLY:
        raise InputError(f"volume: {match['time']!r} is no time; {nearest(time, _MONTHLY)}")
    return number * _MONTHLY[time]


def usd_of(variant: VariantResult) -> float | None:
    """What one outcome of a variant costs on average if asked afresh, in USD; None where that is not known."""
    reached = variant.scored + variant.unscored + variant.errors
    return variant.cost_usd / reached if variant.cost_usd is not None and reached else None


def savings_of(variants: Sequence[VariantResult], comparisons: Sequence[Comparison]) -> list[Saving]:
    """For each baseline whose cost is known, the cheapest variant that is not worse than it and costs less.

    None on rows that were chosen by their results: what is not worse there need not be so elsewhere.
    """
    if any(c.by_result for c in comparisons):
        return []
    by_name = {v.name: v for v in variants}
    return [
        found
        for name in dict.fromkeys(c.a for c in comparisons)
        for found in _saving(by_name[name], [c for c in comparisons if c.a == name], by_name)
    ]


def _saving(
    baseline: VariantResult, comparisons: Sequence[Comparison], by_name: dict[str, VariantResult]
) -> Iterator[Saving]:
    usd = usd_of(baseline)
    if not usd:
        return
    good = [by_name[c.b] for c in comparisons if c.verdict in _GOOD_ENOUGH]
    priced = [(cost, v.name) for v in good if (cost := usd_of(v)) is not None and cost < usd]
    cost, name = min(priced, default=(None, ""))
    yield Saving(baseline.name, 1000 * usd, name, None if cost is None else 1000 * cost)
