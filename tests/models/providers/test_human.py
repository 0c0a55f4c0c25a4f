from __future__ import annotations

import asyncio
import io
import os

import pytest

from scansion.errors import InputError, Quit, Unscored
from scansion.models.channel import Channel
from scansion.models.gateway import Gateway
from scansion.models.limit import Limiter
from scansion.models.providers.human import Human
from scansion.models.registry import open_model, parse_model
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
    person = open_model("human")  # a preview needs nobody
    with pytest.raises(InputError, match="terminal"):
        person.ready()
    with pytest.raises(InputError, match="terminal"):
        asyncio.run(person.complete(ASK))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="terminal"):
        open_model("human").ready()


def test_one_at_a_time_and_free():
    person = Human("human/ann", io.StringIO(), io.StringIO())
    assert (person.capabilities.at_once, person.capabilities.priced, person.identity) == (1, False, "human/ann")


def asked_beside(typed: str, *requests: Request) -> tuple[list[object], str]:
    shown = io.StringIO()

    async def main() -> list[object]:
        person = Human("human", io.StringIO(typed), shown)
        return await asyncio.gather(*(person.complete(r) for r in requests), return_exceptions=True)

    return asyncio.run(main()), shown.getvalue()


@pytest.mark.parametrize("typed", ["/quit\nx\n", "", '"""\nhalf'])
def test_who_stops_is_asked_nothing_more(typed):
    found, shown = asked_beside(typed, Request(text="one"), Request(text="two"), Request(text="three"))
    assert [type(f) for f in found] == [Quit, Quit, Quit]
    assert "one" in shown
    assert "two" not in shown
    assert typed.startswith("/quit") or shown.endswith("> \n" if not typed else "| \n")


def test_an_interrupt_leaves_the_question_that_is_being_answered():
    read, write = os.pipe()
    shown = io.StringIO()

    async def main() -> tuple[object, ...]:
        gateway = Gateway()
        channel = Channel(parse_model("human"), "human", Human("human", os.fdopen(read), shown), Limiter(1), None)
        gateway.channels["human"] = channel
        tasks = [asyncio.create_task(gateway.ask(channel, Request(text=f"question {i}"), bytes([i]))) for i in range(3)]
        await asyncio.sleep(0.05)
        gateway.hush()
        await asyncio.sleep(0.05)
        assert not tasks[0].done()
        os.write(write, b"six\n")
        found = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Quit):
            await gateway.ask(channel, Request(text="later"), b"later")
        return tuple(found)

    first, *others = asyncio.run(main())
    assert first.completion.text == "six"
    assert [type(o) for o in others] == [Quit, Quit]
    assert "question 0" in shown.getvalue()
    assert "question 1" not in shown.getvalue()
    assert "stopping after this answer" in shown.getvalue()
    os.close(write)


def test_what_is_shown_after_a_second_interrupt_has_its_own_line():
    read, write = os.pipe()
    shown = io.StringIO()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Human("human", os.fdopen(read), shown).complete(ASK), 0.05)

    asyncio.run(main())
    assert shown.getvalue().endswith("> \n")
    os.close(write)


def test_a_pause_stops_the_clock_and_shows_the_question_again():
    read, write = os.pipe()
    shown = io.StringIO()

    async def main() -> tuple[float, float]:
        person = Human("human", os.fdopen(read), shown)
        start = asyncio.get_running_loop().time()
        asking = asyncio.create_task(person.complete(ASK))
        os.write(write, b"/pause\n")
        while "paused" not in shown.getvalue():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        os.write(write, b"\nfive\n")
        done = await asking
        assert done.text == "five"
        return done.latency, asyncio.get_running_loop().time() - start

    latency, passed = asyncio.run(main())
    assert 0 < latency <= passed - 0.3
    assert shown.getvalue().count("How many feet?") == 2
    os.close(write)


def test_a_pause_at_the_end_of_the_input_stops():
    with pytest.raises(Quit):
        answered("/pause\n", ASK)


def test_questions_are_numbered_where_their_number_is_known():
    shown = io.StringIO()

    async def main() -> None:
        person = Human("human/ann", io.StringIO("a\n/skip\nb\n"), shown)
        person.expect(12, 10)
        await asyncio.gather(*(person.complete(ASK) for _ in range(3)), return_exceptions=True)

    asyncio.run(main())
    assert "human/ann: 12 questions, 10 answered before" in shown.getvalue()
    assert "--- 11 of 12" in shown.getvalue()
    assert "--- 12 of 12" in shown.getvalue()
    assert "13" not in shown.getvalue()


def test_the_time_of_one_question_is_not_counted_for_the_next():
    async def main() -> tuple[list[float], float]:
        read, write = os.pipe()
        person = Human("human", os.fdopen(read), io.StringIO())
        start = asyncio.get_running_loop().time()
        asking = [asyncio.create_task(person.complete(ASK)) for _ in range(2)]
        await asyncio.sleep(0.2)
        os.write(write, b"one\ntwo\n")
        found = [(await each).latency for each in asking]
        os.close(write)
        return found, asyncio.get_running_loop().time() - start

    latencies, passed = asyncio.run(main())
    assert min(latencies) > 0
    assert sum(latencies) <= passed


def test_a_line_with_a_slash_that_is_no_command_is_asked_again():
    texts, shown = answered(
        '/PAUSE\n\n/paus\n/ 3\nfive\n"""\n/quit\n"""\n  //usr/bin\n//\n', ASK, *[Request(text="raw")] * 3
    )
    assert texts == ["five", "/quit", "  /usr/bin", "/"]
    assert shown.count("paused") == 1
    assert shown.count("(no command: /skip, /pause, /quit; type // for an answer that begins with /)") == 2
    assert max(map(len, shown.splitlines())) <= 80
    with pytest.raises(Unscored):
        answered("/Skip\n", ASK)


def test_a_name_is_shown_as_it_was_typed():
    person = open_model("human/Zo\u00eb")
    assert person.name == "human/Zo\u00eb"
    assert person.identity == "human/Zo%C3%AB"
    assert "\x1b" not in Human("human/%1B[2J", io.StringIO(), io.StringIO()).name
