"""Specs as text: the parser, and the writer that is its inverse."""

from __future__ import annotations

import json
import math
import re
import typing
from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError

__all__ = ["Column", "Pipe", "Spec", "parse", "parse_pipe", "shown", "write"]


class Column(Struct, frozen=True):
    """A reference to a column of the data, written `$name`."""

    name: str


class Spec(Struct, frozen=True):
    """A name with its arguments."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The text that parses back to this spec."""
        return self.written("spec")

    def written(self, attribute: Literal["spec", "identity"]) -> str:
        """The text, with this attribute of the named objects among the arguments."""
        parts = [write(a, attribute) for a in self.args]
        parts += [f"{k}={write(v, attribute)}" for k, v in self.kwargs.items()]
        name = self.name if _WORD.fullmatch(self.name) else _quoted(self.name)
        return f"{name}({', '.join(parts)})" if parts else name


class Pipe(Struct, frozen=True):
    """Two or more specs joined by `|`, as one argument. The first may be a quoted name: a file's."""

    specs: tuple[Spec, ...]

    @property
    def text(self) -> str:
        """The text that parses back to this pipe."""
        return self.written("spec")

    def written(self, attribute: Literal["spec", "identity"]) -> str:
        """The text, in the manner of `Spec.written`."""
        first, *others = self.specs
        lead = first.written(attribute) if first.args or first.kwargs or _bare(first.name) else _quoted(first.name)
        return " | ".join([lead, *(other.written(attribute) for other in others)])


_WORD = re.compile(r"[\w\-./:?=&@]+")
_KEYWORD = re.compile(r"(\w+)\s*=(?!=)")  # a route may be called 2
_INT = re.compile(r"[+-]?\d+$")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?$")
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None, "True": True, "False": False, "None": None}
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[\"\\/bfnrt]|(?P<wrong>u?.?))", re.DOTALL)
_LONGEST_INT = 4000  # digits; Python itself refuses above 4,300
_DEEPEST = 50


def write(value: Any, attribute: Literal["spec", "identity"] = "spec") -> str:
    """`value` in the text form of an argument; named objects by their spec, or their identity.

    Raises InputError for a value that has no text form.
    """
    if isinstance(value, Spec):
        return value.written(attribute) if value.args or value.kwargs else f"{value.name}()"
    if isinstance(value, Pipe):
        return value.written(attribute)
    if isinstance(value, Column):
        return "$" + (value.name if re.fullmatch(r"\w+", value.name) else _quoted(value.name))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value).replace("e+", "e")
    if isinstance(value, str):
        return value if _bare(value) and isinstance(_literal(value), str) else _quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write(v, attribute) for v in value) + "]"
    named = getattr(value, attribute, None)
    if isinstance(named, str):
        return named
    if callable(value) and hasattr(value, "__qualname__"):
        module = getattr(value, "__module__", None) or "builtins"  # a method of a type such as str has none
        return write(f"python:{module}:{value.__qualname__}")
    shortly = repr(value) if len(repr(value)) <= 80 else f"{type(value).__name__} {getattr(value, 'name', '')}".strip()
    raise InputError(f"{shortly} has no text form in a spec; give a finite number, a string, a list or a named object")


def _bare(text: str) -> bool:
    """Whether a word needs no quotes: it does not look like `name=value`, and a `=` before it stays one by itself."""
    return bool(_WORD.fullmatch(text)) and not _KEYWORD.match(text) and not text.startswith("=")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if _INT.match(word) and len(word) <= _LONGEST_INT:
        return int(word)
    if _FLOAT.match(word) and math.isfinite(float(word)):
        return float(word)
    return word


def shown(text: str) -> str:
    """A text in a message: in quotes as it was typed, backslashes too, where that is one line to read."""
    return f"'{text}'" if text.isprintable() and "'" not in text else repr(text)


