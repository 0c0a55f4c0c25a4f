"""How shots (worked examples) and a cue stand in a prompt.

Shots go where the template says `shots`; else, on a chat prompt, as user and assistant turns before the last user turn,
and on a completion prompt in front of the text, a blank line after each. A shot's user turn is the prompt's own last
user turn with the shot's inputs. With a cue, a shot that has a rationale shows cue, rationale and target; any other
shot shows its target alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from scansion.errors import InputError
from scansion.types import Example, Message, TextPart

__all__ = ["ShotView", "Shots", "answer_text", "completion_shot", "last_user", "reply_text", "with_cue"]


class Shots(Protocol):
    """What chooses the shots of a prompt: `spec` is its text form, `identity` tells its choices from those of others
    (other rows to choose from), `fixed` says they are the same for every example."""

    spec: str
    identity: str
    fixed: bool

    async def select(self, inputs: Any, lm: Any) -> Sequence[Example]: ...


class ShotView:
    """A shot as a template sees it: `target`, `rationale`, `inputs`, and each input by its name."""

    __slots__ = ("inputs", "rationale", "target")

    def __init__(self, example: Example) -> None:
        self.inputs, self.rationale = example.inputs, example.rationale or ""
        self.target = answer_text(example)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.inputs[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> Any:
        return self.inputs[name]


def answer_text(example: Example) -> str:
    """A shot's target as text: a string as it is, anything else as JSON. Raises InputError if there is none."""
    if example.target is None:
        raise InputError(f"the shot {example.id!r} has no target; shots need rows with one")
    return example.target if isinstance(example.target, str) else msgspec.json.encode(example.target).decode()


def reply_text(example: Example, cue: str, between: str) -> str:
    """What the model is shown to have answered: the target, after the rationale if there are a cue and a rationale."""
    answer = answer_text(example)
    return f"{example.rationale}{between}{answer}" if cue and example.rationale else answer


def completion_shot(text: str, example: Example, cue: str) -> str:
    """A shot in front of a completion prompt: `text` (the prompt with the shot's inputs), its answer, a blank line."""
    asked = f"{text} {cue}" if cue and example.rationale else text
    return f"{asked} {reply_text(example, cue, ' ')}\n\n"


def last_user(messages: Sequence[Message]) -> int:
    """The index of the last user message, or the number of messages if there is none."""
    return max((i for i, m in enumerate(messages) if m.role == "user"), default=len(messages))


def with_cue(message: Message, cue: str) -> Message:
    """A message with the cue after a blank line."""
    content = message.content
    if isinstance(content, str):
        changed: Any = f"{content}\n\n{cue}" if content else cue
    elif content and isinstance(content[-1], TextPart):
        changed = (*content[:-1], TextPart(f"{content[-1].text}\n\n{cue}"))
    else:
        changed = (*content, TextPart(cue))
    return msgspec.structs.replace(message, content=changed)
