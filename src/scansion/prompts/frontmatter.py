"""The two parts of a prompt file: YAML front matter and body (Prompty specification, sections 2.1 and 2.2).

Front matter opens with a line `---` or `+++` (white space may stand before it) and ends with the next such line. Line
ends are read as LF whatever the file has, and a byte order mark is dropped.
"""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from scansion.errors import InputError

__all__ = ["Matter", "Where", "decode", "located_yaml", "plain_yaml", "split"]

Path = tuple[str | int, ...]

_OPEN = re.compile(r"\s*(?:---|\+\+\+)[^\S\n]*(?:\n|\Z)")
_CLOSE = re.compile(r"^(?:---|\+\+\+)[^\S\n]*(?:\n|\Z)", re.MULTILINE)
_MOST_NODES = 100_000
_DEEPEST = 64


class Where(Struct, frozen=True):
    """What a message about a file says of the place: the file's name, and the line of each front matter key."""

    file: str
    lines: dict[Path, int] = {}

    def at(self, *path: str | int) -> str:
        """`file:line` of a key of the front matter, or of the nearest key above it that is known."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines[path]}" if path else self.file


class Matter(Struct, frozen=True):
    """A file taken apart: `meta` is the front matter's mapping (None: the file has none), `body` all that follows.

    `body_line` is the line of the file on which the body starts, counted from 1.
    """

    meta: dict[str, Any] | None
    body: str
    body_line: int
    where: Where


def decode(raw: bytes, file: str) -> str:
    """The text of a file in UTF-8, without byte order mark. Raises InputError that names the line of a bad byte."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file}:{line}: not UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8") from None


def split(text: str, file: str) -> Matter:
    """Takes a prompt file's text apart. Raises InputError with file and line for front matter that cannot be read."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    opening = _OPEN.match(text)
    if opening is None:
        return Matter(None, text, 1, Where(file))
    first = text.count("\n", 0, opening.end()) + 1
    closing = _CLOSE.search(text, opening.end())
    if closing is None:
        line = text.count("\n", 0, len(opening.group().rstrip())) + 1
        raise InputError(f"{file}:{line}: the front matter is not closed; end it with a line ---")
    meta, lines = _mapping(text[opening.end() : closing.start()], file, first)
    return Matter(meta, text[closing.end() :], text.count("\n", 0, closing.end()) + 1, Where(file, lines))


def plain_yaml(text: str, file: str) -> Any:
    """The value of a YAML document, made of JSON's kinds only. Raises InputError with file and line."""
    return _parse(text, file, 1)[0]


def located_yaml(text: str, file: str) -> tuple[Any, Where]:
    """The value of a YAML document as `plain_yaml` gives it, and where its keys and items stand."""
    value, lines = _parse(text, file, 1)
    return value, Where(file, lines)


def _mapping(text: str, file: str, first: int) -> tuple[dict[str, Any], dict[Path, int]]:
    value, lines = _parse(text, file, first)
    if value is None:
        return {}, lines
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise InputError(f"{file}:{first}: the front matter must be a mapping of keys to values, found a {kind}")
    return value, lines


def _parse(text: str, file: str, first: int) -> tuple[Any, dict[Path, int]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    lines: dict[Path, int] = {}
    try:
        node = loader.get_single_node()
        if node is None:
            return None, lines
        _note_lines(node, (), lines, first, file)
        return _Plain(file, first).of(loader.construct_document(node)), lines
    except yaml.MarkedYAMLError as error:
        line = first + _line_of(error)
        raise InputError(f"{file}:{line}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = first + text.count("\n", 0, getattr(error, "position", 0))
        raise InputError(f"{file}:{line}: not valid YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()


def _line_of(error: Any) -> int:
    # An unclosed bracket or quote is reported where the text goes wrong after it; where it was opened says more.
    unclosed = error.context_mark is not None and any(word in str(error.context) for word in ("flow", "quoted"))
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    return int(mark.line) if mark is not None else 0


def _note_lines(node: Any, path: Path, lines: dict[Path, int], first: int, file: str) -> None:
    """Notes the line of every key and item; a key that stands twice is an error, as YAML itself says."""
    if len(path) > _DEEPEST or len(lines) > _MOST_NODES:
        return
    if node.id == "mapping":
        for key, value in node.value:
            inner, line = (*path, str(key.value)), first + key.start_mark.line
            if inner in lines and key.value != "<<":
                raise InputError(f"{file}:{line}: the key {key.value!r} stands twice, first on line {lines[inner]}")
            lines[inner] = line
            _note_lines(value, inner, lines, first, file)
    elif node.id == "sequence":
        for i, item in enumerate(node.value):
            lines[(*path, i)] = first + item.start_mark.line
            _note_lines(item, (*path, i), lines, first, file)


class _Plain:
    """Copies a YAML value into JSON's kinds, within bounds that aliases of aliases would break."""

    def __init__(self, file: str, first: int) -> None:
        self.place, self.left = f"{file}:{first}", _MOST_NODES

    def of(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST:
            raise InputError(f"{self.place}: too large or too deep; does an alias repeat itself?")
        if isinstance(value, Mapping):
            return {str(k): self.of(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(v, depth + 1) for v in value]
        if isinstance(value, datetime.date):
            return value.isoformat()
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value
