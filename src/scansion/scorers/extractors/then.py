"""One extractor after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scansion.errors import InputError
from scansion.scorers._base import Extractor, extractor
from scansion.scorers._texts import as_text

__all__ = ["then"]


@extractor("then", "chain")
def then(*steps: Extractor) -> Callable[[str], Any]:
    """Each extractor reads what the one before it found; no answer as soon as one finds none.

    Example: `then(after("Total:"), first_number)`
    """
    if not steps:
        raise InputError('then: give the extractors in their order, such as then(after("Total:"), first_number)')

    def read(text: str) -> Any:
        value: Any = text
        for step in steps:
            value = step(as_text(value))
            if value is None:
                return None
        return value

    return read
