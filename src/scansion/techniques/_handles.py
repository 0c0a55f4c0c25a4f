"""Handles that sample as a technique needs or ask another model, and what log-probabilities say of a reply."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from scansion.errors import Unscored
from scansion.models.lm import as_request
from scansion.techniques._algebra import Program
from scansion.types import Completion, Output, Sampling

__all__ = ["Sampled", "mean_logprob", "no_logprobs", "on_model", "sum_logprob"]


class Sampled:
    """The outcome's handle, with `sampling` for what a call, its prompt and the model's spec leave open.

    `Sampled(lm, logprobs=0)` asks for the log-probabilities of what is drawn. `using` gives a handle on another model
    that samples so too, or the plain one where that model refuses a field.
    """

    def __init__(self, lm: Any, **sampling: Any) -> None:
        self._lm, self._fields = lm, sampling
        self._sampling = msgspec.convert(sampling, Sampling)

    def __call__(self, prompt: Any, **sampling: Any) -> Awaitable[Completion]:
        stated = as_request(prompt)
        asked = msgspec.structs.replace(stated, sampling=self._sampling.merged(stated.sampling))
        reply: Awaitable[Completion] = self._lm(asked, **sampling)
        return reply

    def using(self, model_spec: str) -> Any:
        """A handle on another model in the same trace and budget."""
        other = self._lm.using(model_spec)
        refused = other.channel.capabilities.refuses
        return other if refused.intersection(self._fields) else Sampled(other, **self._fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lm, name)


def on_model(program: Program, model: str) -> Program:
    """The program with `model` in the place of the model that it would ask."""

    async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
        return await program(inputs, lm.using(model))

    return run


def mean_logprob(output: Output) -> float | None:
    """The mean natural log-probability of the reply's tokens; None where the output has none."""
    total = sum_logprob(output)
    return None if total is None else total / len(output.logprobs or ())


def sum_logprob(output: Output) -> float | None:
    """The natural log-probability of the whole reply; None where the output has none."""
    return sum(token.logprob for token in output.logprobs) if output.logprobs else None


def no_logprobs() -> Unscored:
    """The error for replies of which a model gave no log-probabilities, though it was asked for them."""
    why = "the model gave no log-probabilities; use one that does, or choose without them"
    return Unscored("no log-probabilities", why)
