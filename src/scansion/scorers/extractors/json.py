"""JSON in a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scansion.scorers._base import extractor
from scansion.scorers._json import find_json, path_of, step

__all__ = ["json"]


@extractor("json")
def json(path: str | None = None) -> Callable[[str], Any]:
    """The JSON value of a text: the whole text, else a fenced block, else the first object or list in it.

    `path` leads to a part of the value: keys and positions, such as `items.0.price`.

    Example: `json(answer)`
    """
    steps = path_of(path)

    def read(text: str) -> Any:
        found, value = find_json(text)
        return step(value, steps)[1] if found else None

    return read
