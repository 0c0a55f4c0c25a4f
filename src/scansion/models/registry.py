"""From a model's spec to the model: the text form, and the registry of providers.

    openai/gpt-5-mini?effort=low&temperature=0.2&base_url=http://localhost:8000/v1
    replay:recordings/demo.jsonl.gz
    python:my_models:echo
    human

What stands before the first `/` or `:` names the provider, what follows is its own. Options after `?` are sampling
fields (sent with every request of this model), `extra.NAME` (sent to the provider as it is), or one of `OPTIONS`.
Names and values are percent-decoded; `%`, `?`, `&` and `#` in them are written `%25`, `%3F`, `%26` and `%23`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.models.base import Model
from scansion.specs import Registry, kind_of
from scansion.types import Sampling

__all__ = ["OPTIONS", "ModelSpec", "open_model", "parse_model", "providers", "sampling_of"]

OPTIONS = {
    "base_url": "where the server is, such as http://localhost:8000/v1",
    "key": "the name of the environment variable that holds the API key",
    "timeout": "seconds that one call may take",
    "api_version": "the version of the API that the server is asked for",
    "service_tier": "the provider's service tier",
    "completions": "whether base-model prompts go to /completions",
    "max_tokens_field": "the name under which the output limit is sent",
    "model": "the model whose answers a recording plays, where it holds several",
    "batch": "how many texts one request for embeddings holds",
    "download": "whether a model that is not on this machine may be downloaded",
    "device": "what a local model runs on, such as cpu or cuda",
}
"""Options that are not sampling fields, for any provider that has a use for them."""

_NO_ANSWERS = frozenset({"key", "timeout", "batch", "download", "device"})
"""Those that change no answer."""


class ModelSpec(Struct, frozen=True):
    """A parsed model spec: its provider, the model's own name, provider options, sampling fields.

    `base_dir` is the folder that relative paths start from (None: the working directory).
    """

    provider: str
    name: str = ""
    options: dict[str, str] = {}
    sampling: Sampling = Sampling()
    separator: str = "/"
    base_dir: Path | None = None

    @property
    def spec(self) -> str:
        """The text that parses back to this."""
        pairs = [*self.options.items(), *_sampling_pairs(self.sampling)]
        query = "&".join(f"{k}={quote(v, safe=_PLAIN)}" for k, v in pairs)
        return self.plain + (f"?{query}" if query else "")

    @property
    def plain(self) -> str:
        """Provider and name without any option, as in `openai/gpt-5-mini`."""
        separator = self.separator if self.name else ""
        return f"{self.provider}{separator}{quote(self.name, safe=_PLAIN)}"

    @property
    def identity(self) -> str:
        """What tells this model's answers from another's: the spec without sampling and what changes no answer."""
        kept = {k: v for k, v in sorted(self.options.items()) if k not in _NO_ANSWERS}
        return msgspec.structs.replace(self, options=kept, sampling=Sampling()).spec

    @property
    def path(self) -> Path:
        """The name as a path, relative to `base_dir`."""
        return (self.base_dir or Path()) / Path(self.name).expanduser()


_PLAIN = "/:@,;=+$!*'()~\\[]{}|^`\"<>-._"
_PROVIDER = re.compile(r"[A-Za-z][\w.\-]*")


class Providers(Registry[Model]):
    """The registry of model providers; each entry makes a Model from a ModelSpec."""

    def build(self, spec: Any) -> Model:
        """The model of a spec's text, so that a model can stand as an argument in other specs."""
        return open_model(getattr(spec, "text", spec))

    def _hint(self, name: str) -> str:
        return nearest(name, [*self.names(), *self.entries])


providers = Providers(
    "model provider",
    "scansion.models.providers",
    Model,  # type: ignore[type-abstract]  # only compared by identity
    lambda raw, _typed, _identity: raw,
)


def open_model(spec: str, base_dir: Path | str | None = None) -> Model:
    """The model that `spec` describes. Raises InputError for a spec that is wrong or a missing file; a missing key is
    said when the model is asked, or by its `ready()`."""
    parsed = parse_model(spec, base_dir)
    return providers.find(parsed.provider)(parsed)


