"""How shots (worked examples) and a cue stand in a prompt.

Shots go where the template says `shots`; else, on a chat prompt, as user and assistant turns before the last user turn,
and on a completion prompt in front of the text, a blank line after each. A shot's user turn is the prompt's own last
user turn with the shot's inputs. With a cue, a shot that has a rationale shows cue, rationale and target; any other
shot shows its target alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from scansion.errors import InputError
from scansion.types import Example, Message, Request, TextPart

__all__ = [
    "Chosen",
    "Render",
    "ShotView",
    "Shots",
    "answer_text",
    "completion_shot",
    "last_user",
    "reply_text",
    "told",
    "with_cue",
]

Render = Callable[[Mapping[str, Any], Sequence[Example]], Request]
"""Makes the request of inputs and shots."""


class Chosen(tuple[Example, ...]):
    """The shots of one example in the order in which they are shown; `told` is what an output's data says besides."""

    told: Mapping[str, Any] = {}


class Shots(Protocol):
    """What chooses the shots of a prompt: `spec` is its text form, `identity` tells its choices from those of others
    (other rows to choose from), `fixed` says they are the same for every example. `render` is the prompt's own, for a
    choice that depends on how long the request becomes. What is chosen may be `Chosen`. `check` raises InputError
    where it cannot choose for the model of a channel."""

    spec: str
    identity: str
    fixed: bool

    def check(self, channel: Any) -> None: ...

    async def select(self, inputs: Any, lm: Any, render: Render | None = None) -> Sequence[Example]: ...


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


def told(shots: Sequence[Example], request: Request, placed: bool) -> dict[str, Any]:
    """What an output's data says of the shots in its request: `shots`, their ids as shown; where they stand as turns,
    `shots_at`, the place of the first of these messages; else (`placed` by the template, or in one text) `shots_text`,
    the texts shown of each, its answer last."""
    found: dict[str, Any] = {"shots": [shot.id for shot in shots], **getattr(shots, "told", {})}
    if request.text is None and not placed:
        return {**found, "shots_at": last_user(request.messages) - 2 * len(shots)}
    sent = request.text or "\n".join(m.content for m in request.messages if isinstance(m.content, str))
    return {**found, "shots_text": [_shown(shot, sent) for shot in shots]}


def _shown(shot: Example, sent: str) -> list[str]:
    values, answer = [*shot.inputs.values(), shot.rationale or ""], answer_text(shot)
    texts = dict.fromkeys(v if isinstance(v, str) else msgspec.json.encode(v).decode() for v in values)
    return [*(text for text in texts if text and text != answer and text in sent), answer]


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
