"""The form of a text: bullets, highlights, sections, a title, JSON, one of a few answers."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Sequence

from scansion.errors import InputError
from scansion.scorers._verifying import Rule, listed, verifier

__all__ = ["answers", "bullets", "highlights", "json_", "sections", "title"]

_STAR = re.compile(r"^\s*\*[^\*].*$", re.MULTILINE)
_DASH = re.compile(r"^\s*-.*$", re.MULTILINE)
_ONE = re.compile(r"\*[^\n\*]*\*")
_TWO = re.compile(r"\*\*[^\n\*]*\*\*")
_TITLE = re.compile(r"<<[^\n]+>>")
_FENCE = re.compile(r"\A(?:```(?:json)?)?(.*?)(?:```)?\Z", re.DOTALL | re.IGNORECASE)
_ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


@verifier("bullets", "number_bullet_lists")
def bullets(n: int) -> Rule:
    """Exactly `n` lines that start with `*` or `-`.

    Example: `bullets(3)`
    """
    _positive("bullets", n, least=0)

    def broken(text: str, _wanted: object) -> str:
        found = len(_STAR.findall(text)) + len(_DASH.findall(text))
        return "" if found == n else f"{found} bullets"

    return Rule(broken)


@verifier("answers", "constrained_response")
def answers(options: Sequence[str] = _ANSWERS) -> Rule:
    """One of these answers is there, letter for letter; by default `My answer is yes.`, `... no.` or `... maybe.`.

    Example: `answers(["It is true.", "It is false."])`
    """
    known = listed("answers", list(options))
    return Rule(lambda text, _: "" if any(one in text for one in known) else "none of the answers")


@verifier("highlights", "number_highlighted_sections")
def highlights(at_least: int) -> Rule:
    """At least so many parts marked as `*this*` or `**this**`.

    Example: `highlights(3)`
    """
    _positive("highlights", at_least)

    def broken(text: str, _wanted: object) -> str:
        single = sum(bool(part.strip("*").strip()) for part in _ONE.findall(text))
        double = sum(bool(part[2:-2].strip()) for part in _TWO.findall(text))
        return "" if single + double >= at_least else f"{single + double} highlights"

    return Rule(broken)


@verifier("sections", "multiple_sections")
def sections(at_least: int, mark: str = "SECTION") -> Rule:
    """At least so many sections, each begun with `mark` and a number, such as `SECTION 1`.

    Example: `sections(3, mark=Day)`
    """
    _positive("sections", at_least)
    if not mark.strip():
        raise InputError("verifier 'sections': the mark is empty; give one such as SECTION")
    pattern = re.compile(rf"\s?{re.escape(mark.strip())}\s?\d+\s?")

    def broken(text: str, _wanted: object) -> str:
        found = len(pattern.findall(text))
        return "" if found >= at_least else f"{found} sections"

    return Rule(broken)


@verifier("json", "json_format")
def json_() -> Rule:
    """The whole text is JSON; a fence of backquotes may stand around it.

    Example: `json`
    """

    def broken(text: str, _wanted: object) -> str:
        body = text.strip()
        found = _FENCE.match(body)
        try:
            json_module.loads((found[1] if found else body).strip())
        except (ValueError, RecursionError) as error:
            return f"not JSON: {error}"[:100]
        return ""

    return Rule(broken)


@verifier("title")
def title() -> Rule:
    """A title in double angle brackets, such as `<<A walk>>`.

    Example: `title`
    """

    def broken(text: str, _wanted: object) -> str:
        found = any(part.lstrip("<").rstrip(">").strip() for part in _TITLE.findall(text))
        return "" if found else "no title in << >>"

    return Rule(broken)


def _positive(name: str, n: int, least: int = 1) -> None:
    if n < least:
        raise InputError(f"verifier {name!r}: {n} is too few; at least {least} is wanted")
