"""Constitutions: files of named principles that outputs are revised by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.specs import folder
from scansion.types import hexdigest

__all__ = ["Constitution", "Principle", "read_constitution"]

_SHIPPED = Path(__file__).with_name("constitutions") / "shipped.yaml"
_FORM = "write it as `NAME: {critique: ..., revision: ...}` under `principles:`"


class Principle(Struct, frozen=True):
    """A principle: what a critique of an output by it is asked for with (empty: none), and what a revision is."""

    name: str
    critique: str
    revision: str


class Constitution(Struct, frozen=True):
    """The principles of a file by their names, in its order. `digest` is that of what they say, `file` how the user
    calls it."""

    file: str
    principles: dict[str, Principle]

    @property
    def digest(self) -> str:
        """What tells this constitution from others: all that is sent, whatever the file is called."""
        return hexdigest([[p.name, p.critique, p.revision] for p in self.principles.values()])

    def chosen(self, names: tuple[str, ...]) -> list[Principle]:
        """The principles of these names. Raises InputError for one that is not there."""
        for name in names:
            if name not in self.principles:
                hint = nearest(name, self.principles)
                raise InputError(f"revise: {self.file} has no principle {name!r}; {hint}")
        return [self.principles[name] for name in names]


def read_constitution(name: str) -> Constitution:
    """The constitution in a YAML file; `shipped` is Scansion's own.

    Raises InputError, with the line where it is known, for a file that cannot be read or is no constitution.
    """
    path = _SHIPPED if name == "shipped" else folder() / name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        hint = "name a YAML file of principles, or `shipped`"
        raise InputError(f"constitution {name!r} cannot be read: {why}; {hint}") from None
    return Constitution(name, {p.name: p for p in _principles(text, name)})


def _principles(text: str, name: str) -> list[Principle]:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InputError(f"{name}:{mark.line + 1 if mark else 1}: not valid YAML: {problem}") from None
    found = _mapping(root, name, "a constitution").get("principles")
    if found is None:
        raise InputError(f"{name}:1: there are no principles; {_FORM}")
    listed = _mapping(found[1], name, "`principles`")
    if not listed:
        raise InputError(f"{name}:{found[0]}: `principles` is empty; {_FORM}")
    return [_principle(key, node, line, name) for key, (line, node) in listed.items()]


def _principle(key: str, node: Any, line: int, name: str) -> Principle:
    parts = _mapping(node, name, f"the principle {key!r}", line)
    for part, (place, _) in parts.items():
        if part not in ("critique", "revision"):
            hint = nearest(part, ("critique", "revision"))
            raise InputError(f"{name}:{place}: the principle {key!r} has no part {part!r}; {hint}")
    texts = {part: _text(value, place, f"{part} of {key!r}", name) for part, (place, value) in parts.items()}
    if not texts.get("revision", "").strip():
        raise InputError(f"{name}:{line}: the principle {key!r} has no `revision`, which asks for the new text")
    return Principle(key, texts.get("critique", ""), texts["revision"])


def _mapping(node: Any, name: str, what: str, line: int = 1) -> dict[str, tuple[int, Any]]:
    """The values of a YAML mapping by key, each with its line."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        at = node.start_mark.line + 1 if node is not None else line
        raise InputError(f"{name}:{at}: {what} must be a mapping; {_FORM}")
    found: dict[str, tuple[int, Any]] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise InputError(f"{name}:{at}: a name is wanted here; {_FORM}")
        if key.value in found:
            raise InputError(f"{name}:{at}: {key.value!r} stands there twice; keep one")
        found[key.value] = (at, value)
    return found


def _text(node: Any, line: int, what: str, name: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
        raise InputError(f"{name}:{line}: the {what} must be text; put it in quotes or behind `|`")
    return str(node.value)
