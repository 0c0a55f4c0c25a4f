"""Sentences: where they end.

A sentence ends at `.`, `!` or `?` before white space, closing quotes and brackets included, but not after an
abbreviation, an initial, or dots of omission, unless a word follows that starts sentences (after T. Kiss and J. Strunk,
Unsupervised Multilingual Sentence Boundary Detection, Computational Linguistics 32:485, 2006, whose trained form
IFEval counts with; its abbreviations are here a list). As there, a number with a full stop ends a sentence where no
small letter follows, so that the number of a list's item counts as one, and so does the P.S. of a postscript. Unlike
there `e.g.` and `i.e.` are abbreviations.
"""

from __future__ import annotations

import re

__all__ = ["sentences"]

_ABBREVIATIONS = """
mr mrs ms messrs dr prof rev hon gen sen rep gov capt col lt sgt cmdr adm maj st jr sr inc corp co ltd bros vs v
cf vol pp eds approx dept est univ assn ave blvd rd mt ft jan feb apr aug sept oct nov ph.d b.sc m.sc
"""
_STARTERS = """
the this that these those he she it they we you i in on at but and or so if when while after before however there here
a an as for to from with by my our your his her its their what how why who where which then now also no yes not let
please all some many most each every one can could do does did is are was were has have had will would should may might
since because although though thus therefore first next finally just even still yet both such until over under during
another other more only once without within make take use get go see be
"""
_SHORT, _STARTING = frozenset(_ABBREVIATIONS.split()), frozenset(_STARTERS.split())
_LONGEST = 100  # characters before an end mark that may be its word
_DOTTED = re.compile(r"(?!p\.(?:p\.)?s\Z)[^\W\d_](?:\.[^\W\d_])+")  # a.m, e.g, J.K; not P.S
_END = re.compile(r"(?:(?<=\S)[.!?]+[\"'\u201d\u2019)\]}*]*|[.!?]+)(?:\s+[\"'\u201d)\]}]+(?=\s|\Z))*(?=\s+(\S+)|\Z)")
_CLOSED = re.compile(r"[\"'\u201d\u2019)\]}*\s]+$")
_OPENING = "\"'\u201c\u2018([{*_"


def sentences(text: str) -> list[str]:
    """The sentences of a text, without the white space around them."""
    found, start = [], 0
    for match in _END.finditer(text):
        if match[1] is None or _ends(text[max(start, match.end() - _LONGEST) : match.end()], match[1]):
            found.append(text[start : match.end()].strip())
            start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _ends(before: str, after: str) -> bool:
    """Whether a sentence ends between `before`, which has its end mark, and the token `after`."""
    words = _CLOSED.sub("", before).split()
    word = words[-1] if words else ""
    if not word.endswith("."):
        return True
    follower = after.lstrip(_OPENING)
    starts = follower[:1].isupper() and re.split(r"\W", follower, maxsplit=1)[0].lower() in _STARTING
    bare = word.rstrip(".").lower().lstrip(_OPENING)
    if word.endswith("..") or bare in _SHORT or _DOTTED.fullmatch(bare):
        return starts
    if bare == "etc" or bare.isdecimal():
        return not follower[:1].islower()
    return starts or not (len(bare) == 1 and bare.isalpha())
