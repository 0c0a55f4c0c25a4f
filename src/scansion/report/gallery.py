"""What can be named in a spec, as text: techniques, scorers, models and the rest, those of plug-ins included."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from msgspec import Struct, structs

from scansion.errors import InputError, nearest
from scansion.report.text import wrap
from scansion.specs import Entry, Registry, load_function

__all__ = ["KINDS", "Kind", "Listed", "described", "find", "listed", "listing", "overview"]


class Kind(Struct, frozen=True):
    """A kind of named objects: its title, how it is used, and where its registry is."""

    title: str
    use: str
    module: str
    attribute: str

    @property
    def registry(self) -> Registry[Any]:
        """The registry of this kind."""
        found: Registry[Any] = getattr(import_module(self.module), self.attribute)
        return found


KINDS = {
    "techniques": Kind(
        "Techniques",
        "Joined by `|`, the first innermost; `as-is` is the prompt as it stands.",
        "scansion.techniques",
        "technique",
    ),
    "stops": Kind("Stopping rules", "Given to `vote` as `stop=`.", "scansion.techniques", "stop"),
    "scorers": Kind(
        "Scorers", "Scorers of your own are written `python:FILE_STEM:FUNCTION`.", "scansion.scorers", "scorer"
    ),
    "extractors": Kind("Extractors", "Given to a scorer or a technique as `by=`.", "scansion.scorers", "extractor"),
    "verifiers": Kind("Verifiers", "Given to the scorer `follows`.", "scansion.scorers", "verifier"),
    "sandboxes": Kind(
        "Sandboxes", "Given as `sandbox=` to what runs code that a model wrote.", "scansion.sandbox", "sandbox"
    ),
    "models": Kind("Models", "Written `PROVIDER/NAME`, after `-m`.", "scansion.models.registry", "providers"),
}


class Listed(Struct, frozen=True):
    """One named object: its kind, name and aliases, how it is written, what it does, and the package it is from."""

    kind: str
    name: str
    aliases: list[str]
    usage: str
    about: str
    package: str


def listed(kind: str) -> list[Listed]:
    """All of a kind, by name; a plug-in that cannot be loaded says so in place of what it does."""
    registry = KINDS[kind].registry
    return [_listed(kind, name, registry) for name in registry.names()]


def find(name: str) -> list[Listed]:
    """What is called `name`, of each kind, or the user's own that `python:FILE_STEM:FUNCTION` names. Raises InputError
    that names the nearest."""
    if name.startswith("python:"):
        return [_own(name.partition("(")[0])]
    found = [one for kind in KINDS for one in listed(kind) if name in (one.name, *one.aliases)]
    if not found:
        known = [each for kind in KINDS for one in listed(kind) for each in (one.name, *one.aliases)]
        close = nearest(name, known)
        hint = close if close.startswith("did") else f"give one of {', '.join(KINDS)}, or the name of one of them"
        raise InputError(f"gallery: nothing is called {name!r}; {hint}")
    return found


def overview() -> str:
    """Every kind with its names."""
    lines = []
    for kind in KINDS:
        lines += [f"{kind}: " + ", ".join(one.name for one in listed(kind)), ""]
    return "\n".join(_wrapped(lines)) + "\n"


def listing(kind: str) -> str:
    """All of a kind, each with the first sentence of what it does."""
    found = listed(kind)
    width = max(len(one.name) for one in found)
    lines = [f"{one.name:<{width}}  {_first(one.about)}{f' ({_from(one)})' if _from(one) else ''}" for one in found]
    return f"{KINDS[kind].title}. {KINDS[kind].use}\n\n" + "\n".join(_wrapped(lines, width + 2)) + "\n"


def described(one: Listed) -> str:
    """One named object in full."""
    aliases = f"Also called {', '.join(one.aliases)}.\n\n" if one.aliases else ""
    source = f"; {_from(one)}" if _from(one) else ""
    return f"{one.name} ({one.kind}{source})\n\n    {one.usage}\n\n{aliases}{_reflowed(one.about)}\n"


def _reflowed(about: str) -> str:
    """The paragraphs of a docstring in lines of 80; what is indented or a table stays as it is."""
    parts = [
        part if part[:1] in " |-" or "\n  " in part else "\n".join(wrap(" ".join(part.split()), 80))
        for part in about.split("\n\n")
    ]
    return "\n\n".join(parts)


def _listed(kind: str, name: str, registry: Registry[Any]) -> Listed:
    try:
        return _of_entry(kind, registry.find(name))
    except InputError as error:
        return Listed(kind, name, [], name, str(error), registry.package_of(name) or "a plug-in")


def _of_entry(kind: str, entry: Entry[..., Any]) -> Listed:
    module = entry.factory.__module__
    words = entry.__doc__ if kind != "models" else sys.modules[module].__doc__ or entry.__doc__
    usage = entry.usage if kind != "models" else f"{entry.name}/NAME"
    package = module.partition(".")[0]
    return Listed(kind, entry.name, list(entry.aliases), usage, inspect.cleandoc(words or ""), package)


def _own(name: str) -> Listed:
    """A function of the user's own: as the kind that its decorator says, else as the plain function that it is."""
    path = name.removeprefix("python:")
    found, file = load_function(path), path.rpartition(":")[0]
    for kind in KINDS:
        registry = KINDS[kind].registry
        if isinstance(found, Entry) and found.registry is registry:
            return structs.replace(_of_entry(kind, registry.find(name)), package=file)
    if not callable(found):
        raise InputError(f"gallery: {name} is not a function")
    try:
        usage = f"{name}{inspect.signature(found)}"
    except ValueError:  # one that is written in C may not tell
        usage = f"{name}(...)"
    return Listed("plain function", name, [], usage, inspect.cleandoc(found.__doc__ or "It has no docstring."), file)


def _first(about: str) -> str:
    """The first sentence of a docstring."""
    first = " ".join(about.split("\n\n")[0].split())
    sentence, dot, _ = first.partition(". ")
    return sentence + "." if dot else first


def _from(one: Listed) -> str:
    return "" if one.package == "scansion" else f"from {one.package}"


def _wrapped(lines: list[str], indent: int = 2) -> Iterator[str]:
    for line in lines:
        first, *rest = wrap(line, 80) or [""]
        yield first
        for more in wrap(" ".join(rest), 80 - indent) if rest else ():
            yield " " * indent + more
