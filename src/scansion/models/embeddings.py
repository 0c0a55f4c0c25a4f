"""Embeddings as calls: each text is a call of its own, recorded once, and unknown texts go out together.

A vector is computed, not drawn: its key is the digest of the model's identity and the text (with what the spec sends
besides, such as `extra.dimensions`), for every trial and however often it is asked. Texts that nobody holds are sent in
batches; each batch books its worst case, is settled on the usage that comes back, and is stored before the next waits
for it. Tokens and cost of a batch are shared out to its texts by their length.
"""

from __future__ import annotations

import asyncio
import math
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import Any, Literal

import msgspec

from scansion.errors import CallError, InputError, ProgramError
from scansion.models.base import Embedded
from scansion.models.budget import embedding_case
from scansion.models.channel import Channel
from scansion.types import Call, Completion, Request, Sampling, Usage, call_key, digest, request_digest

if typing.TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scansion.models.gateway import Gateway

    Matrix = NDArray[np.float32]
    """Vectors, one a row: [texts, dimensions]."""

__all__ = ["Embeddings", "check_embeds", "check_texts", "embedding_key", "embedding_request", "matrix"]

BATCH_TEXTS = 256  # texts of one request; OpenAI takes 2,048, and no more is lost when one is refused
BATCH_BYTES = 200_000  # bytes of one request; a token has at least one, and OpenAI takes 300,000 tokens
_PAUSE = 64  # texts looked up between two turns of the event loop
_POOLS = 16  # pools of one run whose vectors are kept in memory

Purpose = Literal["subject", "judge"]


class _Flight:
    """A text that is being asked: `call` is there once `over` is set, unless it was not to be had."""

    __slots__ = ("call", "over")

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.call: Call | None = None


class _Pool:
    """Texts that a whole run shares: the task that gets their vectors, and how many wait for it."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[tuple[Matrix, bytes]]) -> None:
        self.task, self.waiting = task, 0


def check_embeds(channel: Channel) -> None:
    """Raise InputError for a model that gives no vectors."""
    if getattr(channel.model, "embed", None) is None or not channel.capabilities.embeds:
        wanted = "use an embedding model, such as openai/text-embedding-3-small"
        raise InputError(f"{channel.name} cannot give embeddings; {wanted}")


def embedding_request(channel: Channel, text: str) -> Request:
    """The request for a text's vector."""
    extra = channel.sampling.extra
    return Request(text=text, sampling=Sampling(extra=extra) if extra else Sampling(), embeds=True)


def embedding_key(channel: Channel, request: Request) -> bytes:
    """The key of that request: the same in every trial, however often it is asked."""
    return call_key(channel.identity, request_digest(request), 0, 0)


