"""What an example is known by from run to run, and which corrected targets are about it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scansion.errors import InputError
from scansion.types import canonical, digest

if TYPE_CHECKING:
    from scansion.data import Dataset
    from scansion.experiments.people.annotations import Annotation
    from scansion.scorers import Scorer

__all__ = [
    "as_target",
    "check_target",
    "check_targets",
    "content_of",
    "same_example",
    "same_value",
    "targets_about",
]

_DIGEST = re.compile(r"[0-9a-f]{12}")  # the id of a row that has none of its own


def content_of(inputs: Mapping[str, Any], roles: Collection[str] = ()) -> bytes:
    """The digest by which an example is known: that of its inputs without the columns of id, target and rationale
    (`roles`); empty without inputs. `OutcomeView.example` has lost those columns already."""
    kept = {name: value for name, value in inputs.items() if name not in roles}
    return digest(kept) if kept else b""


def same_example(one: str, other: str) -> bool:
    """Whether two rows of equal inputs are one by their ids: those are the same, or one is a digest of the row, which
    changes with its target."""
    return one == other or bool(_DIGEST.fullmatch(one) or _DIGEST.fullmatch(other))


def same_value(one: Any, other: Any) -> bool:
    """Whether two targets are the same value, as JSON writes them, or the same number."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    return one is other or (one == other if numbers else canonical(one) == canonical(other))


def targets_about(acts: Iterable[Annotation], example: str, target: Any) -> list[Annotation]:
    """Of the `target` acts on one input those that are about the row with this id and target: one that a correction
    replaced or put in."""
    by_example: dict[str, list[Annotation]] = {}
    for act in acts:
        if same_example(act.example, example):
            by_example.setdefault(act.example, []).append(act)
    return [act for those in by_example.values() if _is_known(target, those) for act in those]


def _is_known(target: Any, acts: Iterable[Annotation]) -> bool:
    values = (act.value for act in acts if act.value is not None)
    return any(same_value(target, value[name]) for value in values for name in ("old", "target"))


def check_target(value: Any) -> Any:
    """`value`, if it can be a target. Raises InputError for NaN and infinite numbers: JSON has none."""
    try:
        json.dumps(value, allow_nan=False, default=str)
    except ValueError:
        raise InputError("NaN and infinite numbers cannot be a target; type another number, or a text") from None
    return value


def check_targets(scorers: Iterable[Scorer], data: Dataset, *, any_there: bool | None = None) -> None:
    """Raises InputError where a scorer needs a target and no row has one; `any_there` says so where it is known."""
    needy = next((s.name for s in scorers if s.needs_target), None)
    if needy is None:
        return
    if any_there is None:
        any_there = any(row.example.target is not None for row in data.rows())
    if not any_there:
        raise InputError(
            f"{data.label}: no row has a target, and {needy} needs one; name its column with --target "
            f"(columns: {', '.join(data.columns)})"
        )


def as_target(text: str, old: Any) -> Any:
    """What a person typed as a corrected target, of the kind of the target it corrects: a number for a number, a list
    for a list. Text stays text; so does what cannot be read so. Raises InputError for an empty text, and for a number
    that is none."""
    typed = text.strip()
    if not typed:
        raise InputError("the corrected target is empty; type what the right answer is")
    if old is None or isinstance(old, str):
        return typed
    try:
        value = json.loads(typed)
    except ValueError:
        return typed
    same = isinstance(value, type(old)) or (type(old) in (int, float) and type(value) in (int, float))
    return check_target(value) if same else typed
