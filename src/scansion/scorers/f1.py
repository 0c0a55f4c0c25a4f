"""Token F1, as SQuAD measures answers."""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import Any

from scansion.errors import Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._texts import as_text
from scansion.specs import Column

__all__ = ["f1", "tokens"]

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@scorer("f1", "token_f1")
def f1(target: str | Column | None = None, by: Extractor | None = None) -> Check:
    """The F1 of the answer's tokens against the target's, from 0 to 1; of several targets the best counts.

    Tokens are the words in lower case without punctuation and without the articles a, an and the, counted with
    multiplicity. Two texts without any token match. Follows Rajpurkar et al. 2016, SQuAD (arXiv 1606.05250).

    Example: `f1(by=after("Answer:"))`
    """

    def compare(answer: Any, wanted: Any) -> float:
        if isinstance(wanted, dict):
            raise Unscored("gold refused", "the target is an object; f1 compares texts")
        mine, theirs = tokens(as_text(answer)), tokens(as_text(wanted))
        if not mine or not theirs:
            return float(mine == theirs)
        common = sum((Counter(mine) & Counter(theirs)).values())
        return 2 * common / (len(mine) + len(theirs))

    return Check(compare, by=by, usual=build_extractor("text"), wanted=TARGET if target is None else target)


def tokens(text: str) -> list[str]:
    """The words of a text as SQuAD's evaluation normalises them."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()
