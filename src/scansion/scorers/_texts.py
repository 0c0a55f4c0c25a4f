"""Values as text."""

from __future__ import annotations

from typing import Any

from scansion.types import canonical

__all__ = ["as_text"]


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else canonical(value).decode()
