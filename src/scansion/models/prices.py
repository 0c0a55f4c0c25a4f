"""What a call costs in US dollars, from the tables of the `genai-prices` package.

The package takes a third of a second to import: nothing is loaded before the first price is wanted, `preload` does it
in a thread while the first calls are in flight, and what was looked up is kept for the next process (`price_cache`). A
model's price is resolved once into plain numbers.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from scansion.models.price_cache import PriceCache
from scansion.types import Usage

__all__ = ["Rates", "flat", "preload", "price", "rates"]

_OTHER_NAMES = {"xai": "x-ai", "moonshot": "moonshotai", "bedrock": "aws", "gemini": "google"}

RECHECK_SECONDS = 60.0  # how long a price is kept that depends on the time of day


class Tier(Struct, frozen=True):
    """US dollars per token where the input is longer than `above` tokens."""

    above: int
    input: float
    cached: float
    cache_write: float
    output: float
    reasoning: float


class Rates(Struct, frozen=True):
    """A model's price: its tiers from the shortest input up, and a fee per call in US dollars."""

    tiers: tuple[Tier, ...]
    per_call: float = 0.0

    def cost(self, usage: Usage) -> float:
        """The price of a call in US dollars; the tier that the input's length reaches applies to all its tokens."""
        tier = self.tiers[0]
        if len(self.tiers) > 1:
            tier = [t for t in self.tiers if usage.input_tokens > t.above or t is tier][-1]
        cached = min(usage.cached_tokens, usage.input_tokens)
        written = min(usage.cache_write_tokens, usage.input_tokens - cached)
        reasoned = min(usage.reasoning_tokens, usage.output_tokens)
        return (
            (usage.input_tokens - cached - written) * tier.input
            + cached * tier.cached
            + written * tier.cache_write
            + (usage.output_tokens - reasoned) * tier.output
            + reasoned * tier.reasoning
            + self.per_call
        )

    def worst(self, tokens_in: int, tokens_out: int) -> float:
        """The most that so many tokens can cost: every one at the dearest rate that may apply to it."""
        reached = [t for t in self.tiers if tokens_in > t.above or t is self.tiers[0]]
        dearest_in = max(max(t.input, t.cached, t.cache_write) for t in reached)
        dearest_out = max(max(t.output, t.reasoning) for t in reached)
        return tokens_in * dearest_in + tokens_out * dearest_out + self.per_call


def flat(input: float, output: float) -> Rates:
    """A price of so many US dollars per token of input and of output."""
    return Rates((Tier(-1, input, input, input, output, output),))


FREE = flat(0.0, 0.0)
"""The price of what costs nothing by nature."""

_known: dict[str, tuple[Rates | None, float]] = {}
_cache = PriceCache(Rates)


def preload(model: str) -> None:
    """Start loading the price tables in a thread, unless the price of `model` is known without."""
    if model in _known or _cache.get(model) is not None:
        return
    threading.Thread(target=_load, name="scansion-prices", daemon=True).start()


def price(model: str, usage: Usage) -> float | None:
    """US dollars of a call to `model` (`provider/name`) with this usage; None where no price is known."""
    found = rates(model)
    return None if found is None else found.cost(usage)


def rates(model: str) -> Rates | None:
    """The price of `model`, written `provider/name`, as plain numbers; None where no price is known."""
    now = time.monotonic()
    found = _known.get(model)
    if found is None or found[1] < now:
        found = _known[model] = _resolve(model, now)
    return found[0]


def _load() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _resolve(model: str, now: float) -> tuple[Rates | None, float]:
    """The rates of a model and until when (monotonic seconds) they hold."""
    kept = _cache.get(model)
    if kept is not None:
        return kept[0], float("inf")
    found, lasting = _looked_up(model)
    if not lasting:
        return found, now + RECHECK_SECONDS
    _cache.put(model, found)
    return found, float("inf")


def _looked_up(model: str) -> tuple[Rates | None, bool]:
    """The rates of a model in the tables, and whether they hold at every time of day and from now on."""
    provider, _, name = model.partition("/")
    try:
        _, info = _load().find_provider_model(name, None, _OTHER_NAMES.get(provider, provider), None)
    except LookupError:
        return None, True
    return _rates(info.get_prices(datetime.now(tz=UTC))), not isinstance(info.prices, list)


_FIELDS = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok", "output_reasoning_mtok")


def _rates(table: Any) -> Rates | None:
    """Plain numbers of a price table; None for one that does not price text tokens."""
    prices = [getattr(table, field, None) for field in _FIELDS]
    if prices[0] is None and prices[3] is None:
        return None
    starts = sorted({tier.start for p in prices for tier in getattr(p, "tiers", ())})
    fee = getattr(table, "requests_kcount", None)
    per_call = float(getattr(fee, "base", fee) or 0) / 1000
    return Rates(tuple(_tier(above, prices) for above in (-1, *starts)), per_call)


def _tier(above: int, prices: list[Any]) -> Tier:
    values = [_at(p, above) for p in prices]
    input, output = values[0] or 0.0, values[3] or 0.0
    cached, written, reasoning = values[1], values[2], values[4]
    return Tier(
        above,
        input,
        input if cached is None else cached,
        input if written is None else written,
        output,
        output if reasoning is None else reasoning,
    )


def _at(price: Any, above: int) -> float | None:
    """US dollars per token of a price where the input is just longer than `above` tokens."""
    if price is None:
        return None
    per_million = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if tier.start <= above:
            per_million = tier.price
    return float(per_million) / 1e6
