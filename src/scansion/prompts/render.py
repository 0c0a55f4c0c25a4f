"""From a prompt and inputs to a request (Prompty specification, sections 5, 6 and 12.2).

Two deviations from it: a chat body without markers is one user message, and a variable without a value is an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scansion.errors import InputError, ProgramError
from scansion.prompts.markers import cut, leaked, mark, message, slot, trimmed
from scansion.prompts.properties import RICH
from scansion.prompts.rich import Slot, as_image, as_thread, with_rich
from scansion.prompts.shots import ShotView, completion_shot, last_user, reply_text, with_cue
from scansion.prompts.template import compile_template
from scansion.types import Example, Message, Request

if TYPE_CHECKING:
    from scansion.prompts.prompt import Prompt

__all__ = ["Rendering", "rendering"]

_MOST_TURNS = 10_000


def rendering(prompt: Prompt) -> Rendering:
    """The compiled form of a prompt."""
    if prompt.unsupported:
        raise InputError(f"{prompt.file}: apiType {prompt.unsupported} is no conversation; use chat or completion")
    chat = prompt.kind == "chat" and prompt.markers
    return (ChatRendering if chat else TextRendering)(prompt, chat)


class Rendering(ABC):
    """A compiled prompt: what it needs, and how it makes a request. Made once for each prompt, used for each row."""

    def __init__(self, prompt: Prompt, chat: bool) -> None:
        self.cue, self.file = prompt.cue, prompt.file
        self.fixed = bool(getattr(prompt.shots, "fixed", False))
        source, self.markers = mark(prompt.template, prompt.file, prompt.first_line) if chat else (prompt.template, ())
        self.compiled = compile_template(source, prompt.file, prompt.first_line, chat=chat, fixed=self.fixed)
        self.uses_shots = self.compiled.uses_shots
        self.defaults = {p.name: p.default for p in prompt.inputs if p.default is not None}
        self.rich = tuple((p.name, p.kind) for p in prompt.inputs if p.kind in RICH)
        self._sort_variables(prompt)
        self.base = Request(sampling=prompt.sampling, tools=prompt.tools, response_format=prompt.response_format)
        # Rendered shots by identity: fixed shots are rendered once, not for each row.
        self.turns: dict[int, tuple[Example, Any]] = {}

    def _sort_variables(self, prompt: Prompt) -> None:
        threads = {name for name, kind in self.rich if kind == "thread"}
        demanded = {p.name for p in prompt.inputs if p.required and p.default is None}
        spared = (self.defaults.keys() | threads) - demanded
        needed = dict.fromkeys([*self.compiled.required, *(p.name for p in prompt.inputs if p.name in demanded)])
        self.demanded = tuple(p.name for p in prompt.inputs if p.name in demanded)
        self.required = tuple(n for n in needed if n not in spared)
        guarded = [n for n in needed if n in spared] + list(self.compiled.optional)
        self.optional = tuple(n for n in dict.fromkeys(guarded) if n not in self.required)

    @abstractmethod
    def request(self, inputs: Mapping[str, Any], shots: Sequence[Example]) -> Request:
        """The request for one row."""

    @abstractmethod
    def shown(self, shot: Example) -> Any:
        """A shot's rendered form: text on a completion prompt, else its two turns."""

    def values(self, inputs: Mapping[str, Any], shots: Sequence[Example]) -> dict[str, Any]:
        """What the template sees: inputs over defaults, slots for threads and images, and shots where it asks."""
        values = {**self.defaults, **inputs}
        for name in self.demanded:
            if name not in values:
                raise InputError(f"{self.file}: the required input {name!r} has no value")
        if self.uses_shots:
            values["shots"] = [ShotView(shot) for shot in shots]
        for i, (name, kind) in enumerate(self.rich):
            if kind == "thread" or name in values:
                values[name] = Slot(slot(i), self._rich_value(name, kind, values.get(name, ())))
        return values

    def _rich_value(self, name: str, kind: str, value: Any) -> Any:
        """The messages of a thread, the part of an image. Raises ProgramError that names file and input."""
        if kind not in ("thread", "image"):
            raise InputError(f"{self.file}: the input {name!r} is of kind {kind}, which cannot be sent")
        try:
            return as_thread(value, name) if kind == "thread" else as_image(value, name)
        except ProgramError as error:
            raise ProgramError(f"{self.file}: {error}") from None

    def turn(self, shot: Example) -> Any:
        """A shot's rendered form, from memory where it was rendered before."""
        known = self.turns.get(id(shot))
        if known is None or known[0] is not shot:
            if len(self.turns) >= _MOST_TURNS:
                self.turns.clear()
            known = self.turns[id(shot)] = (shot, self.shown(shot))
        return known[1]


