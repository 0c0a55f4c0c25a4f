"""Texts that a technique sends, which a file of the user's own may replace."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scansion.errors import InputError
from scansion.specs import folder

__all__ = ["filled", "own_text"]


def own_text(file: str | None, usual: str, what: str, places: tuple[str, ...]) -> str:
    """The text in `file`, without its last newline, or `usual` where none is named; `what` is said in messages.

    Raises InputError for a file that cannot be read, is empty, or lacks one of the `places` (`{question}`).
    """
    if file is None:
        return usual
    try:
        text = (folder() / file).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"{what} {file!r} cannot be read: {why}; name a text file") from None
    for place in places:
        if f"{{{place}}}" not in text:
            raise InputError(f"{what} {file!r} has no {{{place}}}; put it where that belongs")
    return text


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{name}` replaced once; a value that holds such a mark stays as it is."""
    names = "|".join(map(re.escape, values))
    return re.sub(rf"\{{({names})\}}", lambda found: values[found[1]], text)
