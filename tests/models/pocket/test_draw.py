from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scansion.models.pocket.draw import Draw, Prompt
from scansion.models.pocket.engine import Engine
from scansion.types import TokenLogprob


def feed(engine: Engine, text: bytes, stop: tuple[str, ...] = (), limit: int | None = None) -> tuple[Draw, list[str]]:
    """A draw that says `text` byte by byte, and what was settled after each."""
    words = engine.vocabulary
    single = {piece: token for token, piece in enumerate(words.pieces) if len(piece) == 1}
    draw = Draw(Prompt((3,), max_tokens=limit, stop=stop, logprobs=0), words, 256, lambda _: None)
    seen = []
    for byte in text:
        draw.add(single[bytes([byte])], TokenLogprob(chr(byte), -1.0))
        seen.append(draw.settled())
        if draw.finish is not None:
            break
    return draw, seen


def test_a_stop_text_is_cut_off(engine: Engine) -> None:
    draw, seen = feed(engine, b"one\n\nQ: two", ("\n\nQ:", "zebra"))
    reply = draw.generated()
    assert (reply.text, reply.finish, reply.output_tokens) == ("one", "stop", 7)
    assert reply.logprobs is not None
    assert "".join(each.token for each in reply.logprobs) == "one"
    assert seen[:5] == ["o", "on", "one", "one", "one"]


def test_the_first_of_several_stop_texts(engine: Engine) -> None:
    assert feed(engine, b"abcde", ("cde", "bcd"))[0].text == "a"


def test_the_limit(engine: Engine) -> None:
    reply = feed(engine, b"abcdef", limit=4)[0].generated()
    assert (reply.text, reply.finish, reply.output_tokens) == ("abcd", "length", 4)


def test_the_end(engine: Engine) -> None:
    draw, _ = feed(engine, b"ab")
    draw.add(engine.vocabulary.end, TokenLogprob("<end>", -1.0))
    reply = draw.generated()
    assert (reply.text, reply.finish, reply.output_tokens) == ("ab", "stop", 3)
    assert reply.logprobs is not None
    assert len(reply.logprobs) == 2


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=4), max_size=2))
def test_what_is_settled_stays(engine: Engine, text: str, stops: list[str]) -> None:
    data = text.encode("utf-8", "replace")
    draw, seen = feed(engine, data, tuple(stops))
    ends = [data.find(stop.encode("utf-8", "replace")) for stop in stops]
    for before, after in zip(seen, [*seen[1:], draw.text], strict=False):
        assert after.startswith(before)
    if draw.finish is None:
        assert not any(end >= 0 for end in ends)
        assert draw.text == data.decode()
    else:
        assert data.startswith(draw.text.encode("utf-8", "replace")) or "�" in draw.text


@given(st.binary(max_size=30))
def test_any_bytes_are_settled_in_order(engine: Engine, data: bytes) -> None:
    draw, seen = feed(engine, data)
    for before, after in zip(seen, [*seen[1:], draw.text], strict=False):
        assert after.startswith(before)
    assert draw.text == data.decode("utf-8", "replace")
