"""The text form of everything a user can name, and the registries that turn names into objects.

    technique   cot | vote(5, min=3)
    scorer      numeric(tolerance=0.01)
    column      contains($must_mention)

Arguments are literals (numbers, true, false, none, lists), quoted strings with \\n escapes, bare words (letters,
digits, `_ - . / : ? = & @`), column references, or nested specs. Nothing is evaluated as code. `parse` and `Spec.text`
are inverse to each other.

A registry finds a name by the file of that name in its package, then by the aliases that the package's files declare,
then by entry points; nothing is imported before it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from msgspec import Struct

from scansion.errors import InputError, nearest

__all__ = ["Column", "Entry", "Registry", "Spec", "parse", "parse_pipe", "write"]

T = TypeVar("T")
P = ParamSpec("P")


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
        parts = [write(a) for a in self.args] + [f"{k}={write(v)}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


_WORD = re.compile(r"[\w\-./:?=&@]+")
_KEYWORD = re.compile(r"([A-Za-z_]\w*)\s*=(?!=)")
_INT = re.compile(r"[+-]?\d+$")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?$")
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None, "True": True, "False": False, "None": None}


def write(value: Any) -> str:
    """`value` in the text form of an argument."""
    if isinstance(value, Spec):
        return value.text if value.args or value.kwargs else f"{value.name}()"
    if isinstance(value, Column):
        plain = re.fullmatch(r"\w+", value.name)
        return "$" + (value.name if plain else json.dumps(value.name, ensure_ascii=False))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        plain = _WORD.fullmatch(value) and isinstance(_literal(value), str) and not _KEYWORD.match(value)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write(v) for v in value) + "]"
    spec = getattr(value, "spec", None)
    if isinstance(spec, str):
        return spec
    if callable(value):
        return f"python:{value.__module__}:{value.__qualname__}"
    raise InputError(f"{value!r} has no text form in a spec; give a number, a string, a list or a named object")


def _literal(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if _INT.match(word):
        return int(word)
    if _FLOAT.match(word):
        return float(word)
    return word


class _Parser:
    """A recursive-descent parser over one line of spec text."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.what, self.at = text, what, 0

    def fail(self, expected: str) -> typing.NoReturn:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
        raise InputError(f"{self.what} {self.text!r}: expected {expected} at column {self.at + 1}, found {found}")

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
        if quote == "'":
            body = re.sub(r'\\.|"', lambda m: {"\\'": "'", '"': '\\"'}.get(m.group(), m.group()), body, flags=re.DOTALL)
        try:
            value: str = json.loads(f'"{body}"', strict=False)
        except ValueError:
            self.fail("a string with \\n, \\t, \\\\, \\uXXXX escapes only")
        self.at = end + 1
        return value

    def value(self) -> Any:
        self.space()
        char = self.text[self.at : self.at + 1]
        if char and char in "\"'":
            return self.quoted(char)
        if self.take("["):
            return self.items("]", self.value)
        if self.take("$"):
            quote = self.text[self.at : self.at + 1]
            return Column(self.quoted(quote) if quote and quote in "\"'" else self.word("a column name"))
        word = self.word("an argument")
        return self.called(word) if self.peek("(") else _literal(word)

    def items(self, end: str, item: Callable[[], Any]) -> list[Any]:
        found: list[Any] = []
        while not self.take(end):
            if found and not self.take(","):
                self.fail(f"',' or {end!r}")
            if found and self.take(end):
                break
            found.append(item())
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
                    raise InputError(f"{self.what} {self.text!r}: a bare argument stands after a named one")
                if key in kwargs:
                    raise InputError(f"{self.what} {self.text!r}: {key!r} is given twice")
                if key is None:
                    args.append(value)
                else:
                    kwargs[key] = value
        return Spec(name, tuple(args), kwargs)

    def pipe(self) -> tuple[Spec, ...]:
        parts = [self.called(self.word(f"a {self.what} name"))]
        while self.take("|"):
            parts.append(self.called(self.word(f"a {self.what} name")))
        self.space()
        if self.at < len(self.text):
            self.fail("'|', '(' or the end")
        return tuple(parts)


