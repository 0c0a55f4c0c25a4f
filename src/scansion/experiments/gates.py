"""Gates: conditions on a run's figures that a build can hang on.

fail-under 0.8             every variant's mean is at least 0.8
fail-under direct=0.8      that variant's is
fail-if-worse              no variant is worse than the baseline
require not-worse          every variant is better, not worse or equivalent
require better             every variant is better

A verdict that is required must hold beyond the rows that it was found on: on rows that were chosen by their results no
`require` holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scansion.errors import InputError, nearest
from scansion.experiments.results import Comparison, Gate, VariantResult
from scansion.experiments.variants import find_variant

__all__ = ["check_gates", "check_least", "parse_gate"]

_ENOUGH = {
    "not-worse": ("better", "not worse", "equivalent"),
    "better": ("better",),
    "equivalent": ("equivalent",),
}

_CHOSEN = (
    "the rows were chosen by their results, and those look better the next time whatever was changed (regression to "
    "the mean); run it on rows that were not"
)


def parse_gate(text: str) -> tuple[str, str, float]:
    """A gate's rule, its variant or verdict, and its number. Raises InputError for what is no gate."""
    rule, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if rule == "fail-if-worse" and not rest:
        return rule, "", 0.0
    if rule == "require":
        if rest not in _ENOUGH:
            raise InputError(f"gates: require {rest!r} is no verdict to require; {nearest(rest, _ENOUGH)}")
        return rule, rest, 0.0
    if rule == "fail-under":
        name, equals, number = rest.rpartition("=")
        try:
            least = float(number)
            if math.isfinite(least):
                return rule, name if equals else "", least
        except ValueError:
            pass
        raise InputError(f"gates: fail-under takes a number, or VARIANT=NUMBER, not {rest!r}")
    raise InputError(f"gates: {text!r} is no gate; {nearest(rule, ['fail-under', 'fail-if-worse', 'require'])}")


def check_least(gate: str) -> None:
    """Raise InputError for a least mean that no mean of shares of 1 can reach; mostly it was meant in percent."""
    _, _, least = parse_gate(gate)
    if least > 1:
        raise InputError(f"gates: {gate} is above 1, and scores here are shares of 1: 0.8 is 80%")


def check_gates(
    gates: Sequence[str], variants: Sequence[VariantResult], comparisons: Sequence[Comparison]
) -> list[Gate]:
    """Each gate with whether it held."""
    return [_check(text, variants, comparisons) for text in gates]


def _check(text: str, variants: Sequence[VariantResult], comparisons: Sequence[Comparison]) -> Gate:
    rule, name, number = parse_gate(text)
    if rule == "fail-under":
        chosen = [find_variant(name, variants)] if name else list(variants)
        low = [v for v in chosen if v.mean is None or v.mean < number]
        detail = ", ".join(f"{v.name} {'has no score' if v.mean is None else format(v.mean, '.4g')}" for v in low)
        if low and number > 1 and all(v.mean is not None and v.mean <= 1 for v in variants):
            detail += "; means are shares from 0 to 1"
        return Gate(text, not low, detail)
    if not comparisons:
        return Gate(text, held=False, detail="nothing was compared")
    if rule == "fail-if-worse":
        failing = [c for c in comparisons if c.verdict == "worse" or c.difference is None]
    elif any(c.by_result for c in comparisons):
        return Gate(text, held=False, detail=_CHOSEN)
    else:
        failing = [c for c in comparisons if c.verdict not in _ENOUGH[name]]
    return Gate(text, not failing, ", ".join(_said(c) for c in failing))


def _said(found: Comparison) -> str:
    if found.difference is None:
        return f"{found.b} and {found.a} have no pair that is scored on both sides"
    return f"{found.b} is {found.verdict} against {found.a}"
