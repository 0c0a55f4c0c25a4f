"""Saying again what stands in the prompt, and finding one thing in it: what all the other tasks rest on.

Copying is learned suddenly (induction heads: Olsson and others 2022, arXiv 2209.11895). Items that are nothing but
copying make it come within the first minutes of the training; `mixture` has many of them at the beginning.
"""

from __future__ import annotations

from training.problem import Item, Turn
from training.source import Source, phrases
from training.tasks.labels import SIGNS
from training.tasks.symbolic import ITEMS
from training.tasks.word_problem import THINGS

__all__ = ["echo", "lookup"]

ECHO = phrases(
    "[Repeat|Repeat this|Say this again|Say exactly this|Write exactly this|Please repeat|Copy]: {x}",
    "[Copy|Repeat] [the|this] text.\n{x}",
    "{x}[\n|\n\n][Say it again|Repeat that|Repeat it|Write it again].",
)
LOOKUP = phrases(
    "{l}\n[What belongs to|What stands beside|What is given for|What goes with] {k}?",
    "{l}\n{k}:",
    "[Look it up|Look here|Here is a list]: {l}\nWhat [stands beside|belongs to] {k}?",
    "What is given for {k}? {l}",
    "Find {k} in the list and say what it has.\n{l}",
    "{l}\n[Say|Write|Give] what [stands beside|belongs to] {k}.",
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _word(s: Source) -> str:
    """A name, a thing, a number, a sign, or letters without sense."""
    kind = s.weighted({"name": 4, "invented": 3, "thing": 2, "sign": 2, "item": 2, "number": 3, "letters": 2})
    if kind == "number":
        return str(s.between(0, 10 ** s.between(1, 4)))
    if kind == "letters":
        return "".join(str(s.pick(LETTERS)) for _ in range(s.between(2, 6)))
    if kind in ("name", "invented"):
        return s.name() if kind == "name" else s.invented()
    return str(s.pick({"thing": THINGS, "sign": SIGNS, "item": ITEMS}[kind]))


def echo(s: Source) -> Item:
    """A text to be said again."""
    said = s.rng.choice((" ", ", ", " ", "\n")).join(_word(s) for _ in range(s.between(1, 12)))
    return Item("echo", (Turn("user", s.say(ECHO, x=said)), Turn("assistant", said)), said)


def lookup(s: Source) -> Item:
    """Pairs, and one of their keys: its value is to be said."""
    pairs = {_word(s): _word(s) for _ in range(s.between(2, 9))}
    joint, gap = s.rng.choice((": ", " = ", " has ", " - ")), s.rng.choice(("\n", ", ", "; "))
    listed = gap.join(f"{key}{joint}{value}" for key, value in pairs.items())
    key = str(s.pick(list(pairs)))
    turns = (Turn("user", s.say(LOOKUP, l=listed, k=key)), Turn("assistant", pairs[key]))
    return Item("lookup", turns, pairs[key], {"pairs": len(pairs)})