def parse_pipe(text: str, what: str = "technique") -> tuple[Spec, ...]:
    """The specs of `a(...) | b(...)`, in order. Raises InputError with the column where the text goes wrong."""
    return _Parser(text, what).pipe()


def parse(text: str, what: str = "spec") -> Spec:
    """One spec. Raises InputError as `parse_pipe` does, and when there is more than one."""
    parts = parse_pipe(text, what)
    if len(parts) > 1:
        raise InputError(f"{what} {text!r}: one {what} is wanted here, not a chain with '|'")
    return parts[0]


class Entry(Generic[P, T]):
    """A registered factory: call it as the function it is, or `build` it from a spec."""

    def __init__(self, registry: Registry[T], name: str, aliases: tuple[str, ...], factory: Callable[P, Any]) -> None:
        self.registry, self.name, self.aliases, self.factory = registry, name, aliases, factory
        self.__doc__ = factory.__doc__
        self.__wrapped__ = factory
        self.signature = inspect.signature(factory)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._make(args, dict(kwargs))

    def build(self, spec: Spec) -> T:
        """The object that `spec` describes. Raises InputError for arguments that do not fit."""
        return self._make(spec.args, spec.kwargs)

    def _make(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        for key in kwargs:
            if key not in self.signature.parameters and not self._takes_any_keyword():
                hint = nearest(key, self.signature.parameters)
                raise InputError(f"{self.registry.kind} {self.name!r} takes no argument {key!r}; {hint}")
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InputError(f"{self.registry.kind} {self.name!r}: {error}; it is {self.usage}") from None
        hints = typing.get_type_hints(self.factory)
        for key, value in bound.arguments.items():
            bound.arguments[key] = self._converted(key, value, hints.get(key, Any))
        typed = Spec(self.name, bound.args[: len(args)], {k: self._given(bound, k) for k in kwargs})
        raw = self.factory(*bound.args, **bound.kwargs)
        bound.apply_defaults()
        return self.registry.wrap(raw, typed.text, Spec(self.name, bound.args, bound.kwargs).text)

    @staticmethod
    def _given(bound: inspect.BoundArguments, key: str) -> Any:
        return bound.arguments[key] if key in bound.arguments else bound.kwargs[key]

    def _takes_any_keyword(self) -> bool:
        return any(p.kind is p.VAR_KEYWORD for p in self.signature.parameters.values())

    def _converted(self, key: str, value: Any, hint: Any) -> Any:
        kind = self.signature.parameters[key].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            return tuple(self._converted_one(key, v, hint) for v in value)
        if kind is inspect.Parameter.VAR_KEYWORD:
            return {k: self._converted_one(k, v, hint) for k, v in value.items()}
        return self._converted_one(key, value, hint)

    def _converted_one(self, key: str, value: Any, hint: Any) -> Any:
        options = _options(hint)
        nested = isinstance(value, Spec) or (isinstance(value, str) and str not in options)
        for registry in Registry.all if nested else ():
            if any(registry.product is option for option in options):
                return registry.build(value)
        if any(_fits(value, option) for option in options):
            return float(value) if float in options and int not in options and type(value) is int else value
        wanted = " or ".join(_name(o) for o in options)
        raise InputError(f"{self.registry.kind} {self.name!r}: {key} must be {wanted}, not {write(value)}")

    @property
    def usage(self) -> str:
        """How it is written: name and parameters with their defaults."""
        parts = []
        for p in self.signature.parameters.values():
            star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
            parts.append(star + p.name + ("" if p.default is p.empty else f"={write(p.default)}"))
        return f"{self.name}({', '.join(parts)})" if parts else self.name


def _options(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(o for arg in typing.get_args(hint) for o in _options(arg))
    return (hint,)


def _fits(value: Any, option: Any) -> bool:
    origin = typing.get_origin(option)
    if origin is Literal:
        return value in typing.get_args(option)
    if option is Any or option is None or option is type(None):
        return option is Any or value is None
    plain = origin or option
    if plain is float:
        return type(value) in (int, float)
    if plain in (list, tuple) or getattr(plain, "__name__", "") == "Sequence":
        return isinstance(value, list | tuple)
    if plain is int:
        return type(value) is int
    if getattr(plain, "__name__", "") == "Callable":
        return callable(value)
    return isinstance(value, plain) if isinstance(plain, type) else True


def _name(option: Any) -> str:
    if typing.get_origin(option) is Literal:
        return " or ".join(str(a) for a in typing.get_args(option))
    words = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", type(None): "none"}
    return words.get(option, getattr(option, "__name__", str(option)))


class Registry(Generic[T]):
    """The named objects of one kind, found in one package and through one entry point group.

    `kind` is the word for messages; `product` the class of what is built; `wrap(raw, spec, identity)` makes the
    product from what a factory returned, its text as typed, and its text with every default written out.
    """

    all: typing.ClassVar[list[Registry[Any]]] = []

    def __init__(self, kind: str, package: str, product: type[T], wrap: Callable[[Any, str, str], T]) -> None:
        self.kind, self.package, self.product, self.wrap = kind, package, product, wrap
        self.group = f"scansion.{package.rsplit('.', 1)[-1]}"
        self.entries: dict[str, Entry[..., T]] = {}
        self._all_read = False
        Registry.all.append(self)

    def __call__(self, name: str, *aliases: str) -> Callable[[Callable[P, Any]], Entry[P, T]]:
        """A decorator that registers a factory under its canonical name and its aliases."""

        def register(factory: Callable[P, Any]) -> Entry[P, T]:
            entry: Entry[P, T] = Entry(self, name, aliases, factory)
            for each in (name, *aliases):
                self.entries[each] = entry  # the last definition wins, so that a notebook cell can be run again
            return entry

        return register

    def files(self) -> list[str]:
        """The names of the package's files, without importing any of them."""
        found = importlib.util.find_spec(self.package)
        folders = found.submodule_search_locations if found else None
        return sorted(p.stem for f in folders or () for p in Path(f).glob("*.py") if not p.stem.startswith("_"))

    def find(self, name: str) -> Entry[..., T]:
        """The entry of that name or alias. Raises InputError that names the nearest one."""
        stem = name.replace("-", "_")
        for module in (stem, stem + "_"):
            if name not in self.entries and stem.isidentifier() and module in self.files():
                importlib.import_module(f"{self.package}.{module}")
        if name not in self.entries:
            self._read_all()
        if name not in self.entries:
            self._load_entry_point(name)
        if name not in self.entries:
            raise InputError(f"unknown {self.kind} {name!r}; {nearest(name, self.names())}")
        return self.entries[name]

    def build(self, spec: str | Spec) -> T:
        """The object that a spec describes."""
        parsed = parse(spec, self.kind) if isinstance(spec, str) else spec
        return self.find(parsed.name).build(parsed)

    def names(self) -> list[str]:
        """All canonical names, those of installed plug-ins included."""
        self._read_all()
        return sorted({e.name for e in self.entries.values()} | {p.name for p in self._entry_points()})

    def __iter__(self) -> Iterator[Entry[..., T]]:
        for name in self.names():
            yield self.find(name)

    def _read_all(self) -> None:
        if not self._all_read:
            self._all_read = True
            for module in self.files():
                importlib.import_module(f"{self.package}.{module}")

    def _entry_points(self) -> list[Any]:
        from importlib.metadata import entry_points

        return list(entry_points(group=self.group))

    def _load_entry_point(self, name: str) -> None:
        for point in self._entry_points():
            if point.name == name:
                loaded = point.load()
                if name not in self.entries and callable(loaded) and not isinstance(loaded, Entry):
                    self(name)(loaded)
