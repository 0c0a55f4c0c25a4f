"""The nouns of Scansion, as frozen structs, with their canonical JSON and digests.

Nothing here has behaviour beyond construction and encoding. Every struct can be written to and read from JSON with
`msgspec`. Digests are BLAKE2b of canonical JSON (keys sorted), 16 bytes.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal

import msgspec
from msgspec import Struct

__all__ = [
    "Call",
    "Completion",
    "Example",
    "ImagePart",
    "Message",
    "Output",
    "Part",
    "Request",
    "ResponseFormat",
    "Sampling",
    "Score",
    "TextPart",
    "TokenLogprob",
    "Tool",
    "ToolCall",
    "Usage",
    "call_key",
    "canonical",
    "digest",
    "hexdigest",
    "request_digest",
]

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]


class TextPart(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="text"):
    """A piece of text in a message."""

    text: str


class ImagePart(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="image"):
    """An image in a message: base64 `data` with its `media_type` (such as `image/png`), or a `url`."""

    data: str | None = None
    media_type: str | None = None
    url: str | None = None
    detail: str | None = None


Part = TextPart | ImagePart


class ToolCall(Struct, frozen=True, omit_defaults=True):
    """A model's wish to call a tool; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class Tool(Struct, frozen=True, omit_defaults=True):
    """A tool offered to a model; `parameters` is a JSON Schema object."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation: plain text, or parts when it holds more than text."""

    role: Role
    content: str | tuple[Part, ...] = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None


class Sampling(Struct, frozen=True, omit_defaults=True):
    """How a completion is drawn. `None` leaves the field to the provider and sends nothing.

    `logprobs` asks for log-probabilities of the drawn tokens and this many alternatives each (0: drawn tokens only).
    `effort` is the reasoning effort (`low`, `medium`, `high` ...). `extra` goes to the provider as it is.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int | None = None
    effort: str | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    extra: dict[str, Any] = {}

    def merged(self, over: Sampling) -> Sampling:
        """These settings with the set fields of `over` in their place; `extra` is merged key by key."""
        if over == _UNSET:
            return self
        if self == _UNSET:
            return over
        values: dict[str, Any] = {}
        for field in self.__struct_fields__:
            mine, theirs = getattr(self, field), getattr(over, field)
            values[field] = mine if theirs is None or theirs == () else theirs
        values["extra"] = {**self.extra, **over.extra}
        return Sampling(**values)


_UNSET = Sampling()


class ResponseFormat(Struct, frozen=True, omit_defaults=True):
    """The form a reply must take: any JSON object (`schema` is None), or JSON of a given schema."""

    schema: dict[str, Any] | None = None
    name: str = "response"
    strict: bool = True


class Request(Struct, frozen=True, omit_defaults=True):
    """What is sent to a model: `messages`, or raw `text` for a base model, and how to answer it.

    `trial` and `k` number repeats (see `call_key`); `cache_prefix` says how many leading messages are the same for
    every example, so that a provider may cache them. None of the three is part of the request's digest. One that
    `embeds` asks for the vector of its `text`, which is computed, not drawn: its trial and k are always 0.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    sampling: Sampling = Sampling()
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    response_format: ResponseFormat | None = None
    trial: int = 0
    k: int = 0
    cache_prefix: int = 0
    embeds: bool = False


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens of a call as the provider reports them.

    `input_tokens` counts all input, cached parts included; `output_tokens` counts all output, hidden reasoning
    included. `cached_tokens` were read from a cache and `cache_write_tokens` written to one (both within the input);
    `reasoning_tokens` lie within the output.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


class TokenLogprob(Struct, frozen=True, omit_defaults=True):
    """A drawn token, its natural log-probability, and the likeliest alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Completion(Struct, frozen=True, omit_defaults=True):
    """What came back from a model.

    `finish_reason` is None where the provider gives none; `usage` likewise. `model` is the name that the server says
    it served; `latency` is in seconds. `vector` answers a request that embeds: float32 numbers, little-endian (base64
    where it is written as JSON), with an empty text.
    """

    text: str
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    model: str = ""
    latency: float = 0.0
    vector: bytes = b""


class Call(Struct, frozen=True, omit_defaults=True):
    """One completed call: its key, the model it went to, what was sent and what came back.

    `cost_usd` is what it costs if asked afresh (None: no price known). `recorded` says that it came from a recording
    or the lab and cost nothing now. `purpose` is `judge` for calls made by scorers.
    """

    key: bytes
    model: str
    request: Request
    completion: Completion
    cost_usd: float | None = None
    recorded: bool = False
    purpose: Literal["subject", "judge"] = "subject"


class Example(Struct, frozen=True, omit_defaults=True):
    """One row of a dataset. `row` is its position in the file, counted from 0; `weight` scales it in means."""

    id: str
    inputs: dict[str, Any]
    target: Any = None
    rationale: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    weight: float = 1.0
    row: int = 0


class Output(Struct, frozen=True, omit_defaults=True):
    """What a program produced for one example.

    `messages` is the transcript so far in request form: the messages sent and the reply, or for a base model the
    whole text. `answer` is set by programs that read an answer themselves (None: left to the scorer).

    `data` is what techniques add. Some names in it have one meaning everywhere: `extractor`, the identity of what read
    the answer; `abstained`, true where the program says that it does not know, which no scorer scores; `shots`, the ids
    of the rows shown (with `shots_at` or `shots_text`: where they stand, see `prompts.shots.told`); `steps`, what a
    program of several steps said in turn, each `{"step": "critique", "text": ...}` with further fields as the technique
    says (`about`, `model`, `why`, `data`; `revises: true`: the text replaces the one before, from which steps that
    stand aside, such as a critique, are left out: `aside: true`); `way_out`, the word that an output abstains with.
    """

    text: str
    answer: Any = None
    messages: tuple[Message, ...] | str = ()
    logprobs: tuple[TokenLogprob, ...] | None = None
    finish_reason: FinishReason | None = None
    data: dict[str, Any] = {}


class Score(Struct, frozen=True, omit_defaults=True):
    """A scorer's finding. Higher is better; `value` is None when the output could not be scored, and `unscored`
    then names the reason (`no answer`, `truncated`, `judge unreadable`, `judge undecided`, `skipped`, `no target`,
    `gold refused`, `assertion left out`, `abstained`, `not exercised`, `too short to tell`, `no route`)."""

    value: float | None
    unscored: str | None = None
    explanation: str = ""
    answer: Any = None


_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON: UTF-8, no white space, keys of dicts sorted, fields of structs in their order."""
    return _encoder.encode(value)


def digest(*values: Any) -> bytes:
    """The 16-byte BLAKE2b digest of the canonical JSON of `values`."""
    return blake2b(_encoder.encode(values), digest_size=16).digest()


def hexdigest(*values: Any) -> str:
    """`digest` in hexadecimal, 32 characters."""
    return digest(*values).hex()


def request_digest(request: Request) -> bytes:
    """The digest of what a request asks, without its trial, its repeat number and its caching hint."""
    return digest(
        request.messages,
        request.text,
        request.sampling,
        request.tools,
        request.tool_choice,
        request.response_format,
        *(("embeds",) if request.embeds else ()),
    )


def call_key(identity: bytes, request: bytes, trial: int, k: int) -> bytes:
    """The key of a call: digest of the model's identity digest, the request's digest, the trial and the repeat k."""
    return blake2b(b"%b%b%d.%d" % (identity, request, trial, k), digest_size=16).digest()
