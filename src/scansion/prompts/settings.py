"""What a prompt's front matter says of the call: model, sampling, reply format, tools (Prompty, sections 2.4 to 2.9).

Both versions of the format are read. The first wrote `model: {api, configuration, parameters}`; the second writes
`model: {id, provider, apiType, connection, options}`.
"""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where
from scansion.prompts.options import read_options
from scansion.prompts.properties import Property, all_required, json_schema
from scansion.prompts.tools import read_tools
from scansion.types import ResponseFormat, Sampling, Tool

__all__ = ["Settings", "read_settings"]


class Settings(Struct, frozen=True):
    """What front matter says of the call. `model` is the text of a model spec, None where the prompt names none.

    `model_hint` says why not, where it names one that cannot be called. `unsupported` is an `apiType` that is no
    conversation; such a prompt loads, but it cannot be rendered.
    """

    kind: Literal["chat", "completion"] = "chat"
    model: str | None = None
    sampling: Sampling = Sampling()
    response_format: ResponseFormat | None = None
    tools: tuple[Tool, ...] = ()
    unsupported: str = ""
    model_hint: str = ""
    notes: tuple[str, ...] = ()


def read_settings(meta: dict[str, Any], outputs: tuple[Property, ...], where: Where) -> Settings:
    """The settings of a front matter whose references are resolved. Raises InputError with file and line."""
    model = meta.get("model")
    if model is not None and not isinstance(model, str | dict):
        raise InputError(f"{where.at('model')}: model must be a name or a mapping with an id")
    full = {"id": model} if isinstance(model, str) else model or {}
    first = is_first_version(meta)
    notes = ["written in the first version of the .prompty format, read as the second"] if first else []
    kind, unsupported = _kind(full, meta, where)
    if unsupported:
        notes.append(f"apiType {unsupported} is no conversation: this prompt cannot be sent")
    sampling, reply = read_options(full, where, notes)
    tools = read_tools(meta, where, notes)
    if outputs:
        reply = ResponseFormat(json_schema(outputs), strict=all_required(outputs))
    text, hint = _first_model(full, notes) if "configuration" in full else _model(full, notes)
    return Settings(kind, text, sampling, reply, tools, unsupported, hint, tuple(notes))


def is_first_version(meta: dict[str, Any]) -> bool:
    """Whether the front matter uses keys that only the first version of the format had."""
    model = meta.get("model")
    return "sample" in meta or (isinstance(model, dict) and bool(model.keys() & {"api", "configuration", "parameters"}))


def _kind(model: dict[str, Any], meta: dict[str, Any], where: Where) -> tuple[Literal["chat", "completion"], str]:
    """The kind of a prompt by its `apiType`, in `model` or else at the top level, and one that is no conversation."""
    path = ("model", "apiType") if "apiType" in model else ("model", "api") if "api" in model else ("apiType",)
    key = path[-1]
    value = str((model if len(path) > 1 else meta).get(key) or "chat").lower()
    if len(path) > 1 and str(meta.get("apiType") or value).lower() != value:
        raise InputError(f"{where.at('apiType')}: apiType is {meta['apiType']!r} here and {value!r} in model; keep one")
    if value == "completion":
        return "completion", ""
    if value in ("chat", "responses", "agent"):
        return "chat", ""
    if value in ("embedding", "image"):
        return "chat", value
    raise InputError(f"{where.at(*path)}: unknown {key} {value!r}; known: chat, completion, responses")


_FAMILIES = {
    "gpt": "openai",
    "chatgpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "claude": "anthropic",
    "gemini": "google",
}
_OWN_ENDPOINTS = re.compile(r"https?://(api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com)\b")
_VARIABLE = re.compile(r"\$\{env:([A-Za-z_]\w*)\}")
_ELSEWHERE = ("azure", "foundry")
_SAFE = "/:@,;=+$!*'()~ -._"


def _model(model: dict[str, Any], notes: list[str]) -> tuple[str | None, str]:
    """The text of a model spec, or None and why there is none."""
    name, provider = model.get("id"), str(model.get("provider") or "")
    if not name:
        return None, ""
    if provider.startswith(_ELSEWHERE):
        return None, f"the prompt's own model is of provider {provider}, which cannot be called from here"
    text = str(name)
    if not provider:
        family = next((p for f, p in _FAMILIES.items() if re.match(rf"{f}(?![a-z])", text)), "")
        text = f"{family}/{text}" if family else text
    else:
        text = f"{provider}/{quote(text, safe=_SAFE)}"
    query = _connection(model.get("connection"), text.partition("/")[0], notes)
    return text + (("&" if "?" in text else "?") + query if query else ""), ""


def _connection(connection: Any, provider: str, notes: list[str]) -> str:
    """The options of a model spec that a connection stands for: where the server is, which variable holds the key."""
    if not isinstance(connection, dict):
        return ""
    pairs = []
    endpoint, key = connection.get("endpoint"), _VARIABLE.fullmatch(str(connection.get("apiKey") or ""))
    if isinstance(endpoint, str) and endpoint.startswith(("http://", "https://")):
        if not _OWN_ENDPOINTS.match(endpoint):
            pairs.append("base_url=" + quote(endpoint, safe=_SAFE))
    elif isinstance(endpoint, str) and endpoint.startswith("${"):
        notes.append("the connection's endpoint is kept for the caller, not used: give base_url with -m if it matters")
    if key and key[1] != f"{provider.upper()}_API_KEY":
        pairs.append("key=" + key[1])
    return "&".join(pairs)


_FIRST_PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "google": "google", "gemini": "google"}


def _first_model(model: dict[str, Any], notes: list[str]) -> tuple[str | None, str]:
    configuration = model.get("configuration")
    if not isinstance(configuration, dict):
        return None, ""
    kind = str(configuration.get("type") or "")
    if kind.startswith("azure") or "azure_endpoint" in configuration:
        return None, f"the prompt's own model is of type {kind or 'azure'}, which cannot be called from here"
    name = configuration.get("name") or configuration.get("model") or model.get("id")
    translated = {
        "id": name,
        "provider": _FIRST_PROVIDERS.get(kind, kind),
        "connection": {
            "endpoint": configuration.get("base_url"),
            "apiKey": configuration.get("api_key"),
        },
    }
    return _model(translated, notes)
