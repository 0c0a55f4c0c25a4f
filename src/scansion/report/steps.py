"""The steps of a program in turn, as techniques leave them in an output's `data["steps"]`: a step that revises as a
word diff against the text that it replaces.

    1. draft
      Send it at once.
    2. critique (kind-words)
      It does not ask.
    3. revision (kind-words)
      [-Send-]{+Please send+} it at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from scansion.report.text import one_line, visible, wrap
from scansion.report.words import Piece, compared, marked
from scansion.types import Output

__all__ = ["Shown", "shown_steps", "step_lines", "steps_texts"]

_LONGEST = 100_000  # characters of a step that are shown
_AROUND = 120  # characters of what is the same that are shown beside a change
_CUT = " […] "
_SHOWN_ELSEWHERE = ("step", "text", "revises", "aside", "about")


class Shown(Struct, frozen=True):
    """A step as it is shown: what it is, and its text as stretches, each with what was there before and what is now:
    equal where nothing changed, and the first empty where there is nothing to compare with. `note` says what is left
    out."""

    title: str
    pieces: list[Piece]
    note: str = ""


def shown_steps(output: Output | None) -> list[Shown]:
    """The steps of an output; none where it has no more than one."""
    return list(_shown(_steps(output)))


def steps_texts(output: Output | None) -> list[str]:
    """The texts of the steps that are shown."""
    return [_text(step.get("text")) for step in _steps(output)]


def _steps(output: Output | None) -> list[dict[str, Any]]:
    found = output.data.get("steps") if output is not None else None
    steps = [step for step in found if isinstance(step, dict)] if isinstance(found, list | tuple) else []
    return steps if len(steps) > 1 else []


def _shown(steps: list[dict[str, Any]]) -> Iterator[Shown]:
    standing: str | None = None
    for number, step in enumerate(steps, 1):
        text = _text(step.get("text"))
        title = f"{number}. {_title(step)}"
        if step.get("revises") and standing is not None:
            yield _revised(title, standing, text)
        else:
            yield Shown(title, [Piece(text, text)])
        if not step.get("aside"):
            standing = text


def _text(value: Any) -> str:
    text = visible(value if isinstance(value, str) else str(value)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} [... {len(text) - _LONGEST:,} more characters]"


def _title(step: dict[str, Any]) -> str:
    """What a step is: its name, what it is about, and what else is said of it."""
    also = [step["about"]] if step.get("about") not in (None, "") else []
    also += [
        name if value is True else f"{name} {value}"
        for name, value in step.items()
        if name not in _SHOWN_ELSEWHERE and isinstance(value, str | int | float) and value is not False
    ]
    return one_line(f"{step.get('step', '')}" + (f" ({', '.join(map(str, also))})" if also else ""))


def _revised(title: str, before: str, after: str) -> Shown:
    if before == after:
        return Shown(title, [Piece(after, after)], "nothing was changed")
    found = compared(before, after)
    if len(found.pieces) < 2:
        return Shown(title, [Piece(after, after)], "written anew: too little is left to mark what changed")
    whole = "" if found.whole else "too long to be compared word by word"
    return Shown(title, _around_changes(found.pieces), whole)


def _around_changes(pieces: list[Piece]) -> list[Piece]:
    """The stretches, with those that are the same cut to what stands beside a change."""
    last = len(pieces) - 1
    return [
        Piece(_cut(p.new, at > 0, at < last), _cut(p.new, at > 0, at < last)) if p.same else p
        for at, p in enumerate(pieces)
    ]


def _cut(text: str, after: bool, before: bool) -> str:
    """A text without its middle, or without the end that no change is at (`after` a change, `before` one)."""
    room = _AROUND * (after + before)
    if len(text) <= room + len(_CUT):
        return text
    head = text[:_AROUND].rsplit(" ", 1)[0] if after else ""
    tail = text[-_AROUND:].split(" ", 1)[-1] if before else ""
    return f"{head}{_CUT}{tail}"


def step_lines(output: Output | None, head: str, width: int) -> list[str]:
    """The steps as lines of at most `width` cells under `head`, an empty one behind them; none where there are no
    steps."""
    steps = shown_steps(output)
    if not steps:
        return []
    lines = wrap(f"{head} {len(steps)} steps", width)
    for step in steps:
        lines += [f"  {line}" for line in wrap(step.title + (f"; {step.note}" if step.note else ""), width - 2)]
        lines += [f"    {line}".rstrip() for line in wrap("".join(map(marked, step.pieces)), width - 4)]
    return [*lines, ""]
