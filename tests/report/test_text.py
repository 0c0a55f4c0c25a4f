import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from scansion.report.text import cells, cut, one_line, pad, visible, wrap


def test_what_could_move_the_cursor_or_reorder_a_line_is_named():
    assert visible("a\x1b[31m\u202eb\x00\r\nc\t") == "a‹U+001B›[31m‹U+202E›b‹U+0000›\nc\t"
    assert one_line("two\n  lines\x07") == "two lines‹U+0007›"


@given(st.text())
def test_visible_text_holds_no_control_and_no_bidi_character(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not [c for c in shown if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI")]
    shown.encode()


def test_wide_and_combining_characters_are_counted_in_cells():
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert cut("日本語", 5) == "日本…"
    assert pad("日本", 6) == "日本  "
    assert pad("x", 3, right=True) == "  x"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"])), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"])), st.integers(1, 30))
def test_cut_text_fits(text, width):
    assert cells(cut(text, width)) <= width
