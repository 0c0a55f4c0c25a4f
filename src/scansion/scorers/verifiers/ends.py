"""How a text starts and ends, and its commas."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError
from scansion.scorers._texts import as_text
from scansion.scorers._verifying import Rule, verifier
from scansion.specs import Column

__all__ = ["ends_with", "no_comma", "quoted", "repeats", "two_responses"]

_APART = "*" * 6


@verifier("ends_with", "end_checker")
def ends_with(phrase: str | Column) -> Rule:
    """The text ends with this phrase, in any case; white space and a quotation mark may follow.

    Example: `ends_with("Is there anything else?")`
    """
    if isinstance(phrase, str) and not phrase.strip():
        raise InputError("verifier 'ends_with': the phrase is empty; say how the text must end")

    def broken(text: str, wanted: Any) -> str:
        end = text.strip().strip('"').lower()
        return "" if end.endswith(as_text(wanted).strip().lower()) else f"ends with {end[-40:]!r}"

    return Rule(broken, phrase)


@verifier("quoted", "quotation")
def quoted() -> Rule:
    """The whole text stands in double quotation marks.

    Example: `quoted`
    """

    def broken(text: str, _wanted: object) -> str:
        body = text.strip()
        return "" if len(body) > 1 and body[0] == body[-1] == '"' else "not in quotation marks"

    return Rule(broken)


@verifier("repeats", "repeat_prompt")
def repeats(request: str | Column) -> Rule:
    """The text starts with this request, word for word, in any case. A column may hold it.

    Example: `repeats($question)`
    """
    if isinstance(request, str) and not request.strip():
        raise InputError("verifier 'repeats': the request is empty; give it, or its column as $name")

    def broken(text: str, wanted: Any) -> str:
        start = text.strip().lower().startswith(as_text(wanted).strip().lower())
        return "" if start else "does not start with the request"

    return Rule(broken, request)


@verifier("two_responses")
def two_responses() -> Rule:
    """Two different responses, with six asterisks between them.

    Example: `two_responses`
    """

    def broken(text: str, _wanted: object) -> str:
        parts = [part.strip() for part in text.split(_APART)]
        if any(not part for part in parts[1:-1]):
            return "an empty response"
        found = [part for part in parts if part]
        if len(found) != 2:
            return f"{len(found)} responses"
        return "both responses are the same" if found[0] == found[1] else ""

    return Rule(broken)


@verifier("no_comma")
def no_comma() -> Rule:
    """No comma.

    Example: `no_comma`
    """
    return Rule(lambda text, _: f"{text.count(',')} commas" if "," in text else "")
