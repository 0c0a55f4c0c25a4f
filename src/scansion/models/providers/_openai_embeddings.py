"""Embeddings in OpenAI's protocol: texts in, one vector each back.

Source: OpenAI API reference (https://platform.openai.com/docs/api-reference/embeddings/create).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from scansion.models.faults import bad_response
from scansion.models.http import Reply
from scansion.models.providers._wire import Answer, read

__all__ = ["embed_body", "vectors"]


class _Body(Struct):
    model: str
    input: tuple[str, ...]
    encoding_format: str = "float"


class _Vector(Struct):
    embedding: list[float]
    index: int = 0


class _Vectors(Answer):
    data: list[_Vector] = []


_decoder = msgspec.json.Decoder(_Vectors)


def embed_body(model: str, texts: tuple[str, ...]) -> bytes:
    """The request for the embeddings of `texts`."""
    return msgspec.json.encode(_Body(model, texts))


def vectors(count: int, reply: Reply) -> list[list[float]]:
    """The vectors of a reply in the order of the texts. Raises CallError where there are not `count` of them."""
    found = sorted(read(reply, _decoder).data, key=lambda each: each.index)
    if len(found) != count:
        raise bad_response(f"{len(found)} embeddings came back for {count} texts", reply.body)
    return [each.embedding for each in found]
