"""The servers that speak OpenAI's protocol, in one table: where each is, what its key is called, how it differs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["SERVERS", "Compatible"]


class Compatible(Struct, frozen=True):
    """One server: its base URL and the variable of its key.

    `local` servers run on the user's machine: they need no key and cost nothing. `limit` is the name under which the
    output limit is sent, `seed` that of the seed. `completions` says whether base-model prompts are taken. `refuses`
    names the sampling fields that the server does not take. `counts_unasked` servers send the usage of a streamed reply
    without being asked and need not know how to be.
    """

    url: str
    key: str
    local: bool = False
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    seed: Literal["seed", "random_seed"] = "seed"
    completions: bool = True
    refuses: frozenset[str] = frozenset()
    counts_unasked: bool = False


_TOP_K = frozenset({"top_k"})

SERVERS = {
    "openai": Compatible("https://api.openai.com/v1", "OPENAI_API_KEY", limit="max_completion_tokens", refuses=_TOP_K),
    "cerebras": Compatible(
        "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", limit="max_completion_tokens", refuses=_TOP_K
    ),
    "deepinfra": Compatible("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "deepseek": Compatible("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", completions=False, refuses=_TOP_K),
    "fireworks": Compatible("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "groq": Compatible(
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        limit="max_completion_tokens",
        completions=False,
        refuses=frozenset({"top_k", "logprobs"}),
    ),
    "huggingface": Compatible("https://router.huggingface.co/v1", "HF_TOKEN", completions=False),
    "llamacpp": Compatible("http://localhost:8080/v1", "LLAMACPP_API_KEY", local=True),
    "lmstudio": Compatible("http://localhost:1234/v1", "LMSTUDIO_API_KEY", local=True),
    "mistral": Compatible(
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        seed="random_seed",
        completions=False,
        refuses=frozenset({"top_k", "logprobs"}),
        counts_unasked=True,
    ),
    "moonshot": Compatible("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", completions=False, refuses=_TOP_K),
    "nvidia": Compatible("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "ollama": Compatible("http://localhost:11434/v1", "OLLAMA_API_KEY", local=True),
    "openrouter": Compatible("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "perplexity": Compatible("https://api.perplexity.ai", "PERPLEXITY_API_KEY", completions=False, counts_unasked=True),
    "sambanova": Compatible("https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY", completions=False),
    "sglang": Compatible("http://localhost:30000/v1", "SGLANG_API_KEY", local=True),
    "together": Compatible("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "vllm": Compatible("http://localhost:8000/v1", "VLLM_API_KEY", local=True),
    "xai": Compatible(
        "https://api.x.ai/v1", "XAI_API_KEY", limit="max_completion_tokens", completions=False, refuses=_TOP_K
    ),
}