class Embeddings:
    """The embeddings of one run, over the gateway that sends them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._pending: dict[bytes, _Flight] = {}
        self._pools: dict[bytes, _Pool] = {}
        self._marks: dict[int, tuple[tuple[str, ...], bytes]] = {}

    async def calls(self, channel: Channel, texts: Sequence[str], purpose: Purpose) -> list[Call]:
        """The calls for the vectors of `texts`, one a text and in their order: recorded, under way for another, or made
        now. Raises CallError, BudgetSpent and InputError as `Gateway.ask` does."""
        check_embeds(channel)
        requests = {text: embedding_request(channel, text) for text in dict.fromkeys(texts)}
        keys = {text: embedding_key(channel, request) for text, request in requests.items()}
        wanted = {keys[text]: request for text, request in requests.items()}
        found: dict[bytes, Call] = {}
        while missing := [key for key in wanted if key not in found]:
            await self._round(channel, {key: wanted[key] for key in missing}, purpose, found)
        return [found[keys[text]] for text in texts]

    async def _round(
        self, channel: Channel, wanted: Mapping[bytes, Request], purpose: Purpose, found: dict[bytes, Call]
    ) -> None:
        """Put into `found` what is recorded, what is made now, and what others have under way."""
        mine: dict[bytes, Request] = {}
        flights: dict[bytes, _Flight] = {}
        try:
            for number, (key, request) in enumerate(wanted.items()):
                if number % _PAUSE == _PAUSE - 1:
                    await asyncio.sleep(0)
                call = self._gateway.recorder.get(key)
                if call is not None:
                    found[key] = self._gateway.known(channel, call, purpose)
                    channel.dimensions = channel.dimensions or len(call.completion.vector) // 4
                elif key in self._pending:
                    flights[key] = self._pending[key]
                else:
                    mine[key], self._pending[key] = request, _Flight()
            found |= await self._made(channel, mine, purpose)
        finally:
            for key in mine:
                flight = self._pending.pop(key)
                flight.call = found.get(key)
                flight.over.set()
        for key, flight in flights.items():
            await flight.over.wait()
            if flight.call is not None:
                found[key] = self._gateway.known(channel, flight.call, purpose)

    async def _made(self, channel: Channel, wanted: Mapping[bytes, Request], purpose: Purpose) -> dict[bytes, Call]:
        """Make the calls, a batch at a time until one is answered and then side by side. All that are under way end
        before the first failure is raised."""
        batches = list(_batches(wanted, channel.capabilities.batch))
        found: dict[bytes, Call] = {}
        while batches and not channel.answered:
            found |= await self._batch(channel, batches.pop(0), purpose)
        done = await asyncio.gather(*(self._batch(channel, b, purpose) for b in batches), return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException):
                raise one
            found |= one
        return found

    async def _batch(self, channel: Channel, batch: Mapping[bytes, Request], purpose: Purpose) -> dict[bytes, Call]:
        """The calls of one batch. Keys are claimed in one order everywhere, so that no two processes wait for each
        other."""
        recorder, claimed, found = self._gateway.recorder, list[bytes](), dict[bytes, Call]()
        try:
            for key in sorted(batch):
                claimed.append(key)
                made = await recorder.claim(key)
                if made is not None:
                    claimed.pop()
                    found[key] = self._gateway.known(channel, made, purpose)
            if claimed:
                found |= await self._sent(channel, {key: batch[key] for key in claimed}, purpose)
        except BaseException:
            for key in claimed:
                recorder.release(key)
            raise
        return found

    async def _sent(self, channel: Channel, batch: Mapping[bytes, Request], purpose: Purpose) -> dict[bytes, Call]:
        gateway = self._gateway
        texts = tuple(request.text or "" for request in batch.values())
        worst = embedding_case(texts, channel.rates) if gateway.till is not None else None
        stored: dict[bytes, Call] = {}

        async def keep(done: Embedded) -> None:
            await gateway.price(channel)
            calls = list(_shared_out(channel, batch, done, purpose))
            channel.count(Completion("", usage=done.usage), _total(calls))
            await asyncio.gather(*(gateway.recorder.put(call) for call in calls))
            stored.update((call.key, call) for call in calls)

        try:
            await gateway.attempt(channel, partial(_vectors, channel), texts, worst, keep)
        except CallError as error:
            if error.kind in ("context_length", "bad_request"):
                error.args = (f"{error} (embedding {_described(texts)})",)
            raise
        return stored

    async def pool(self, channel: Channel, texts: tuple[str, ...], purpose: Purpose) -> Matrix:
        """The vectors of texts that a whole run shares, [texts, dimensions], not to be written to.

        Whoever asks first sets it going and all others wait for the same; nobody's outcome pays for it. Raises as
        `calls` does.
        """
        check_embeds(channel)
        mark = self._mark(channel, texts)
        pool = self._pools.get(mark)
        if pool is None or (pool.task.done() and (pool.task.cancelled() or pool.task.exception() is not None)):
            whole = self._whole(channel, texts, purpose)
            pool = self._pools[mark] = _Pool(asyncio.get_running_loop().create_task(whole, context=Context()))
            while len(self._pools) > _POOLS:
                del self._pools[next(iter(self._pools))]
        pool.waiting += 1
        try:
            found, keys = await asyncio.shield(pool.task)
            self._gateway.recorder.pooled(keys)
            return found
        finally:
            pool.waiting -= 1
            if not pool.waiting and not pool.task.done():
                pool.task.cancel()
                self._pools.pop(mark, None)

    async def _whole(self, channel: Channel, texts: tuple[str, ...], purpose: Purpose) -> tuple[Matrix, bytes]:
        """The vectors of a pool, and the keys of its calls, each once."""
        calls = await self._gateway.embed(channel, texts, purpose)
        found = matrix(calls)
        found.flags.writeable = False
        return found, b"".join(dict.fromkeys(call.key for call in calls))

    def _mark(self, channel: Channel, texts: tuple[str, ...]) -> bytes:
        """The digest of a pool; that of a tuple which was seen before is known."""
        seen = self._marks.get(id(texts))
        if seen is None or seen[0] is not texts:
            seen = (texts, digest(texts))
            self._marks[id(texts)] = seen
            while len(self._marks) > _POOLS:
                del self._marks[next(iter(self._marks))]
        return digest(channel.identity.hex(), channel.sampling.extra, seen[1].hex())


def _batches(wanted: Mapping[bytes, Request], most: int | None) -> Iterator[dict[bytes, Request]]:
    """The requests in batches of a bounded number of texts and bytes; a longer text goes alone."""
    batch: dict[bytes, Request] = {}
    size = 0
    for key, request in wanted.items():
        length = len((request.text or "").encode("utf-8", "surrogatepass"))
        if batch and (len(batch) >= min(most or BATCH_TEXTS, BATCH_TEXTS) or size + length > BATCH_BYTES):
            yield batch
            batch, size = {}, 0
        batch[key] = request
        size += length
    if batch:
        yield batch


async def _vectors(channel: Channel, texts: tuple[str, ...]) -> Embedded:
    """The model's vectors, looked through: one a text, all of one length, of finite float32 numbers. Raises CallError
    of the kind `bad_response`."""
    import numpy as np

    model: Any = channel.model
    found = await model.embed(texts)
    if not isinstance(found, Embedded):
        found = Embedded(found)
    if len(found.vectors) != len(texts):
        raise CallError("bad_response", f"{channel.name} gave {len(found.vectors)} embeddings for {len(texts)} texts")
    with np.errstate(over="ignore"):
        rows = [np.asarray(vector, dtype="<f4") for vector in found.vectors]
    wanted = channel.dimensions or (rows[0].size if rows else 0)
    for row in rows:
        if row.ndim != 1 or row.size != wanted or not row.size:
            raise CallError("bad_response", f"{channel.name} gave embeddings of {wanted} and of {row.size} numbers")
        if not np.isfinite(row).all():
            raise CallError("bad_response", f"{channel.name} gave an embedding with numbers that are not finite")
    channel.dimensions = wanted
    return msgspec.structs.replace(found, vectors=[row.tobytes() for row in rows])


def _shared_out(channel: Channel, batch: Mapping[bytes, Request], done: Embedded, purpose: Purpose) -> Iterator[Call]:
    """The calls of a batch, each with its part of the tokens, the cost and the time."""
    lengths = [1 + len((request.text or "").encode("utf-8", "surrogatepass")) for request in batch.values()]
    tokens = _parts(done.usage.input_tokens, lengths) if done.usage is not None else None
    cost = _cost(channel, done.usage)
    whole, size = sum(tokens) if tokens else 0, sum(lengths)
    for number, (key, request) in enumerate(batch.items()):
        part = tokens[number] / whole if tokens and whole else lengths[number] / size
        completion = Completion(
            text="",
            usage=Usage(input_tokens=tokens[number]) if tokens else None,
            model=done.model,
            latency=done.latency / len(batch),
            vector=done.vectors[number],
        )
        price = None if cost is None else cost * part
        yield Call(key, channel.name, request, completion, price, channel.capabilities.recorded, purpose)


def _cost(channel: Channel, usage: Usage | None) -> float | None:
    if not channel.capabilities.priced:
        return 0.0
    rates = channel.rates
    return None if rates is None or usage is None else rates.cost(usage)


def _total(calls: Sequence[Call]) -> float | None:
    costs = [call.cost_usd for call in calls]
    return None if None in costs else math.fsum(cost for cost in costs if cost is not None)


def _parts(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that add up to `total`, in proportion to `weights` as far as that goes."""
    whole, parts, done, given = sum(weights), [], 0, 0
    for weight in weights:
        done += weight
        upto = total * done // whole
        parts.append(upto - given)
        given = upto
    return parts


