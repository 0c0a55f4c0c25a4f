"""API keys: read from the environment or a `.env` file, kept here only, and blotted out of every text that is shown."""

from __future__ import annotations

import re

from scansion.environment import find
from scansion.errors import InputError

__all__ = ["find", "redact", "secret"]

_seen: set[str] = set()


def secret(variable: str, provider: str = "") -> str:
    """The key that `variable` holds, remembered so that `redact` blots it out.

    Raises InputError with one line when there is none; `provider` is named in it (by default the variable's stem).
    """
    value = find(variable)
    if not value:
        owner = provider or variable.removesuffix("_API_KEY").lower()
        raise InputError(f"no key for {owner}: set {variable} in the environment or in .env")
    key = value.strip()
    if not key.isascii() or not key.isprintable():
        raise InputError(f"the key in {variable} holds characters that cannot be sent in a header; copy it again")
    _seen.add(key)
    return key


def redact(text: str) -> str:
    """`text` with every key that was read replaced by `[key]`, and likewise what looks like a bearer token."""
    text = _TOKEN.sub(r"\1[key]", text)  # first: a key that begins like another must not be cut in two
    for key in sorted(_seen, key=len, reverse=True):
        if len(key) > 3:
            text = text.replace(key, "[key]")
    return text


_TOKEN = re.compile(r"(\bBearer\s+)[\w\-.~+/=*]{8,}|\b(?:(?:sk|gsk|pk|xai)[-_]|AIza)[\w\-*]{16,}", re.IGNORECASE)
