"""Nunjucks, the template language of promptfoo, as Jinja2: nearly one language, with a few words spelt otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scansion.errors import InputError

__all__ = ["rendered", "shown_as", "to_jinja"]

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_RAW = re.compile(r"(\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\})", re.DOTALL)
_QUOTED = re.compile(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')", re.DOTALL)
_STEP = r"\.\w+|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\]"
_PART = re.compile(rf"(\{{\{{-?\s*)([A-Za-z_]\w*)((?:{_STEP})+)(\s*-?\}}\}})")
_WORDS = [
    (re.compile(r"!=="), "!="),
    (re.compile(r"==="), "=="),
    (re.compile(r"\|\s*dump(?:\(\s*\d*\s*\))?"), "| tojson"),
    (re.compile(r"\.length\b(?!\s*\()"), " | length"),
    (re.compile(r"(\{%-?\s*)elseif\b"), r"\1elif"),
]


def to_jinja(template: str) -> str:
    """A Nunjucks template in Jinja2's words; text outside of tags, quoted texts and raw blocks stay as they are.

    A part that a value lacks (`{{ user.name }}`) is empty in Nunjucks, and so it is here.
    """
    pieces = _RAW.split(template)
    return "".join(p if i % 2 else _TAG.sub(lambda m: _tag(m[0]), p) for i, p in enumerate(pieces))


def _tag(tag: str) -> str:
    pieces = _QUOTED.split(tag)
    for i in range(0, len(pieces), 2):
        for wrong, right in _WORDS:
            pieces[i] = wrong.sub(right, pieces[i])
    return _PART.sub(_guarded, "".join(pieces))


def _guarded(match: re.Match[str]) -> str:
    """A path in which each part may be missing."""
    *steps, last = re.findall(_STEP, match[3])
    found = match[2]
    for step in steps:
        found = f"({found}{step} | default({{}}))"
    return f"{match[1]}{found}{last} | default(''){match[4]}"


def rendered(text: str, values: Mapping[str, Any]) -> str:
    """A text with the values of a test put in, variables without one as nothing; as it is where it is no template.

    Raises InputError for a template that cannot be filled here: a filter or a method that is not known, a wrong tag.
    """
    if not _TAG.search(text):
        return text
    try:
        return str(_compiled(to_jinja(text)).render(values))
    except Exception as error:
        why = " ".join(str(error).split())[:120]
        raise InputError(f"its template {text[:60]!r} cannot be filled here: {why}") from None


@lru_cache(maxsize=512)
def _compiled(source: str) -> Any:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True, finalize=shown_as, autoescape=False)
    return environment.from_string(source)


def shown_as(value: Any) -> Any:
    """A value as it stands in a text: nothing for null, truth values and numbers as JavaScript writes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return value