def matrix(calls: Sequence[Call]) -> Matrix:
    """The vectors of calls, [texts, dimensions]. Raises CallError (`bad_response`) where they differ in length."""
    import numpy as np

    vectors = [call.completion.vector for call in calls]
    sizes = {len(vector) for vector in vectors}
    if len(sizes) > 1:
        several = " and ".join(str(size // 4) for size in sorted(sizes))
        raise CallError("bad_response", f"{calls[0].model} gave embeddings of {several} numbers at different times")
    size = sizes.pop() // 4 if sizes else 0
    return np.frombuffer(b"".join(vectors), dtype="<f4").astype(np.float32).reshape(len(vectors), size)


def _described(texts: Sequence[str]) -> str:
    longest = max(map(len, texts))
    return f"{len(texts)} texts, the longest of {longest:,} characters" if len(texts) > 1 else f"{longest:,} characters"


def check_texts(texts: Any) -> tuple[str, ...]:
    """The texts as a tuple. Raises ProgramError for what is no sequence of texts."""
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise ProgramError(f"lm.embed() takes a list of texts, not {type(texts).__name__}")
    for each in texts:
        if not isinstance(each, str):
            raise ProgramError(f"lm.embed() takes texts, and was given {type(each).__name__}")
    return texts if isinstance(texts, tuple) else tuple(texts)
