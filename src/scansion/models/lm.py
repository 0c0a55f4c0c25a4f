"""The handle that programs and judges call models through, and the trace of one outcome.

    reply = await lm("How many feet has an iamb?")
    reply = await lm([{"role": "user", "content": "..."}], temperature=0.7)

`lm(...)` numbers the call at once, so that five equal calls are k = 0 to 4 in the order of their writing, however they
are awaited.
"""

from __future__ import annotations

import asyncio
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import msgspec

from scansion.errors import CallError, InputError, ProgramError, nearest
from scansion.models.base import Piece, joined
from scansion.models.budget import text_case
from scansion.models.channel import Channel
from scansion.models.embeddings import check_embeds, check_texts, embedding_key, embedding_request, matrix
from scansion.models.gateway import Gateway
from scansion.models.hearing import Hearing
from scansion.types import Call, Completion, Message, Request, Sampling, call_key, request_digest

if typing.TYPE_CHECKING:
    from scansion.models.embeddings import Matrix

__all__ = ["LM", "Prompted", "Trace", "as_request"]

Prompted = str | Request | Sequence[Message | Mapping[str, Any]]

_UNSET = Sampling()


class Trace:
    """The calls of one outcome in the order in which they were asked, with its repeat counters.

    `errors` are the calls that could not be done, in the order in which they failed. `heard`, where it is set, is told
    of each call by its place from 0: the pieces of the reply as they come, and the completion in the end. `about` is,
    for a judge's calls, the template of the prompt whose output is judged (empty: a program in Python), and `hidden`
    are the columns that no judge is shown among the inputs: those that hold the id, the target and the rationale.
    """

    __slots__ = ("_counts", "_once", "_slots", "about", "errors", "heard", "hidden")

    def __init__(self, about: str = "", hidden: Sequence[str] = ()) -> None:
        self.about = about
        self.hidden = tuple(hidden)
        self._slots: list[Call | None] = []
        self._counts: dict[bytes, int] = {}
        self._once: dict[bytes, int] = {}
        self.errors: list[CallError] = []
        self.heard: Callable[[int, Piece], None] | None = None

    @property
    def calls(self) -> list[Call]:
        """The calls that were answered."""
        return [call for call in self._slots if call is not None]

    def repeat(self, identity: bytes, request: bytes) -> int:
        """How often this outcome has asked this very request of this model before; counts it."""
        seen = identity + request
        k = self._counts.get(seen, 0)
        self._counts[seen] = k + 1
        return k

    def slot(self) -> int:
        """A place for the next call."""
        self._slots.append(None)
        return len(self._slots) - 1

    def once(self, key: bytes) -> int:
        """The one place for all calls of this key: what is not drawn is asked once."""
        if key not in self._once:
            self._once[key] = self.slot()
        return self._once[key]

    def embedded(self, slot: int, call: Call) -> None:
        """Put an embedding in its place, and tell of it the first time."""
        new, self._slots[slot] = self._slots[slot] is None, call
        if new and self.heard is not None:
            self.heard(slot, Piece("", call.completion))

    def fill(self, slot: int, call: Call) -> None:
        """Put an answered call in its place."""
        self._slots[slot] = call


