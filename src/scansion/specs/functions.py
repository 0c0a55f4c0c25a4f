"""Functions of the user's own, named `module:function`."""

from __future__ import annotations

import importlib
import inspect
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

from scansion.errors import InputError, nearest

__all__ = ["function_digest", "load_function"]


def load_function(path: str) -> Any:
    """What `module:name` means, found in the working directory or among what is installed.

    Raises InputError when there is no such module or name, or when importing it fails.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise InputError(f"python:{path}: write it as python:MODULE:FUNCTION, such as python:my_scorers:polite")
    try:
        found: Any = _imported(module)
        for part in name.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        raise InputError(f"python:{path}: no module {error.name!r} in {Path.cwd()} or installed") from None
    except AttributeError:
        raise InputError(f"python:{path}: {module} has no {name!r}; {nearest(name, _public(module))}") from None
    except Exception as error:
        raise InputError(f"python:{path}: importing it failed with {type(error).__name__}: {error}") from error
    return found


def _imported(module: str) -> Any:
    """The module. The working directory stands first while it is imported if it holds it, and last ever after, so
    that a file there is found by its siblings and never hides an installed module from others."""
    here = str(Path.cwd())
    local = Path(here, *module.split("."))
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


def _public(module: str) -> list[str]:
    found = sys.modules.get(module)
    return [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")] if found else []


def function_digest(function: Any) -> str:
    """The digest of the file that a function or an object's class is written in: an edit of it makes new results."""
    code = function if inspect.isroutine(function) or inspect.isclass(function) else type(function)
    code = inspect.unwrap(code)
    try:
        source = Path(inspect.getsourcefile(code) or "").read_bytes()
    except (TypeError, OSError):
        source = _typed_in(code)
    return blake2b(source, digest_size=8).hexdigest()


def _typed_in(code: Any) -> bytes:
    """The source of what has no file, such as a notebook's cell; its byte code where even that is gone."""
    try:
        return inspect.getsource(code).encode()
    except (TypeError, OSError):
        compiled = getattr(code, "__code__", None)
        return compiled.co_code if compiled is not None else str(getattr(code, "__qualname__", code)).encode()
