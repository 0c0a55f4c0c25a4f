"""What the models of known families take, by the longest matching prefix of `provider/name`.

Taken from the providers' public model pages and API references (OpenAI: reasoning guide and model pages; Anthropic:
models overview and migration guides; Google: Gemini API models), as of November 2026. Only what is sure is here: an
unknown model refuses nothing and has no limits, and the provider's own refusal is then the word.
"""

from __future__ import annotations

from msgspec.structs import replace

from scansion.errors import InputError
from scansion.models.base import Capabilities
from scansion.types import Sampling

__all__ = ["check", "lookup"]

_K = 1024

_DRAW = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs"})
_LEVELS = ("low", "medium", "high")


def _openai(output: int | None = None, context: int | None = None, images: bool = True) -> Capabilities:
    """A model of OpenAI that does not reason: it takes every field but `effort`."""
    return Capabilities(frozenset({"effort"}), max_output=output, context=context, images=images, embeds=False)


def _thinker(efforts: tuple[str, ...], output: int, context: int, images: bool = True) -> Capabilities:
    """A model of OpenAI that always reasons: it draws at its own temperature."""
    return Capabilities(_DRAW, efforts, output, context, images, completions=False, image_tokens=4000, embeds=False)


_CLAUDE_LACKS = frozenset({"seed", "logprobs", "frequency_penalty", "presence_penalty"})
_CLAUDE = Capabilities(refuses=_CLAUDE_LACKS, context=200_000, completions=False, image_tokens=2000)
_CLAUDE_ONE = replace(_CLAUDE, exclusive=("temperature", "top_p"))
_CLAUDE_NONE = replace(
    _CLAUDE,
    refuses=_CLAUDE_LACKS | {"temperature", "top_p", "top_k"},
    efforts=("low", "medium", "high", "xhigh", "max"),
    max_output=128_000,
    context=1_000_000,
    image_tokens=6000,
)
_GEMINI = Capabilities(context=1_048_576, completions=False, image_tokens=10_000)

