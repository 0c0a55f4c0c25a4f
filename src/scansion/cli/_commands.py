"""The commands: found as files of this folder (and as entry points), listed without importing any of them."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

__all__ = ["call", "module_of", "names", "overview", "version"]

_FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - pathlib alone would cost --help a fifth of its time


def names() -> list[str]:
    """The names of the commands that this folder holds."""
    files = os.listdir(_FOLDER)  # noqa: PTH208
    stems = (f[:-3] for f in files if f.endswith(".py") and not f.startswith("_"))
    return sorted(stem.rstrip("_").replace("_", "-") for stem in stems)


def _file(name: str) -> str:
    stem = name.replace("-", "_")
    found = [s for s in (stem, stem + "_") if os.path.isfile(os.path.join(_FOLDER, s + ".py"))]  # noqa: PTH113, PTH118
    return found[0] if found else ""


def _summary(name: str) -> str:
    """The first line of a command's docstring, read as text."""
    with open(os.path.join(_FOLDER, _file(name) + ".py"), encoding="utf-8") as source:  # noqa: PTH118, PTH123
        return source.readline().strip().strip('"').rstrip(".").strip()


def overview() -> str:
    """What `scansion --help` prints."""
    width = max(map(len, names()))
    lines = [f"  {name:<{width}}  {_summary(name)}" for name in names()]
    return "\n".join(
        [
            "usage: scansion COMMAND ...",
            "",
            "LLM evals for prompt engineers: is the new prompt really better, for the fewest",
            "calls, and why does it still fail.",
            "",
            *lines,
            "",
            "scansion COMMAND --help explains a command; scansion init writes an example.",
            "",
        ]
    )


def version() -> str:
    """The installed version."""
    from importlib.metadata import version as installed

    return installed("scansion")


def module_of(name: str) -> ModuleType:
    """The module of a command. Raises InputError that names the nearest one."""
    from scansion.errors import InputError, nearest

    stem = _file(name) if not name.startswith(("_", "-", ".")) and "/" not in name else ""
    if stem:
        return importlib.import_module(f"scansion.cli.{stem}")
    if name.startswith("-"):
        raise InputError(f"unknown option {name!r} before the command; it is `scansion COMMAND [options]`")
    from importlib.metadata import entry_points

    for point in entry_points(group="scansion.cli", name=name):
        loaded: ModuleType = point.load()
        return loaded
    raise InputError(f"unknown command {name!r}; {nearest(name, names())}")


def call(name: str, words: list[str]) -> int:
    """Runs a command on its words and returns its exit code."""
    module = module_of(name)
    from scansion.cli._parser import Parser

    parser = Parser(name, module.__doc__ or "")
    module.configure(parser)
    args = parser.parse_args(words)
    from scansion.cli._own_code import called

    return called(module, args)