class _Parser:
    """A recursive-descent parser over one line of spec text."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.what, self.at, self.depth = text, what, 0, 0

    def fail(self, expected: str) -> typing.NoReturn:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
        raise InputError(f"{self.what} {shown(self.text)}: expected {expected} at column {self.at + 1}, found {found}")

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek(self, char: str) -> bool:
        self.space()
        return self.text.startswith(char, self.at)

    def take(self, char: str) -> bool:
        found = self.peek(char)
        self.at += len(char) * found
        return found

    def word(self, expected: str) -> str:
        self.space()
        match = _WORD.match(self.text, self.at)
        if match is None:
            self.fail(expected)
        self.at = match.end()
        return match.group()

    def quoted(self, quote: str) -> str:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            self.fail(f"a closing {quote}")
        body = self.text[self.at + 1 : end]
        self.check_escapes(body, quote)
        if quote == "'":
            body = re.sub(r'\\.|"', lambda m: {"\\'": "'", '"': '\\"'}.get(m.group(), m.group()), body, flags=re.DOTALL)
        try:
            value: str = json.loads(f'"{body}"', strict=False)
        except ValueError:
            self.fail("a string with \\n, \\t, \\\\, \\uXXXX escapes only")
        self.at = end + 1
        return value

    def check_escapes(self, body: str, quote: str) -> None:
        """Raise InputError for a backslash that begins no escape: mostly one of a regular expression."""
        for match in _ESCAPE.finditer(body):
            wrong = match["wrong"]
            if wrong is not None and wrong != quote:
                where = f"{self.what} {shown(self.text)}: at column {self.at + 2 + match.start()}"
                escape = match.group() if match.group().isprintable() else repr(match.group())[1:-1]
                raise InputError(f"{where}, {escape} is no escape; for a backslash write two: \\{escape}")

    def value(self) -> Any:
        self.space()
        if self.depth > _DEEPEST:
            self.fail(f"at most {_DEEPEST} levels of brackets")
        char = self.text[self.at : self.at + 1]
        if char and char in "\"'":
            text = self.quoted(char)
            return self.piped(Spec(text)) if self.peek("|") else text
        if self.take("["):
            return self.items("]", self.value)
        if self.take("$"):
            quote = self.text[self.at : self.at + 1]
            return Column(self.quoted(quote) if quote and quote in "\"'" else self.word("a column name"))
        word = self.word("an argument")
        if not self.peek("(") and not self.peek("|"):
            return _literal(word)
        found = self.called(word)
        return self.piped(found) if self.peek("|") else found

    def piped(self, first: Spec) -> Pipe:
        """The pipe that begins with `first`, before its first bar."""
        parts = [first]
        while self.take("|"):
            parts.append(self.called(self.word("a name")))
        return Pipe(tuple(parts))

    def items(self, end: str, item: Callable[[], Any]) -> list[Any]:
        found: list[Any] = []
        self.depth += 1
        while not self.take(end):
            if found and not self.take(","):
                self.fail(f"',' or {end!r}")
            if found and self.take(end):
                break
            found.append(item())
        self.depth -= 1
        return found

    def argument(self) -> tuple[str | None, Any]:
        self.space()
        match = _KEYWORD.match(self.text, self.at)
        if match:
            self.at = match.end()
        return (match.group(1) if match else None), self.value()

    def called(self, name: str) -> Spec:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        if self.take("("):
            for key, value in self.items(")", self.argument):
                if key is None and kwargs:
                    raise InputError(f"{self.what} {shown(self.text)}: a bare argument stands after a named one")
                if key in kwargs:
                    raise InputError(f"{self.what} {shown(self.text)}: {key!r} is given twice")
                if key is None:
                    args.append(value)
                else:
                    kwargs[key] = value
        return Spec(name, tuple(args), kwargs)

    def pipe(self) -> tuple[Spec, ...]:
        self.space()
        quote = self.text[self.at : self.at + 1]
        quoted = bool(quote) and quote in "\"'"
        parts = [Spec(self.quoted(quote)) if quoted else self.called(self.word(f"a {self.what} name"))]
        while self.take("|"):
            parts.append(self.called(self.word(f"a {self.what} name")))
        self.space()
        if self.at < len(self.text):
            several = " (several are given one by one)" if self.text[self.at] == "," else ""
            self.fail(f"'|', '(' or the end{several}")
        return tuple(parts)


def parse_pipe(text: str, what: str = "technique") -> tuple[Spec, ...]:
    """The specs of `a(...) | b(...)`, in order. Raises InputError with the column where the text goes wrong."""
    return _Parser(text, what).pipe()


def parse(text: str, what: str = "spec") -> Spec:
    """One spec. Raises InputError as `parse_pipe` does, and when there is more than one."""
    parts = parse_pipe(text, what)
    if len(parts) > 1:
        raise InputError(f"{what} {shown(text)}: one {what} is wanted here, not a chain with '|'")
    return parts[0]
