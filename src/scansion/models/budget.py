"""Money: what a budget allows, what an attempt may cost at worst, and a ledger that never lets the sum exceed it.

Each attempt books its worst case before it is sent, and is settled on the usage that the provider reports. What may
have been processed without a report (a timeout, a lost connection, a broken reply) stays charged at its worst case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import CallError, InputError
from scansion.models.base import Capabilities, Charge
from scansion.models.prices import Rates
from scansion.types import ImagePart, Message, Request, Usage

__all__ = [
    "Budget",
    "Limits",
    "MemoryLedger",
    "actual",
    "bytes_of",
    "embedding_case",
    "refused",
    "text_case",
    "worst_case",
]

MESSAGE_TOKENS = 16  # what chat templates add to a message, bounded
REQUEST_TOKENS = 64  # and to a request
TOOL_TOKENS = 1024  # the hidden instructions that come with tools
UNLIMITED_OUTPUT = 131_072  # bound of the output where neither the request nor the capability table gives one

_PART = re.compile(r"(?P<dollar>\$)?\s*(?P<number>\d[\d_]*(?:\.\d+)?|\.\d+)\s*(?P<scale>[kKmM])?\s*(?P<unit>[A-Za-z]*)")
_UNITS = {"usd": "usd", "dollar": "usd", "dollars": "usd", "call": "calls", "calls": "calls"}
_UNITS |= {"token": "tokens", "tokens": "tokens", "tok": "tokens"}


class Limits(Struct, frozen=True):
    """The most that a run may use; None is unlimited. `tokens` counts input and output, `usd` US dollars."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None

    @property
    def text(self) -> str:
        """As a user writes it."""
        parts = [f"{self.usd:.12g}usd" if self.usd is not None else ""]
        parts += [f"{self.calls}calls" if self.calls is not None else ""]
        parts += [f"{self.tokens}tokens" if self.tokens is not None else ""]
        return ",".join(filter(None, parts))

    @property
    def bounds_output(self) -> bool:
        """Whether a request must state its `max_tokens` under these limits."""
        return self.tokens is not None or self.usd is not None


class Budget:
    """The text form of limits: `2usd`, `$2`, `500calls`, `1Mtokens`, `500ktokens`, or several joined by commas."""

    @staticmethod
    def parse(text: str) -> Limits:
        """The limits that `text` states. Raises InputError for anything that is not a positive amount of a unit."""
        found: dict[str, Any] = {}
        for part in str(text).split(","):
            unit, amount = _amount(part.strip(), str(text))
            if unit in found:
                raise InputError(f"budget {text!r} limits {unit} twice")
            found[unit] = amount
        return Limits(**found)


def _amount(part: str, text: str) -> tuple[str, float | int]:
    wanted = "write it as 2usd, 500calls, 1Mtokens, or several joined by commas"
    match = _PART.fullmatch(part)
    unit = None
    if match:
        unit = "usd" if match["dollar"] and not match["unit"] else _UNITS.get(match["unit"].lower())
    if match is None or unit is None or (match["dollar"] and unit != "usd"):
        reason = "is negative" if part.startswith(("-", "$-")) else "is not understood"
        raise InputError(f"budget {text!r} {reason}; {wanted}")
    number = float(match["number"].replace("_", ""))
    number *= {"k": 1e3, "m": 1e6}.get((match["scale"] or "").lower(), 1)
    if number <= 0:
        raise InputError(f"budget {text!r} allows nothing; give more than zero, or leave the budget out")
    if unit != "usd" and number != int(number):
        raise InputError(f"budget {text!r}: {unit} are counted in whole numbers")
    return unit, number if unit == "usd" else int(number)