class TextRendering(Rendering):
    """A completion prompt, or a plain text that is one user message: the text as it is, no markers, no trimming."""

    def __init__(self, prompt: Prompt, chat: bool) -> None:
        super().__init__(prompt, chat)
        self.raw = prompt.kind == "completion"
        if self.rich:
            name, kind = self.rich[0]
            raise InputError(f"{self.file}: the input {name!r} of kind {kind} cannot stand in a completion prompt")

    def request(self, inputs: Mapping[str, Any], shots: Sequence[Example]) -> Request:
        text = self.compiled.evaluate(self.values(inputs, shots))
        if not self.raw:
            messages = [Message("user", text)]
            return _with_turns(self, messages, 0, shots)
        if self.cue:
            text = f"{text} {self.cue}"
        if shots and not self.uses_shots:
            text = "".join([*(self.turn(shot) for shot in shots), text])
        base = self.base
        return Request(text=text, sampling=base.sampling, tools=base.tools, response_format=base.response_format)

    def shown(self, shot: Example) -> Any:
        text = self.compiled.evaluate(self.values(shot.inputs, ()))
        return completion_shot(text, shot, self.cue) if self.raw else _chat_turn(Message("user", text), shot, self.cue)


class ChatRendering(Rendering):
    """A chat prompt: the rendered text is cut at the markers that the template had."""

    def request(self, inputs: Mapping[str, Any], shots: Sequence[Example]) -> Request:
        messages, fixed = self.messages(inputs, shots)
        return _with_turns(self, messages, fixed, shots)

    def messages(self, inputs: Mapping[str, Any], shots: Sequence[Example]) -> tuple[list[Message], int]:
        """The messages of the template, and how many of the first ones are the same for every example."""
        values = self.values(inputs, shots)
        text = self.compiled.evaluate(values)
        turns, fixed = cut(text, self.markers)
        if self.rich:
            slots = tuple(getattr(values.get(name), "value", ()) for name, _ in self.rich)
            messages = [m for marker, text in turns for m in with_rich(marker, text, slots)]
        else:
            messages = [message(marker, trimmed(text)) for marker, text in turns]
        if any(map(leaked, messages)):
            raise InputError(f"{self.file}: a role marker or a thread stands where the template changes or measures it")
        return messages, fixed

    def shown(self, shot: Example) -> Any:
        messages, _ = self.messages(shot.inputs, ())
        at = last_user(messages)
        if at == len(messages):
            raise InputError(f"{self.file}: shots need a user turn, or `shots` in the template")
        return _chat_turn(messages[at], shot, self.cue)


def _chat_turn(asked: Message, shot: Example, cue: str) -> tuple[Message, Message]:
    asked = with_cue(asked, cue) if cue and shot.rationale else asked
    return asked, Message("assistant", reply_text(shot, cue, "\n\n"))


def _with_turns(rendering: Rendering, messages: list[Message], fixed: int, shots: Sequence[Example]) -> Request:
    """The request of these messages, with the shots and the cue where they belong."""
    base = rendering.base
    if shots and not rendering.uses_shots:
        at = last_user(messages)
        turns = [m for shot in shots for m in rendering.turn(shot)]
        fixed = fixed + len(turns) if rendering.fixed and fixed >= at else min(fixed, at)
        messages[at:at] = turns
    if rendering.cue:
        at = last_user(messages)
        if at == len(messages):
            messages.append(Message("user", rendering.cue))
        else:
            messages[at] = with_cue(messages[at], rendering.cue)
    return Request(
        messages=tuple(messages),
        sampling=base.sampling,
        tools=base.tools,
        response_format=base.response_format,
        cache_prefix=fixed,
    )
