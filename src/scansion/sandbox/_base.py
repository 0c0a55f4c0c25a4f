"""What a sandbox is, what it allows and what it reports, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

from scansion.errors import InputError
from scansion.specs import Registry, Spec

__all__ = ["Ended", "Limits", "Ran", "Runner", "Sandbox", "build_sandbox", "sandbox"]

Ended = Literal[
    "done",  # it ran to its end
    "error",  # it raised, could not be parsed, or ended without a word
    "time",  # it took longer than it may
    "memory",  # it wanted more memory
    "output",  # it printed more, or its value is larger
    "disk",  # it wrote more, or more files
    "files",  # it had more files open at once
    "processes",  # it started more processes or threads
    "refused",  # the sandbox cannot run it: monty does not know all of Python
]


class Limits(Struct, frozen=True, kw_only=True):
    """What one run of code may take; where it takes more it is stopped.

    `seconds` is wall time. `memory` (bytes) is what it may have beyond the bare interpreter, all its processes
    together. `output` (bytes) counts what it prints, and its value in turn. `disk` (bytes) and `files` bound what it
    writes into its own empty folder, `files` what it has open too. `processes` counts threads and itself.
    """

    seconds: float = 5.0
    memory: int = 256 * 1024 * 1024
    output: int = 64 * 1024
    disk: int = 16 * 1024 * 1024
    files: int = 64
    processes: int = 16

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise InputError(f"sandbox: the limit {name} is {getattr(self, name)}; give more than 0")


class Ran(Struct, frozen=True):
    """How a run of code went.

    `value` is plain data: None, truth values, numbers, text, lists, dicts with keys of text; any other value is its
    text (a fraction `1/3`). `printed` is what it wrote on its standard output and error; `error` says in one line why
    it did not end well; `seconds` is wall time.
    """

    ended: Ended
    value: Any = None
    printed: str = ""
    error: str = ""
    seconds: float = 0.0


class Runner(Protocol):
    """What the factory of a sandbox returns. See `Sandbox` for what each does."""

    def ready(self) -> None: ...

    async def run(self, code: str, inputs: Mapping[str, Any], value: str | None, limits: Limits) -> Ran: ...

    async def close(self) -> None: ...


class Sandbox:
    """A place where code runs that nobody has read.

    `spec` is its text as typed, `identity` the same with every default written out. One serves any number of runs, also
    side by side; each run begins afresh and knows nothing of the others.
    """

    __slots__ = ("_runner", "identity", "spec")

    def __init__(self, runner: Runner, spec: str, identity: str) -> None:
        self._runner, self.spec, self.identity = runner, spec, identity

    @property
    def name(self) -> str:
        """Its name without arguments."""
        return self.spec.partition("(")[0]

    def ready(self) -> None:
        """Make sure that code can be run in isolation here. Raises InputError that says what is missing."""
        self._runner.ready()

    async def run(
        self,
        code: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        value: str | None = None,
        limits: Limits | None = None,
    ) -> Ran:
        """Run `code` with the variables `inputs` (plain data) and give the value of the expression `value` afterwards,
        or without it that of the last line, where that is an expression.

        Raises InputError where the sandbox is not to be had, never for what the code does.
        """
        return await self._runner.run(code, inputs or {}, value, limits or Limits())

    async def close(self) -> None:
        """End what it keeps running between runs. A later run starts it again."""
        await self._runner.close()

    def __repr__(self) -> str:
        return self.spec


sandbox = Registry("sandbox", "scansion.sandbox", Sandbox, Sandbox)
"""The registry of sandboxes; `@sandbox("name")` registers a factory of a `Runner`."""


def build_sandbox(spec: str | Spec | Sandbox) -> Sandbox:
    """The sandbox that a spec's text describes; a Sandbox stays as it is.

    Raises InputError for an unknown name or arguments that do not fit.
    """
    return spec if isinstance(spec, Sandbox) else sandbox.build(spec)
