"""Does the output stay in the language that is asked for?"""

from __future__ import annotations

import re
from typing import Any

from scansion.data.languages import NAMES, code_of, language_of, prose
from scansion.errors import Unscored
from scansion.scorers._base import scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Score

__all__ = ["same_language"]

_LEAST = 20  # letters of a text that tell its language; fewer of scripts in which a word has few
_LEAST_SHORT = 6
_PART = 80  # letters of a paragraph that is looked at on its own
_SHORT = frozenset(("zh", "ja", "ko", "th", "lo", "km", "my"))
_PARAGRAPH = re.compile(r"\n\s*\n")


@scorer("same_language", "stays_in_language")
def same_language(like: str | Column | None = None) -> Check:
    """1 if the output is in the language of `like`, and so is each longer paragraph of it; else 0.

    `like` is a column whose text has the language, such as the question, or a language by name or code (`German`,
    `de`); by default it is the row's target. Code, addresses and tags do not count, and a name is no other language. An
    output or a text whose language cannot be told, since it is too short or none of the known ones stands out, is
    unscored (`too short to tell`). Languages are told by script, function words and letters.

    Example: `same_language($question)`
    """
    named = code_of(like) if isinstance(like, str) else None

    def compare(answer: Any, wanted: Any) -> Score:
        code = named or _told(as_text(wanted), "the text whose language is wanted")
        text = prose(as_text(answer))
        found = _told(text, "the output")
        other = next((part for part in map(_part, _PARAGRAPH.split(text)) if part not in (None, code)), None)
        off = found if found != code else other
        said = f"{NAMES[off]}, not {NAMES[code]}" if off is not None else ""
        return Score(float(off is None), explanation=said + (" (in a paragraph)" if off and off != found else ""))

    return Check(compare, wanted=TARGET if like is None else like, each=False, gold=None)


def _letters(text: str) -> int:
    return sum(char.isalpha() for char in text)


def _told(text: str, what: str) -> str:
    """The language of a text. Raises Unscored where it cannot be told."""
    code = language_of(prose(text))
    if code is None or _letters(text) < (_LEAST_SHORT if code in _SHORT else _LEAST):
        raise Unscored("too short to tell", f"the language of {what} cannot be told")
    return code


def _part(paragraph: str) -> str | None:
    """The language of a paragraph that is long enough to have one."""
    return language_of(paragraph) if _letters(paragraph) >= _PART else None
