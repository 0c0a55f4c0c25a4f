"""The model that says back what it is sent."""

from __future__ import annotations

import asyncio

import pytest

from scansion.errors import InputError
from scansion.models.registry import open_model
from scansion.types import Message, Request


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request((Message("user", "hello"),)), "hello"),
        (Request((Message("system", "be kind"), Message("user", "hello"))), "system: be kind\n\nuser: hello"),
        (Request(text="Once upon"), "Once upon"),
    ],
)
def test_it_repeats(request_: Request, said: str) -> None:
    completion = asyncio.run(open_model("echo").complete(request_))
    assert (completion.text, completion.finish_reason) == (said, "stop")


def test_it_has_no_use_for_options() -> None:
    with pytest.raises(InputError, match="echo has no use for option"):
        open_model("echo?base_url=http://localhost")
