"""`${env:NAME}`, `${env:NAME:default}` and `${file:path}` in front matter (Prompty specification, sections 2.11, 4.2).

A string that is one reference as a whole is replaced by what it names; other protocols stay as they are. A `connection`
(and the first version's `configuration`) is left as written when a prompt is loaded, because it holds keys: it is
resolved at the call, and never stored or digested. That is our one deviation here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scansion.environment import find
from scansion.errors import InputError
from scansion.prompts.frontmatter import Where, plain_yaml
from scansion.prompts.sources import Source

__all__ = ["SECRET_KEYS", "resolve"]

SECRET_KEYS = frozenset({"connection", "configuration"})

_REFERENCE = re.compile(r"\$\{([A-Za-z]+):([^}]*)\}")


def resolve(value: Any, where: Where, source: Source | None, *path: str | int, secrets: bool = False) -> Any:
    """`value` with its references replaced; `path` is its place in the front matter, for messages.

    `secrets` resolves connections too. Raises InputError, with file and line, for a variable that is not set, and for
    a file that is not there or not inside the prompt's folder.
    """
    if isinstance(value, dict):
        return {
            k: v if k in SECRET_KEYS and not secrets else resolve(v, where, source, *path, k, secrets=secrets)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [resolve(v, where, source, *path, i, secrets=secrets) for i, v in enumerate(value)]
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    protocol, content = match[1].lower(), match[2]
    if protocol == "env":
        return _variable(content, where.at(*path))
    return _file(content, where.at(*path), source) if protocol == "file" else value


def _variable(content: str, place: str) -> str:
    name, colon, default = content.partition(":")
    value = find(name)
    if value is None and not colon:
        hint = f"set it, or give a default: ${{env:{name}:...}}"
        raise InputError(f"{place}: the environment variable {name!r} is not set; {hint}")
    return default if value is None else value


def _file(content: str, place: str, source: Source | None) -> Any:
    if source is None:
        raise InputError(f"{place}: ${{file:{content}}} cannot be read here; only a prompt file may name one")
    text = source.read(content, place)
    suffix = content.rsplit(".", 1)[-1].lower()
    if suffix == "json":
        try:
            return resolve(json.loads(text), Where(content), None, secrets=True)
        except ValueError as error:
            raise InputError(f"{place}: ${{file:{content}}} is not valid JSON: {error}") from None
    if suffix in ("yaml", "yml"):
        return resolve(plain_yaml(text, content), Where(content), None, secrets=True)
    return text
