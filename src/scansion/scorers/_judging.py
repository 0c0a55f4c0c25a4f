"""What scorers that ask a model share: how a judge is shown its material, and what its reply may lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scansion.errors import Unscored
from scansion.scorers._texts import as_text
from scansion.types import Example, Message, Output, TextPart

__all__ = ["asked_of", "blocks", "listed_inputs", "question_of", "reference_of", "turns", "unreadable"]


def turns(task: str, material: Mapping[str, str]) -> list[dict[str, str]]:
    """The request to a judge: what it is to do, and the material that it judges."""
    return [{"role": "system", "content": task}, {"role": "user", "content": "\n\n".join(blocks(material))}]


def blocks(material: Mapping[str, str]) -> list[str]:
    """Each text between marks of its name, which the text itself cannot close."""
    return [f"<{name}>\n{text.replace('</', '< /')}\n</{name}>" for name, text in material.items()]


def unreadable(why: str) -> Unscored:
    """The error for a reply that gives no verdict."""
    return Unscored("judge unreadable", why)


def asked_of(output: Output) -> str:
    """What an output answers: the transcript before its last reply; empty where the program kept none."""
    messages: Sequence[Message] | str = output.messages
    if isinstance(messages, str):
        return messages.removesuffix(output.text)
    before = messages[:-1] if messages and messages[-1].role == "assistant" else messages
    return "\n\n".join(f"{m.role}: {_content(m)}" for m in before)


def question_of(output: Output, example: Example, lm: Any = None) -> str:
    """What an output answers: its transcript, or without one the row's inputs (see `listed_inputs`)."""
    return asked_of(output) or listed_inputs(example, lm)


def listed_inputs(example: Example, lm: Any = None) -> str:
    """A row's inputs, a line each, without the columns that `lm`, a judge's handle, says are hidden."""
    hidden = getattr(lm, "hidden", ())
    return "\n".join(f"{name}: {as_text(value)}" for name, value in example.inputs.items() if name not in hidden)


def reference_of(target: Any) -> str:
    """A target as a judge is shown it; of several, any of which may be right, one a line."""
    return "\n".join(f"- {as_text(one)}" for one in target) if isinstance(target, tuple) else as_text(target)


def _content(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text if isinstance(part, TextPart) else "[image]" for part in message.content)
