"""Functions of the user's own, named `module:function`."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from scansion.errors import InputError, fault, nearest

__all__ = ["folder", "found_from", "function_digest", "is_async", "load_function", "no_technique"]


_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


def folder() -> Path:
    """Where files and modules that a spec names are looked for: that of `found_from`, else the working directory."""
    return _folder.get() or Path.cwd()


@contextmanager
def found_from(base_dir: str | Path | None) -> Iterator[None]:
    """Within this, what specs name is looked for in `base_dir` (None: where it was looked for before)."""
    token = _folder.set(Path(base_dir).absolute() if base_dir is not None else _folder.get())
    try:
        yield
    finally:
        _folder.reset(token)


def load_function(path: str) -> Any:
    """What `module:name` or `file.py:name` means; a module is found in `folder()` or among what is installed.

    Raises InputError when there is no such module or name, or when importing it fails.
    """
    module, _, name = path.rpartition(":")
    if not module or not name:
        raise InputError(f"python:{path}: write it as python:MODULE:FUNCTION, such as python:my_scorers:polite")
    try:
        home = _from_file(folder() / module) if module.endswith(".py") else _imported(module, folder())
    except FileNotFoundError:
        raise InputError(f"python:{path}: there is no file {folder() / module}") from None
    except ModuleNotFoundError as error:
        raise InputError(f"python:{path}: no module {error.name!r} in {folder()} or installed") from None
    except InputError:
        raise
    except SystemExit as error:
        raise InputError(f"python:{path}: importing it {fault(error)}") from error
    except Exception as error:
        raise InputError(f"python:{path}: importing it failed with {type(error).__name__}: {error}") from error
    return _within(home, name, path)


def no_technique(pipe: str, wrong: Any) -> InputError:
    """What to say of a `pipe` written in Python where `wrong` is nothing that may stand in it."""
    what = getattr(wrong, "__qualname__", None) or type(wrong).__name__
    return InputError(
        f"{pipe}: {repr(wrong) if isinstance(wrong, str) else what} is no technique by itself; write technique.cot(), "
        "put @technique('NAME') over a factory of your own, or give its text: techniques=['python:FILE:FUNCTION']"
    )


def _within(home: ModuleType, name: str, path: str) -> Any:
    found: Any = home
    for part in name.split("."):
        if not hasattr(found, part):
            raise InputError(f"python:{path}: there is no {name!r}; {nearest(name, _public(home))}")
        found = getattr(found, part)
    return found


def _from_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise FileNotFoundError(file)
    name = f"_scansion_{blake2b(str(file).encode(), digest_size=6).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _imported(module: str, beside: Path) -> ModuleType:
    """The module. The folder stands first while the module is imported if it holds it, and last ever after, so that a
    file there is found by its siblings and never hides an installed module from others."""
    here = str(beside)
    local = beside.joinpath(*module.split("."))
    importlib.invalidate_caches()
    if here not in sys.path:
        sys.path.append(here)
    if not (local.with_suffix(".py").exists() or local.is_dir()):
        return importlib.import_module(module)
    sys.path.insert(0, here)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(here)


def _public(module: ModuleType) -> list[str]:
    return [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]


def is_async(function: Any) -> bool:
    """Whether what a function, or an object that can be called, gives is awaited."""
    call = getattr(function, "__call__", None)  # noqa: B004 - an object with an async __call__ is awaited too
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def function_digest(function: Any) -> str:
    """The digest of what decides what a function, class or object of the user's own does (16 hexadecimal characters).

    That is the file it is written in, so that an edit makes new results, and its state: compiled code, defaults,
    closure, what a partial or method binds, the fields of an instance. State that cannot be written makes the digest
    this process's own.
    """
    from scansion.specs.state import State
    from scansion.types import canonical

    return blake2b(canonical(State().of(function)), digest_size=8).hexdigest()
