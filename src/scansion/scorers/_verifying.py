"""What a verifier is, the registry that finds them, and the readings of a text that a loose check accepts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError, ProgramError, ScansionError, fault
from scansion.scorers._check import columns_of, value_of
from scansion.specs import Registry, is_async
from scansion.types import Example

__all__ = ["Mode", "Rule", "Verifier", "count_of", "listed", "readings", "verifier"]

Mode = Literal["strict", "loose"]


class Rule(Struct, frozen=True):
    """What the factory of a verifier returns: `broken(text, wanted)` says in a few words why the text does not obey,
    and nothing where it does. `wanted` may be a column or a list with columns, which are looked up for each row."""

    broken: Callable[[str, Any], str]
    wanted: Any = None


class Verifier:
    """A demand on a text that a program can check. `spec` is its text as typed."""

    __slots__ = ("_rule", "columns", "identity", "spec")

    def __init__(self, rule: Rule, spec: str, identity: str) -> None:
        if not isinstance(rule, Rule):
            what = "None" if rule is None else type(rule).__name__
            raise InputError(f"verifier {spec}: its factory must return a Rule, not {what}")
        self._rule, self.spec, self.identity = rule, spec, identity
        self.columns = columns_of(rule.wanted)

    def broken(self, text: str, example: Example, mode: Mode = "strict") -> str:
        """Why `text` does not obey, empty where it does. An empty text never does. A loose check asks whether any of
        its `readings` obeys. Raises InputError for a column that the row does not have, or that cannot be used."""
        wanted = value_of(self._rule.wanted, example)
        first = ""
        for reading in readings(text) if mode == "loose" else [text]:
            why = self._found(reading, wanted) if reading.strip() else "no text"
            if not why:
                return ""
            first = first or why
        return first

    def _found(self, text: str, wanted: Any) -> str:
        try:
            return self._rule.broken(text, wanted)
        except ScansionError:
            raise
        except (Exception, SystemExit) as error:
            raise ProgramError(f"verifier {self.spec} {fault(error)}") from error

    def __repr__(self) -> str:
        return self.spec


def readings(text: str) -> Iterator[str]:
    """The eight texts of which one must obey in a loose check, as IFEval has them: with and without asterisks, and each
    of these without its first line, without its last, and without both."""
    lines = text.split("\n")
    parts = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    for part in parts:
        yield part
        yield part.replace("*", "")


def listed(name: str, words: Any) -> list[str]:
    """The texts that a verifier was given or found in a column. Raises InputError where there is none."""
    found = [words] if isinstance(words, str) else list(words) if isinstance(words, list | tuple) else []
    if not found or not all(isinstance(word, str) and word.strip() for word in found):
        raise InputError(f"verifier {name!r}: a text or a list of texts is wanted, such as {name}([tea, coffee])")
    return found


def count_of(
    name: str, what: str, least: int | None, below: int | None, most: int | None = None
) -> Callable[[int], str]:
    """A check of a count against its limits, which says the count where it is outside. Raises InputError for limits
    that are none, or that no count can meet."""
    above = min(n for n in (below, None if most is None else most + 1, 10**12) if n is not None)
    if least is None and below is None and most is None:
        raise InputError(f"verifier {name!r}: how many? Write {name}(..., at_least=3), at_most= or less_than=")
    if (least or 0) < 0:
        raise InputError(f"verifier {name!r}: at_least is {least}; no count is below 0")
    if above <= (least or 0):
        raise InputError(f"verifier {name!r}: no text can have at least {least or 0} and fewer than {above} {what}")

    def check(count: int) -> str:
        return "" if (least or 0) <= count < above else f"{count} {what}"

    return check


def _own(function: Callable[[str], Any]) -> Rule:
    """The rule of a user's own function of the text, which says whether it obeys, or as a text why it does not."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if is_async(function):
        raise InputError(f"verifier {name} is async, and nothing waits for a verifier; write it with a plain def")
    if not _takes_a_text(function):
        raise InputError(f"verifier {name} must take the text alone; one with arguments is registered with @verifier")

    def broken(text: str, _wanted: Any) -> str:
        found = function(text)
        if found is None:
            raise ProgramError(f"verifier {name} returned None; return True, or as a text why the text does not obey")
        return found if isinstance(found, str) else "" if found else "it says no"

    return Rule(broken)


def _takes_a_text(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("")
    except TypeError:
        return False
    except ValueError:  # one of Python's own that does not tell its parameters
        pass
    return True


verifier = Registry("verifier", "scansion.scorers.verifiers", Verifier, Verifier, _own)
"""The registry of verifiers; `@verifier("name")` registers a factory of a `Rule`. A function of the user's own takes
the text and says whether it obeys."""
