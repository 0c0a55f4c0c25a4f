"""The verdict of a judge."""

from __future__ import annotations

from collections.abc import Callable

from scansion.errors import Unscored
from scansion.scorers._base import extractor
from scansion.scorers._verdicts import Form, label_reader

__all__ = ["verdict"]


@extractor("verdict")
def verdict(labels: list[str], form: Form = "any") -> Callable[[str], str | None]:
    """One of these words or letters where a judge states it: `B`, `Output (b)`, `Verdict: B`, `[[B]]`,
    `{"winner": "B"}`, `Therefore, B is better.`

    `form` reads one way of stating it alone: the whole reply (`alone`), its last line (`line`), `brackets`, `json`, a
    sentence (`stated`). None where nothing is stated so, and where two different verdicts are.

    Example: `verdict([yes, no])`
    """
    read = label_reader(labels, form)

    def answer(text: str) -> str | None:
        try:
            return read(text)
        except Unscored:
            return None

    return answer
