"""Where an installed package and all that it needs lie on disk, and which package a module comes from."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from scansion.errors import InputError

__all__ = ["Package", "found_package", "place_for"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Package(Struct, frozen=True):
    """An installed package: its version, the module that is imported, and the files and folders of it and its needs."""

    name: str
    version: str
    module: str
    paths: tuple[str, ...]


def place_for(module: str) -> str:
    """What to do with code that imports a module and wants all of Python. A name that nothing here has is none to
    install: a model wrote it."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return "it is in the standard library; use sandbox=process"
    names = _owners().get(top, [])
    if not names:
        return "no package that is installed here has it"
    return f"use sandbox=process(packages=[{', '.join(names)}])"


@lru_cache(maxsize=1)
def _owners() -> dict[str, list[str]]:
    """The installed packages that have each module."""
    return {module: sorted(set(names)) for module, names in metadata.packages_distributions().items()}


def found_package(name: str) -> Package:
    """The package of that name, or that has the module of that name. Raises InputError where it is not installed."""
    if not _NAME.fullmatch(name):
        raise InputError(f"sandbox process: {name!r} is no name of a package; write packages=[sympy, numpy]")
    typed, name = name, _installed(name)
    paths: dict[str, None] = {}
    pending, seen = [name], set[str]()
    version = ""
    while pending:
        each = pending.pop()
        if _same(each) in seen:
            continue
        seen.add(_same(each))
        try:
            found = metadata.distribution(each)
        except metadata.PackageNotFoundError:
            continue  # another platform needs it
        version = version or found.version
        paths |= dict.fromkeys(_places(found))
        pending += [m[0] for r in found.requires or () if "extra ==" not in r and (m := _NAME.match(r))]
    return Package(name, version, _module(name, typed), tuple(paths))


def _installed(name: str) -> str:
    """The name of an installed package, from its own or that of its module. Raises InputError where there is none."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        if name in sys.stdlib_module_names:
            raise InputError(
                f"sandbox process: {name!r} is in the standard library, which is there anyway; leave it out of packages"
            ) from None
        owners = _owners().get(name, [])
        if len(owners) != 1:
            what = (
                f"several packages have it: {', '.join(owners)}" if owners else "packages= takes what is installed here"
            )
            raise InputError(f"sandbox process: {name!r} is not installed; {what}") from None
        return owners[0]
    return name


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _places(found: metadata.Distribution) -> list[str]:
    """The topmost files and folders of a distribution, without the scripts that it installs elsewhere."""
    tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__", "/")}
    places = (Path(str(found.locate_file(top))) for top in sorted(tops))
    return [str(place) for place in places if place.exists() and place.suffix != ".pth"]


def _module(name: str, typed: str) -> str:
    """The module to import first: that which was typed, or else the first that the package installs."""
    found = metadata.distribution(name)
    stem = typed.replace("-", "_")
    tops = {file.parts[0].partition(".")[0] for file in found.files or () if file.suffix in (".py", ".so")}
    importable = sorted(top for top in tops if top.isidentifier())
    return stem if stem in importable or not importable else min(importable, key=lambda each: each.startswith("_"))
