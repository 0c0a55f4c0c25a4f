"""Embeddings in OpenAI's protocol: what is sent, and how replies are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scansion.errors import CallError
from scansion.models.http import Reply
from scansion.models.providers._openai_embeddings import embed_body, vectors


def reply(document: Any) -> Reply:
    return Reply(200, {}, json.dumps(document).encode())


def test_what_is_sent() -> None:
    assert json.loads(embed_body("small", ("a", "b"))) == {
        "model": "small",
        "input": ["a", "b"],
        "encoding_format": "float",
    }


def test_vectors_stand_in_the_order_of_the_texts() -> None:
    data = [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.5, 2]}]
    assert vectors(2, reply({"data": data, "model": "small"})) == [[1.5, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "document", [{"data": []}, {"data": [{"index": 0, "embedding": "x"}]}, {"error": {"message": "no"}}]
)
def test_a_reply_of_another_kind_is_an_error(document: Any) -> None:
    with pytest.raises(CallError):
        vectors(1, reply(document))
