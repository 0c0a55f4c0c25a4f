"""Embeddings in OpenAI's protocol: texts in, one vector each back, and the tokens of them all.

Source: OpenAI API reference (https://platform.openai.com/docs/api-reference/embeddings/create).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from scansion.models.base import Embedded
from scansion.models.faults import bad_response
from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, body, read
from scansion.types import Usage

__all__ = ["embed_body", "vectors"]


class _Body(Struct):
    model: str
    input: tuple[str, ...]
    encoding_format: str = "float"


class _Vector(Struct):
    embedding: list[float]
    index: int = 0


class _Usage(Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Vectors(Answer):
    data: list[_Vector] = []
    model: str | None = None
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Vectors)


def embed_body(model: str, texts: tuple[str, ...], extra: dict[str, Any] | None = None) -> bytes:
    """The request for the embeddings of `texts`, with `extra` laid over it."""
    return body(_Body(model, texts), extra or {})


def vectors(count: int, reply: Reply) -> Embedded:
    """The vectors of a reply in the order of the texts. Raises CallError unless there is one for each of `count`."""
    answer = read(reply, _decoder)
    found = sorted(answer.data, key=lambda each: each.index)
    if len(found) != count:
        raise bad_response(f"{len(found)} embeddings came back for {count} texts", reply.body)
    if [each.index for each in found] != list(range(count)) and any(each.index for each in found):
        raise bad_response("the embeddings that came back are not one for each text", reply.body)
    return Embedded([each.embedding for each in found], _tokens(answer.usage), answer.model or "")


def _tokens(usage: _Usage | None) -> Usage | None:
    """What a reply says it took; None where it says nothing."""
    counted = usage.prompt_tokens if usage is not None else None
    if counted is None and usage is not None:
        counted = usage.total_tokens
    return Usage(input_tokens=counted) if counted is not None and counted >= 0 else None