_TABLE: dict[str, Capabilities] = {
    # OpenAI: models that do not reason
    "openai/gpt-3.5-turbo": _openai(4 * _K, 16_385, images=False),
    "openai/gpt-4": _openai(8 * _K, 8 * _K, images=False),
    "openai/gpt-4-turbo": _openai(4 * _K, 128_000),
    "openai/gpt-4o": _openai(16 * _K, 128_000),
    "openai/gpt-4o-2024-05-13": _openai(4 * _K, 128_000),
    "openai/gpt-4o-mini": replace(_openai(16 * _K, 128_000), image_tokens=50_000),
    "openai/gpt-4.1": replace(_openai(32 * _K, 1_047_576), image_tokens=4000),
    "openai/gpt-5-chat": _openai(16 * _K, 128_000),
    "openai/davinci-002": replace(_openai(16 * _K, 16 * _K, images=False), chat=False),
    "openai/babbage-002": replace(_openai(16 * _K, 16 * _K, images=False), chat=False),
    "openai/gpt-3.5-turbo-instruct": replace(_openai(4 * _K, 4 * _K, images=False), chat=False),
    # OpenAI: models that reason
    "openai/o1": _thinker(_LEVELS, 100_000, 200_000),
    "openai/o3": _thinker(_LEVELS, 100_000, 200_000),
    "openai/o3-mini": _thinker(_LEVELS, 100_000, 200_000, images=False),
    "openai/o4-mini": _thinker(_LEVELS, 100_000, 200_000),
    "openai/gpt-5": _thinker(("minimal", *_LEVELS), 128_000, 400_000),
    "openai/gpt-5-pro": _thinker(("high",), 272_000, 400_000),
    # OpenAI: models that reason when told to, and draw as told when not
    "openai/gpt-5.": Capabilities(refuses_with_effort=_DRAW, completions=False, image_tokens=12_500, embeds=False),
    "openai/gpt-5.1": Capabilities(
        refuses_with_effort=_DRAW,
        efforts=("none", *_LEVELS),
        max_output=128_000,
        context=400_000,
        completions=False,
        image_tokens=4000,
        embeds=False,
    ),
    # OpenAI: models that give vectors
    "openai/text-embedding-": Capabilities(context=8 * _K, completions=False, chat=False, images=False),
    # Anthropic: later models take one of temperature and top_p, the latest neither
    "anthropic/claude-": _CLAUDE,
    "anthropic/claude-3-haiku": replace(_CLAUDE, max_output=4 * _K),
    "anthropic/claude-3-5-": replace(_CLAUDE, max_output=8 * _K),
    "anthropic/claude-sonnet-4-2025": replace(_CLAUDE, max_output=64_000),
    "anthropic/claude-opus-4-2025": replace(_CLAUDE, max_output=32_000),
    "anthropic/claude-opus-4-1": replace(_CLAUDE_ONE, max_output=32_000),
    "anthropic/claude-haiku-4-5": replace(_CLAUDE_ONE, max_output=64_000),
    "anthropic/claude-sonnet-4-5": replace(_CLAUDE_ONE, max_output=64_000, context=1_000_000),
    "anthropic/claude-opus-4-5": replace(_CLAUDE_ONE, max_output=64_000, efforts=_LEVELS),
    "anthropic/claude-sonnet-4-6": replace(
        _CLAUDE_ONE, max_output=128_000, context=1_000_000, efforts=(*_LEVELS, "max")
    ),
    "anthropic/claude-opus-4-6": replace(_CLAUDE_ONE, max_output=128_000, context=1_000_000, efforts=(*_LEVELS, "max")),
    "anthropic/claude-opus-4-7": _CLAUDE_NONE,
    "anthropic/claude-opus-4-8": _CLAUDE_NONE,
    "anthropic/claude-opus-5": _CLAUDE_NONE,
    "anthropic/claude-sonnet-5": _CLAUDE_NONE,
    "anthropic/claude-fable-": _CLAUDE_NONE,
    # Google
    "google/gemini-": _GEMINI,
    "google/gemini-1.5-": replace(_GEMINI, max_output=8 * _K),
    "google/gemini-2.0-": replace(_GEMINI, max_output=8 * _K),
    "google/gemini-2.5-": replace(_GEMINI, max_output=64 * _K),
    "google/gemini-3": replace(_GEMINI, max_output=64 * _K),
    "google/gemma-": Capabilities(completions=False, image_tokens=10_000),
}

_HARMLESS = {"temperature": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0}
"""Values that say what the model does anyway, and that are accepted where the field is refused otherwise."""


def lookup(provider: str, name: str) -> Capabilities:
    """What the table says of a model; an unknown model refuses nothing."""
    full = f"{provider}/{name.removeprefix('ft:')}".lower()
    best = max((prefix for prefix in _TABLE if full.startswith(prefix)), key=len, default=None)
    return _TABLE[best] if best is not None else Capabilities()


def check(model: str, capabilities: Capabilities, sampling: Sampling) -> None:
    """Raises InputError, naming field and model, if `sampling` sets what the model refuses."""
    for field in sorted(capabilities.refuses):
        if _sets(sampling, field):
            raise InputError(
                f"{model} does not take {field}; leave it out of the prompt, the plan and the model's spec"
            )
    _check_effort(model, capabilities, sampling)
    pair = capabilities.exclusive
    if pair and all(getattr(sampling, field) is not None for field in pair):
        raise InputError(f"{model} takes {' or '.join(pair)}, not both; leave one of them out")
    most = capabilities.max_output
    if most is not None and sampling.max_tokens is not None and sampling.max_tokens > most:
        raise InputError(f"{model} gives at most {most} tokens; max_tokens={sampling.max_tokens} is more")


def _check_effort(model: str, capabilities: Capabilities, sampling: Sampling) -> None:
    effort, known = sampling.effort, capabilities.efforts
    if effort is None:
        return
    if known and effort not in known:
        raise InputError(f"{model} takes no effort {effort!r}; it takes {', '.join(known)}")
    for field in sorted(capabilities.refuses_with_effort) if effort != "none" else ():
        if _sets(sampling, field):
            raise InputError(f"{model} does not take {field} together with effort={effort}; leave one of them out")


def _sets(sampling: Sampling, field: str) -> bool:
    value = getattr(sampling, field)
    return value is not None and value not in ((), {}) and value != _HARMLESS.get(field)
