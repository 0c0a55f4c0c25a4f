"""Registries: named factories, found by file, alias, entry point or Python path, and called with checked arguments."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from scansion.errors import InputError, ScansionError, fault, nearest
from scansion.specs.functions import function_digest, load_function
from scansion.specs.text import Column, Pipe, Spec, parse, shown, write

__all__ = ["Entry", "Registry", "kind_of", "kind_of_object"]

T = TypeVar("T")
P = ParamSpec("P")


class Entry(Generic[P, T]):
    """A registered factory: call it as the function it is, or `build` it from a spec.

    `source` is the digest of the code of a factory that is not Scansion's own, part of the identity of what it makes.
    """

    def __init__(
        self,
        registry: Registry[T],
        name: str,
        aliases: tuple[str, ...],
        factory: Callable[P, Any],
        source: str = "",
    ) -> None:
        self.registry, self.name, self.aliases, self.factory = registry, name, aliases, factory
        self._source = source
        self.__doc__ = factory.__doc__
        self.__wrapped__ = factory
        self.signature = inspect.signature(factory)

    @property
    def is_own(self) -> bool:
        """Whether it is one of Scansion's own."""
        return str(getattr(self.factory, "__module__", "")).startswith("scansion.")

    @cached_property
    def source(self) -> str:
        """That digest; empty for one of Scansion's own."""
        return self._source or ("" if self.is_own else function_digest(self.factory))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._make(args, dict(kwargs))

    def __or__(self, right: Any) -> Any:
        return self._make((), {}) | right  # without brackets, as in a text

    def __ror__(self, left: Any) -> Any:
        return left | self._make((), {})

    def build(self, spec: Spec) -> T:
        """The object that `spec` describes. Raises InputError for arguments that do not fit."""
        return self._make(spec.args, spec.kwargs)

    def _make(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        bound = self._bound(args, kwargs)
        placed = tuple(_typed(given, each) for given, each in zip(args, bound.args, strict=False))
        typed = Spec(self.name, placed, {k: _typed(v, self._given(bound, k)) for k, v in kwargs.items()})
        raw = self._made(bound)
        bound.apply_defaults()
        identity = Spec(self.name, bound.args, bound.kwargs).written("identity")
        return self.registry.wrap(raw, typed.text, f"{identity}#{self.source}" if self.source else identity)

    def _made(self, bound: inspect.BoundArguments) -> Any:
        """What the factory makes. Raises InputError for whatever one that is not Scansion's own raises."""
        try:
            return self.factory(*bound.args, **bound.kwargs)
        except (Exception, SystemExit) as error:
            if isinstance(error, ScansionError) or self.is_own:
                raise
            what = "" if self.name.startswith("python:") else f"{self.registry.kind} "
            raise InputError(f"{what}{self.name}: its factory {fault(error)}") from error

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments:
        for key in kwargs:
            if key not in self.signature.parameters and not self._takes_any_keyword():
                hint = nearest(key, self.signature.parameters)
                raise InputError(f"{self.registry.kind} {self.name!r} takes no argument {key!r}; {hint}")
            if not re.fullmatch(r"\w+", key):
                raise InputError(f"{self.registry.kind} {self.name!r}: {key!r} is no name; take letters, digits and _")
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InputError(f"{self.registry.kind} {self.name!r}: {error}; it is {self.usage}") from None
        hints = typing.get_type_hints(self.factory) if bound.arguments else {}
        for key, value in bound.arguments.items():
            bound.arguments[key] = self._converted(key, value, hints.get(key, Any))
        return bound

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
        words = [word for o in options if typing.get_origin(o) is Literal for word in typing.get_args(o)]
        named = isinstance(value, str) and str not in options and value not in words
        if named and Column in options and len(value) > 1 and value.startswith("$"):  # as Python writes a column
            return Column(value[1:])
        nested = isinstance(value, Spec | Pipe) or named
        for registry in Registry._registries:
            if any(registry.product is option for option in options) and (nested or registry.takes(value)):
                return self._built(registry, key, value, words)
        if any(_fits(value, option) for option in options):
            return float(value) if float in options and int not in options and type(value) is int else value
        told = [o for o in options if o is not type(None) or self._default(key) is not None] or options
        wanted = " or ".join(map(_name, told))
        quotes = "; put it in quotes" if str in options and isinstance(value, int | float) else ""
        raise InputError(f"{self.registry.kind} {self.name!r}: {key} must be {wanted}, not {write(value)}{quotes}")

    def _default(self, key: str) -> Any:
        return self.signature.parameters[key].default if key in self.signature.parameters else None

    def _built(self, registry: Registry[Any], key: str, value: Any, words: list[Any]) -> Any:
        """A named object. Where a word might stand too, the hint for an unknown name is the word that it is near."""
        try:
            return registry.build(value)
        except InputError as error:
            hint = nearest(value, words) if isinstance(value, str) and words else ""
            if not hint.startswith("did") or not str(error).startswith(f"unknown {registry.kind} {value!r}"):
                raise
            raise InputError(f"{self.registry.kind} {self.name!r}: {key} cannot be {value}; {hint}") from None

    @property
    def usage(self) -> str:
        """How it is written: name and parameters with their defaults."""
        parts = []
        for p in self.signature.parameters.values():
            star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
            parts.append(star + p.name + ("" if p.default is p.empty else f"={write(p.default)}"))
        return f"{self.name}({', '.join(parts)})" if parts else self.name


def _typed(given: Any, converted: Any) -> Any:
    """An argument as its text stays: a whole number as it was typed, also where a float is taken."""
    return given if type(given) is int else converted


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
        items = [a for a in typing.get_args(option) if a is not Ellipsis]
        return isinstance(value, list | tuple) and (
            not items or all(any(_fits(v, o) for a in items for o in _options(a)) for v in value)
        )
    if plain is int:
        return type(value) is int
    if getattr(plain, "__name__", "") == "Callable":
        return callable(value)
    return isinstance(value, plain) if isinstance(plain, type) else True


def _name(option: Any) -> str:
    if typing.get_origin(option) is Literal:
        return " or ".join(str(a) for a in typing.get_args(option))
    plain = typing.get_origin(option) or option
    if plain in (list, tuple) or getattr(plain, "__name__", "") == "Sequence":
        return "a list"
    words = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", type(None): "none"}
    words[Column] = "a column ($name)"
    for registry in Registry._registries:
        words.setdefault(registry.product, _article(registry.kind))
    return words.get(option, getattr(option, "__name__", str(option)))


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def kind_of_object(value: Any, but: Registry[Any]) -> str | None:
    """What this object is, such as `a scorer`, where another registry than `but` has made it, or would; else None."""
    for registry in Registry._registries:
        a_class = not getattr(registry.product, "_is_protocol", False)
        made = (a_class and isinstance(value, registry.product)) or getattr(value, "registry", None) is registry
        if registry is not but and made:
            return _article(registry.kind)
    return None


def kind_of(name: str, but: Registry[Any] | None = None) -> str | None:
    """What has this name, such as `a technique`; `but` is not asked. None where nothing that is loaded has it."""
    for registry in Registry._registries:
        if registry is not but and (name in registry.entries or name.replace("-", "_") in registry.files()):
            return _article(registry.kind)
    return None


class Registry(Generic[T]):
    """The named objects of one kind, found in one package and through one entry point group.

    `kind` is the word for messages; `product` the class of what is built; `wrap(raw, spec, identity)` makes the
    product from what a factory returned, its text as typed, and its text with every default written out. `adapt` makes
    from a user's plain function what a factory would return; without it the function of `python:module:function` is
    taken for a factory itself, as one that is registered here always is.

    Each name is an attribute too, with `_` behind it where it is a word of Python's own: `technique.cot()`,
    `scorer.not_(...)`.
    """

    _registries: typing.ClassVar[list[Registry[Any]]] = []

    def __init__(
        self,
        kind: str,
        package: str,
        product: type[T],
        wrap: Callable[[Any, str, str], T],
        adapt: Callable[[Callable[..., Any]], Any] | None = None,
    ) -> None:
        self.kind, self.package, self.product, self.wrap, self.adapt = kind, package, product, wrap, adapt
        self.group = f"scansion.{package.rsplit('.', 1)[-1]}"
        self.entries: dict[str, Entry[..., T]] = {}
        self._all_read = False
        Registry._registries.append(self)

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
        if name.startswith("python:"):
            return self._own(name)
        stem = name.replace("-", "_")
        for module in (stem, stem + "_"):
            if name not in self.entries and stem.isidentifier() and module in self.files():
                importlib.import_module(f"{self.package}.{module}")
        if name not in self.entries:
            self._read_all()
        if name not in self.entries:
            self._load_entry_point(name)
        if name not in self.entries:
            self._load_aliases(name)
        if name not in self.entries:
            raise InputError(f"unknown {self.kind} {name!r}; {self._hint(name)}")
        return self.entries[name]

    def __getattr__(self, name: str) -> Entry[..., T]:
        if name.startswith("_") or "entries" not in self.__dict__:
            raise AttributeError(name)
        try:
            return self.find(name.removesuffix("_"))
        except InputError as error:
            raise AttributeError(str(error)) from None

    def _hint(self, name: str) -> str:
        """The nearest of all names and aliases, or else the canonical names."""
        names = self.names()
        close = nearest(name, [*names, *self.entries])
        kind = kind_of(name, self)
        if kind is not None:
            meant = f"; {close}" if close.startswith("did") else ""
            return f"it is {kind}, and {_article(self.kind)} is wanted here{meant}"
        return close if close.startswith("did") else nearest(name, names)

    def takes(self, value: Any) -> bool:  # noqa: ARG002
        """Whether `build` makes a product also of this value, which is no spec."""
        return False

    def build(self, spec: Any) -> T:
        """The object that a spec, or its text, describes. Raises InputError for a pipe: that is several."""
        if isinstance(spec, Pipe):
            raise InputError(f"{shown(spec.text)}: one {self.kind} is wanted here, not a chain with '|'")
        parsed: Spec = parse(spec, self.kind) if isinstance(spec, str) else spec
        return self.find(parsed.name).build(parsed)

    def names(self) -> list[str]:
        """All canonical names, those of installed plug-ins included."""
        self._read_all()
        return sorted({e.name for e in self.entries.values()} | {p.name for p in self._entry_points()})

    def built_in(self) -> Iterator[Entry[..., T]]:
        """The entries of the package's own files, without those of plug-ins and of the user."""
        return (entry for entry in self if entry.factory.__module__.startswith(f"{self.package}."))

    def __iter__(self) -> Iterator[Entry[..., T]]:
        for name in self.names():
            yield self.find(name)

    def own(self, function: Callable[..., Any]) -> T:
        """The object that a function (or class instance) of the user's own stands for."""
        qualname = getattr(function, "__qualname__", type(function).__qualname__)
        return self._adapted(f"python:{function.__module__}:{qualname}", function)()

    def _own(self, name: str) -> Entry[..., T]:
        found = load_function(name.removeprefix("python:"))
        if isinstance(found, Entry) and found.registry is self:
            return Entry(self, name, (), found.factory, function_digest(found.factory))
        return self._adapted(name, found)

    def _adapted(self, name: str, function: Callable[..., Any]) -> Entry[..., T]:
        kind = kind_of_object(function, self)
        if kind is not None:
            raise InputError(f"{name}: it is {kind}, and {_article(self.kind)} is wanted here")
        if not callable(function):
            raise InputError(f"{name} is not a function, so it is no {self.kind}")
        adapt = self.adapt
        factory = function if adapt is None else lambda: adapt(function)
        return Entry(self, name, (), factory, function_digest(function))

    def _read_all(self) -> None:
        if not self._all_read:
            self._all_read = True
            for module in self.files():
                importlib.import_module(f"{self.package}.{module}")

    def _entry_points(self) -> list[Any]:
        from importlib.metadata import entry_points

        return list(entry_points(group=self.group))

    def package_of(self, name: str) -> str:
        """The installed package whose entry point has this name; empty where none is known."""
        return next((p.dist.name for p in self._entry_points() if p.name == name and p.dist is not None), "")

    def _load_entry_point(self, name: str) -> None:
        for point in self._entry_points():
            if point.name == name:
                loaded = self._loaded(point)
                if name not in self.entries and callable(loaded) and not isinstance(loaded, Entry):
                    self(name)(loaded)

    def _load_aliases(self, name: str) -> None:
        """Load what is installed until something declares this alias; what cannot be imported is passed over."""
        for point in self._entry_points():
            with suppress(InputError):
                self._loaded(point)
            if name in self.entries:
                return

    def _loaded(self, point: Any) -> Any:
        try:
            return point.load()
        except (Exception, SystemExit) as error:
            why = f"it {fault(error)}" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
            raise InputError(f"{self.kind} {point.name!r} ({point.value}) cannot be imported: {why}") from error