def parse_model(spec: str, base_dir: Path | str | None = None) -> ModelSpec:
    """The parts of a model's spec. Raises InputError that says which part is wrong; opens nothing."""
    head, _, query = spec.strip().partition("?")
    match = _PROVIDER.match(head)
    if match is None:
        raise InputError(f"model {spec!r}: a model is written PROVIDER/NAME, such as openai/gpt-5-mini")
    provider, rest = match.group(), head[match.end() :]
    separator, name = rest[:1], unquote(rest[1:])
    if separator not in ("/", ":", ""):
        raise InputError(f"model {spec!r}: expected '/' or ':' after {provider!r}, found {separator!r}")
    if not separator and not _known(provider):
        raise InputError(f"model {spec!r} names no provider: {_suggestion(provider)}")
    if separator and not name:
        raise InputError(f"model {spec!r}: nothing stands after {provider + separator!r}")
    options, sampling = _split(query, spec)
    return ModelSpec(provider, name, options, sampling, separator or "/", Path(base_dir) if base_dir else None)


def sampling_of(spec: ModelSpec) -> Sampling:
    """The sampling fields that a spec sets."""
    return spec.sampling


def _known(provider: str) -> bool:
    return provider in providers.entries or provider.replace("-", "_") in providers.files() or _registered(provider)


def _registered(provider: str) -> bool:
    try:
        providers.find(provider)
    except InputError:
        return False
    return True


_FAMILIES = {
    "gpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "chatgpt": "openai",
    "davinci": "openai",
    "claude": "anthropic",
    "gemini": "google",
    "gemma": "google",
    "mistral": "mistral",
    "deepseek": "deepseek",
}


def _suggestion(name: str) -> str:
    for prefix, provider in _FAMILIES.items():
        if name.lower().startswith(prefix):
            return f"did you mean '{provider}/{name}'?"
    if name.endswith((".jsonl", ".gz")):
        return f"did you mean 'replay:{name}'?"
    if name.endswith((".prompty", ".txt", ".md")):
        return f"it is a prompt by its name; -p {name}"
    if (kind := kind_of(name, providers)) is not None:
        return f"it is {kind}, and a model is wanted here, such as pocket/small"
    return f"write PROVIDER/{name}, such as openai/{name} or ollama/{name}"


def _split(query: str, spec: str) -> tuple[dict[str, str], Sampling]:
    """The options and the sampling fields of a query."""
    options: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        key, equals, raw = pair.partition("=")
        value = unquote(raw)
        if not equals or not value:
            raise InputError(f"model {spec!r}: option {key!r} has no value; write {key}=VALUE")
        if key in (fields if key != "stop" else ()) or key in options:
            raise InputError(f"model {spec!r}: option {key!r} is given twice")
        if key == "stop":
            fields["stop"] = (*fields.get("stop", ()), value)
        elif key in _FIELDS:
            fields[key] = _converted(key, value, spec)
        elif key.startswith("extra."):
            fields.setdefault("extra", {})[key.removeprefix("extra.")] = _json(value)
        elif key in OPTIONS:
            options[key] = value
        else:
            raise InputError(f"model {spec!r}: unknown option {key!r}; {nearest(key, [*_FIELDS, 'stop', *OPTIONS])}")
    return options, Sampling(**fields)


def _number(text: str) -> float:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


_FIELDS: dict[str, tuple[Callable[[str], Any], str]] = {
    "temperature": (_number, "a number"),
    "top_p": (_number, "a number"),
    "top_k": (_positive, "a whole number from 1"),
    "max_tokens": (_positive, "a whole number from 1"),
    "seed": (int, "a whole number"),
    "logprobs": (_whole, "a whole number from 0"),
    "effort": (str, "a word"),
    "frequency_penalty": (_number, "a number"),
    "presence_penalty": (_number, "a number"),
}


def _converted(key: str, value: str, spec: str) -> Any:
    convert, wanted = _FIELDS[key]
    try:
        return convert(value)
    except ValueError:
        raise InputError(f"model {spec!r}: {key} must be {wanted}, not {value!r}") from None


def _json(value: str) -> Any:
    """A number, true, false, null, list or object where the text is one, else the text itself."""
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _sampling_pairs(sampling: Sampling) -> list[tuple[str, str]]:
    pairs = [(f, getattr(sampling, f)) for f in _FIELDS]
    found = [(f, v if isinstance(v, str) else repr(v)) for f, v in pairs if v is not None]
    found += [("stop", s) for s in sampling.stop]
    return found + [(f"extra.{k}", _extra_text(v)) for k, v in sampling.extra.items()]


def _extra_text(value: Any) -> str:
    if isinstance(value, str) and _json(value) == value:
        return value
    return msgspec.json.encode(value).decode()
