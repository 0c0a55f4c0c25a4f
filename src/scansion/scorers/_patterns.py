"""Regular expressions that a user wrote."""

from __future__ import annotations

import re

from scansion.errors import InputError
from scansion.specs import shown

__all__ = ["compiled"]


def compiled(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """The pattern, ready to use. Raises InputError that says where it is wrong."""
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"regex {shown(pattern)} is not a regular expression: {error}") from None
