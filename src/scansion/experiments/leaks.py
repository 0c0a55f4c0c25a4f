"""Rows of the test part that a prompt shows: shots and prompts may not draw from what they are tested on.

Shots of the run's own data come from the dev part; shots from another file, and what is written into a prompt, may
hold test rows or near-duplicates of them. On the test part a shot that is a test row stops the run; whatever is nearly
one, and everything on the dev part, becomes a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from scansion.data import Dataset
from scansion.data.near import NearDuplicates, Passage
from scansion.errors import InputError
from scansion.experiments.plan import Plan
from scansion.experiments.variants import Variant
from scansion.prompts import Prompt
from scansion.scorers._texts import as_text
from scansion.specs import parse
from scansion.types import Example

__all__ = ["check_leaks"]

_ROWS = 20_000  # test rows that are looked for: some seconds
_NAMED = 3  # ids that a message names


class _Shown(Struct, frozen=True):
    """What a prompt of a variant shows: its shots as texts and as an index, and its template. `columns` are those of
    its variables."""

    variant: Variant
    columns: dict[str, str]
    shots: set[str]
    near: NearDuplicates
    passage: Passage
    own_file: bool


class _Found(Struct):
    """Ids of test rows that a variant shows: as shots, nearly as shots (with the shot's id), in the prompt's text."""

    exact: list[str] = []
    near: list[str] = []
    written: list[str] = []


def check_leaks(plan: Plan, data: Dataset, variants: Sequence[Variant]) -> list[str]:
    """Notes on test rows that the variants' prompts show, `NAME: ...` each; none for data without a split.

    Raises InputError where the run is on the test part and shots from a file hold rows of it.
    """
    if plan.split is None:
        return []
    shown = [_shown(v, prompt, columns) for v in variants for prompt in v.prompts if (columns := _columns(v, prompt))]
    found = [_Found() for _ in shown]
    notes = []
    for at, row in enumerate(_test_rows(plan, data) if shown else ()):
        if at == _ROWS:
            notes.append(f"only the first {_ROWS:,} rows of the test part were looked for in prompts and shots")
            break
        for each, into in zip(shown, found, strict=True):
            _look(row, each, into)
    for each, into in zip(shown, found, strict=True):
        if plan.part == "test" and into.exact and each.own_file:
            raise InputError(
                f"{each.variant.name}: the shots are rows of the test part ({_some(into.exact)}); "
                "take them out of the file of shots, or run it on dev"
            )
        notes += [f"{each.variant.name}: {text}" for text in _said(into)]
    return list(dict.fromkeys(notes))


def _said(found: _Found) -> Iterator[str]:
    if found.exact:
        yield f"the shots are rows of the test part ({_some(found.exact)}); shots may not be drawn from it"
    if found.near:
        yield f"the shots are nearly the same as rows of the test part ({_some(found.near)})"
    if found.written:
        yield f"the prompt's text holds rows of the test part ({_some(found.written)})"


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def _test_rows(plan: Plan, data: Dataset) -> Iterator[Example]:
    return (row.example for row in data.rows() if plan.split is not None and plan.split.part_of(row.example) == "test")


def _columns(variant: Variant, prompt: Prompt) -> dict[str, str]:
    """The columns that the prompt's variables are; those that other steps give are none."""
    known = {**variant.optional, **(variant.columns or {})}
    return {variable: known[variable] for variable in prompt.variables if variable in known}


def _shown(variant: Variant, prompt: Prompt, columns: dict[str, str]) -> _Shown:
    shots = prompt.shots
    own_file = shots is not None and not {"source", "illustrative"}.isdisjoint(parse(shots.spec).kwargs)
    chosen: Sequence[Example] = getattr(shots, "showable", ())
    if shots is not None and not shots.fixed and not own_file:
        chosen = ()  # of the dev part, and what is nearly an example is never shown with it
    exact: set[str] = set()
    near = NearDuplicates()
    for shot in chosen:
        text = _text(_given(shot.inputs, {variable: variable for variable in columns}))
        exact.add(text)
        if len(exact) <= _ROWS:
            near.add(shot.id, text)
    return _Shown(variant, columns, exact, near, Passage(prompt.template), own_file)


def _look(row: Example, shown: _Shown, found: _Found) -> None:
    given = _given(row.inputs, shown.columns)
    text = _text(given)
    if shown.shots:
        if text in shown.shots:
            found.exact.append(row.id)
        elif (shot := shown.near.find(text)) is not None:
            found.near.append(f"{row.id} like {shot}")
    if any(shown.passage.holds(as_text(value)) for value in given.values()):
        found.written.append(row.id)


def _given(inputs: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The values of the prompt's variables, by variable."""
    return {variable: inputs.get(column) for variable, column in sorted(columns.items())}


def _text(given: Mapping[str, Any]) -> str:
    return "\n".join(map(as_text, given.values()))
