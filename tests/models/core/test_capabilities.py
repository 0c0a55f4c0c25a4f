"""The table of model families, and what it refuses."""

from __future__ import annotations

import pytest

from scansion.errors import InputError
from scansion.models.base import Capabilities
from scansion.models.capabilities import check, lookup
from scansion.types import Sampling


@pytest.mark.parametrize(
    ("model", "sampling", "said"),
    [
        ("openai/gpt-5-mini", Sampling(temperature=0.0), "does not take temperature"),
        ("openai/gpt-5-mini", Sampling(logprobs=0), "does not take logprobs"),
        ("openai/gpt-5-mini", Sampling(effort="xhigh"), "takes no effort 'xhigh'"),
        ("openai/o3", Sampling(top_p=0.5), "does not take top_p"),
        ("openai/gpt-5.1", Sampling(temperature=0.0, effort="low"), "together with effort=low"),
        ("openai/gpt-4o", Sampling(effort="low"), "does not take effort"),
        ("openai/gpt-4o", Sampling(max_tokens=99_999), "at most 16384 tokens"),
        ("anthropic/claude-haiku-4-5", Sampling(temperature=0.0, top_p=0.5), "temperature or top_p, not both"),
        ("anthropic/claude-opus-5", Sampling(temperature=0.0), "does not take temperature"),
        ("anthropic/claude-3-haiku-20240307", Sampling(seed=1), "does not take seed"),
    ],
)
def test_refused(model: str, sampling: Sampling, said: str) -> None:
    provider, _, name = model.partition("/")
    with pytest.raises(InputError, match=said) as error:
        check(model, lookup(provider, name), sampling)
    assert model in str(error.value)


@pytest.mark.parametrize(
    ("model", "sampling"),
    [
        ("openai/gpt-5-mini", Sampling(temperature=1.0, effort="minimal", max_tokens=100)),
        ("openai/gpt-5.1", Sampling(temperature=0.0)),
        ("openai/gpt-5.1", Sampling(temperature=0.0, effort="none")),
        ("openai/gpt-5-chat-latest", Sampling(temperature=0.0)),
        ("openai/gpt-4o-mini-2024-07-18", Sampling(temperature=0.0, top_p=0.5, logprobs=5, seed=1)),
        ("anthropic/claude-3-5-sonnet-20241022", Sampling(temperature=0.0, top_p=0.5)),
        ("google/gemini-2.5-flash", Sampling(temperature=0.0, seed=1)),
        ("openai/unheard-of", Sampling(temperature=0.0, effort="extreme", max_tokens=10**9)),
    ],
)
def test_taken(model: str, sampling: Sampling) -> None:
    provider, _, name = model.partition("/")
    check(model, lookup(provider, name), sampling)


def test_the_longest_prefix_counts() -> None:
    assert lookup("openai", "gpt-4o-mini").image_tokens > lookup("openai", "gpt-4o").image_tokens
    assert lookup("openai", "ft:gpt-4o:acme::1") == lookup("openai", "gpt-4o")
    assert lookup("nobody", "nothing") == Capabilities()
