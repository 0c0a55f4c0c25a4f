"""Where an installed package and all that it needs lie on disk."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from scansion.errors import InputError

__all__ = ["Package", "found_package"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Package(Struct, frozen=True):
    """An installed package: its version, the module that is imported, and the files and folders of it and its needs."""

    name: str
    version: str
    module: str
    paths: tuple[str, ...]


def found_package(name: str) -> Package:
    """The package of that name. Raises InputError where it is not installed."""
    if not _NAME.fullmatch(name):
        raise InputError(f"sandbox process: {name!r} is no name of a package; write packages=[sympy, numpy]")
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
            if each == name:
                raise InputError(f"sandbox process: {name!r} is not installed; pip install {name}") from None
            continue
        version = version or found.version
        paths |= dict.fromkeys(_places(found))
        pending += [m[0] for r in found.requires or () if "extra ==" not in r and (m := _NAME.match(r))]
    return Package(name, version, _module(name), tuple(paths))


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _places(found: metadata.Distribution) -> list[str]:
    """The topmost files and folders of a distribution, without the scripts that it installs elsewhere."""
    tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__", "/")}
    places = (Path(str(found.locate_file(top))) for top in sorted(tops))
    return [str(place) for place in places if place.exists() and place.suffix != ".pth"]


def _module(name: str) -> str:
    """The module to import first: that of the package's own name, or else the first that it installs."""
    found = metadata.distribution(name)
    stem = name.replace("-", "_")
    tops = {file.parts[0].partition(".")[0] for file in found.files or () if file.suffix in (".py", ".so")}
    importable = sorted(top for top in tops if top.isidentifier())
    return stem if stem in importable or not importable else importable[0]
