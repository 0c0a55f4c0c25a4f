"""Where every call passes: record, share, limit, pay, send, try again, price, store.

`Gateway.ask` answers from the recorder if it can. Otherwise equal calls (one key) that are under way at once share one
attempt, the limiter gives a slot, the ledger books the worst case, the model completes, and the recorder has stored
the call before anyone uses it. One gateway serves one run in one event loop.
"""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from scansion.errors import CallError, InputError, Quit, Withdrawn
from scansion.models import http, prices
from scansion.models.admission import admitted, answered, charged
from scansion.models.base import Charge, Embedded, Ledger, Recorder
from scansion.models.budget import Limits, MemoryLedger, actual, refused, worst_case
from scansion.models.channel import Channel
from scansion.models.embeddings import Embeddings
from scansion.models.hearing import Hearing
from scansion.models.limit import Limiter
from scansion.models.registry import open_model, parse_model
from scansion.models.retry import Retry
from scansion.models.till import Till
from scansion.types import Call, Completion, Request

__all__ = ["CallSettings", "Gateway", "NoRecorder"]

if typing.TYPE_CHECKING:
    from scansion.models.embeddings import Matrix

T = TypeVar("T")
A = TypeVar("A")
Purpose = Literal["subject", "judge"]

OUTPUT_LIMIT = 4096  # max_tokens under a budget of money or tokens, unless the request says


class CallSettings(Struct, frozen=True):
    """How calls are made: seconds for one attempt, attempts of a call, seconds of waiting between them (None: any),
    and the most calls in flight for one model."""

    timeout: float = 120.0
    tries: int = 6
    max_wait: float | None = None
    concurrency: int = 100


class NoRecorder:
    """A recorder that keeps nothing."""

    def get(self, _key: bytes) -> Call | None:
        """No call is ever known."""
        return None

    async def claim(self, _key: bytes) -> Call | None:
        """Every call is the asker's to make."""
        return None

    async def put(self, call: Call) -> None:
        """Forget `call`."""

    def release(self, key: bytes) -> None:
        """Nothing was claimed."""

    def pooled(self, keys: bytes) -> None:
        """Forget `keys`."""


_Waiter = asyncio.Future[Call | BaseException | None]


