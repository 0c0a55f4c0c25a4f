"""A prompt's model options as `Sampling` (Prompty specification, sections 2.6 and 7.6)."""

from __future__ import annotations

import math
from typing import Any

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where
from scansion.types import ResponseFormat, Sampling

__all__ = ["OPTIONS", "read_options"]

_FIELDS = {
    "temperature": "temperature",
    "maxOutputTokens": "max_tokens",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "topP": "top_p",
    "top_p": "top_p",
    "topK": "top_k",
    "top_k": "top_k",
    "seed": "seed",
    "stopSequences": "stop",
    "stop": "stop",
    "frequencyPenalty": "frequency_penalty",
    "frequency_penalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "presence_penalty": "presence_penalty",
    "effort": "effort",
    "reasoningEffort": "effort",
    "reasoning_effort": "effort",
}
OPTIONS = frozenset(_FIELDS)
"""The options by their names in a prompt file, both versions of the format."""

_WHOLE = frozenset({"max_tokens", "top_k", "seed"})
_PLACED = frozenset(
    {"tools", "tool_choice", "response_format", "additionalProperties", "allowMultipleToolCalls", "stream"}
)


def read_options(model: dict[str, Any], where: Where, notes: list[str]) -> tuple[Sampling, ResponseFormat | None]:
    """The sampling and the reply format that a `model` sets; says in `notes` what is not sent.

    Raises InputError, with file and line, for a value of a wrong kind.
    """
    fields: dict[str, Any] = {}
    reply = None
    for part in ("parameters", "options"):
        options = model.get(part) or {}
        if not isinstance(options, dict):
            raise InputError(f"{where.at('model', part)}: model.{part} must be a mapping")
        for key, value in options.items():
            place = where.at("model", part, key)
            if key in _FIELDS and value is not None:
                fields[_FIELDS[key]] = _value(_FIELDS[key], key, value, place)
            elif key not in _FIELDS and key not in _PLACED:
                notes.append(f"model.{part}.{key} is not a known option and is not sent; see additionalProperties")
        reply = _reply(options.get("response_format"), where.at("model", part, "response_format")) or reply
        _extra(options.get("additionalProperties"), fields, where.at("model", part, "additionalProperties"))
    return Sampling(**fields), reply


def _value(field: str, key: str, value: Any, place: str) -> Any:
    if field == "stop":
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
            raise InputError(f"{place}: {key} must be a string or a list of strings")
        return tuple(texts)
    return str(value) if field == "effort" else _number(field, key, value, place)


def _number(field: str, key: str, value: Any, place: str) -> float | int:
    try:
        # Text is what an environment variable gives.
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    whole = field in _WHOLE
    if not math.isfinite(number) or (whole and not number.is_integer()):
        raise InputError(f"{place}: {key} must be a {'whole ' if whole else ''}number, not {value!r}")
    if whole:
        return value if isinstance(value, int) else int(number)
    return number


def _extra(value: Any, fields: dict[str, Any], place: str) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise InputError(f"{place}: additionalProperties must be a mapping")
    extra = dict(value)
    for name in ("effort", "reasoning_effort"):
        if isinstance(extra.get(name), str):
            fields.setdefault("effort", extra.pop(name))
    if extra:
        fields["extra"] = {**fields.get("extra", {}), **extra}


def _reply(value: Any, place: str) -> ResponseFormat | None:
    """The first version's `response_format`, as the OpenAI API writes it."""
    kind = value.get("type") if isinstance(value, dict) else value
    if kind in (None, "text"):
        return None
    if kind == "json_object":
        return ResponseFormat()
    if kind == "json_schema" and isinstance(value, dict) and isinstance(value.get("json_schema"), dict):
        inner = value["json_schema"]
        strict = inner.get("strict") is not False
        return ResponseFormat(inner.get("schema"), str(inner.get("name") or "response"), strict)
    raise InputError(f"{place}: response_format must be of type text, json_object or json_schema")
