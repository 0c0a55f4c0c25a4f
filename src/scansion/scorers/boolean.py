"""Yes or no."""

from __future__ import annotations

from typing import Any

from scansion.errors import Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._texts import as_text
from scansion.specs import Column

__all__ = ["boolean"]

_VALUES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@scorer("boolean", "bool", "yes_no")
def boolean(target: bool | str | Column | None = None, by: Extractor | None = None) -> Check:
    """1 if the answer says yes (or true) where the target does, and no (or false) where it does; else 0.

    The answer is read by the extractor `boolean`, or by `by`. A target is yes, no, true, false, 1 or 0.

    Example: `boolean(by=after("Verdict:"))`
    """

    def truth(value: Any) -> bool | None:
        return _VALUES.get(as_text(value).strip().strip(".!\"'*").casefold())

    def compare(answer: Any, wanted: Any) -> bool:
        gold, found = truth(wanted), truth(answer)
        if gold is None:
            raise Unscored("gold refused", f"the target {as_text(wanted)!r} is neither yes nor no")
        if found is None:
            raise Unscored("no answer", f"{as_text(answer)[:60]!r} is neither yes nor no")
        return found == gold

    return Check(compare, by=by, usual=build_extractor("boolean"), wanted=TARGET if target is None else target)
