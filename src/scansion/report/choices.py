"""What a technique said of its choice, as it leaves it in an output's `data`: how votes fell, which of several replies
was chosen and why, which step answered, and how many shots there was no room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from scansion.report.figures import count, percent, plural
from scansion.report.text import cut, one_line
from scansion.types import Output

__all__ = ["choice_lines"]

_LISTED = 8  # answers, and scores
_ANSWER = 40  # cells of an answer
_RUNS = {"silent": "without an answer", "unweighed": "without a weight", "failed": "not done", "saved": "not needed"}


def choice_lines(output: Output | None) -> list[str]:
    """A line for each choice of an output's program; none where it made none. What a program of the user's own has
    under the same names in another form is left out."""
    if output is None:
        return []
    data = output.data
    return [line for line in (_votes(data), _chosen(data), _answered(data), _left_out(data)) if line]


def _votes(data: Mapping[str, Any]) -> str:
    votes = data.get("votes")
    if not isinstance(votes, Mapping) or not votes or not all(_is_count(number) for number in votes.values()):
        return ""
    weights = data.get("weights")
    weights = weights if isinstance(weights, Mapping) else {}
    ranked = sorted(votes.items(), key=lambda item: -(_number(weights.get(item[0])) or 0.0) if weights else -item[1])
    said = [_vote(answer, number, _number(weights.get(answer))) for answer, number in ranked[:_LISTED]]
    more = [f"{plural(len(ranked) - _LISTED, 'more answer')}"] if len(ranked) > _LISTED else []
    return f"votes: {', '.join([*said, *more])}{''.join(f'; {each}' for each in _about(data))}"


def _vote(answer: Any, number: int, weight: float | None) -> str:
    weighed = f" (weight {percent(weight)})" if weight is not None else ""
    return f"{_short(answer)} x{count(number)}{weighed}"


def _about(data: Mapping[str, Any]) -> list[str]:
    """What else is known of a vote."""
    found = [f"{count(data[name])} {said}" for name, said in _RUNS.items() if _is_count(data.get(name)) and data[name]]
    sure = _number(data.get("confidence"))
    return [*found, *([f"confidence {100 * sure:.4g}%"] if sure is not None else [])]


def _chosen(data: Mapping[str, Any]) -> str:
    chosen, asked = data.get("chosen"), data.get("asked")
    if not _is_count(chosen) or not _is_count(asked):
        return ""
    by = f" by {_short(data['by'])}" if isinstance(data.get("by"), str) else ""
    return f"chosen{by}: run {count(chosen + 1)} of {count(asked)}{_scores(data.get('scores'))}"


def _scores(scores: Any) -> str:
    if not isinstance(scores, Sequence) or isinstance(scores, str) or not scores:
        return ""
    said = [f"{value:.3g}" if (value := _number(each)) is not None else "none" for each in scores[:_LISTED]]
    return f"; scores {', '.join(said)}{' ...' if len(scores) > _LISTED else ''}"


def _answered(data: Mapping[str, Any]) -> str:
    parts = [f"{name} {_short(data[name])}" for name in ("route", "level") if isinstance(data.get(name), str)]
    return f"answered by {', '.join(parts)}" if parts and isinstance(data.get("steps"), list | tuple) else ""


def _left_out(data: Mapping[str, Any]) -> str:
    number = data.get("shots_left_out")
    return f"{plural(number, 'shot')} did not fit" if _is_count(number) and number else ""


def _short(text: Any) -> str:
    return cut(one_line(str(text)), _ANSWER) or "''"


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
