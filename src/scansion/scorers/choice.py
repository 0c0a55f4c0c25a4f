"""Multiple choice: the letter of an option."""

from __future__ import annotations

from typing import Any

from scansion.errors import Unscored
from scansion.scorers._base import Extractor, build_extractor, scorer
from scansion.scorers._check import TARGET, Check
from scansion.scorers._letters import letters_of
from scansion.scorers._texts import as_text
from scansion.specs import Column

__all__ = ["choice"]


@scorer("choice", "multiple_choice")
def choice(
    target: str | Column | None = None, letters: str = "A-E", options: Column | None = None, by: Extractor | None = None
) -> Check:
    """1 if the answer is the letter of the right option, else 0.

    The answer is read by `letter(letters)`, or by `by`. The target is a letter, also as `b`, `(B)` or `B.`; with
    `options`, a column that holds the options as a list or by letter, both target and answer may also be the text of
    one of them. Of a list of targets any may match.

    Example: `choice(letters=A-D)`
    """
    known = letters_of(letters)

    def letter(value: Any, texts: dict[str, str]) -> str | None:
        text = as_text(value).strip()
        short = text.strip("()[].:* ").upper()
        return short if len(short) == 1 and short in known else texts.get(text.casefold())

    def compare(answer: Any, wanted: Any, beside: Any = None) -> bool:
        texts = _texts(beside, known)
        wanted_letter = letter(wanted, texts)
        if wanted_letter is None:
            raise Unscored("gold refused", _refusal(as_text(wanted), known, bool(texts)))
        return letter(answer, texts) == wanted_letter

    usual = build_extractor(f'letter("{letters}")')
    right: Any = TARGET if target is None else target
    return Check(compare, by=by, usual=usual, wanted=right, beside=options)


def _refusal(target: str, known: str, texts: bool) -> str:
    letters = f"{known[:-1]} or {known[-1]}" if len(known) <= 2 else f"the letters {', '.join(known)}"
    if texts:
        return f"the target {target!r} is neither one of {letters} nor the text of an option"
    hint = "name other letters (letters=A-G), or the column of the options' texts (options=$column)"
    return f"the target {target!r} is none of {letters}; {hint}"


def _texts(given: Any, known: str) -> dict[str, str]:
    """The letter of each option's text."""
    if isinstance(given, dict):
        return {as_text(v).strip().casefold(): str(k).strip().upper() for k, v in given.items()}
    if isinstance(given, list | tuple):
        return {as_text(v).strip().casefold(): k for k, v in zip(known, given, strict=False)}
    return {}
