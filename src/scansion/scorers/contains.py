"""Containment: the output has a text in it."""

from __future__ import annotations

from typing import Any, Literal

from scansion.scorers._base import scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Score

__all__ = ["contains"]


@scorer("contains", "includes")
def contains(*texts: str | Column, need: Literal["any", "all"] = "any", ignore_case: bool = False) -> Check:
    """1 if the output contains the given texts, else 0.

    `texts` are texts or columns, by default the row's target; a column or target may hold a list. `need` says whether
    any or all of them must be there.

    Example: `contains($must_mention, need=all, ignore_case=true)`
    """

    def normal(value: Any) -> str:
        text = as_text(value)
        return text.casefold() if ignore_case else text

    def compare(answer: Any, wanted: Any) -> Score:
        text = normal(answer)
        missing = [w for w in (wanted if isinstance(wanted, list) else [wanted]) if normal(w) not in text]
        some = isinstance(wanted, list) and len(missing) < len(wanted)
        right = not missing or (need == "any" and some)
        return Score(float(right), explanation="" if right else "missing: " + ", ".join(map(as_text, missing))[:200])

    def gold(wanted: Any) -> str:
        return "\n".join(map(as_text, wanted)) if isinstance(wanted, list) else as_text(wanted)

    wanted: Any = texts or TARGET
    return Check(compare, wanted=wanted, each=False, gold=gold)
