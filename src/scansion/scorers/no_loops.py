"""Does the output repeat itself without end?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from scansion.errors import InputError
from scansion.scorers._base import scorer
from scansion.scorers._check import NOTHING, Check
from scansion.scorers._texts import EMPTY
from scansion.types import Score

__all__ = ["no_loops"]

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]")
_PICTURE = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")  # emoji, and no signs that draw lines
_LONGEST = 60  # words of what is repeated
_COVERED = 15  # words that a loop covers at least
_GRAM = 4
_FEWEST = 50  # words of a text whose repeated n-grams say something


class _Loop(NamedTuple):
    start: int
    period: int
    covered: int


@scorer("no_loops", "repetition")
def no_loops(times: int = 4, most: float = 0.5) -> Check:
    """1 if the output is not caught in a loop, else 0; the explanation says what is repeated.

    A loop is the same run of up to 60 words (a sign counts as one) `times` times in a row or more, over 15 words or
    more, rules of dashes and the like apart, though 15 emoji in a row are one; or, in an output of 50 words or more, a
    share above `most` of 4-grams that stood in it before. The answer is that share. An empty output is unscored (`no
    answer`). Refrains and tables of equal cells are loops to it too.

    Source: Welleck et al. 2019, Neural Text Generation with Unlikelihood Training (arXiv 1908.04319), for the share of
    repeated n-grams.

    Example: `no_loops(times=5)`
    """
    if times < 2 or not 0 < most <= 1:
        raise InputError(f"no_loops: times={times} and most={most:g}; at least 2, and a share above 0 and up to 1")

    def compare(text: str, _wanted: object) -> Score:
        if not text.strip():
            return EMPTY
        words = _TOKEN.findall(text.lower())
        repeated = _repeated(words)
        loop = _loop(words, times)
        if loop is not None:
            said = " ".join(words[loop.start : loop.start + loop.period])
            rounds = loop.covered / loop.period
            return Score(0.0, explanation=f"{rounds:.0f} times: {said[:200]}", answer=round(repeated, 3))
        over = len(words) >= _FEWEST and repeated > most
        why = f"{100 * repeated:.0f}% of its 4-grams stood in it before" if over else ""
        return Score(float(not over), explanation=why, answer=round(repeated, 3))

    return Check(compare, wanted=NOTHING)


def _repeated(words: Sequence[str]) -> float:
    """The share of 4-grams that are not the first of their kind."""
    grams = list(zip(*(words[k:] for k in range(_GRAM)), strict=False))
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def _loop(words: Sequence[str], times: int) -> _Loop | None:
    """The shortest run of words that is repeated so often without a break."""
    said = [0, *accumulate(map(_says, words))]  # how many words stand before each place, signs apart
    for period in range(1, min(_LONGEST, len(words) // times) + 1):
        need = max((times - 1) * period, _COVERED - period)
        run = 0
        for at in range(period, len(words)):
            run = run + 1 if words[at] == words[at - period] else 0
            if run >= need and said[at + 1] > said[at - period + 1]:
                return _Loop(at - run - period + 1, period, _whole(words, at, period, run))
    return None


def _says(word: str) -> bool:
    """Whether it is a word or an emoji, and no other sign."""
    return word.isalnum() or _PICTURE.match(word) is not None


def _whole(words: Sequence[str], at: int, period: int, run: int) -> int:
    """How many words a loop covers that is found at a place."""
    end = at + 1
    while end < len(words) and words[end] == words[end - period]:
        end += 1
    return run + period + end - at - 1
