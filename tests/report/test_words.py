import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.report import words
from scansion.report.words import compared, inline, pieces

TEXTS = st.text(st.sampled_from("ab 12.,\n\tдשअ्我เ́\u200d{}[]+-\0"), max_size=60)


def marked(a, b):
    return compared(a, b).marked


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("The answer is 12.", "The answer is 13.", "The answer is [-12-]{+13+}."),
        ("costs 1,234.50 USD", "costs 1,234.60 USD", "costs [-1,234.50-]{+1,234.60+} USD"),
        ("a cat sat here now", "one dog sat here now", "[-a cat-]{+one dog+} sat here now"),
        ("one two three", "one two three four", "one two three{+ four+}"),
        ("one two three", "two three", "[-one -]two three"),
        ("a\nb\nc\nd", "a\nx\nc\nd", "a\n[-b-]{+x+}\nc\nd"),
        ("今日は雨です", "今日は雪です", "今日は[-雨-]{+雪+}です"),
        ("हिन्दी में लिखो", "हिन्दू में लिखो", "हिन्[-दी-]{+दू+} में लिखो"),
        ("שלום לכולם היום", "שלום לכולם מחר", "שלום לכולם [-היום-]{+מחר+}"),
        ("ok 👨\u200d👩\u200d👧 so", "ok 👨\u200d👩\u200d👦 so", "ok [-👨\u200d👩\u200d👧-]{+👨\u200d👩\u200d👦+} so"),
        ("same", "same", "same"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("", "", ""),
        ("a\nb", "a\n\nb", "a\n{+¶+}\nb"),
    ],
)
def test_what_changed_is_marked(a, b, expected):
    assert inline(a, b) == expected


def test_each_text_has_its_own_marks():
    assert marked("The answer is 12.", "So the answer is 12!") == (
        "[-The-] answer is 12[-.-]",
        "{+So the+} answer is 12{+!+}",
    )


def test_marks_end_with_their_line():
    assert inline("a", "a one two three\n\nfour five").count("\n") == 2
    assert marked("x\ny", "p q\n\nr s t u v") == ("[-x-]\n[-y-]", "{+p q+}\n\n{+r s t u v+}")


def test_texts_that_share_little_are_one_change():
    assert pieces("It is a fine day, said he.", "42, of course: nobody is wrong") == [
        ("It is a fine day, said he.", "42, of course: nobody is wrong")
    ]


def test_thousands_of_words_keep_what_is_equal():
    words = [f"word{i % 900}" for i in range(9000)]
    changed = [*words[:4000], "mended", *words[4002:]]
    [change] = [p for p in pieces(" ".join(words), " ".join(changed)) if not p.same]
    assert change.new == "mended"


def drawn(n, *choices):
    return random.Random(7).choices(choices, k=n)


FEW = [f"word{i}" for i in range(150)]
MANY = [f"word{i}" for i in range(5000)]
EACH_7TH = [f"new{i}" if i % 7 == 0 else word for i, word in enumerate(MANY)]
WORST = {
    "few different words": (" ".join(drawn(15_000, *FEW)), " ".join(drawn(15_000, *reversed(FEW)))),
    "lines of one word": ("\n".join(drawn(15_000, *FEW)), "\n".join(drawn(15_000, *reversed(FEW)))),
    "punctuation": ("".join(drawn(100_000, *".,!?;")), "".join(drawn(100_000, *";?!,."))),
    "scattered changes": (" ".join(MANY), " ".join(EACH_7TH)),
    "two words": ("a " * 20_000, "a a b " * 12_000),
    "signs": ("".join(drawn(50_000, *"日本語中文")), "".join(drawn(50_000, *"文中語本日"))),
    "some words": (" ".join(drawn(400, *FEW)), " ".join(drawn(420, *FEW, "new"))),
}


@pytest.mark.parametrize("name", WORST)
def test_the_work_is_bounded(monkeypatch, name):
    done = [0, 0]

    class Counted(words._Steps):
        def __init__(self):
            super().__init__()
            done[0] += 1

        def take(self, count):
            super().take(count)
            done[1] += count

    monkeypatch.setattr(words, "_Steps", Counted)
    a, b = WORST[name]
    found = compared(a, b)
    assert done[1] <= done[0] * words._MOST <= 200_000
    assert ("".join(p.old for p in found.pieces), "".join(p.new for p in found.pieces)) == (a, b)
    assert found.whole == (name == "some words")


def test_the_steps_counted_are_those_that_are_made():
    class Word(str):
        looked = 0
        __slots__ = ()

    class Places(dict):
        def get(self, key, default=None):
            found = super().get(key, default)
            Word.looked += len(found)
            return found

    a, b = drawn(300, *FEW[:40]), drawn(300, *FEW[20:60])
    steps = words._Steps()
    search = words._Search(a, b, steps, thorough=True)
    search.b2j = Places(search.b2j)
    search.get_matching_blocks()
    assert 0 < Word.looked <= words._MOST - steps._left


def test_long_texts_are_compared_by_sentences_and_the_words_in_them():
    old = [f"word{i * i % 997}" + "." * (i % 12 == 11) for i in range(12_000)]
    new = ["mended" if i % 500 == 7 else word for i, word in enumerate(old)]
    found = compared(" ".join(old), " ".join(new))
    assert found.whole
    assert [p.new for p in found.pieces if not p.same] == ["mended"] * 24


@given(TEXTS, TEXTS)
def test_pieces_give_both_texts_back(a, b):
    found = pieces(a, b)
    assert "".join(p.old for p in found) == a
    assert "".join(p.new for p in found) == b
    assert all(p.old or p.new for p in found)


@given(TEXTS, TEXTS)
def test_pieces_by_sentence_give_both_texts_back(a, b):
    found, _ = words._by_sentence(a, b)
    assert ("".join(p.old for p in found), "".join(p.new for p in found)) == (a, b)


@given(TEXTS, TEXTS)
def test_nothing_is_marked_where_nothing_changed(a, b):
    assert inline(a, a) == a
    assert marked(a, a) == (a, a)
    assert (inline(a, b) == a) == (a == b) or "[-" in a or "{+" in a


@given(TEXTS, TEXTS)
def test_lines_stay_lines(a, b):
    old, new = marked(a, b)
    assert old.count("\n") == a.count("\n")
    assert new.count("\n") == b.count("\n")
