"""The language of a text."""

from __future__ import annotations

from scansion.data.languages import NAMES, code_of, language_of
from scansion.scorers._verifying import Rule, verifier

__all__ = ["language"]


@verifier("language", "response_language")
def language(name: str) -> Rule:
    """The text is in this language: a name (`German`) or a code (`de`). A text whose language cannot be told obeys, as
    in IFEval; the scorer `same_language` leaves it unscored.

    Example: `language(German)`
    """
    code = code_of(name)

    def broken(text: str, _wanted: object) -> str:
        found = language_of(text)
        return "" if found in (None, code) else f"it is {NAMES[found or code]}"

    return Rule(broken)
