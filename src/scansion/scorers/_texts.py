"""Values as text."""

from __future__ import annotations

from typing import Any

from scansion.types import Message, Score, TextPart, canonical

__all__ = ["EMPTY", "as_text", "said_in"]

EMPTY = Score(None, "no answer", "the output is empty")
"""What scorers that look for a fault find of a text without a word: there is none in it, and nothing else either."""


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else canonical(value).decode()


def said_in(message: Message) -> str:
    """The text of a message, its text parts a line each; images are left out."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in message.content if isinstance(part, TextPart))
