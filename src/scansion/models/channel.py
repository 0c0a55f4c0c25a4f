"""One opened model as a run uses it: its limiter, price, sampling, and the counters of the live line."""

from __future__ import annotations

import asyncio
from typing import Any

from scansion.errors import InputError
from scansion.models import prices
from scansion.models.base import Capabilities, Model
from scansion.models.capabilities import check
from scansion.models.limit import Limiter
from scansion.models.prices import Rates
from scansion.models.registry import ModelSpec
from scansion.types import Completion, ImagePart, Request, Sampling, digest

__all__ = ["Channel", "Counters"]

KEPT = 256  # sampling objects whose effective form is remembered; prompts have one each


class Counters:
    """What went through a channel: attempts sent, answers from records, retries, attempts in flight, tokens, money.

    `spent_usd` is what this process paid by reported usage; attempts without a reported usage are in `unreported`.
    """

    __slots__ = (
        "calls",
        "in_flight",
        "input_tokens",
        "output_tokens",
        "recorded",
        "retries",
        "spent_usd",
        "unreported",
    )

    def __init__(self) -> None:
        self.calls = self.recorded = self.retries = self.in_flight = self.unreported = 0
        self.input_tokens = self.output_tokens = 0
        self.spent_usd = 0.0


class Channel:
    """An opened model with everything that its calls share."""

    def __init__(self, spec: ModelSpec, text: str, model: Model, limiter: Limiter, timeout: float | None) -> None:
        self.spec = spec
        self.name = text
        self.plain = spec.plain  # what its price is looked up by
        self.model = model
        self.limiter = limiter
        self.timeout = timeout
        self.identity = digest(model.identity)
        self.sampling = spec.sampling
        self.counters = Counters()
        self.answered = False  # whether any call has succeeded yet, recorded ones included
        self.priced = asyncio.Lock()  # held by whoever looks the price up
        self.own_rates: Rates | None = getattr(model, "rates", None)
        self.rates_known = not model.capabilities.priced or self.own_rates is not None
        self.output_limit: int | None = None
        self.dimensions: int | None = None  # of its embeddings, once one is there
        self._effective: dict[int, tuple[Sampling, Sampling]] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What the model takes and gives."""
        return self.model.capabilities

    @property
    def rates(self) -> Rates | None:
        """The model's price; None where none is known, or while the price tables are being loaded."""
        if not self.model.capabilities.priced:
            return prices.FREE
        if self.own_rates is not None:
            return self.own_rates
        return prices.rates(self.plain) if self.rates_known else None

    def find_rates(self) -> Rates | None:
        """The model's price, the tables loaded for it if need be; None where none is known."""
        self.rates_known = True
        return self.rates

    def effective(self, sampling: Sampling) -> Sampling:
        """What is sent for a request that states `sampling`: the spec's fields win, the budget's output limit fills in.

        Raises InputError for a field that the model refuses.
        """
        known = self._effective.get(id(sampling))
        if known is not None and known[0] is sampling:
            return known[1]
        found = self.limited(sampling.merged(self.sampling))
        if len(self._effective) >= KEPT:
            self._effective.clear()
        self._effective[id(sampling)] = (sampling, found)
        return found

    def limited(self, sampling: Sampling) -> Sampling:
        """`sampling` checked against the capability table, with `max_tokens` filled in where a budget needs it."""
        check(self.name, self.capabilities, sampling)
        if self.output_limit is None or sampling.max_tokens is not None:
            return sampling
        return sampling.merged(Sampling(max_tokens=self.output_limit))

    def accepts(self, request: Request) -> None:
        """Raises InputError if the model cannot take a request of this form at all."""
        takes = self.capabilities
        if not takes.completions and not takes.chat:
            raise InputError(f"{self.name} gives embeddings and answers no prompt; name a model that does")
        if request.text is not None:
            if not takes.completions:
                raise InputError(f"{self.name} takes no raw text (apiType: completion); write a chat prompt for it")
        elif not takes.chat:
            raise InputError(
                f"{self.name} is a base model and takes no messages; set apiType: completion in the prompt"
            )
        if request.tools and not takes.tools:
            raise InputError(f"{self.name} takes no tools")
        if request.response_format is not None and not takes.formats:
            raise InputError(f"{self.name} takes no response format; ask for the form in the prompt's words")
        if not takes.images and any(_has_image(m.content) for m in request.messages):
            raise InputError(f"{self.name} takes no images")

    def count(self, completion: Completion, cost: float | None) -> None:
        """Add an answer that was paid now."""
        counters = self.counters
        if completion.usage is None:
            counters.unreported += 1
        else:
            counters.input_tokens += completion.usage.input_tokens
            counters.output_tokens += completion.usage.output_tokens
        counters.spent_usd += cost or 0.0


def _has_image(content: Any) -> bool:
    return not isinstance(content, str) and any(isinstance(p, ImagePart) for p in content)
