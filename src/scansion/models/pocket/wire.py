"""OpenAI's wire as a server reads and writes it: bodies of `/chat/completions` and `/completions` and their replies.

Source: OpenAI API reference, "Create chat completion", "The chat completion chunk object", "Create completion".
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from scansion.models.pocket.server import Refused
from scansion.types import Completion, Message, Request, Sampling, TextPart, TokenLogprob, Usage

__all__ = ["ChatBody", "Drawn", "TextBody", "chat_choice", "read", "reply", "requests", "text_choice", "usage_of"]

MOST = 128  # replies to one request
TOP = 20  # alternatives to a token, as OpenAI's chats have it


class _Options(Struct, kw_only=True):
    include_usage: bool = False


class _Format(Struct, kw_only=True):
    type: str


class _Body(Struct, kw_only=True):
    """What both bodies have in common. What is not named here is ignored, as servers do."""

    model: str
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: _Options | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None

    @property
    def count(self) -> int:
        """How many replies are asked for. Raises Refused where they are none or too many."""
        found = 1 if self.n is None else self.n
        if not 1 <= found <= MOST:
            raise Refused(400, f"n must be from 1 to {MOST}")
        return found


class _Turn(Struct, kw_only=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[Any] | None = None


class ChatBody(_Body, kw_only=True):
    """The body of `/chat/completions`."""

    messages: list[_Turn]
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: _Format | None = None


class TextBody(_Body, kw_only=True):
    """The body of `/completions`."""

    prompt: str | list[str]
    echo: bool | None = None
    logprobs: int | None = None
    best_of: int | None = None
    suffix: str | None = None


class Drawn(Struct, frozen=True):
    """A reply, and the prompt that it repeats (`echo`) with its log-probabilities."""

    completion: Completion
    echoed: str = ""
    before: tuple[TokenLogprob, ...] = ()


def read(body: bytes, kind: Any) -> Any:
    """A body of that kind. Raises Refused for what is no JSON or does not fit, and for what is not offered."""
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(400, f"the request's body does not fit: {error}") from None
    except msgspec.DecodeError as error:
        raise Refused(400, f"the request's body is no JSON: {error}") from None
    except RecursionError:
        raise Refused(400, "the request's body is nested too deeply") from None
    _check(found)
    return found


_UNOFFERED = ("tools", "functions", "logit_bias", "frequency_penalty", "presence_penalty", "suffix")


def _check(body: Any) -> None:
    for name in _UNOFFERED:
        if getattr(body, name, None):
            raise Refused(400, f"the pocket models take no {name}")
    form = getattr(body, "response_format", None)
    if form is not None and form.type != "text":
        raise Refused(400, "the pocket models take no response_format; ask for the form in words")
    name = "top_logprobs" if isinstance(body, ChatBody) else "logprobs"
    if not 0 <= (getattr(body, name) or 0) <= TOP:
        raise Refused(400, f"{name} must be from 0 to {TOP}")
    if getattr(body, "prompt", None) == []:
        raise Refused(400, "prompt must hold at least one text")
    if (getattr(body, "best_of", None) or 1) > body.count:
        raise Refused(400, "the pocket models take no best_of above n")
    if body.stream and (body.logprobs or getattr(body, "echo", None)):
        raise Refused(400, "logprobs and echo are not offered with stream")


def requests(body: ChatBody | TextBody, seed: int) -> list[Request]:
    """The requests that a body stands for: n of each prompt, equal ones told apart by k.

    `seed` is taken where the body states none.
    """
    sampling = Sampling(
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        max_tokens=_limit(body),
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        seed=seed if body.seed is None else body.seed,
        logprobs=_logprobs(body),
    )
    if isinstance(body, ChatBody):
        messages = tuple(_message(turn) for turn in body.messages)
        return [Request(messages, sampling=sampling, k=k) for k in range(body.count)]
    prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
    before: Counter[str] = Counter()
    found = []
    for text in (text for text in prompts for _ in range(body.count)):
        found.append(Request(text=text, sampling=sampling, k=before[text]))
        before[text] += 1
    return found


def _limit(body: ChatBody | TextBody) -> int | None:
    if isinstance(body, ChatBody):
        return body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
    return body.max_tokens if body.max_tokens is not None else 16  # the protocol's default


def _logprobs(body: ChatBody | TextBody) -> int | None:
    if isinstance(body, TextBody):
        return body.logprobs
    return (body.top_logprobs or 0) if body.logprobs else None


def _message(turn: _Turn) -> Message:
    if turn.role == "tool" or turn.tool_calls:
        raise Refused(400, "the pocket models take no tools")
    role: Literal["system", "user", "assistant"] = "system" if turn.role == "developer" else turn.role
    content = turn.content or ""
    return Message(role, content if isinstance(content, str) else tuple(content))


def chat_choice(index: int, drawn: Drawn) -> dict[str, Any]:
    """One reply of `/chat/completions`."""
    completion = drawn.completion
    tokens = None if completion.logprobs is None else {"content": [_token(t) for t in completion.logprobs]}
    return {
        "index": index,
        "message": {"role": "assistant", "content": completion.text, "refusal": None},
        "logprobs": tokens,
        "finish_reason": completion.finish_reason,
    }


def _token(token: TokenLogprob) -> dict[str, Any]:
    return {**_one(token.token, token.logprob), "top_logprobs": [_one(*each) for each in token.top]}


def _one(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def text_choice(index: int, drawn: Drawn) -> dict[str, Any]:
    """One reply of `/completions`."""
    completion, tokens = drawn.completion, None
    if completion.logprobs is not None:
        tokens = _columns((*drawn.before, *completion.logprobs))
    text = drawn.echoed + completion.text
    return {"index": index, "text": text, "logprobs": tokens, "finish_reason": completion.finish_reason}


def _columns(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token.token))
    return {
        "tokens": [t.token for t in tokens],
        "token_logprobs": [t.logprob for t in tokens],
        "top_logprobs": [dict(t.top) for t in tokens],
        "text_offset": offsets[:-1],
    }


def usage_of(completions: Sequence[Completion], prompts: int) -> dict[str, int]:
    """The counts of a reply; the input of each of its prompts counts once, however often it is answered."""
    counts = [c.usage or Usage() for c in completions]
    each = max(1, len(counts) // max(1, prompts))
    put_in = sum(c.input_tokens for c in counts[::each])
    put_out = sum(c.output_tokens for c in counts)
    return {"prompt_tokens": put_in, "completion_tokens": put_out, "total_tokens": put_in + put_out}


def reply(name: str, kind: str, model: str, **fields: Any) -> bytes:
    """The JSON of a reply: its id, its kind (`chat.completion` ...), the time, the model that served it."""
    head = {"id": name, "object": kind, "created": int(time.time()), "model": model}
    return msgspec.json.encode({**head, **fields})
