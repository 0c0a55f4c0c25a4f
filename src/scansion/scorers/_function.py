"""Scorers that are awaited: functions of the user's own, and what asks a model."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, ProgramError, ScansionError
from scansion.scorers._base import Extractor
from scansion.specs import is_async
from scansion.types import Example, Output, Score

__all__ = ["Asked", "Called", "adapt", "as_score"]


class Asked(Struct, frozen=True):
    """A scorer that has to be awaited: `rate(output, example, lm)`, with `lm` the handle for calls to a judge.

    `models` are the specs of the models that it asks of its own, `source` is the digest of files that it has read, part
    of its identity, and `known_as` what is its identity in place of all its arguments. `calls` is how many calls one
    score takes at most, `embedders` are the specs of models whose embeddings it uses. One `of_prompt` is held against
    the prompt of the whole outcome, which only a scorer outside of programs is told. `gold(example)` says why what the
    row wants cannot be used, None where it can.
    """

    rate: Callable[[Output, Example, Any], Awaitable[Any]]
    needs_target: bool = False
    uses_model: bool = True
    extractor: Extractor | None = None
    columns: tuple[str, ...] = ()
    pass_mark: float = 1.0
    source: str = ""
    models: tuple[str, ...] = ()
    known_as: str = ""
    calls: int = 1
    embedders: tuple[str, ...] = ()
    of_prompt: bool = False
    gold: Callable[[Example], str | None] = lambda _: None

    def score(self, output: Output, example: Example) -> Score | None:  # noqa: ARG002
        return None

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        try:
            return as_score(await self.rate(output, example, lm))
        except ScansionError:
            raise
        except Exception as error:
            raise ProgramError(_said(self.rate, error)) from error

    def refuses_gold(self, example: Example) -> str | None:
        return self.gold(example)


class Called(Struct, frozen=True):
    """A scorer that is a plain function `rate(output, example)`."""

    rate: Callable[[Output, Example], Any]
    needs_target: bool = False
    uses_model: bool = False
    extractor: Extractor | None = None
    columns: tuple[str, ...] = ()
    pass_mark: float = 1.0

    def score(self, output: Output, example: Example) -> Score | None:
        try:
            return as_score(self.rate(output, example))
        except ScansionError:
            raise
        except Exception as error:
            raise ProgramError(_said(self.rate, error)) from error

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return as_score(self.rate(output, example))

    def refuses_gold(self, example: Example) -> str | None:  # noqa: ARG002
        return None


def adapt(function: Callable[..., Any]) -> Asked | Called:
    """A user's function as a scorer: `(output, example)` or `(output, example, lm)`, plain or async.

    It returns a bool, a number or a Score. Raises InputError for another signature.
    """
    takes = _positional(function)
    waits = is_async(function)
    if takes == 3:
        return Asked(function if waits else _waiting(function))
    if takes != 2:
        name = getattr(function, "__qualname__", repr(function))
        raise InputError(f"scorer {name} must take (output, example) or (output, example, lm), not {takes} arguments")

    async def rate(output: Output, example: Example, _lm: Any) -> Any:
        return await function(output, example)

    return Asked(rate, uses_model=False) if waits else Called(function)


def _positional(function: Callable[..., Any]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(p.kind in kinds and (p.default is p.empty or p.name == "lm") for p in parameters)


def _waiting(function: Callable[..., Any]) -> Callable[[Output, Example, Any], Awaitable[Any]]:
    async def rate(output: Output, example: Example, lm: Any) -> Any:
        found = function(output, example, lm)
        return await found if inspect.isawaitable(found) else found

    return rate


def as_score(found: Any) -> Score:
    """What a scorer returned, as a Score. Raises ProgramError for anything but a bool, a finite number or a Score."""
    if isinstance(found, Score):
        if found.value is not None and not math.isfinite(found.value):
            raise ProgramError(f"the scorer gave a Score of {found.value}, not of a finite number")
        return found
    if inspect.iscoroutine(found):
        found.close()
        raise ProgramError("the scorer returned a coroutine; write it with async def")
    try:
        value = math.nan if isinstance(found, str) else float(found)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ProgramError(f"the scorer returned {found!r}, not a bool, a finite number or a Score")
    return Score(value)


def _said(function: Any, error: Exception) -> str:
    return f"{getattr(function, '__qualname__', 'scorer')}: {type(error).__name__}: {error}"
