"""Facets of an example: what can be seen from its input and target alone, for telling kinds of rows apart.

A facet gives each example one value (or none), such as `script: Cyrillic` or `question: how many`; tags give several.
They are plain rules that a person can check, no models: the script by the Unicode names of the letters, the language of
Latin script by its function words and letters (`languages`), the kind of question by its first words (English).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import Any

from scansion.data.languages import NAMES, language_of, script_of
from scansion.types import Example

__all__ = ["FACETS", "facet_values", "input_text"]

_LONGEST = 2000  # characters that are looked at for script and language
_QUESTIONS = {
    "how many": r"how (?:many|much|long|far|old|tall|often|big|fast|few)\b",
    "who": r"(?:who|whom|whose)\b",
    "when": r"when\b|(?:in|on|at) (?:what|which) (?:year|date|day|month|time)\b|what (?:year|date|day|time)\b",
    "where": r"where\b",
    "why": r"why\b",
    "which": r"which\b|(?:in|on|at|of|from|to) which\b",
    "what": r"what\b|(?:in|on|at|of|from|to) what\b",
    "how": r"how\b",
    "yes or no": r"(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|might|must)(?:n't)?\b",
}
_ASKS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _QUESTIONS.items()}
_TOLD = re.compile(
    r"(?:please\s+)?(?:write|find|list|give|name|explain|describe|summari[sz]e|translate|classify|extract|generate|"
    r"compute|calculate|solve|determine|identify|complete|create|make|tell|answer|rewrite|sort|take|choose|select|"
    r"convert|correct|compare|suggest|provide|show|draw|implement|return)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,]*(?:\.\d+)?\s*%?")


def input_text(example: Example, columns: Collection[str] | None = None) -> str:
    """The texts and numbers of an example's inputs, a line each: of all `columns`, or of those that are named."""
    found = (value for name, value in example.inputs.items() if columns is None or name in columns)
    return "\n".join(str(value) for value in found if isinstance(value, str | int | float))


def _language(text: str) -> str | None:
    """The script, and for Latin the language; None where none stands out."""
    script = script_of(text[:_LONGEST])
    if script != "Latin":
        return "Chinese characters" if script == "Cjk" else script
    code = language_of(text[:_LONGEST])
    return NAMES[code] if code is not None else None


def _question(text: str) -> str | None:
    """The kind of the last question in a text, else whether its first or last sentence tells to do something."""
    sentences = [s.strip(" \"'(-*:\t") for s in _SENTENCE.findall(text[-_LONGEST:])]
    asked = [s for s in sentences if s.endswith("?")]
    if asked:
        parts = [asked[-1], *(part.strip() for part in asked[-1].split(",")[1:])]
        kinds = (name for part in parts for name, pattern in _ASKS.items() if pattern.match(part))
        return next(kinds, "other question")
    told = [s for s in (sentences[:1] + sentences[-1:]) if _TOLD.match(s)]
    return "instruction" if told else None


def _digits(text: str) -> str:
    return "with digits" if any(c.isdigit() for c in text) else "without digits"


def _target(target: Any) -> str | None:
    """What kind of thing the target is."""
    if target is None:
        return None
    if isinstance(target, bool):
        return "yes or no"
    if isinstance(target, int | float):
        return "number"
    if not isinstance(target, str):
        return "list" if isinstance(target, list | tuple) else "object"
    text = target.strip()
    if text.lower().strip(".") in {"yes", "no", "true", "false"}:
        return "yes or no"
    if _NUMBER.fullmatch(text):
        return "number"
    if len(text.strip("().")) == 1 and text.strip("().").isalpha():
        return "letter"
    return "one word" if len(text.split()) == 1 else "several words"


_Values = list[tuple[str, ...]]


def _each(of: Callable[[str], str | None]) -> Callable[[Sequence[str], Sequence[Example]], _Values]:
    return lambda texts, _: [(value,) if (value := of(text)) else () for text in texts]


def _thirds(sizes: Sequence[int | None]) -> _Values:
    """Short, medium and long, by the thirds of the sizes that there are; nothing where they are hardly different."""
    known = sorted(size for size in sizes if size is not None)
    if not known:
        return [()] * len(sizes)
    first, second = known[(len(known) - 1) // 3], known[2 * (len(known) - 1) // 3]
    if first == known[-1]:
        return [()] * len(sizes)
    middle = f"{second:,}" if second == first + 1 else f"{first + 1:,} to {second:,}"
    names = [f"short (to {first:,})", f"medium ({middle})", f"long (from {second + 1:,})"]
    if first == second:
        names = [names[0], names[0], f"long (from {second + 1:,})"]
    return [() if size is None else (names[bisect_right([first + 1, second + 1], size)],) for size in sizes]


FACETS: dict[str, Callable[[Sequence[str], Sequence[Example]], _Values]] = {
    "tag": lambda _, examples: [tuple(dict.fromkeys(example.tags)) for example in examples],
    "length": lambda texts, _: _thirds([len(text) for text in texts]),
    "language": _each(_language),
    "digits": _each(_digits),
    "question": _each(_question),
    "target": lambda _, examples: [(kind,) if (kind := _target(e.target)) else () for e in examples],
    "target length": lambda _, examples: _thirds(
        [len(e.target) if isinstance(e.target, str) else None for e in examples]
    ),
}
"""The facets by name: from the input texts and the examples to the values of each example."""


def facet_values(
    examples: Sequence[Example], by: Sequence[str] = (), columns: Collection[str] | None = None
) -> dict[str, _Values]:
    """The values of each example, by facet: all of `FACETS`, or those named in `by` (KeyError for others).

    `columns` are those that a model sees (None: all).
    """
    texts = [input_text(example, columns) for example in examples]
    return {name: FACETS[name](texts, examples) for name in by or FACETS}
