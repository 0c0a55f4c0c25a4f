"""API keys: read from the environment or a `.env` file, kept here only, and blotted out of every text that is shown.

`.env` is looked for from the working directory upwards; its lines are `NAME=value`, with an optional `export`, quotes
and `#` comments. The environment of the process is never changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from scansion.errors import InputError

__all__ = ["find", "redact", "secret"]

_seen: set[str] = set()

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*
        (?:'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>.*?))
        \s*(?:(?<=\s)\#.*|(?<=['"])\#.*)?$""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def find(variable: str) -> str | None:
    """The value of `variable` from the environment, or else from the nearest `.env`; None if neither sets it."""
    value = os.environ.get(variable) or _dotenv().get(variable)
    return value or None


def secret(variable: str, provider: str = "") -> str:
    """The key that `variable` holds, remembered so that `redact` blots it out.

    Raises InputError with one line when there is none; `provider` is named in it (by default the variable's stem).
    """
    value = find(variable)
    if value is None:
        owner = provider or variable.removesuffix("_API_KEY").lower()
        raise InputError(f"no key for {owner}: set {variable} in the environment or in .env")
    key = value.strip()
    if not key.isascii() or not key.isprintable():
        raise InputError(f"the key in {variable} holds characters that cannot be sent in a header; copy it again")
    _seen.add(key)
    return key


def redact(text: str) -> str:
    """`text` with every key that was read replaced by `[key]`, and likewise what looks like a bearer token."""
    for key in sorted(_seen, key=len, reverse=True):
        if len(key) > 3:
            text = text.replace(key, "[key]")
    return _TOKEN.sub(r"\1[key]", text)


_TOKEN = re.compile(r"(\bBearer\s+)[\w\-.~+/=*]{8,}|\b(?:(?:sk|gsk|pk|xai)[-_]|AIza)[\w\-*]{16,}", re.IGNORECASE)


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
        match = _LINE.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        double = match["double"]
        if double is not None:
            found[match["name"]] = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), double)
        else:
            found[match["name"]] = match["single"] if match["single"] is not None else match["bare"]
    return found
