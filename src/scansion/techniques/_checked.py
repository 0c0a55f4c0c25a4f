"""What a technique of the user's own may do wrong, told in one line."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from scansion.errors import InputError, ScansionError, fault
from scansion.types import Sampling

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["check_fields", "edited", "wrapped"]


def check_fields(raw: Any, spec: str) -> None:
    """Raise InputError for a field of an Edit or a Wrap, or of what an Edit brings along, that does not fit."""
    kind = type(raw).__name__
    if not callable(raw.apply):
        raise InputError(f"technique {spec}: apply of its {kind} must be a function, not {_told(raw.apply)}")
    then = getattr(raw, "then", None)
    if then is not None:
        if type(then).__name__ != "Wrap":
            raise InputError(f"technique {spec}: then of its {kind} must be a Wrap, not {_told(then)}")
        check_fields(then, spec)
    names = raw.__struct_fields__[-len(raw.__struct_defaults__) :]
    for name, default in zip(names, raw.__struct_defaults__, strict=True):
        wanted, fits = _KINDS.get(type(default), ("", lambda _value: True))
        value = getattr(raw, name)
        if not fits(value):
            raise InputError(f"technique {spec}: {name} of its {kind} must be {wanted}, not {_told(value)}")


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


_KINDS: dict[type, tuple[str, Callable[[Any], bool]]] = {
    int: ("a whole number from 0", lambda value: type(value) is int and value >= 0),
    bool: ("True or False", lambda value: isinstance(value, bool)),
    tuple: ("a tuple of texts, such as ('a',)", _texts),
    str: ("a text", lambda value: isinstance(value, str)),
    Sampling: ("a Sampling", lambda value: isinstance(value, Sampling)),
}
"""For fields whose default is of a type: what they must be."""


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 and text.isprintable() else type(value).__name__


def edited(apply: Callable[..., Any], spec: str, *given: Any) -> Prompt:
    """The prompt that the `apply` of an Edit gives. Raises InputError where it gives none."""
    from scansion.prompts import Prompt

    found = _applied(apply, spec, *given)
    if not isinstance(found, Prompt):
        raise InputError(f"technique {spec}: apply of its Edit must return a prompt, not {_told(found)}")
    return found


def wrapped(apply: Callable[..., Any], spec: str, *given: Any) -> Any:
    """The program that the `apply` of a Wrap gives. Raises InputError where it gives none."""
    found = _applied(apply, spec, *given)
    if not callable(found):
        raise InputError(f"technique {spec}: apply of its Wrap must return a program, not {_told(found)}")
    return found


def _applied(apply: Callable[..., Any], spec: str, *given: Any) -> Any:
    """What an `apply` gives. Raises InputError for whatever one that is not Scansion's own raises."""
    try:
        return apply(*given)
    except (Exception, SystemExit) as error:
        if isinstance(error, ScansionError) or str(getattr(apply, "__module__", "")).startswith("scansion."):
            raise
        raise InputError(f"technique {spec}: its apply {fault(error)}") from error
