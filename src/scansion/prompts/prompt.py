"""A prompt: a template with what its file says of the call, immutable, and itself a Program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where
from scansion.prompts.properties import Property
from scansion.prompts.references import resolve
from scansion.prompts.render import Rendering, rendering
from scansion.prompts.shots import Shots, told
from scansion.prompts.sources import Source
from scansion.prompts.versions import version_of
from scansion.specs import no_technique
from scansion.types import Example, Message, Output, Request, ResponseFormat, Sampling, Tool

__all__ = ["Prompt"]


class Prompt(Struct, frozen=True, dict=True, kw_only=True):
    """A prompt file, read; made by `Prompt.load` and `Prompt.from_text`.

    name             the file's stem, with `@REVISION` where it was read from one
    path             the file as it was named, None for a text
    template         the body, with the Jinja2 template in it
    kind             `chat`, or `completion` for a base model: the text goes to `/completions` as it is
    meta             the whole front matter, unknown keys too; connections hold their references as written
    model            the prompt's own model as the text of a model spec, or None
    model_hint       why `model` is None although the file names a model; empty otherwise
    sampling, response_format, tools    what the request carries besides the text
    inputs           the declared inputs
    cue, shots       edits that techniques make
    notes            lines that a person should read
    markers          whether `system:`, `user:`, `assistant:` lines are read (not in files without front matter)
    first_line       the line of the file on which the template starts
    source           where the prompt's own files are read from
    unsupported      an `apiType` that cannot be sent
    """

    name: str
    template: str
    path: str | None = None
    kind: Literal["chat", "completion"] = "chat"
    meta: dict[str, Any] = {}
    model: str | None = None
    model_hint: str = ""
    sampling: Sampling = Sampling()
    response_format: ResponseFormat | None = None
    tools: tuple[Tool, ...] = ()
    inputs: tuple[Property, ...] = ()
    cue: str = ""
    shots: Shots | None = None
    notes: tuple[str, ...] = ()
    markers: bool = True
    first_line: int = 1
    source: Source | None = None
    unsupported: str = ""

    @staticmethod
    def load(path: str | Path, base_dir: str | Path | None = None) -> Prompt:
        """The prompt in a file, or in a file of a git revision; see `scansion.prompts.load`."""
        from scansion.prompts.load import load

        return load(path, base_dir)

    @staticmethod
    def from_text(text: str, name: str) -> Prompt:
        """The prompt in a text, which may have front matter; `name` is what variants call it."""
        from scansion.prompts.load import from_text

        return from_text(text, name)

    @property
    def file(self) -> str:
        """The name that messages give this prompt."""
        return self.path or self.name

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that must be given: those of the template, in order, and inputs declared as required."""
        return self._rendering.required

    @property
    def optional(self) -> tuple[str, ...]:
        """The variables that may be given: they have a default, or the template asks whether they are defined."""
        return self._rendering.optional

    @property
    def uses_shots(self) -> bool:
        """Whether the template itself says where shots go."""
        return self._rendering.uses_shots

    @cached_property
    def version(self) -> str:
        """The digest of the prompt's canonical text and its edits, 32 hexadecimal characters."""
        return version_of(self)

    @cached_property
    def _rendering(self) -> Rendering:
        return rendering(self)

    def check(self) -> None:
        """Compiles the template. Raises InputError, with file and line, for one that cannot be rendered."""
        _ = self._rendering

    def render(self, inputs: Mapping[str, Any], shots: Sequence[Example] = ()) -> Request:
        """The request for these inputs, with these shots in it.

        Raises InputError, with file and line, for a variable without a value, and ProgramError for values that the
        template cannot work with.
        """
        return self._rendering.request(inputs, shots)

    def __or__(self, right: Any) -> Any:
        """`prompt | technique.cot()` is the technique's to make. Raises InputError for what is no technique."""
        if hasattr(type(right), "__ror__") and type(right).__module__ != "builtins":
            return NotImplemented
        raise no_technique(f"{self.name} | ...", right)

    async def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Output:
        """Chooses the shots, asks `lm`, and gives back the reply with the transcript so far."""
        shots = await self.shots.select(inputs, lm, self.render) if self.shots is not None else ()
        request = self.render(inputs, shots)
        completion = await lm(request)
        transcript: tuple[Message, ...] | str
        if request.text is not None:
            transcript = request.text + completion.text
        else:
            reply = Message("assistant", completion.text, tool_calls=completion.tool_calls)
            transcript = (*request.messages, reply)
        return Output(
            text=completion.text,
            messages=transcript,
            logprobs=completion.logprobs,
            finish_reason=completion.finish_reason,
            data=told(shots, request, self.uses_shots) if self.shots is not None else {},
        )

    def connection(self) -> dict[str, Any]:
        """The connection that the file gives, with its references resolved now. Do not store it: it may hold a key.

        Raises InputError for a variable that is not set. Empty if the file gives none.
        """
        model = self.meta.get("model")
        found = model.get("connection", model.get("configuration")) if isinstance(model, dict) else None
        resolved = resolve(found, Where(self.file), self.source, secrets=True)
        return resolved if isinstance(resolved, dict) else {}

    def with_cue(self, text: str) -> Prompt:
        """This prompt with a cue at its end: in the last user turn after a blank line, on a completion prompt after one
        space. A second cue follows the first in the same way."""
        between = " " if self.kind == "completion" else "\n\n"
        return msgspec.structs.replace(self, cue=f"{self.cue}{between}{text}" if self.cue else text)

    def with_shots(self, shots: Shots) -> Prompt:
        """This prompt with shots. Raises InputError if it has some already."""
        if self.shots is not None:
            raise InputError(f"the prompt {self.name!r} has shots already: {self.shots.spec}")
        return msgspec.structs.replace(self, shots=shots)
