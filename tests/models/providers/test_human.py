from __future__ import annotations

import asyncio
import io
import os

import pytest

from scansion.errors import InputError, Quit, Unscored
from scansion.models.providers.human import Human
from scansion.models.registry import open_model
from scansion.types import ImagePart, Message, Request, TextPart

ASK = Request((Message("system", "Be terse."), Message("user", "How many feet?")))


def answered(typed: str, *requests: Request) -> tuple[list[str], str]:
    shown = io.StringIO()

    async def main() -> list[str]:
        person = Human("human", io.StringIO(typed), shown)
        return [c.text for c in await asyncio.gather(*(person.complete(r) for r in requests))]

    return asyncio.run(main()), shown.getvalue()


def test_one_line_or_several():
    texts, shown = answered('  five \n\n"""\nfour\n\n or six\n"""\n', ASK, Request(text="raw"))
    assert texts == ["  five ", "four\n\n or six"]
    assert "system:\nBe terse.\n\nuser:\nHow many feet?" in shown
    assert shown.index("How many feet?") < shown.index("raw")
    assert shown.count("/skip") == 3  # an empty line is asked again


@pytest.mark.parametrize(
    ("typed", "error"), [("/skip\n", Unscored), ("/quit\n", Quit), ("", Quit), ('"""\nhalf', Quit)]
)
def test_a_person_may_skip_and_stop(typed, error):
    with pytest.raises(error) as caught:
        answered(typed, ASK)
    assert not isinstance(caught.value, Unscored) or caught.value.reason == "skipped"


def test_what_is_shown_cannot_rewrite_the_terminal():
    request = Request((Message("user", (TextPart("a\x1b[2J\u202eb\n\tc"), ImagePart(url="https://x.org/i.png"))),))
    _, shown = answered("x\n", request)
    assert "a\\x1b[2J\\x202eb\n\tc[image: https://x.org/i.png]" in shown


def test_a_line_typed_after_its_asker_left_goes_to_the_next():
    read, write = os.pipe()

    async def main() -> str:
        person = Human("human", os.fdopen(read), io.StringIO())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(person.complete(ASK), 0.05)
        os.write(write, b"late\n")
        return (await person.complete(ASK)).text

    assert asyncio.run(main()) == "late"
    os.close(write)


def test_it_needs_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(InputError, match="terminal"):
        open_model("human")


def test_one_at_a_time_and_free():
    person = Human("human/ann", io.StringIO(), io.StringIO())
    assert (person.capabilities.at_once, person.capabilities.priced, person.identity) == (1, False, "human/ann")
