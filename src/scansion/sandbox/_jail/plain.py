"""The plain data that a value crosses out of a sandbox as. Standard library only: it is loaded inside too."""

from __future__ import annotations

from typing import Any

__all__ = ["plain"]

_DEEPEST = 40
_LARGEST = 1 << 63  # of whole numbers; a larger one is its text, as is a number that JSON cannot write


def plain(value: Any, depth: int = 0) -> Any:
    """None, truth values, numbers, text, lists, and dicts with keys of text; any other value is its text.

    A number of another kind with an exact float of its own (one of numpy's) is that; a set is a list in the order of
    its texts.
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value.encode("utf-8", "replace").decode() if kind is str else value
    if kind is int:
        return value if -_LARGEST <= value < _LARGEST else _text(value)
    if kind is float:
        return value if value - value == 0 else _text(value)
    if depth > _DEEPEST:
        return _text(value)
    if isinstance(value, dict):
        return {_key(k): plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(v, depth + 1) for v in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(v, depth + 1) for v in value]
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    return _text(value)


def _key(value: Any) -> str:
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value).encode("utf-8", "replace").decode()
    except ValueError:  # a whole number of more digits than Python writes
        return hex(value)
    except RecursionError:
        return f"<{type(value).__name__} of too many levels>"
