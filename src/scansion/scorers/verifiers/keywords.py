"""Words that a text must have, must not have, or must have so often."""

from __future__ import annotations

import re
from typing import Any

from scansion.errors import InputError
from scansion.scorers._verifying import Rule, count_of, listed, verifier
from scansion.specs import Column

__all__ = ["forbidden", "keyword", "keywords", "letter"]


@verifier("keywords", "existence")
def keywords(words: list[str] | str | Column) -> Rule:
    """All of these texts are there, in any case, also within longer words. A column may hold the list.

    Example: `keywords([tea, "green cup"])`
    """

    def broken(text: str, wanted: Any) -> str:
        folded = text.casefold()
        missing = [word for word in listed("keywords", wanted) if word.casefold() not in folded]
        return "missing: " + ", ".join(missing) if missing else ""

    return Rule(broken, _checked("keywords", words))


@verifier("forbidden", "forbidden_words")
def forbidden(words: list[str] | str | Column) -> Rule:
    """None of these is there as a word of its own, in any case. A column may hold the list.

    Example: `forbidden([delve, tapestry])`
    """

    def broken(text: str, wanted: Any) -> str:
        there = [word for word in listed("forbidden", wanted) if _alone(word).search(text)]
        return "there: " + ", ".join(there) if there else ""

    return Rule(broken, _checked("forbidden", words))


@verifier("keyword", "keyword_frequency")
def keyword(word: str, at_least: int | None = None, less_than: int | None = None, at_most: int | None = None) -> Rule:
    """The text `word` is there so often, in any case, also within longer words.

    Example: `keyword(tea, at_least=2)`
    """
    word = word.strip()
    if not word:
        raise InputError("verifier 'keyword': the text is empty; say what to count")
    check = count_of("keyword", f"times {word!r}", at_least, less_than, at_most)
    pattern = re.compile(re.escape(word), re.IGNORECASE)
    return Rule(lambda text, _: check(len(pattern.findall(text))))


@verifier("letter", "letter_frequency")
def letter(letter: str, at_least: int | None = None, less_than: int | None = None, at_most: int | None = None) -> Rule:
    """This letter, or other single character, is there so often, in any case.

    Example: `letter(q, at_least=3)`
    """
    if len(letter) != 1:
        raise InputError(f"verifier 'letter': {letter!r} is no single character; `keyword` counts longer texts")
    check = count_of("letter", f"times {letter!r}", at_least, less_than, at_most)
    return Rule(lambda text, _: check(text.lower().count(letter.lower())))


def _checked(name: str, words: Any) -> Any:
    return words if isinstance(words, Column) else listed(name, words)


def _alone(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