class Gateway:
    """Calls of one run. `limits` are the run's budget; without a `ledger` it is kept in memory."""

    def __init__(
        self,
        recorder: Recorder | None = None,
        ledger: Ledger | None = None,
        limits: Limits | None = None,
        settings: CallSettings | None = None,
        base_dir: Path | str | None = None,
    ) -> None:
        self.recorder: Recorder = recorder if recorder is not None else NoRecorder()
        self.limits = limits if limits is not None and limits != Limits() else None
        self.settings = settings if settings is not None else CallSettings()
        self.base_dir = base_dir
        if ledger is None and self.limits is not None:
            ledger = MemoryLedger(self.limits)
        self.till = Till(ledger, self.limits) if ledger is not None else None
        self.retry = Retry(tries=self.settings.tries, max_wait=self.settings.max_wait)
        self.channels: dict[str, Channel] = {}
        self.wanted: Callable[[], bool] | None = None  # whether the current task's calls are still (None: always)
        self.hushed = False  # whether models that take any time (people) are asked nothing more
        self._limiters: dict[str, Limiter] = {}
        self._pending: dict[bytes, list[_Waiter] | None] = {}
        self._embeddings = Embeddings(self)

    def channel(self, model_spec: str) -> Channel:
        """The channel of a model, opened at first use.

        Raises InputError for a wrong spec, a sampling field that the model refuses, or a model without
        a price under a budget in US dollars.
        """
        found = self.channels.get(model_spec)
        if found is None:
            found = self.channels[model_spec] = self._open(model_spec)
        return found

    def _open(self, text: str) -> Channel:
        spec = parse_model(text, self.base_dir)
        model = open_model(text, self.base_dir)
        limiter = self._limiters.get(model.identity)
        if limiter is None:
            most = min(self.settings.concurrency, model.capabilities.at_once or self.settings.concurrency)
            limiter = self._limiters[model.identity] = Limiter(most, max_wait=self.settings.max_wait)
        channel = Channel(spec, text, model, limiter, self._timeout(spec.options.get("timeout"), text))
        if model.capabilities.patient:
            channel.timeout = None
        if not model.capabilities.priced:
            pass
        elif self.limits is not None and self.limits.usd is not None:
            self._require_price(channel)
        elif channel.own_rates is None:
            prices.preload(channel.plain)
        if self.limits is not None and self.limits.bounds_output and not model.capabilities.recorded:
            channel.output_limit = min(OUTPUT_LIMIT, model.capabilities.max_output or OUTPUT_LIMIT)
        channel.effective(channel.sampling)
        return channel

    def _timeout(self, stated: str | None, text: str) -> float:
        if stated is None:
            return self.settings.timeout
        try:
            seconds = float(stated)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise InputError(f"model {text!r}: timeout must be a positive number of seconds, not {stated!r}")
        return seconds

    def _require_price(self, channel: Channel) -> None:
        channel.rates_known = True
        if channel.rates is None:
            raise InputError(
                f"no price is known for {channel.plain}, so a budget in US dollars cannot hold; "
                "give the budget in calls or tokens, such as 500calls"
            )

    async def ask(
        self,
        channel: Channel,
        request: Request,
        key: bytes,
        purpose: Purpose = "subject",
        hearing: Hearing | None = None,
    ) -> Call:
        """The call of that key: recorded, shared with an equal call under way, or made now.

        `hearing` is told the reply's pieces as they come, where the call is made now by a model that gives them.
        Raises CallError, BudgetSpent, and what the model raises on purpose (InputError, Unscored, Quit).
        """
        while True:
            found = self.recorder.get(key)
            if found is not None:
                return self.known(channel, found, purpose)
            if self.till is not None and await admitted():
                continue  # while it waited another may have asked
            if key not in self._pending:
                return await self._lead(channel, request, key, purpose, hearing)
            outcome = await self._follow(key)
            if isinstance(outcome, Call):
                return self.known(channel, outcome, purpose)
            if outcome is not None and not isinstance(outcome, Withdrawn):  # who asked has no need of it; this one may
                raise outcome

    async def embed(self, channel: Channel, texts: Sequence[str], purpose: Purpose = "subject") -> list[Call]:
        """The calls for the vectors of `texts`, one a text; see `embeddings`. Raises as `ask` does."""
        return await self._embeddings.calls(channel, texts, purpose)

    async def pool(self, channel: Channel, texts: tuple[str, ...], purpose: Purpose = "subject") -> Matrix:
        """The vectors of texts that the whole run shares and no outcome pays for, [texts, dimensions]."""
        return await self._embeddings.pool(channel, texts, purpose)

    def known(self, channel: Channel, call: Call, purpose: Purpose) -> Call:
        """A call that was made before, as it is handed out now."""
        channel.counters.recorded += 1
        channel.answered = True
        if not call.request.embeds:
            answered()
        if call.recorded and call.purpose == purpose:
            return call
        return msgspec.structs.replace(call, recorded=True, purpose=purpose)

    async def _follow(self, key: bytes) -> Call | BaseException | None:
        """What became of the equal call under way; None if its asker went away, so that another must make it."""
        waiters = self._pending[key]
        if waiters is None:
            waiters = self._pending[key] = []
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        waiters.append(waiter)
        return await waiter

    async def _lead(
        self, channel: Channel, request: Request, key: bytes, purpose: Purpose, hearing: Hearing | None
    ) -> Call:
        self._pending[key] = None
        outcome: Call | BaseException | None = None
        try:
            outcome = await self._claimed(channel, request, key, purpose, hearing)
        except Exception as error:
            outcome = error
            raise
        finally:
            for waiter in self._pending.pop(key) or ():
                if not waiter.done():
                    waiter.set_result(outcome)
        return outcome

    async def _claimed(
        self, channel: Channel, request: Request, key: bytes, purpose: Purpose, hearing: Hearing | None
    ) -> Call:
        made = await self.recorder.claim(key)
        if made is not None:
            return self.known(channel, made, purpose)
        try:
            worst = worst_case(request, channel.capabilities, channel.rates) if self.till is not None else None
            stored: list[Call] = []

            async def keep(completion: Completion) -> None:
                stored.append(
                    await self._store(channel, Call(key, channel.name, request, completion, None, False, purpose))
                )

            send = channel.model.complete if hearing is None else hearing.sender(channel.model)
            await self.attempt(channel, send, request, worst, keep)
        except BaseException:
            self.recorder.release(key)
            raise
        return stored[0]

    async def _store(self, channel: Channel, call: Call) -> Call:
        """Price a call that was just made and record it."""
        await self.price(channel)
        cost = self._cost(channel, call.completion)
        channel.count(call.completion, cost)
        priced = msgspec.structs.replace(call, cost_usd=cost, recorded=channel.capabilities.recorded)
        await self.recorder.put(priced)
        answered()
        return priced

    def _cost(self, channel: Channel, completion: Completion) -> float | None:
        if not channel.capabilities.priced:
            return 0.0
        rates = channel.rates
        return None if rates is None or completion.usage is None else rates.cost(completion.usage)

    async def price(self, channel: Channel) -> None:
        """Resolve a channel's price off the loop's thread, once for all that wait for it."""
        if channel.rates_known:
            return
        async with channel.priced:
            if not channel.rates_known:
                await asyncio.to_thread(prices.rates, channel.plain)
                channel.rates_known = True

    async def attempt(
        self,
        channel: Channel,
        send: Callable[[A], Awaitable[T]],
        argument: A,
        worst: Charge | None,
        keep: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """`send(argument)` under the limiter, the budget and the timeout, tried again while that may help.

        `worst` is what one attempt may be charged, None without a budget. `keep` is given the result while the slot is
        still held, so that no more results than slots are ever unrecorded. Raises CallError when the tries are used up.
        """
        tried, waited = 0, 0.0
        while True:
            try:
                return await self._once(channel, send, argument, worst, keep)
            except CallError as error:
                tried += 1
                wait = self.retry.wait(error, tried, waited)
                if wait is None:
                    raise self._final(channel, error) from None
            channel.counters.retries += 1
            waited += wait
            await asyncio.sleep(wait)

    def _final(self, channel: Channel, error: CallError) -> CallError:
        """The error as its outcome gets it: a refusal of a model that never answered yet stops the run."""
        if error.kind == "bad_request" and not channel.answered:
            error.fatal = True
        return error

    async def _once(
        self,
        channel: Channel,
        send: Callable[[A], Awaitable[T]],
        argument: A,
        worst: Charge | None,
        keep: Callable[[T], Awaitable[None]] | None,
    ) -> T:
        limiter = channel.limiter
        if not limiter.try_acquire():
            await limiter.acquire()
        try:
            if self.hushed and channel.capabilities.patient:
                raise Quit("stopped before this was asked")
            if self.wanted is not None and not self.wanted():
                raise Withdrawn("decided before this was asked")
            if self.till is None or worst is None:
                result = await self._send(channel, send, argument)
            else:
                result = await self._charged(channel, send, argument, worst, self.till)
            if keep is not None:
                await keep(result)
            return result
        finally:
            limiter.release()

    async def _charged(
        self, channel: Channel, send: Callable[[A], Awaitable[T]], argument: A, worst: Charge, till: Till
    ) -> T:
        await till.reserve(worst)
        charge = worst  # whatever ends the attempt without a word leaves it charged at its worst
        try:
            result = await self._send(channel, send, argument)
            charge = actual(getattr(result, "usage", None), channel.rates, worst)
            return result
        except CallError as error:
            charge = refused(error, worst)
            raise
        finally:
            till.settle(worst, charge)
            charged(worst, charge)

    async def _send(self, channel: Channel, send: Callable[[A], Awaitable[T]], argument: A) -> T:
        counters, limiter = channel.counters, channel.limiter
        now = asyncio.get_running_loop().time
        started = now()
        counters.calls += 1
        counters.in_flight += 1
        http.listener.set(limiter.heard)
        try:
            async with asyncio.timeout(channel.timeout):
                result = await send(argument)
        except TimeoutError:
            raise CallError("timeout", f"no full answer from {channel.name} within {channel.timeout:g} s") from None
        except CallError as error:
            if error.kind in ("rate_limited", "overloaded"):
                limiter.troubled(started, now())
            if error.retry_after is not None and error.passing:
                limiter.pause(error.retry_after)
            raise
        finally:
            counters.in_flight -= 1
        channel.answered = True
        limiter.succeeded()
        if isinstance(result, Completion | Embedded) and not result.latency:
            return msgspec.structs.replace(result, latency=now() - started)
        return result

    def check(self, channels: Iterable[Channel] | None = None) -> None:
        """Raises InputError for an opened model (or those of `channels`) that cannot be asked: its key is missing, or
        the person's terminal."""
        for channel in self.channels.values() if channels is None else channels:
            ready = getattr(channel.model, "ready", None)
            if ready is not None:
                ready()

    def hush(self) -> None:
        """Ask patient models (people) nothing more: what is asked from now on, or waits for its turn, raises Quit.

        A question that a person is answering goes on; those that wait behind it are refused when it is done.
        """
        self.hushed = True
        for channel in self.channels.values():
            hush = getattr(channel.model, "hush", None)
            if hush is not None:
                hush()

    async def close(self) -> None:
        """Close the models. The HTTP client stays for others that use it in this loop; see `http.close`."""
        for channel in self.channels.values():
            await channel.model.close()
