"""The contracts of this room: what a model is, what records calls, what keeps the money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from scansion.types import Call, Completion, Request, Usage

__all__ = ["Capabilities", "Charge", "Embedded", "Ledger", "Model", "Piece", "Recorder"]


class Capabilities(Struct, frozen=True, omit_defaults=True):
    """What a model takes and gives. `refuses` names the `Sampling` fields that it does not accept,
    `refuses_with_effort` those that it does not accept while it reasons, and `exclusive` those of which it accepts one.

    `max_output` and `context` are in tokens, None where unknown. `at_once` bounds the calls in flight (a person
    answers one at a time). `efforts` lists the accepted values of `effort`, empty when any is passed on. `priced` is
    False for models that cost nothing by nature (a recording, a person, a function, a local server). `recorded` says
    that answers come from a recording. A `patient` model may take any time (a person thinks): no timeout holds.
    `image_tokens` bounds the input tokens that one image counts for. `tools` and `formats` say whether a request may
    offer tools and demand a response format. One that has `embed` and yet gives no vectors says `embeds=False`;
    `batch` bounds the texts of one request for them.
    """

    refuses: frozenset[str] = frozenset()
    efforts: tuple[str, ...] = ()
    max_output: int | None = None
    context: int | None = None
    images: bool = True
    completions: bool = True
    chat: bool = True
    at_once: int | None = None
    priced: bool = True
    recorded: bool = False
    patient: bool = False
    image_tokens: int = 3000
    refuses_with_effort: frozenset[str] = frozenset()
    exclusive: tuple[str, ...] = ()
    tools: bool = True
    formats: bool = True
    embeds: bool = True
    batch: int | None = None


class Piece(Struct, frozen=True):
    """What a reply has newly said, and the whole completion once it has ended.

    `again` says that the reply begins anew: what was said of it before broke off and does not count.
    """

    text: str
    completion: Completion | None = None
    again: bool = False


class Embedded(Struct, frozen=True):
    """The vectors of some texts, one a text in their order, what they took, and the model name that the server gave."""

    vectors: Sequence[Any]
    usage: Usage | None = None
    model: str = ""
    latency: float = 0.0


@runtime_checkable
class Model(Protocol):
    """Something that completes a request.

    `name` is the spec as a user writes it; `identity` is what tells its answers from another model's (spec, base URL,
    for a recording its digest), never a key. `complete` raises CallError, Unscored, Quit or InputError, nothing else
    on purpose. `close` frees what it holds.

    Further methods are used where a model has them. `ready()` raises InputError for what only a run needs (a key, a
    terminal); it is called before the first call, and not for a preview. `hush()` says that nothing more will be asked.
    `expect(questions, answered)` tells a patient model how many outcomes there are, and how many of them are known.
    `follow(request)` is an async generator of the Pieces of the reply as they come, the last of which holds what
    `complete` would give; it raises as `complete` does. `embed(texts)` gives the vectors of a tuple of texts as
    Embedded, and raises likewise. `count(request)` gives the tokens of a request's input. A model with `rates`
    (prices.Rates) states its own price; no table is asked for it.
    """

    name: str
    identity: str
    capabilities: Capabilities

    async def complete(self, request: Request) -> Completion: ...

    async def close(self) -> None: ...


class Recorder(Protocol):
    """Keeps calls so that none is paid twice. The lab implements it; `NoRecorder` keeps nothing.

    The life of a call: `get`, and if it is not there `claim`; then either `put` or `release`. `claim` returns None
    when the caller shall make the call, or the completion when another process made it meanwhile. `put` returns once
    the call is safely stored. `pooled` tells that the current task's outcome rests on calls which are in no outcome's
    trace, the keys of which stand one after another in `keys`.
    """

    def get(self, key: bytes) -> Call | None: ...

    async def claim(self, key: bytes) -> Call | None: ...

    async def put(self, call: Call) -> None: ...

    def release(self, key: bytes) -> None: ...

    def pooled(self, keys: bytes) -> None: ...


class Charge(Struct, frozen=True):
    """An amount of what a budget counts: calls, tokens (input and output), US dollars."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


class Ledger(Protocol):
    """Where a run's spending is kept, shared by the processes that work on it.

    `reserve` books a worst case before an attempt is sent and says whether it fits the budget; `settle` replaces that
    booking by what was really charged. `spent` is all that is booked and charged.
    """

    @property
    def spent(self) -> Charge: ...

    def reserve(self, worst: Charge) -> bool: ...

    def settle(self, worst: Charge, actual: Charge) -> None: ...


def joined(parts: Sequence[Any]) -> str:
    """The text of a message's content: a string as it is, or the text parts put together."""
    return parts if isinstance(parts, str) else "".join(getattr(p, "text", "") for p in parts)
