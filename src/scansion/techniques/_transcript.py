"""Going on from the transcript of an output: a further request behind it, and the transcript with a reply."""

from __future__ import annotations

from scansion.errors import ProgramError
from scansion.types import Message, Output, Request, Sampling

__all__ = ["Transcript", "further", "replied", "with_reply"]

Transcript = tuple[Message, ...] | str
"""The turns of a chat, or all text of a completion."""


def further(name: str, so_far: Transcript, turn: str, behind: str, sampling: Sampling) -> Request:
    """The request that goes on: with `turn` as the user's on a chat prompt, with the text `behind` on a completion
    prompt. Raises ProgramError, which names the technique, where there is no transcript."""
    if isinstance(so_far, str):
        return Request(text=so_far + behind, sampling=sampling)
    if not so_far:
        raise ProgramError(f"{name} needs the transcript: the program before it gave an Output without messages")
    return Request((*so_far, Message("user", turn)), sampling=sampling)


def with_reply(request: Request, text: str) -> Transcript:
    """The transcript of a request that was answered so."""
    if request.text is not None:
        return request.text + text
    return (*request.messages, Message("assistant", text))


def replied(asked: Output, text: str) -> Transcript:
    """The transcript of `asked` with another text in the place of its reply; empty where it has none."""
    before = asked.messages
    if isinstance(before, str):
        return before.removesuffix(asked.text) + text
    turns = before[:-1] if before and before[-1].role == "assistant" else before
    return (*turns, Message("assistant", text)) if turns else ()