class LM:
    """A model in the hands of one outcome. `trial` numbers independent repeats of the whole outcome from 0."""

    __slots__ = ("_channel", "_gateway", "_purpose", "_sampling", "trace", "trial")

    def __init__(
        self,
        gateway: Gateway,
        channel: Channel,
        trace: Trace,
        *,
        trial: int = 0,
        purpose: Literal["subject", "judge"] = "subject",
        sampling: Sampling = _UNSET,
    ) -> None:
        self._gateway = gateway
        self._channel = channel
        self.trace = trace
        self.trial = trial
        self._purpose: Literal["subject", "judge"] = purpose
        self._sampling = sampling

    @property
    def model(self) -> str:
        """The model's spec as the user wrote it."""
        return self._channel.name

    @property
    def about(self) -> str:
        """The template of the prompt whose output is judged; empty where there is none."""
        return self.trace.about

    @property
    def hidden(self) -> tuple[str, ...]:
        """The columns that a judge is not shown among a row's inputs."""
        return self.trace.hidden

    @property
    def channel(self) -> Channel:
        """The channel that this handle asks through."""
        return self._channel

    def __call__(self, prompt: Prompted, **sampling: Any) -> Awaitable[Completion]:
        """Ask the model. `prompt` is one user message, a sequence of messages, or a Request (raw `text` too).

        `sampling` are fields of `Sampling`; they win over the model spec's, and those over the request's own.
        Awaiting raises CallError, BudgetSpent; calling raises ProgramError for a wrong argument and InputError for a
        field that the model refuses.
        """
        stated = prompt if type(prompt) is Request else as_request(prompt)
        return self._ask(*self._numbered(stated, sampling))

    def _numbered(self, stated: Request, given: dict[str, Any]) -> tuple[int, Request, bytes]:
        channel, trace = self._channel, self.trace
        channel.accepts(stated)
        request = Request(
            stated.messages,
            stated.text,
            self._effective(stated.sampling, given),
            stated.tools,
            stated.tool_choice,
            stated.response_format,
            self.trial,
            0,
            stated.cache_prefix,
        )
        asked = request_digest(request)
        k = trace.repeat(channel.identity, asked)
        if k:
            request = msgspec.structs.replace(request, k=k)
        return trace.slot(), request, call_key(channel.identity, asked, self.trial, k)

    async def _ask(
        self, slot: int, request: Request, key: bytes, tell: Callable[[Piece], None] | None = None
    ) -> Completion:
        if tell is None and self.trace.heard is not None:
            tell = partial(self.trace.heard, slot)
        hearing = Hearing(tell) if tell is not None else None
        try:
            call = await self._gateway.ask(self._channel, request, key, self._purpose, hearing)
        except CallError as error:
            self.trace.errors.append(error)
            raise
        self.trace.fill(slot, call)
        if hearing is not None:
            hearing.end(call.completion)
        return call.completion

    def _effective(self, stated: Sampling, given: dict[str, Any]) -> Sampling:
        channel = self._channel
        if not given and self._sampling is _UNSET:
            return channel.effective(stated)
        over = self._sampling.merged(_sampling(given)) if given else self._sampling
        return channel.limited(stated.merged(channel.sampling).merged(over))

    def using(self, model_spec: str) -> LM:
        """A handle on another model in the same trace and budget."""
        return LM(self._gateway, self._gateway.channel(model_spec), self.trace, trial=self.trial, purpose=self._purpose)

    def embed(self, texts: Sequence[str], *, shared: bool = False) -> Awaitable[Matrix]:
        """The embedding vectors of `texts`, one row each: float32 [texts, dimensions].

        Each distinct text is a call of this outcome: recorded, paid once, its cost counted. Texts that are `shared`
        by the whole run (the rows that shots are chosen from) are recorded and paid too, but stand in no outcome's
        trace and cost; handing over the same tuple again costs no time. Raises InputError if the model gives no
        embeddings, and as a call does.
        """
        asked = check_texts(texts)
        if shared:
            return self._gateway.pool(self._channel, asked, self._purpose)
        check_embeds(self._channel)
        keys = [embedding_key(self._channel, embedding_request(self._channel, text)) for text in asked]
        return self._embed(asked, [self.trace.once(key) for key in keys])

    async def _embed(self, texts: tuple[str, ...], slots: Sequence[int]) -> Matrix:
        try:
            calls = await self._gateway.embed(self._channel, texts, self._purpose)
            found = matrix(calls)
        except CallError as error:
            self.trace.errors.append(error)
            raise
        for slot, call in zip(slots, calls, strict=True):
            self.trace.embedded(slot, call)
        return found

    async def score(self, prompt: str | Sequence[Message], continuation: str) -> Any:
        """The log-probabilities of `continuation` after `prompt`: a raw text, or the messages that it answers.

        Raises InputError if the model cannot score text.
        """
        method = self._method("score", "score a given text; use a local model that returns log-probabilities of it")
        before = (prompt,) if isinstance(prompt, str) else tuple(joined(message.content) for message in prompt)
        return await self._aside(lambda pair: method(*pair), (prompt, continuation), (*before, continuation))

    async def _aside(self, method: Any, argument: tuple[Any, ...], texts: tuple[str, ...]) -> Any:
        """`method(argument)` through the gateway; `texts` are all that it sends."""
        gateway, channel = self._gateway, self._channel
        worst = text_case(texts, channel.rates) if gateway.till is not None else None
        return await gateway.attempt(channel, method, argument, worst)

    async def stream(self, prompt: Prompted, **sampling: Any) -> AsyncIterator[str]:
        """The reply in pieces of text as they come. The call is one like any other: recorded once, and answered from
        the record where it is known.

        Raises InputError if the model cannot stream, and CallError also where a reply broke off after its first piece
        and began anew: what was said cannot be taken back.
        """
        self._method("follow", "stream its reply; call it without streaming")
        stated = prompt if isinstance(prompt, Request) else as_request(prompt)
        told: asyncio.Queue[Piece | None] = asyncio.Queue()
        asking = asyncio.ensure_future(self._ask(*self._numbered(stated, sampling), told.put_nowait))
        asking.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (piece := await told.get()) is not None:
                if piece.again:
                    raise CallError("bad_response", f"the reply of {self.model} broke off and began anew")
                if piece.text:
                    yield piece.text
            await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def _method(self, name: str, missing: str) -> Any:
        method = getattr(self._channel.model, name, None)
        if method is None:
            raise InputError(f"{self.model} cannot {missing}")
        return method


def as_request(prompt: Prompted) -> Request:
    """The request that a text or a sequence of messages stands for."""
    if isinstance(prompt, str):
        return Request((Message("user", prompt),))
    if isinstance(prompt, Request):
        return prompt
    if isinstance(prompt, Mapping) or not isinstance(prompt, Sequence):
        raise ProgramError(f"lm() takes a text, messages or a Request, not {type(prompt).__name__}")
    if not prompt:
        raise ProgramError("lm() was given no messages")
    return Request(tuple(m if isinstance(m, Message) else _message(m) for m in prompt))


def _message(value: Any) -> Message:
    try:
        return msgspec.convert(value, Message)
    except msgspec.ValidationError as error:
        raise ProgramError(f"lm() was given a message that is none: {error}") from None


def _sampling(given: Mapping[str, Any]) -> Sampling:
    for name in given:
        if name not in Sampling.__struct_fields__:
            hint = nearest(name, Sampling.__struct_fields__)
            raise ProgramError(f"lm() takes no sampling field {name!r}; {hint}")
    stop = given.get("stop")
    values = {**given, "stop": (stop,)} if isinstance(stop, str) else dict(given)
    try:
        return msgspec.convert({k: v for k, v in values.items() if v is not None}, Sampling)
    except msgspec.ValidationError as error:
        raise ProgramError(f"lm(): {error}") from None
