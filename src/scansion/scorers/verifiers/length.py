"""How long a text is: in words, sentences, paragraphs."""

from __future__ import annotations

import re

from scansion.errors import InputError
from scansion.scorers._verifying import Rule, count_of, verifier
from scansion.scorers.verifiers._sentences import sentences as sentences_of

__all__ = ["nth_paragraph", "paragraphs", "sentences", "words"]

_WORD = re.compile(r"\w+")
_RULE = re.compile(r"\s?\*\*\*\s?")
_CLOSING = frozenset(".,?!'\"")


@verifier("words", "number_words")
def words(at_least: int | None = None, less_than: int | None = None, at_most: int | None = None) -> Rule:
    """So many words: runs of letters, digits and `_`, so that "don't" has two.

    Example: `words(at_least=300)`
    """
    check = count_of("words", "words", at_least, less_than, at_most)
    return Rule(lambda text, _: check(len(_WORD.findall(text))))


@verifier("sentences", "number_sentences")
def sentences(at_least: int | None = None, less_than: int | None = None, at_most: int | None = None) -> Rule:
    """So many sentences; the number of a list's item (`1.`) counts as one.

    Example: `sentences(less_than=6)`
    """
    check = count_of("sentences", "sentences", at_least, less_than, at_most)
    return Rule(lambda text, _: check(len(sentences_of(text))))


@verifier("paragraphs", "number_paragraphs")
def paragraphs(n: int) -> Rule:
    """Exactly `n` paragraphs, separated by lines of `***`; none of them may be empty.

    Example: `paragraphs(3)`
    """
    if n < 1:
        raise InputError(f"verifier 'paragraphs': n is {n}; at least 1 is wanted")

    def broken(text: str, _wanted: object) -> str:
        parts = _RULE.split(text)
        inner = parts[1:-1]
        if any(not part.strip() for part in inner):
            return "an empty paragraph"
        found = len(parts) - sum(not part.strip() for part in (parts[:1] + parts[1:][-1:]))
        return "" if found == n else f"{found} paragraphs"

    return Rule(broken)


@verifier("nth_paragraph", "nth_paragraph_first_word")
def nth_paragraph(nth: int, of: int, starts: str) -> Rule:
    """Exactly `of` paragraphs, separated by empty lines, of which the `nth` starts with the word `starts`, in any case.

    Example: `nth_paragraph(2, of=4, starts=however)`
    """
    if not 1 <= nth <= of:
        raise InputError(f"verifier 'nth_paragraph': there is no paragraph {nth} of {of}")
    if not starts.strip():
        raise InputError("verifier 'nth_paragraph': the word is empty; say what the paragraph must start with")

    def broken(text: str, _wanted: object) -> str:
        parts = text.split("\n\n")
        found = sum(bool(part.strip()) for part in parts)
        if nth > found or not (paragraph := parts[nth - 1].strip()):
            return f"no paragraph {nth}"
        word = _first_word(paragraph)
        if found != of:
            return f"{found} paragraphs"
        return "" if word == starts.strip().lower() else f"paragraph {nth} starts with {word!r}"

    return Rule(broken)


def _first_word(paragraph: str) -> str:
    """The first word in lower case, up to its first mark of punctuation."""
    word = paragraph.split()[0].lstrip("'").lstrip('"')
    end = next((at for at, char in enumerate(word) if char in _CLOSING), len(word))
    return word[:end].lower()
