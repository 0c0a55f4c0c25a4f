"""Server-sent events are read alike however their bytes are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scansion.models.events import Events


def read(*chunks: bytes) -> list[bytes]:
    events = Events()
    return [data for chunk in chunks for data in events.feed(chunk)] + events.end()


def test_the_rules_of_the_standard() -> None:
    assert read(b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n") == [b"a", b"b", b"c", b"d"]
    assert read(b"data: two\ndata: lines\n\n") == [b"two\nlines"]
    assert read(b"data:close\ndata:  far\n\n") == [b"close\n far"]
    assert read(b": a comment\nevent: ping\nid: 7\nretry: 3\n\ndata\n\n") == [b""]
    assert read(b"\xef\xbb\xbfdata: after a byte order mark\n\n") == [b"after a byte order mark"]
    assert read(b"event: nothing\n\n\n\n") == []


def test_an_event_that_is_cut_off_is_none_but_a_missing_blank_line_is_forgiven() -> None:
    assert read(b"data: whole\n\ndata: ha") == [b"whole"]
    assert read(b"data: [DONE]\n") == [b"[DONE]"]


lines = st.sampled_from(
    [b"data: a", b"data: b:c", b"data", b": x", b"event: e", b"", b"", b"data: \xe2\x82\xac", b"\xef\xbb\xbf"]
)


@given(
    st.lists(st.tuples(lines, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=30),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_where_the_bytes_are_cut_does_not_matter(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    whole = b"".join(line + end for line, end in parts)
    edges = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert read(*pieces) == read(whole) == read(*[whole[i : i + 1] for i in range(len(whole))])
