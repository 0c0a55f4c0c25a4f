"""Option letters: the set of them, and where a text names one."""

from __future__ import annotations

import re

from scansion.errors import InputError

__all__ = ["letters_of"]

_RANGE = re.compile(r"([A-Z])-([A-Z])")


def letters_of(text: str) -> str:
    """The letters that `A-E`, `ABCDE` or `A, B, C` means, as capitals. Raises InputError for anything else."""
    plain = text.upper().replace(",", "").replace(" ", "")
    match = _RANGE.fullmatch(plain)
    if match and match[1] < match[2]:
        return "".join(map(chr, range(ord(match[1]), ord(match[2]) + 1)))
    if not (plain.isascii() and plain.isalpha()):
        raise InputError(f"letters {text!r}: write them as A-E or ABCDE")
    return plain
