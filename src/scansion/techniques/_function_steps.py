"""A Python function as a step: what it is given by the names of its parameters, and what it may return."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, ProgramError, ScansionError
from scansion.scorers._texts import as_text
from scansion.specs import function_digest, is_async, write
from scansion.types import Output

__all__ = ["FunctionStep", "function_step"]

_OWN = ("inputs", "lm")


class FunctionStep(Struct, frozen=True):
    """A function as a Program: `inputs` and `lm` among its parameters are what a Program is given, any other parameter
    is the input of that name. `needs` are those without a default, `knows` those with one.

    It returns a text, a number or bool (as JSON writes it), an Output, or a dict of further inputs for later steps,
    which stands in `data["inputs"]`. `calls` is the most that one of its runs asks: the attribute `calls` of the
    function, else 1 where it takes `lm`. One that is not `async` and takes no `lm` runs in a thread, so that a slow
    one holds up nobody else.
    """

    name: str
    function: Callable[..., Any]
    needs: tuple[str, ...]
    knows: tuple[str, ...]
    own: tuple[str, ...]
    calls: int
    digest: str

    @property
    def open(self) -> bool:
        """Whether it may return inputs whose names nobody knows before it has run."""
        try:
            said = typing.get_type_hints(self.function).get("return")
        except (NameError, TypeError, AttributeError):
            return True
        return said not in (str, bool, int, float, Output)

    async def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Output:
        """Raises ProgramError, which names the function, for an exception in it and for what is no output."""
        missing = [name for name in self.needs if name not in inputs]
        if missing:
            raise ProgramError(f"{self.name} takes {missing[0]!r}, which neither the row nor an earlier step gives")
        given = {name: inputs[name] for name in (*self.needs, *self.knows) if name in inputs}
        given |= {name: value for name, value in (("inputs", dict(inputs)), ("lm", lm)) if name in self.own}
        plain = "lm" not in self.own and not is_async(self.function)
        found = await asyncio.to_thread(self._called, given) if plain else self._called(given)
        if inspect.isawaitable(found):
            found = await self._awaited(found)
        return self._output(found)

    def _called(self, given: Mapping[str, Any]) -> Any:
        try:
            return self.function(**given)
        except ScansionError:
            raise
        except (Exception, SystemExit) as error:  # one StopIteration out of a thread would be waited for for ever
            raise self._wrong(error) from error

    async def _awaited(self, found: Awaitable[Any]) -> Any:
        try:
            return await found
        except ScansionError:
            raise
        except (Exception, SystemExit) as error:
            raise self._wrong(error) from error

    def _wrong(self, error: BaseException) -> ProgramError:
        said = " ".join(str(error).split())
        return ProgramError(f"{self.name}: {type(error).__name__}{': ' if said else ''}{said}")

    def _output(self, found: Any) -> Output:
        if isinstance(found, str | bool | int | float):
            return Output(text=as_text(found))
        if isinstance(found, Output) and isinstance(found.text, str):
            return found
        if isinstance(found, Mapping) and all(isinstance(name, str) for name in found):
            return Output(text="", data={"inputs": dict(found)})
        raise ProgramError(
            f"{self.name} returned {type(found).__name__}; a step returns a text, a number, an Output or a dict "
            "of inputs"
        )


def function_step(name: str, function: Any) -> FunctionStep:
    """The step that a function is. Raises InputError for one that cannot be called by the names of its parameters."""
    if why := _no_step(function):
        raise InputError(f"{name} cannot be a step: {why}")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise InputError(f"{name} cannot be a step: the names of its parameters are not known") from None
    nameless = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
    if nameless:
        raise InputError(f"{name} cannot be a step: its parameter {nameless[0]!r} cannot be given by name")
    named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    own = tuple(p.name for p in named if p.name in _OWN)
    others = [p for p in named if p.name not in _OWN]
    return FunctionStep(
        name=name,
        function=function,
        needs=tuple(p.name for p in others if p.default is p.empty),
        knows=tuple(p.name for p in others if p.default is not p.empty),
        own=own,
        calls=_calls(name, function, 1 if "lm" in own else 0),
        digest=function_digest(function),
    )


def _no_step(function: Any) -> str:
    """Why an object is no function that can be a step; empty where it is one."""
    if isinstance(function, type):
        return "it is a class; name a function, or an object that can be called"
    if not callable(function):
        return f"it is no function but {write(function) if isinstance(function, _PLAIN) else type(function).__name__}"
    call = function.__call__ if not inspect.isroutine(function) else function
    if inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
        return "it yields; write it with return"
    return ""


_PLAIN = (str, int, float, type(None))


def _calls(name: str, function: Any, usual: int) -> int:
    said = getattr(function, "calls", usual)
    if type(said) is not int or said < 0:
        raise InputError(f"{name} cannot be a step: its attribute calls, the most that it asks, is no whole number")
    return said