class MemoryLedger:
    """A ledger of one process. `spent` holds what is booked and charged so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0

    @property
    def spent(self) -> Charge:
        """All that is charged or booked."""
        return Charge(self.calls, self.tokens, self.usd)

    def reserve(self, worst: Charge) -> bool:
        """Book `worst` if everything booked stays within the limits; whether it did."""
        calls, tokens, usd = self.calls + worst.calls, self.tokens + worst.tokens, self.usd + worst.usd
        most = self.limits
        if most.calls is not None and calls > most.calls:
            return False
        if most.tokens is not None and tokens > most.tokens:
            return False
        if most.usd is not None and usd > most.usd:
            return False
        self.calls, self.tokens, self.usd = calls, tokens, usd
        return True

    def settle(self, worst: Charge, actual: Charge) -> None:
        """Put what was charged in the place of what was booked."""
        self.calls += actual.calls - worst.calls
        self.tokens += actual.tokens - worst.tokens
        self.usd += actual.usd - worst.usd


def worst_case(request: Request, capabilities: Capabilities, rates: Rates | None) -> Charge:
    """The most that one attempt at `request` can be charged.

    A token holds at least one byte of UTF-8, so the input is bounded by the bytes sent, plus what templates add and
    a bound for each image; the output by `max_tokens` (or what `extra` asks for).
    """
    tokens_in = REQUEST_TOKENS + bytes_of(request.text or "")
    for message in request.messages:
        tokens_in += MESSAGE_TOKENS + _message_bound(message, capabilities)
    if request.tools:
        tokens_in += TOOL_TOKENS + len(msgspec.json.encode(request.tools))
    if request.response_format is not None:
        tokens_in += TOOL_TOKENS + len(msgspec.json.encode(request.response_format))
    tokens_out = _output_bound(request, capabilities)
    usd = rates.worst(tokens_in, tokens_out) if rates is not None else 0.0
    return Charge(1, tokens_in + tokens_out, usd)


def text_case(texts: tuple[str, ...], rates: Rates | None) -> Charge:
    """The most that sending `texts` can be charged where nothing is generated (embeddings, scoring)."""
    tokens = sum(MESSAGE_TOKENS + bytes_of(t) for t in texts)
    return Charge(1, tokens, rates.worst(tokens, 1) if rates is not None else 0.0)


def embedding_case(texts: Sequence[str], rates: Rates | None) -> Charge:
    """The most that one request for the vectors of `texts` can be charged; each text counts as a call."""
    worst = text_case(tuple(texts), rates)
    return Charge(len(texts), worst.tokens, worst.usd)


def bytes_of(text: str) -> int:
    """The bytes of a text in UTF-8, lone surrogates included: no tokenizer makes more tokens of it."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _message_bound(message: Message, capabilities: Capabilities) -> int:
    tokens = sum(bytes_of(c.name) + bytes_of(c.arguments) + MESSAGE_TOKENS for c in message.tool_calls)
    if isinstance(message.content, str):
        return tokens + bytes_of(message.content)
    for part in message.content:
        tokens += capabilities.image_tokens if isinstance(part, ImagePart) else bytes_of(part.text)
    return tokens


def _output_bound(request: Request, capabilities: Capabilities) -> int:
    extra = request.sampling.extra
    asked = [extra.get(n) for n in ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")]
    bounds = [a for a in (request.sampling.max_tokens, *asked) if isinstance(a, int)]
    bound = max(bounds) if bounds else capabilities.max_output or UNLIMITED_OUTPUT
    copies = max(
        [c for c in (extra.get("n"), extra.get("best_of"), extra.get("candidateCount")) if isinstance(c, int)] + [1]
    )
    return bound * copies


def actual(usage: Usage | None, rates: Rates | None, worst: Charge) -> Charge:
    """What an answered attempt is charged: by its usage, or its worst case if none was reported."""
    if usage is None:
        return worst
    usd = rates.cost(usage) if rates is not None else 0.0
    return Charge(worst.calls, usage.input_tokens + usage.output_tokens, usd)


_REFUSALS = frozenset({"rate_limited", "overloaded", "bad_request", "context_length", "content_policy", "no_recording"})


def refused(error: CallError, worst: Charge) -> Charge:
    """What a failed attempt is charged: nothing if it never left, a call if it was turned away, else its worst case."""
    if not error.sent:
        return Charge()
    return Charge(1) if error.kind in _REFUSALS and not error.begun else worst
