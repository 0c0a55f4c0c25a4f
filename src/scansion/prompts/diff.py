"""What differs between two prompts: the front matter key by key, the template, the edits of techniques."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from scansion.prompts.prompt import Prompt
from scansion.prompts.versions import masked
from scansion.types import canonical

__all__ = ["Change", "changes"]


class Change(Struct, frozen=True):
    """A setting that differs: its dotted key (`model.options.temperature`, `inputs[0].kind`), and its value in both.

    `kind` is `changed`, `added` (only b has it) or `removed` (only a has it).
    """

    key: str
    kind: str
    a: Any = None
    b: Any = None


def changes(a: Prompt, b: Prompt) -> list[Change]:
    """The settings in which `b` differs from `a`, in the order in which they stand; secrets are masked.

    Beside the front matter there are `front matter` itself (a file without one is a single user message), and what
    techniques put into the prompt: `cue` and `shots`.
    """
    found = list(_between("", masked(a.meta), masked(b.meta)))
    if a.markers != b.markers:
        found.insert(0, Change("front matter", "added" if b.markers else "removed"))
    edits = [{"cue": p.cue or None, "shots": p.shots.spec if p.shots is not None else None} for p in (a, b)]
    mine, theirs = ({k: v for k, v in each.items() if v is not None} for each in edits)
    return [*found, *_between("", mine, theirs)]


def _between(key: str, a: Any, b: Any) -> Iterator[Change]:
    if isinstance(a, dict) and isinstance(b, dict):
        for name in dict.fromkeys([*a, *b]):
            yield from _of_key(f"{key}.{name}" if key else str(name), _get(a, name), _get(b, name))
    elif isinstance(a, list) and isinstance(b, list):
        yield from _between_lists(key, a, b)
    elif canonical(a) != canonical(b):
        yield Change(key, "changed", a, b)


def _between_lists(key: str, a: list[Any], b: list[Any]) -> Iterator[Change]:
    """Lists of named things (inputs, tools) by their names, other lists by position."""
    names = [_names(a), _names(b)]
    if all(names):
        mine, theirs = (dict(zip(n, items, strict=True)) for n, items in zip(names, (a, b), strict=True))
        for name in dict.fromkeys([*mine, *theirs]):
            yield from _of_key(f"{key}.{name}", _get(mine, name), _get(theirs, name))
        if list(mine) != list(theirs) and mine.keys() == theirs.keys():
            yield Change(key, "changed", list(mine), list(theirs))
    elif any(isinstance(item, dict | list) for item in [*a, *b]):
        for i in range(max(len(a), len(b))):
            yield from _of_key(f"{key}[{i}]", *((i < len(x), x[i] if i < len(x) else None) for x in (a, b)))
    elif canonical(a) != canonical(b):  # not `!=`, for which 1 is True
        yield Change(key, "changed", a, b)


def _names(items: list[Any]) -> list[str]:
    """The names of items that all have one of their own, else nothing."""
    names = [item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return names if len(names) == len(items) == len(set(names)) else []


def _get(values: dict[str, Any], name: str) -> tuple[bool, Any]:
    return name in values, values.get(name)


def _of_key(key: str, a: tuple[bool, Any], b: tuple[bool, Any]) -> Iterator[Change]:
    (there, before), (here, after) = a, b
    if there and here:
        yield from _between(key, before, after)
    elif here:
        yield Change(key, "added", b=after)
    elif there:
        yield Change(key, "removed", a=before)
