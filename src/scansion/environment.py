"""What the machine gives: variables from the environment of the process, or else from the nearest `.env` file, and the
user's cache folder.

`.env` is looked for from the working directory upwards; its lines are `NAME=value`, with an optional `export`, quotes
and `#` comments. The environment of the process is never changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["cache_folder", "find", "parse"]

_LINE = r"""\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*
        (?:'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>.*?))
        \s*(?:(?<=\s)\#.*|(?<=['"])\#.*)?$"""  # compiled where a file is read: most processes read none
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def find(variable: str) -> str | None:
    """The value of `variable` from the environment, or else from the nearest `.env`; None if neither sets it."""
    value = os.environ.get(variable)
    return value if value is not None else _dotenv().get(variable)


def cache_folder() -> Path:
    """The user's cache folder for Scansion, which need not be there yet: `$XDG_CACHE_HOME/scansion` or
    `~/.cache/scansion` (XDG Base Directory Specification). Raises RuntimeError where there is no home folder."""
    folder = os.environ.get("XDG_CACHE_HOME")
    return (Path(folder) if folder else Path.home() / ".cache") / "scansion"


def _dotenv() -> dict[str, str]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        path = folder / ".env"
        if path.is_file():
            return parse(path.read_text(encoding="utf-8-sig", errors="replace"))
    return {}


def parse(text: str) -> dict[str, str]:
    """The variables that the text of a `.env` file sets. Lines of another form are passed over."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(_LINE, line, re.VERBOSE)
        if match is None or line.lstrip().startswith("#"):
            continue
        double = match["double"]
        if double is not None:
            found[match["name"]] = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), double)
        else:
            found[match["name"]] = match["single"] if match["single"] is not None else match["bare"]
    return found
