"""Templates that hold nothing but text and `{{ name }}`, rendered without Jinja2, exactly as it would.

Most prompts are of this kind. Importing Jinja2 costs more than a whole short run, and joining strings costs less than
its context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from scansion.errors import InputError, ProgramError
from scansion.prompts.markers import END_OF_FIXED, guarded

__all__ = ["Null", "evaluator", "names_of", "null", "plain", "undefined"]

_NAME = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_]\w*)\s*\}\}", re.ASCII)
_MOST_NAMES = 12
_OTHER = re.compile(r"\{[{%#]")
# Words of Jinja2's own, and what a template finds without being given it.
_OWN = re.compile(
    "true|false|none|True|False|None|and|or|not|in|is|if|else|elif|for|self|super|loop|caller|varargs|kwargs|"
    "range|dict|cycler|joiner|namespace|shots"
)


def names_of(source: str) -> tuple[str, ...] | None:
    """The variables of a template of this kind, in order; None if it needs Jinja2."""
    if _OTHER.search(_NAME.sub("", source)):
        return None
    names = tuple(dict.fromkeys(_NAME.findall(source)))
    return None if any(map(_OWN.fullmatch, names)) else names


class Null(Exception):
    """A value that is to be put into a text is null."""


def plain(value: Any) -> str:
    """A value as a template shows it: lists and mappings as JSON, all else as Python does. Raises Null for None."""
    if value is None:
        raise Null
    if type(value) in (dict, list, tuple):
        try:
            return msgspec.json.encode(value).decode()
        except (TypeError, ValueError, RecursionError):  # it holds what JSON has no form for
            return str(value)
    return str(value)


def null(place: str, names: tuple[str, ...]) -> ProgramError:
    """The error for a null that the template shows; `names` are the inputs that it may be."""
    what = f"the row's value of {' or '.join(map(repr, names))}" if names else "a value that the template shows"
    hint = f"; give it one, or write {{{{ {names[0]}|default('', true) }}}}" if names else ""
    return ProgramError(f"{place}: {what} is null{hint}")


def evaluator(source: str, file: str, first_line: int, chat: bool) -> Callable[[Mapping[str, Any]], str]:
    """The function that renders such a template; on a chat prompt with guards and the end of the fixed part."""
    pieces = _NAME.split(source)
    first, pairs = pieces[0], tuple(zip(pieces[1::2], pieces[2::2], strict=True))
    if chat and pairs:
        first += END_OF_FIXED
    join = "".join

    def evaluate(values: Mapping[str, Any]) -> str:
        found = [first]
        try:
            for name, text in pairs:
                value = values[name]
                text_of = value if type(value) is str else plain(value)
                found.append(guarded(text_of) if chat else text_of)
                found.append(text)
        except Exception as error:
            missing = name not in values
            line = first_line + _line(source, name)
            if missing:
                raise undefined(f"{file}:{line}", f"{name!r} is undefined", values) from None
            if isinstance(error, Null):
                raise null(f"{file}:{line}", (name,)) from None
            raise ProgramError(f"{file}:{line}: the template fails: {type(error).__name__}: {error}") from None
        return join(found)

    return evaluate


def undefined(place: str, message: str | None, values: Mapping[str, Any]) -> InputError:
    """The error for a variable without a value, which names those that have one."""
    names = sorted(" ".join(str(name).split()) for name in values)
    given = ", ".join(names[:_MOST_NAMES] + ["..."] * (len(names) > _MOST_NAMES)) or "none"
    return InputError(f"{place}: {message}; inputs: {given}")


def _line(source: str, name: str) -> int:
    match = next(m for m in _NAME.finditer(source) if m[1] == name)
    return source.count("\n", 0, match.start(1))
