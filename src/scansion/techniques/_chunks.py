"""A long text in parts: slices of it, white space within them kept.

A word is what stands between white space; in scripts that write none (Chinese, Japanese, Thai, Lao, Burmese, Khmer) it
is one sign, with the marks and the punctuation behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["by_paragraphs", "by_words", "grouped", "length"]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+")
_PARAGRAPH = re.compile(r"\S.*?(?=\n[^\S\n]*\n|\Z)", re.DOTALL)

_Span = tuple[int, int]


def length(text: str) -> int:
    """The number of words."""
    return sum(1 for _ in _WORD.finditer(text))


def by_words(text: str, size: int, overlap: int = 0) -> list[str]:
    """Parts of `size` words, each beginning with the last `overlap` words of the one before. An empty text is one."""
    return [text[a:b] for a, b in _of_words(text, 0, len(text), size, overlap)] or [""]


def by_paragraphs(text: str, size: int) -> list[str]:
    """Parts of whole paragraphs (blank lines between), as many as have at most `size` words together; a longer one is
    parted by words."""
    spans: list[_Span] = []
    full = 0  # words in the last span
    for match in _PARAGRAPH.finditer(text):
        start, end = match.span()
        words = length(match.group())
        if spans and full + words <= size:
            spans[-1], full = (spans[-1][0], end), full + words
        else:
            pieces = _of_words(text, start, end, size, 0)
            spans += pieces
            full = length(text[slice(*pieces[-1])])
    return [text[a:b].rstrip() for a, b in spans] or [""]


def _of_words(text: str, start: int, end: int, size: int, overlap: int) -> list[_Span]:
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    step, last = size - overlap, max(1, len(words) - overlap)
    return [(words[i][0], words[min(i + size, len(words)) - 1][1]) for i in range(0, last, step)] if words else []


def grouped(texts: Sequence[str], size: int) -> list[list[str]]:
    """Neighbouring texts together, as many as have at most `size` words, but two at least where there are two."""
    groups: list[list[str]] = []
    full = 0
    for text in texts:
        words = length(text)
        if groups and (full + words <= size or len(groups[-1]) < 2):
            groups[-1].append(text)
            full += words
        else:
            groups.append([text])
            full = words
    return groups
