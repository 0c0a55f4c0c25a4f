"""Exact match: the answer is the target, character for character."""

from __future__ import annotations

from typing import Any

from scansion.errors import Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._texts import as_text
from scansion.specs import Column

__all__ = ["exact"]


@scorer("exact", "exact_match", "equals")
def exact(
    target: str | int | float | bool | Column | None = None,
    by: Extractor | None = None,
    ignore_case: bool = False,
    strip: bool = True,
) -> Check:
    """1 if the answer equals the target as text, else 0.

    `target` is a text or column in place of the row's target. The answer is the whole output, or what `by` reads from
    it. White space around both is ignored unless `strip=false`. Of a list of targets any may match. A number or truth
    value is compared as JSON writes it (5, 0.5, true); use `numeric` where 5 and 5.0 are the same.

    Example: `exact(by=after("Answer:"), ignore_case=true)`
    """

    def normal(value: Any) -> str:
        text = as_text(value)
        text = text.strip() if strip else text
        return text.casefold() if ignore_case else text

    def compare(answer: Any, wanted: Any) -> bool:
        if isinstance(wanted, dict | list):
            raise Unscored(
                "gold refused", "the target is an object; exact compares text, json(equal=true) compares JSON"
            )
        return normal(answer) == normal(wanted)

    return Check(
        compare,
        by=by,
        usual=build_extractor("text" if strip else "text(strip=false)"),
        wanted=TARGET if target is None else target,
    )
