"""JSON as models write it: found in a text, walked by a path, compared by value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from scansion.errors import InputError

__all__ = ["equal_json", "find_json", "objects_within", "parse_json", "path_of", "step"]

_TRIES = 50  # opening brackets that are tried in a text that is not JSON as a whole
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d{1,9})\]")
_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse)


def parse_json(text: str) -> tuple[Any, str]:
    """The value of a JSON text and "", or None and what is wrong with it. NaN and Infinity are not JSON."""
    try:
        return _decoder.decode(text), ""
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at line {error.lineno} column {error.colno}"
    except RecursionError:
        return None, "it is nested too deep"
    except ValueError as error:
        return None, str(error)


def find_json(text: str) -> tuple[bool, Any]:
    """Whether there is JSON in a text, and its value: the whole text, a fenced block, the first object or list."""
    value, wrong = parse_json(text.strip())
    if not wrong:
        return True, value
    fence = _FENCED.search(text)
    if fence:
        value, wrong = parse_json(fence[1].strip())
        if not wrong:
            return True, value
    return _first_within(text)


def _first_within(text: str) -> tuple[bool, Any]:
    at = -1
    for _ in range(_TRIES):
        starts = [i for i in (text.find("{", at + 1), text.find("[", at + 1)) if i >= 0]
        if not starts:
            break
        at = min(starts)
        try:
            return True, _decoder.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            continue
    return False, None


def objects_within(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, first to last, without those that stand in another."""
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _TRIES:
        try:
            found, end = _decoder.raw_decode(text, at)
            yield found
        except (ValueError, RecursionError):
            end, tries = at + 1, tries + 1
        at = text.find("{", end)


def path_of(path: str | None) -> tuple[str | int, ...]:
    """The keys and positions of `items.0.price` or `items[0].price`; a leading `$` is left out. Raises InputError."""
    rest = (path or "").removeprefix("$")
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise InputError(f"JSON path {path!r} goes wrong at {rest[at:]!r}; write it as items.0.price")
        steps.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    return tuple(steps)


def step(value: Any, steps: Sequence[str | int]) -> tuple[bool, Any]:
    """Whether the path leads to a part of the value, and that part."""
    for one in steps:
        if isinstance(one, int) and isinstance(value, list) and -len(value) <= one < len(value):
            value = value[one]
        elif isinstance(one, str) and isinstance(value, list) and one.isdecimal() and int(one[:9]) < len(value):
            value = value[int(one[:9])]
        elif isinstance(value, dict) and str(one) in value:
            value = value[str(one)]
        else:
            return False, None
    return True, value


def equal_json(a: Any, b: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, true is not 1, keys have no order."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal_json(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(equal_json, a, b))
    return bool(a == b)
