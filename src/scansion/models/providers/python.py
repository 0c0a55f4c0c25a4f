"""A Python function as a model: `python:module:function`, or `python:path/to/file.py:function`.

The function takes the prompt as one text: the raw text, or the messages (one user message as it is, several as
`role: text` with blank lines between). With a parameter named `request` or annotated `Request` it takes the Request. It
returns a text or a Completion. An `async def` is awaited in the event loop and is the fast way; a plain function is
called in a thread, so that a slow one holds nothing up: several run at once, so it must be safe to call from threads
(`--concurrency 1` if it is not).

The module is looked for beside the plan first (in the working directory without one), then among installed ones.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from scansion.errors import CallError, InputError, ScansionError, nearest
from scansion.models.base import Capabilities
from scansion.models.providers._options import check_options
from scansion.models.providers._recording import readable
from scansion.models.registry import ModelSpec, providers
from scansion.specs import is_async
from scansion.types import Completion, Request

__all__ = ["Python", "python"]


class Python:
    """A function that completes requests. `version` tells its code from another's."""

    capabilities = Capabilities(priced=False)

    def __init__(self, name: str, function: Callable[[Any], Any], version: str = "") -> None:
        self.name = name
        self.identity = f"{name}@{version}" if version else name
        self._function = function
        self._whole = _takes_request(function)
        self._awaited = is_async(function)

    async def complete(self, request: Request) -> Completion:
        """What the function returns. Raises CallError of the kind `program` for whatever it raises itself."""
        argument = request if self._whole else _text(request)
        try:
            if self._awaited:
                answer = await self._function(argument)
            else:
                answer = await asyncio.to_thread(self._called, argument)
                if inspect.isawaitable(answer):
                    answer = await answer
        except ScansionError:
            raise
        except Exception as error:
            raise CallError("program", f"{self.name}: {_described(error)}") from error
        if isinstance(answer, Completion):
            return answer
        if isinstance(answer, str):
            return Completion(answer, finish_reason="stop")
        raise CallError("program", f"{self.name} returned {type(answer).__name__}; return a str or a Completion")

    def _called(self, argument: Any) -> Any:
        try:
            return self._function(argument)
        except (StopIteration, SystemExit) as error:  # neither comes back from a thread as what it is
            raise CallError("program", f"{self.name}: {_described(error)}") from error

    async def close(self) -> None:
        """Nothing to free."""


def _text(request: Request) -> str:
    return request.text if request.text is not None else readable(request.messages)


def _described(error: BaseException) -> str:
    """An exception in one line, with the place in the user's code."""
    words = " ".join(str(error).split())[:300]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {words}{place}" if words else f"{type(error).__name__}{place}"


def _takes_request(function: Callable[[Any], Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    if not parameters:
        raise InputError(f"{getattr(function, '__name__', function)} takes no argument; a model takes the prompt")
    note = parameters[0].annotation
    return parameters[0].name == "request" or note is Request or str(note).rpartition(".")[2] == "Request"


@providers("python")
def python(spec: ModelSpec) -> Python:
    """A function of the user's. Raises InputError for a module or function that cannot be found or loaded."""
    check_options(spec, ())
    module_name, _, attribute = spec.name.rpartition(":")
    if not module_name or not attribute:
        raise InputError(f"model {spec.spec!r}: a function is written python:MODULE:FUNCTION")
    module = _module(module_name, spec.base_dir or Path.cwd(), spec.spec)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            names = [n for n in vars(module) if not n.startswith("_")]
            raise InputError(f"model {spec.spec!r}: {module_name} has no {attribute!r}; {nearest(attribute, names)}")
        found = getattr(found, part)
    if not callable(found):
        raise InputError(f"model {spec.spec!r}: {attribute} is no function")
    return Python(spec.plain, found, _version(module))


def _version(module: ModuleType) -> str:
    source = getattr(module, "__file__", None)
    return blake2b(Path(source).read_bytes(), digest_size=16).hexdigest() if source else ""


def _module(name: str, folder: Path, spec: str) -> ModuleType:
    """The module of that name or path, from `folder` first."""
    path = folder / (name if name.endswith(".py") else name + ".py")
    try:
        if path.is_file():
            return _from_file(path.resolve(), name)
        if name.endswith(".py"):
            raise InputError(f"model {spec!r}: no file {path}")
        return _imported(name, folder)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise InputError(f"model {spec!r}: no module {name!r} in {folder} or installed") from None
        raise InputError(f"model {spec!r}: {name} cannot be loaded: {_described(error)}") from error
    except ScansionError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"model {spec!r}: {name} cannot be loaded: {_described(error)}") from error


def _from_file(path: Path, name: str) -> ModuleType:
    """The module of a file, loaded anew; a module of the same name from elsewhere is left alone."""
    plain = name.removesuffix(".py").replace("/", ".")
    known = sys.modules.get(plain)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    if known is not None:
        plain = f"{plain}_{blake2b(str(path).encode(), digest_size=4).hexdigest()}"
    made = importlib.util.spec_from_file_location(plain, path)
    if made is None or made.loader is None:
        raise InputError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(made)
    sys.modules[plain] = module
    try:
        with _Searched(path.parent):
            made.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(plain, None)
        raise
    return module


def _imported(name: str, folder: Path) -> ModuleType:
    with _Searched(folder):
        return importlib.import_module(name)


class _Searched:
    """While it lasts, imports look in `folder` first."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __enter__(self) -> None:
        sys.path.insert(0, self.folder)

    def __exit__(self, *_: object) -> None:
        if self.folder in sys.path:
            sys.path.remove(self.folder)
