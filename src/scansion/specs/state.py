"""What decides what a function of the user's own does, beside the file it is written in: its state, as plain values."""

from __future__ import annotations

import functools
import inspect
import os
import re
import types
from hashlib import blake2b
from pathlib import Path
from typing import Any

__all__ = ["State"]

_NONCE = os.urandom(8).hex()
_MOST = 20_000  # parts of one state
_DEEPEST = 40
_CONTAINERS = (list, tuple, set, frozenset, dict)


class State:
    """Writes values as JSON's kinds, so that equal states, also of two processes, are written alike.

    Code is written as the digest of its file and what it is compiled to, callables with defaults, closures and bound
    values, instances by their fields. What cannot be written (a socket, a lock) is given a mark that no other process
    repeats, so that nothing made under another state is taken for it.
    """

    def __init__(self) -> None:
        self._open: set[int] = set()  # what is being written now: a value within itself is not entered again
        self._files: dict[str, str] = {}
        self._count = 0

    def of(self, value: Any) -> Any:
        """`value` as JSON's kinds."""
        if value is None or type(value) in (bool, str):
            return value if not isinstance(value, str) or value.isascii() else ["text", _hex(value)]
        if type(value) in (int, float, complex, bytes) or value is ...:
            return [type(value).__name__, repr(value)]
        self._count += 1
        if id(value) in self._open:
            return ["itself"]
        if self._count > _MOST or len(self._open) > _DEEPEST:
            return _unwritten(value)
        self._open.add(id(value))
        try:
            return self._entered(value)
        except Exception:  # an object may refuse to be looked at in any way
            return _unwritten(value)
        finally:
            self._open.discard(id(value))

    def _entered(self, value: Any) -> Any:
        if type(value) in _CONTAINERS:
            return self._container(value)
        if isinstance(value, types.CodeType):
            return ["code", value.co_code.hex(), list(value.co_names), [self.of(c) for c in value.co_consts]]
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, os.PathLike | re.Pattern):
            return [type(value).__name__, repr(value)]
        return self._callable(value) or self._instance(value)

    def _container(self, value: Any) -> Any:
        if isinstance(value, dict):
            return ["dict", sorted(([self.of(k), self.of(v)] for k, v in value.items()), key=repr)]
        items = [self.of(item) for item in value]
        return [type(value).__name__, sorted(items, key=repr) if isinstance(value, set | frozenset) else items]

    def _callable(self, value: Any) -> Any:
        """A function, method or partial; None for anything else."""
        if isinstance(value, types.FunctionType):
            cells = [self.of(_content(cell)) for cell in value.__closure__ or ()]
            state = [self.of(value.__defaults__), self.of(value.__kwdefaults__), cells, self.of(vars(value) or None)]
            return ["function", self._file(value), self.of(value.__code__), *state]
        if isinstance(value, types.MethodType):
            return ["method", self.of(value.__func__), self.of(value.__self__)]
        if isinstance(value, functools.partial):
            return ["partial", self.of(value.func), self.of(value.args), self.of(value.keywords)]
        if isinstance(value, types.BuiltinFunctionType):
            return ["builtin", value.__qualname__, self.of(value.__self__)]
        if callable(value) and hasattr(value, "__wrapped__") and not hasattr(value, "identity"):
            return ["wrapped", type(value).__qualname__, self.of(value.__wrapped__)]
        return None

    def _class(self, value: type) -> Any:
        file = self._file(value)
        own = [] if file else [self.of(v) for v in vars(value).values() if isinstance(v, types.FunctionType)]
        return ["class", value.__module__, value.__qualname__, file, own]

    def _instance(self, value: Any) -> Any:
        kind = type(value)
        if kind.__module__.partition(".")[0] == "scansion":  # our own say what they are
            known = getattr(value, "identity", None) or getattr(value, "version", None)
            if isinstance(known, str):
                return ["scansion", kind.__qualname__, known]
        slots = [s for c in kind.__mro__ for s in _slots(c)]
        fields = {s: getattr(value, s) for s in slots if hasattr(value, s)}
        if not slots and not hasattr(value, "__dict__"):
            return _unwritten(value)
        return ["instance", self.of(kind), self.of({**fields, **getattr(value, "__dict__", {})})]

    def _file(self, code: Any) -> str:
        """The digest of the file that a function or class is written in; empty where it has none."""
        try:
            name = inspect.getsourcefile(code) or ""
            if name not in self._files:
                self._files[name] = blake2b(Path(name).read_bytes(), digest_size=16).hexdigest()
            return self._files[name]
        except (TypeError, OSError):
            return ""


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a variable that is not set yet
        return None


def _slots(kind: type) -> tuple[str, ...]:
    found = kind.__dict__.get("__slots__", ())
    names = (found,) if isinstance(found, str) else tuple(found)
    return tuple(n for n in names if n not in ("__dict__", "__weakref__"))


def _hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _unwritten(value: Any) -> list[str]:
    return ["unwritten", type(value).__qualname__, _NONCE, str(id(value))]
