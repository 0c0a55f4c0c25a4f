"""Techniques of the user's own that do wrong are told in one line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.prompts import from_text
from scansion.techniques import Context, Edit, Wrap, compose, parse_techniques, technique
from scansion.techniques._branches import side_by_side
from scansion.types import Output


def made(raw: Any) -> Any:
    return technique.wrap(raw, "python:mine:shout", "python:mine:shout")


def told(raw: Any) -> str:
    with pytest.raises(InputError) as caught:
        compose(from_text("Q: {{question}}", name="p"), [made(raw)], Context())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def gives(value: Any) -> Any:
    return lambda _given, _context: value


def leaves(_given: Any, _context: Any) -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (Edit(lambda _p, _c: 1 / 0), "technique python:mine:shout: its apply raised ZeroDivisionError: division by"),
        (Edit(leaves), "its apply called sys.exit"),
        (Edit(gives("text")), "apply of its Edit must return a prompt, not 'text'"),
        (Edit(gives(None)), "apply of its Edit must return a prompt, not None"),
        (Edit(lambda _p: None), "its apply raised TypeError"),  # type: ignore[arg-type,misc]
        (Edit(lambda p, _c: p, then=Wrap(gives(None))), "apply of its Wrap must return a program, not None"),
        (Wrap(lambda _p, _c: 1 / 0), "its apply raised ZeroDivisionError"),
        (Wrap(gives(None)), "apply of its Wrap must return a program, not None"),
    ],
)
def test_an_apply_that_does_wrong(raw: Any, message: str) -> None:
    assert message in told(raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (Wrap(gives(0), times=-1), "python:mine:shout: times of its Wrap must be a whole number from 0, not -1"),
        (Wrap(gives(0), times="x"), "times of its Wrap must be a whole number from 0, not 'x'"),  # type: ignore[arg-type]
        (Wrap(gives(0), plus=True), "plus of its Wrap must be a whole number from 0, not True"),
        (Wrap(gives(0), models="pocket/tiny"), "models of its Wrap must be a tuple of texts, such as ('a',), not"),  # type: ignore[arg-type]
        (Edit(gives(0), variables="question"), "variables of its Edit must be a tuple of texts"),  # type: ignore[arg-type]
        (Edit(gives(0), then=Wrap(gives(0), fewer=2)), "fewer of its Wrap must be True or False, not 2"),  # type: ignore[arg-type]
        (Edit(gives(0), then=gives(0)), "then of its Edit must be a Wrap"),
        (Edit("upper"), "apply of its Edit must be a function, not 'upper'"),  # type: ignore[arg-type]
        (Wrap(gives(0), asks={"n": 1}), "asks of its Wrap must be a Sampling"),  # type: ignore[arg-type]
    ],
)
def test_wrong_fields(raw: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        made(raw)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vote(20000)", "vote: n is 20000; at most 1000"),
        ("vote(100000000000000000000)", "vote: n is 100000000000000000000; at most 1000"),
        ("best_of(1001, by=logprob)", "best_of: n is 1001; at most 1000"),
        ("cascade(as-is, as-is, when=disagrees, n=1001)", "cascade: n is 1001; at most 1000"),
        ("map_reduce(as-is, as-is, $text, most=1001)", "map_reduce: most is 1001; at most 1000"),
    ],
)
def test_too_many_branches(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(text)
    assert str(caught.value) == message


def test_a_thousand_branches_call_in_their_order() -> None:
    asked: list[str] = []

    async def answered() -> None:
        await asyncio.sleep(0)

    def lm(name: str) -> Any:
        asked.append(name)
        return answered()

    def branch(number: int) -> Any:
        async def run(handle: Any) -> Output:
            for call in range(2):
                await handle(f"{call}.{number}")
            return Output("")

        return run

    asyncio.run(side_by_side([branch(number) for number in range(1000)], lm))
    assert asked == [f"{call}.{number}" for call in range(2) for number in range(1000)]


@pytest.mark.parametrize("number", ["1", "1.0", "0.5"])
def test_a_number_stays_as_it_was_typed(number: str) -> None:
    """So that the variant is found again by what was typed; the identity is that of the converted number."""
    typed = f"cascade(using(pocket/tiny), using(pocket/small), when=disagrees, threshold={number})"
    (found,) = parse_techniques(typed)
    assert found.spec == typed
    assert f"threshold={float(number)}" in found.identity
