import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.cli._reader import line as line_module
from scansion.cli._reader.keys import Key, Keys
from scansion.cli._reader.line import Line
from scansion.report.text import cells, visible

SEQUENCES = {
    b"n": [Key("char", "n")],
    "é答\U0001f600".encode(): [Key("char", "é"), Key("char", "答"), Key("char", "\U0001f600")],
    b"\r\t\x7f\x08\x03\x15\n": [
        Key(n) for n in ("enter", "tab", "backspace", "backspace", "ctrl-c", "ctrl-u", "ctrl-j")
    ],
    b"\x1b[A\x1bOB\x1b[1;5C\x1b[H\x1bOF": [Key(n) for n in ("up", "down", "right", "home", "end")],
    b"\x1b[5~\x1b[6;2~\x1b[3~\x1b[1~": [Key(n) for n in ("page-up", "page-down", "delete", "home")],
    b"\x1b[Z\x1b\r": [Key("shift-tab"), Key("ctrl-j")],
    b"\x1b[200~q\r\nx\x1b[31m\x1b[201~n": [Key("paste", "q\nx\x1b[31m"), Key("char", "n")],
    # Replies, reports and keys that mean nothing here.
    b"\x1b[12;40R\x1b[?1;2c\x1b[>0;276;0c\x1b[<0;5;5M\x1b[I\x1b[15~\x1b[[A\x1bOP\x1bxq": [Key("char", "q")],
    b"\x1b]11;rgb:00/00/00\x07\x1bP1$r0m\x1b\\q": [Key("char", "q")],
    b"\x1b[M !!q": [Key("char", "q")],
    b"\xff\x80q\xc3(": [Key("char", "q"), Key("char", "(")],
    b"\x1b\x1b[A": [Key("esc"), Key("up")],
}


def test_every_sequence_is_its_key_or_nothing():
    for data, expected in SEQUENCES.items():
        assert Keys().feed(data) == expected, data


@given(st.lists(st.sampled_from(sorted(SEQUENCES)), max_size=4), st.randoms())
def test_keys_do_not_depend_on_how_bytes_arrive(pieces, random):
    data, keys, found = b"".join(pieces), Keys(), []
    while data:
        size = random.randint(1, len(data))
        found += keys.feed(data[:size])
        data = data[size:]
    assert found == Keys().feed(b"".join(pieces))
    assert not keys.waiting


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_and_never_held_for_ever(data):
    keys = Keys()
    keys.feed(data)
    keys.settle()
    assert not keys.waiting
    assert keys.feed(b"n") == [Key("char", "n")]


def test_a_lone_escape_is_a_key_once_nothing_follows():
    keys = Keys()
    assert keys.feed(b"\x1b") == []
    assert keys.settle() == [Key("esc")]
    assert keys.feed(b"\x1b[200~half a paste") == []
    assert keys.pasting
    assert keys.settle() == [Key("paste", "half a paste")]


def typed(line, *keys):
    for key in keys:
        line.press(Key(key) if len(key) > 1 else Key("char", key))
    return line.text


def test_a_line_is_edited():
    assert typed(Line(""), *"abc", "left", "x", "backspace", "backspace", "home", "!", "end", "?") == "!ac?"
    assert typed(Line("", "two words here"), "ctrl-w", "ctrl-w") == "two "
    assert typed(Line("", "one two"), "ctrl-a", "right", "ctrl-k") == "o"
    assert typed(Line("", "x"), "ctrl-u", "ctrl-j", "y", "delete", "ctrl-d") == "\ny"
    assert Line("").press(Key("enter")) == "done"
    assert Line("").press(Key("esc")) == "cancelled"


def test_marks_go_with_the_letter_that_they_stand_on():
    assert typed(Line("", "ae\u0301"), "backspace") == "a"
    assert typed(Line("", "e\u0301b"), "home", "right", "x") == "e\u0301xb"
    assert typed(Line("", "a👨\u200d👩\u200d👧"), "backspace") == "a"
    assert typed(Line("", "👨\u200d👩b"), "home", "delete") == "b"


def test_a_line_end_is_a_sign_of_its_own():
    assert typed(Line("", "a"), "ctrl-j", "b", "backspace", "backspace") == "a"
    assert typed(Line("", "a\nb"), "home", "right", "delete") == "ab"


def test_tab_goes_through_the_known_words():
    line = Line("", known=["wrong unit", "wrong sign", "too long"])
    assert line.matching() == ["wrong unit", "wrong sign", "too long"]
    assert typed(line, "w", "tab") == "wrong unit"
    assert typed(line, "tab") == "wrong sign"
    assert typed(line, "tab") == "wrong unit"
    assert typed(line, "shift-tab") == "wrong sign"
    assert typed(line, "ctrl-u", *"sign", "tab") == "wrong sign"
    assert typed(line, "ctrl-u", "z", "tab") == "z"


@pytest.mark.parametrize("at", [0, 20_000, 40_000])
def test_only_what_is_drawn_of_a_long_text_is_looked_at(monkeypatch, at):
    looked = []
    monkeypatch.setattr(line_module, "cells", lambda text: looked.append(len(text)) or cells(text))
    monkeypatch.setattr(line_module, "visible", lambda text: looked.append(len(text)) or visible(text))
    line = Line("target: ", "a long line é " * 3000)
    line.at = at
    assert len(line.drawn(80).text) == 79
    assert sum(looked) < 1000


def test_what_is_drawn_stands_around_the_cursor():
    line = Line("t: ", "abcdefghijklmnopqrstuvwxyz")
    assert line.drawn(14) == ("t: rstuvwxyz", 12)
    line.at = 0
    assert line.drawn(14) == ("t: abcdefghi…", 3)
    line.at = 13
    assert line.drawn(14) == ("t: efghijklm…", 12)


@given(st.text(st.sampled_from("ab \n答אé\u0301\x1b\u202e"), max_size=40), st.integers(0, 40), st.integers(10, 40))
def test_a_line_fits_with_its_cursor(text, at, width):
    line = Line("note: ", text)
    line.at = min(at, len(text))
    drawn = line.drawn(width)
    assert cells(drawn.text) <= width
    assert 0 <= drawn.cursor <= width
    assert all(char.isprintable() or char == "\u0301" for char in drawn.text)
