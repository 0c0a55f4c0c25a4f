import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.report.text import cells, clusters, cut, last_clusters, one_line, pad, visible, wrap

JOINED = st.text(st.sampled_from("a ❤1日é\u0301\u200d\ufe0f\u20e3👩👧👍🏽한한ش\u00ad"), max_size=40)


def test_what_could_move_the_cursor_or_reorder_a_line_is_named():
    assert visible("a\x1b[31m\u202eb\x00\r\nc\t") == "a‹U+001B›[31m‹U+202E›b‹U+0000›\nc\t"
    assert one_line("two\n  lines\x07") == "two lines‹U+0007›"


def test_what_nobody_can_see_is_named_where_no_script_needs_it():
    assert visible("Par\u200bis\u2060!\U000e0041\U000e0042") == "Par‹U+200B›is‹U+2060›!‹U+E0041›‹U+E0042›"
    scotland = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
    for needed in ("ភាសា\u200bខ្មែរ", "می\u200cخواهم", "क्\u200dष", "👩\u200d🔬", scotland):
        assert visible(needed) == needed
    assert visible(f"{scotland}\U000e0067") == f"{scotland}‹U+E0067›"


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


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("👨\u200d👩\u200d👧", 2),  # one sign of three, joined
        ("⚠\ufe0f", 2),  # shown as an emoji, which is wide; newer terminals than tmux 3.5 do so
        ("1\ufe0f\u20e3", 2),
        ("⚠", 1),
        ("🇩🇪", 2),
        ("\u1112\u1161\u11ab", 2),  # a syllable of Hangul in three letters
        ("a\u00adb", 3),  # terminals show a soft hyphen
        ("\u0600\u0661", 2),
        ("می\u200cخواهم", 7),
        ("नमस्ते", 4),
        ("क्\u200dष", 2),
    ],
)
def test_signs_of_several_characters_are_counted_as_terminals_show_them(text, width):
    assert cells(text) == width
    assert wrap(f"ab {text}", width + 2) == ["ab", text]


def test_a_sign_is_not_cut_in_two():
    family = "👨\u200d👩\u200d👧"
    assert list(clusters(f"e\u0301{family}x")) == ["e\u0301", family, "x"]
    assert cut(f"{family}{family}x", 4) == f"{family}…"
    assert wrap(family * 3, 4) == [family * 2, family]


@given(st.one_of(JOINED, st.text()))
def test_clusters_from_the_end_are_those_from_the_beginning(text):
    assert list(last_clusters(text)) == list(clusters(text))[::-1]


def test_what_stands_after_text_that_runs_right_to_left_keeps_its_place():
    assert pad("שלום", 6) == "שלום\u200e  "
    assert pad("سلام", 6, right=True) == "  سلام\u200e"
    assert cells(pad("سلام", 6)) == 6
    assert pad("日本", 4) == "日本"


@given(JOINED)
def test_clusters_are_the_text_and_have_its_width(text):
    assert "".join(clusters(text)) == text
    assert sum(map(cells, clusters(text))) == cells(text)


@given(st.one_of(JOINED, st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]))), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.one_of(JOINED, st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]))), st.integers(1, 30))
def test_cut_text_fits(text, width):
    assert cells(cut(text, width)) <= width
