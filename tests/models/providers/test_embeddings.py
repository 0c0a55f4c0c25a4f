"""Embeddings in OpenAI's protocol: what is sent, and how replies are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scansion.errors import CallError
from scansion.models.http import Reply
from scansion.models.providers._openai_embeddings import embed_body, vectors
from scansion.types import Usage


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
    found = vectors(2, reply({"data": data, "model": "small", "usage": {"prompt_tokens": 7, "total_tokens": 7}}))
    assert (found.vectors, found.usage, found.model) == ([[1.5, 2.0], [3.0, 4.0]], Usage(input_tokens=7), "small")


@pytest.mark.parametrize(
    ("usage", "counted"), [(None, None), ({"total_tokens": 5}, 5), ({}, None), ({"prompt_tokens": 0}, 0)]
)
def test_a_reply_that_counts_no_tokens_says_so(usage: Any, counted: int | None) -> None:
    found = vectors(1, reply({"data": [{"index": 0, "embedding": [1]}], "usage": usage}))
    assert found.usage == (None if counted is None else Usage(input_tokens=counted))


@pytest.mark.parametrize(
    "document",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": "x"}]},
        {"data": [{"index": 0, "embedding": [None]}]},
        {"data": [{"index": 1, "embedding": [1.0]}]},
        {"error": {"message": "no"}},
    ],
)
def test_a_reply_of_another_kind_is_an_error(document: Any) -> None:
    with pytest.raises(CallError):
        vectors(1, reply(document))
