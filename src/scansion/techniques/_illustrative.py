"""Shots that a prompt's author made up: they show the form of an answer and differ from the data on purpose."""

from __future__ import annotations

import typing

from scansion.data.near import NearDuplicates
from scansion.errors import InputError
from scansion.specs import Spec
from scansion.techniques._algebra import Context
from scansion.techniques._shots import (
    AsTheyStand,
    Rows,
    Selection,
    Ways,
    by_variable,
    rows_of_file,
    usable,
    variables_of,
)

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["illustrations"]


def illustrations(prompt: Prompt, context: Context, path: str) -> Selection:
    """The rows of the file, in its order. Raises InputError where it has none with a target, and for one that is a row
    of the data or nearly so."""
    found, mapping = rows_of_file(context, path)
    examples = by_variable(list(usable(found)), mapping)
    if not examples:
        raise InputError(f"shots: {path} has no row with a target to show")
    for place, example in enumerate(examples, 1):
        for name in prompt.variables:
            if name in mapping and example.inputs.get(name) is None:
                raise InputError(f"shots: row {place} of {path} has no value for {name!r}, and the prompt needs one")
    rows = Rows(examples, variables_of(prompt))
    _check_made_up(rows, context, path)
    spec = Spec("shots", (), {"illustrative": path}).text
    return Selection(spec, len(examples), rows, Ways(), AsTheyStand())


def _check_made_up(rows: Rows, context: Context, path: str) -> None:
    made_up = NearDuplicates()
    for place, text in enumerate(rows.texts):
        if text:
            made_up.add(str(place), text)
    real = Rows(by_variable(list(context.pool() if context.pool is not None else ()), context.mapping), rows.variables)
    for example, text in zip(real.examples, real.texts, strict=True):
        like = made_up.find(text) if text else None
        if like is not None:
            raise InputError(
                f"shots: row {int(like) + 1} of {path} is the same as row {example.id} of the data, or nearly so; "
                f"illustrative shots are made up: write another, or show rows of the data with source={path}"
            )
