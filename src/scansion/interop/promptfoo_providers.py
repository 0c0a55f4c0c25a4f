"""The providers of a promptfoo configuration as model specs.

Source: promptfoo, providers (https://www.promptfoo.dev/docs/providers/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from scansion.errors import InputError
from scansion.interop.promptfoo_config import Config, Skips
from scansion.interop.promptfoo_files import expand_all, is_program, load_value, named
from scansion.models.capabilities import check, lookup
from scansion.models.providers._compatible import SERVERS
from scansion.models.registry import ModelSpec
from scansion.types import Sampling

__all__ = ["Provider", "map_provider", "model_spec", "read_providers", "sampling_from"]

_SERVERS = {
    **{name: name for name in ("openai", "anthropic", "google", "ollama", "openrouter", "groq", "mistral", "deepseek")},
    **{name: name for name in ("xai", "cerebras", "deepinfra", "fireworks", "perplexity", "together", "sambanova")},
    **{name: name for name in ("vllm", "lmstudio", "llamacpp", "moonshot", "nvidia")},
    "togetherai": "together",
    "llama": "llamacpp",
    "localai": "openai",
    "azure": "azure",
    "azureopenai": "azure",
}
_TASKS = frozenset({"chat", "messages", "responses", "embedding", "embeddings"})
_OTHER_TASKS = frozenset(
    {
        "completion",
        "image",
        "realtime",
        "moderation",
        "assistant",
        "audio",
        "transcription",
        "speech",
        "video",
        "agents",
    }
)
_AS_OPENAI = frozenset(
    {"openai", "azure", "openrouter", "groq", "deepseek", "xai", "cerebras", "fireworks", "together"}
)
_DEFAULTS = {"temperature": 0, "max_tokens": 1024}  # what promptfoo sends where nothing is said
_FIELDS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "top_k": "top_k",
    "topK": "top_k",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "num_predict": "max_tokens",
    "seed": "seed",
    "stop": "stop",
    "stopSequences": "stop",
    "stop_sequences": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning_effort": "effort",
}
_PLACED = frozenset(
    {"apiKey", "apiKeyEnvar", "apiBaseUrl", "apiHost", "baseUrl", "base_url", "generationConfig", "passthrough"}
    | {"response_format", "reasoning", "omitDefaults", "apiVersion", "deployment_id"}
)


class Provider(Struct, frozen=True):
    """A provider: the model's spec, what the configuration calls it, the prompts it is kept to (None: all,
    empty: none), and its place there."""

    spec: str
    calls: frozenset[str]
    label: str = ""
    prompts: tuple[str, ...] | None = None
    where: str = ""


def read_providers(config: Config) -> list[Provider]:
    """The providers that can be asked from here; others are noted. Raises InputError if none is left."""
    key = "providers" if "providers" in config.values else "targets"
    listed = config.values.get(key)
    values = listed if isinstance(listed, list) else [listed] if listed is not None else []
    found: list[Provider] = []
    for i, value in enumerate(values):
        for one, where in _entries(value, config.where.at(key, i), config):
            made = map_provider(one, where, config.skips)
            if made is not None and made.spec in {p.spec for p in found if p.label == made.label}:
                config.skips.add(f"a second provider {made.spec}", where)
            elif made is not None:
                found.append(made)
    return found


def _entries(value: Any, where: str, config: Config) -> Iterator[tuple[Any, str]]:
    """The providers of an entry: it may be a file with one or several."""
    path = named(value)
    if path is None or is_program(path):
        yield value, where
        return
    for file in expand_all(path, config.folder, where):
        held = load_value(file)
        for one in held if isinstance(held, list) else [held]:
            yield one, f"{where} ({file.name})"


def map_provider(value: Any, where: str, skips: Skips) -> Provider | None:
    """The model of a provider, written as its id, as `{id, config, label}` or `{ID: {config}}`; None (and noted) where
    there is none here."""
    if isinstance(value, dict) and "id" not in value and len(value) == 1:
        ((id, rest),) = value.items()
        value = {**(rest if isinstance(rest, dict) else {}), "id": rest.get("id", id) if isinstance(rest, dict) else id}
    full: Mapping[str, Any] = value if isinstance(value, dict) else {"id": value}
    id, settings = str(full.get("id") or ""), full.get("config")
    settings = settings if isinstance(settings, dict) else {}
    for name in ("transform", "delay", "inputs"):
        if full.get(name):
            skips.add(f"the {name} of a provider", where)
    spec = model_spec(id, settings, where, skips)
    if spec is None:
        skips.add(f"provider {id or 'without an id'} (it cannot be asked from here)", where)
        return None
    prompts = full.get("prompts")
    kept = tuple(map(str, prompts)) if isinstance(prompts, list) else (str(prompts),) if prompts else None
    label = str(full.get("label") or "")
    return Provider(spec, frozenset({id, label} - {""}), label, kept, where)


def model_spec(id: str, settings: Mapping[str, Any], where: str, skips: Skips) -> str | None:
    """The spec of the model that a provider's id and config describe, None where it has no equal here."""
    if id in ("echo", "promptfoo:manual-input"):
        return "echo" if id == "echo" else "human"
    head, _, rest = id.partition(":")
    server = _SERVERS.get(head.lower())
    task, colon, name = rest.partition(":")
    if not colon or task not in _TASKS | _OTHER_TASKS:
        task, name = "chat", rest
    name = str(settings.get("deployment_id") or name)
    if server is None or not name or (task in _OTHER_TASKS and server != "ollama"):
        return None
    options = _place(server, settings, where, skips)
    if options is None:
        return None
    provider = "openai" if server == "azure" else server
    given = sampling_from(settings, where, skips)
    sampling = _accepted(ModelSpec(provider, name, options), given, where, skips)
    if not task.startswith("embedding"):
        defaults = _defaults(server, name, settings, sampling)
        sampling = {**{k: v for k, v in defaults.items() if k not in given}, **sampling}
    return ModelSpec(provider, name, options, Sampling(**sampling, extra=_extra(settings))).spec


