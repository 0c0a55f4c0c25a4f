"""Capital and small letters."""

from __future__ import annotations

import re

from scansion.data.languages import language_of
from scansion.scorers._verifying import Rule, count_of, verifier

__all__ = ["capital_words", "capitals", "lowercase"]

_TOKEN = re.compile(
    r"\w+(?=n['\u2019]t\b)|n['\u2019]t\b|['\u2019](?:s|m|d|ll|re|ve)\b|(?:[^\W\d_]\.){2,}|"
    r"\w+(?:[-&./]\w+|['\u2019](?!(?:s|m|d|ll|re|ve)\b)\w+)*",
    re.IGNORECASE,
)


@verifier("capitals", "english_capital")
def capitals() -> Rule:
    """English in capital letters only.

    Example: `capitals`
    """
    return Rule(lambda text, _: "small letters" if not text.isupper() else _not_english(text))


@verifier("lowercase", "english_lowercase")
def lowercase() -> Rule:
    """English in small letters only.

    Example: `lowercase`
    """
    return Rule(lambda text, _: "capital letters" if not text.islower() else _not_english(text))


@verifier("capital_words", "capital_word_frequency")
def capital_words(at_least: int | None = None, less_than: int | None = None, at_most: int | None = None) -> Rule:
    """So many words in capital letters only; `I` and `A` are such words.

    Example: `capital_words(at_least=3)`
    """
    check = count_of("capital_words", "words in capitals", at_least, less_than, at_most)
    return Rule(lambda text, _: check(sum(token[0].isupper() for token in _TOKEN.finditer(text))))


def _not_english(text: str) -> str:
    """Why a text is not English; one whose language cannot be told is taken for it."""
    return "" if language_of(text) in (None, "en") else "not English"
