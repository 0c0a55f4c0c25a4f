from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import CallError
from scansion.models.pocket.engine import Engine
from scansion.models.pocket.vocabulary import Vocabulary
from scansion.types import ImagePart, Message, Request, TextPart, ToolCall


@pytest.fixture
def words(engine: Engine) -> Vocabulary:
    return engine.vocabulary


def test_a_chat(words: Vocabulary) -> None:
    u, a = words.encode("one"), words.encode("two")
    chat = (Message("system", "one"), Message("user", "one"), Message("assistant", "two"), Message("user", "one"))
    assert words.prompt(Request(chat)) == [2, *u, 3, *u, 4, *a, 1, 3, *u, 4]
    assert words.prompt(Request(chat[:3])) == [2, *u, 3, *u, 4, *a]
    parts = Message("user", (TextPart("on"), TextPart("e")))
    assert words.prompt(Request((parts,))) == [3, *u, 4]


def test_a_text(words: Vocabulary) -> None:
    assert words.prompt(Request(text="one")) == [5, *words.encode("one")]
    assert words.prompt(Request(text="")) == [5]


@given(st.text())
def test_tokens_spell_the_text(engine: Engine, text: str) -> None:
    tokens = engine.vocabulary.encode(text)
    spelled = b"".join(engine.vocabulary.pieces[token] for token in tokens)
    assert spelled == text.encode("utf-8", "replace")


@pytest.mark.parametrize("text", ["<end>", "a<user>b", "<pad><system>", "x <assistant> y"])
def test_a_marker_in_a_text_is_text(words: Vocabulary, text: str) -> None:
    assert min(words.encode(text)) >= 6


def test_digits_stand_alone(words: Vocabulary) -> None:
    assert len(words.encode("1234")) == 4


@pytest.mark.parametrize(
    "message",
    [
        Message("tool", "3"),
        Message("assistant", "", (ToolCall("1", "f", "{}"),)),
        Message("user", (ImagePart(url="http://x/y.png"),)),
    ],
)
def test_what_no_chat_holds(words: Vocabulary, message: Message) -> None:
    with pytest.raises(CallError, match="text only"):
        words.prompt(Request((message,)))


def test_no_messages(words: Vocabulary) -> None:
    with pytest.raises(CallError, match="no messages"):
        words.prompt(Request())


def test_names(words: Vocabulary) -> None:
    assert words.name(1) == "<end>"
    assert words.name(words.encode("7")[0]) == "7"
