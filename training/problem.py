"""What a task makes: a question with its answer, the steps that lead to it, and what is missing, if anything is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Item", "Kind", "Problem", "Turn"]

Kind = dict[str, str | int]


@dataclass(frozen=True)
class Problem:
    """A question that can be put in many ways. `present.present` makes an item of it.

    `noun` says what the answer is ("number", "word", "date" ...). `missing` says what is not given, where the answer
    cannot be known; `answer` and `steps` then are what a guesser would say. `noisy` questions bear typing errors.
    `code` are the steps as lines of Python that leave the answer in x.
    """

    task: str
    question: str
    answer: str
    steps: tuple[str, ...] = ()
    noun: str = "number"
    missing: str = ""
    noisy: bool = True
    kind: Kind = field(default_factory=dict)
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation, or with the role `text` a piece of plain text. Only assistant turns are learned;
    `text` pieces with `learned` are, too."""

    role: Literal["system", "user", "assistant", "text"]
    text: str
    learned: bool = True


@dataclass(frozen=True)
class Item:
    """One conversation or text for training, or one test item: the last turn is what the model should say.

    `target` is the answer that counts, `kind` what the card groups by.
    """

    task: str
    turns: tuple[Turn, ...]
    target: str
    kind: Kind = field(default_factory=dict)