def _accepted(model: ModelSpec, sampling: Mapping[str, Any], where: str, skips: Skips) -> dict[str, Any]:
    """The sampling without what the model refuses, and with no higher limit than its own; both are noted."""
    known = lookup(model.provider, model.name)
    elsewhere = model.provider == "openai" and "base_url" in model.options
    if model.provider in SERVERS and not elsewhere:
        known = replace(known, refuses=known.refuses | SERVERS[model.provider].refuses)
    kept: dict[str, Any] = {}
    for field in sorted(sampling, key=lambda field: field != "effort"):  # effort decides what else is refused
        value = sampling[field]
        if field == "stop":
            value = tuple([value] if isinstance(value, str) else value)
        most = known.max_output
        if field == "max_tokens" and most is not None and value > most and field not in known.refuses:
            skips.add(
                f"max_tokens={value} is more than {model.provider}/{model.name} gives; it is set to {most}", where
            )
            value = most
        try:
            check(f"{model.provider}/{model.name}", known, Sampling(**{**kept, field: value}))
        except InputError as error:
            skips.add(f"{field}={sampling[field]} is left out ({str(error).split(';')[0]})", where)
        else:
            kept[field] = value
    return kept


def _defaults(server: str, name: str, settings: Mapping[str, Any], sampling: Mapping[str, Any]) -> dict[str, Any]:
    """What promptfoo sends of its own beside this sampling: temperature and limit."""
    if settings.get("omitDefaults") or not (server in _AS_OPENAI or server == "anthropic"):
        return {}
    refused = lookup("openai" if server == "azure" else server, name).refuses
    if "temperature" in refused or "effort" in sampling or (server == "anthropic" and settings.get("thinking")):
        return {}
    exclusive = {"temperature"} if "top_p" in sampling and server == "anthropic" else set()
    return {k: v for k, v in _DEFAULTS.items() if k not in exclusive}


def _place(server: str, settings: Mapping[str, Any], where: str, skips: Skips) -> dict[str, str] | None:
    """Where the server is and which variable holds its key; None where the place is not said and has to be."""
    options: dict[str, str] = {}
    url = next((settings[k] for k in ("apiBaseUrl", "baseUrl", "base_url") if settings.get(k)), None)
    host = settings.get("apiHost")
    if server == "azure":
        if not (url or host):
            return None
        options |= {"base_url": str(url or f"https://{host}/openai/v1"), "key": "AZURE_API_KEY"}
    elif url or host:
        options["base_url"] = str(url or f"https://{host}/v1")
        if server == "ollama" and not options["base_url"].rstrip("/").endswith("/v1"):
            options["base_url"] = options["base_url"].rstrip("/") + "/v1"
    key = settings.get("apiKeyEnvar")
    held = re.fullmatch(r"\s*(?:\{\{-?\s*env\.(\w+)\s*-?\}\}|\$\{?(\w+)\}?)\s*", str(settings.get("apiKey") or ""))
    if key or held:
        options["key"] = str(key or (held and (held[1] or held[2])))
    elif settings.get("apiKey"):
        skips.add("apiKey as text (keys are read from the environment or .env only)", where)
    return options


def sampling_from(settings: Mapping[str, Any], where: str, skips: Skips) -> dict[str, Any]:
    """The fields of our sampling that a config sets; what has no field is noted."""
    inner = settings.get("generationConfig")
    flat = {**settings, **(inner if isinstance(inner, dict) else {})}
    if inner and not isinstance(inner, dict):
        skips.add(f"config.generationConfig is {str(inner)[:40]!r}", where)
    found: dict[str, Any] = {}
    for key, value in flat.items():
        field = _FIELDS.get(key)
        if field is not None and value is not None:
            fits = isinstance(value, str | list) if field in ("stop", "effort") else isinstance(value, int | float)
            if fits:
                found[field] = value
            else:
                skips.add(f"config.{key} is {str(value)[:40]!r}", where)
        elif field is None and key not in _PLACED:
            skips.add(f"config.{key} of a provider or prompt", where)
    reasoning = settings.get("reasoning")
    if isinstance(reasoning, dict) and isinstance(reasoning.get("effort"), str):
        found["effort"] = reasoning["effort"]
    return found


def _extra(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What goes to the provider as it is."""
    passed = settings.get("passthrough")
    reply = settings.get("response_format")
    return {**(passed if isinstance(passed, dict) else {}), **({"response_format": reply} if reply else {})}
