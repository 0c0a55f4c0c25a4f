"""Whether a reply says that its question cannot be answered, in the word that the prompt offered for that.

The word stands in an output's `data["way_out"]`. A technique that makes a new text of an output calls `renewed`, so
that `data["abstained"]` is always of the text that is there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import msgspec

from scansion.types import Output

__all__ = ["renewed", "says", "wanted"]

_MARKS = " \t\n\r.,;:!?\"'`*_~()[]{}<>#$-\u2013\u2014\u2018\u2019\u201c\u201d\u00ab\u00bb\u3002"
_LEAD = re.compile(
    r"(?:(?:so|therefore|thus|hence|then),? )?"
    r"(?:i am|i'm|i\u2019m|it is|it's|it\u2019s|this is|that is|i (?:would |will |must |have to )?"
    r"(?:say|answer|reply|respond)(?: with)?)[: ]"
)
_GOES_ON = re.compile(
    r"\b(?:but|however|guess|probably|likely|perhaps|maybe|answer|result|so|therefore|thus|i'd|i would|i think|"
    r"i believe)\b|="
)
_WORDS = 3  # that explain
_TAIL = 4_000  # characters at the end of a text in which its answer is looked for
_ENDS = re.compile(r"(?<=[.!?\u3002])\s+|\n+")


def says(word: str, text: str) -> bool:
    """Whether `text` as a whole, or what it gives as its answer in the end, is `word`; or what it opens with, where
    only an explanation follows ("Unsure. It does not say how many there were.").

    Case, quotes, marks and punctuation do not count. The answer in the end is the last sentence or line ("I am" and the
    like before it do not count), what stands there behind "answer is" or "answer:", in the last tags, in a box, or as
    the value of a JSON object. A text that only mentions the word does not say it.
    """
    wanted = _bare(word)
    whole = text.replace("\u2019", "'").strip()
    if not wanted or not whole:
        return False
    tail = whole[-_TAIL:]
    last = _last(tail)
    lead = _LEAD.match(last)
    if wanted in (_bare(whole), last, _bare(last[lead.end() :]) if lead is not None else ""):
        return True
    return _opens(wanted, whole) or any(pattern.search(tail) for pattern in _patterns(wanted))


def wanted(target: Any, words: Collection[str]) -> bool:
    """Whether a row's target, or one of several, is one of these words for having no answer."""
    known = {word.strip().casefold() for word in words}
    targets = target if isinstance(target, list | tuple) else [target]
    return any(isinstance(each, str) and each.strip().casefold() in known for each in targets)


def _opens(word: str, text: str) -> bool:
    """Whether a text opens with the word, and goes on with an explanation and no answer."""
    head = text[:_TAIL].casefold().lstrip(_MARKS)
    lead = _LEAD.match(head)
    head = head[lead.end() if lead is not None else 0 :].lstrip(_MARKS)
    rest = head.removeprefix(word).lstrip("\"'`*_ ")
    explains = rest[:1] in tuple(".,;:!(\n\u2013\u2014") and len(re.findall(r"[^\W\d_]+", rest)) >= _WORDS
    return head.startswith(word) and explains and not _GOES_ON.search(rest)


def renewed(output: Output, answer: Any = None) -> Output:
    """The output with `abstained` as its text has it, or the `answer` that was read from that; without a way out as it
    is."""
    word = output.data.get("way_out")
    if not isinstance(word, str):
        return output
    data: dict[str, Any] = {k: v for k, v in output.data.items() if k != "abstained"}
    if not (says(word, output.text) or (isinstance(answer, str) and says(word, answer))):
        return msgspec.structs.replace(output, data=data)
    return msgspec.structs.replace(output, answer=None, data={**data, "abstained": True})


def _bare(text: str) -> str:
    """The words of a text, without what stands around it."""
    return " ".join(text.replace("\u2019", "'").strip(_MARKS).casefold().split())


def _last(text: str) -> str:
    """The last sentence or line that holds a word."""
    return next((bare for part in reversed(_ENDS.split(text)) if (bare := _bare(part))), "")


@lru_cache(maxsize=64)
def _patterns(word: str) -> tuple[re.Pattern[str], ...]:
    """What ends a text that gives `word` as its answer."""
    said = r"\s+".join(map(re.escape, word.split()))
    marks = r"[\s.,;:!?\"'`*_~()\[\]<>$\u2018\u2019\u201c\u201d\u3002]*"
    key = r"(?:answer|result|reply|response|solution|conclusion|output|verdict|value|final)"
    return (
        re.compile(
            rf"\b{key}\b[^.!?\n]{{0,40}}?(?:\bis|:|=|\bwould be|\bmust be){marks}{said}{marks}\Z", re.IGNORECASE
        ),
        re.compile(rf"<(\w[\w-]*)>{marks}{said}{marks}</\1>{marks}\Z", re.IGNORECASE),
        re.compile(rf"\\boxed\s*\{{(?:\\text\s*\{{)?{marks}{said}{marks}\}}+{marks}\Z", re.IGNORECASE),
        re.compile(rf"\{{[^{{}}]*\"\w+\"\s*:\s*\"{marks}{said}{marks}\"\s*\}}{marks}\Z", re.IGNORECASE),
    )
