"""A pocket model as a Model: requests in, completions out, the engine behind them loaded at the first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Literal, cast

from scansion.errors import CallError
from scansion.models.base import Capabilities, Piece
from scansion.models.pocket.engines import held, hold, release
from scansion.models.pocket.folder import Folder
from scansion.models.prices import Rates, flat
from scansion.types import Completion, Message, Request, Sampling, TokenLogprob, Usage

if TYPE_CHECKING:
    from scansion.models.pocket.draw import Draw, Generated, Prompt
    from scansion.models.pocket.engine import Engine

__all__ = ["Pocket", "notional_rates"]

USD_PER_PARAMETER = 0.14e-6  # US dollars for a million tokens of output, each parameter of the model


def notional_rates(parameters: int) -> Rates:
    """What a token is said to cost: in proportion to the model's size, input a quarter of output.

    Nobody is paid. The figure is such that 2.9 million parameters cost 0.40 USD for a million tokens of output, about
    what small hosted models cost, so that costs of pocket models can be compared with each other.
    """
    output = float(f"{USD_PER_PARAMETER * parameters:.2g}") / 1e6
    return flat(output / 4, output)


class Pocket:
    """A model that runs in this process. `served` is the name that completions carry: name and digest.

    `rates` is its notional price. The reply to a request is a function of the model, the request (with its seed), its
    trial and its k.
    """

    def __init__(self, name: str, served: str, folder: Folder) -> None:
        self.name = name
        self.identity = f"pocket@{folder.digest}"
        self.served = f"{served}@{folder.digest[:12]}"
        self.folder = folder
        self.rates = notional_rates(folder.parameters)
        self._engine: Engine | None = None
        self._holds = 0
        self.capabilities = Capabilities(
            refuses=frozenset({"effort", "frequency_penalty", "presence_penalty", "extra"}),
            max_output=folder.shape.context,
            context=folder.shape.context,
            images=False,
            tools=False,
            formats=False,
        )

    async def complete(self, request: Request) -> Completion:
        """The reply. Raises CallError `context_length` for a prompt that is too long, `bad_request` for what it cannot
        read or draw by."""
        engine = await self._opened()
        prompt = _prompt(engine, request)
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        def heard(draw: Draw) -> None:
            if draw.finish is not None or draw.error is not None:
                _call(loop, draw, end)

        draw = engine.submit(prompt, heard)
        try:
            await ended
        finally:
            draw.dropped = True
        return self._completion(draw.generated())

    async def follow(self, request: Request) -> AsyncGenerator[Piece, None]:
        """The reply in pieces as they come; the last one holds the completion. Raises as `complete`."""
        engine = await self._opened()
        prompt = _prompt(engine, request)
        loop = asyncio.get_running_loop()
        said: asyncio.Queue[str] = asyncio.Queue()

        def heard(draw: Draw) -> None:
            text = draw.settled()
            _call(loop, draw, lambda: said.put_nowait(text))

        draw = engine.submit(prompt, heard)
        try:
            before = ""
            while draw.error is None and (draw.finish is None or not said.empty()):
                text = await said.get()
                if len(text) > len(before):
                    yield Piece(text[len(before) :])
                    before = text
            done = self._completion(draw.generated())
            yield Piece(done.text[len(before) :], done)
        finally:
            draw.dropped = True

    async def score(
        self, prompt: str | Request | Sequence[Message], continuation: str, top: int = 0
    ) -> tuple[TokenLogprob, ...]:
        """The tokens of `continuation` with their natural log-probabilities after `prompt`, `top` alternatives each.

        `prompt` is a raw text, or the messages that the assistant answers. The two are read as tokens apart. Raises
        CallError as `complete`.
        """
        engine = await self._opened()
        context = engine.tokens(_request(prompt))
        tokens = engine.tokens(Request(text=continuation))[1:]
        scored = await asyncio.to_thread(engine.score, context, tokens, top)
        return scored.logprobs

    async def count(self, request: Request) -> int:
        """The tokens of a request's prompt. Raises CallError `context_length` for one that is far too long."""
        return len((await self._opened()).tokens(request))

    async def close(self) -> None:
        """Give the engine back; a later call takes it again."""
        self._engine = None
        while self._holds:
            self._holds -= 1
            release(self.folder)

    async def _opened(self) -> Engine:
        if self._engine is None or not held(self.folder):
            self._engine = await asyncio.to_thread(hold, self.folder)
            self._holds += 1
        return self._engine

    def _completion(self, reply: Generated) -> Completion:
        return Completion(
            text=reply.text,
            finish_reason=cast(Literal["stop", "length"], reply.finish),
            usage=Usage(reply.input_tokens, reply.output_tokens),
            logprobs=reply.logprobs,
            model=self.served,
        )


def _call(loop: asyncio.AbstractEventLoop, draw: Draw, action: Callable[[], object]) -> None:
    """Call `action` in the loop; where the loop has gone, so has whoever waited."""
    try:
        loop.call_soon_threadsafe(action)
    except RuntimeError:
        draw.dropped = True


def _request(prompt: str | Request | Sequence[Message]) -> Request:
    if isinstance(prompt, str):
        return Request(text=prompt)
    return prompt if isinstance(prompt, Request) else Request(tuple(prompt))


def _prompt(engine: Engine, request: Request) -> Prompt:
    """What the engine is asked for a request. Raises CallError `bad_request` for settings that nothing is drawn by."""
    from scansion.models.pocket.draw import Prompt
    from scansion.models.pocket.sampler import Settings, draw_key

    asked = request.sampling
    _check(request, asked)
    heat = 1.0 if asked.temperature is None else asked.temperature
    return Prompt(
        engine.tokens(request),
        Settings(heat, asked.top_k, asked.top_p),
        draw_key(request),
        asked.max_tokens,
        asked.stop,
        asked.logprobs,
    )


def _check(request: Request, asked: Sampling) -> None:
    wrong = {
        "temperature must be 0 or more": asked.temperature is not None and not 0 <= asked.temperature < float("inf"),
        "top_p must be above 0 and at most 1": asked.top_p is not None and not 0 < asked.top_p <= 1,
        "top_k must be 1 or more": asked.top_k is not None and asked.top_k < 1,
        "max_tokens must be 1 or more": asked.max_tokens is not None and asked.max_tokens < 1,
        "logprobs must be 0 or more": asked.logprobs is not None and asked.logprobs < 0,
        "the pocket models take no tools and no response format": bool(request.tools)
        or request.response_format is not None,
    }
    for problem, there in wrong.items():
        if there:
            raise CallError("bad_request", problem)
