"""An argument parser whose errors are one line and name the nearest option, and the types of arguments."""

from __future__ import annotations

import argparse
import math
import re
from typing import Any, NoReturn

from scansion.errors import InputError, nearest

__all__ = ["Parser", "number", "pair", "rate", "share", "whole", "whole_from_zero"]

_WIDTH = 80
_NEGATIVE = re.compile(r"-\$?\.?\d")


class Parser(argparse.ArgumentParser):
    """The parser of one command. Raises InputError where argparse would print its usage and exit."""

    def __init__(self, command: str, doc: str) -> None:
        super().__init__(
            prog=f"scansion {command}",
            description=_filled(doc),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.command = command
        self.add_argument("--debug", action="store_true", help="show the traceback of an error")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, extra = self.parse_known_intermixed_args(self._joined(args), namespace)
        for word in extra:
            if word.startswith("-"):
                name = word.split("=")[0]
                raise InputError(f"{self.command}: unknown option {name!r}; {nearest(name, self.options())}")
        if extra:
            raise InputError(f"{self.command}: {extra[0]!r} is one word too many; see `{self.prog} --help`")
        return found

    def _joined(self, words: list[str]) -> list[str]:
        """The words, an option's negative amount (`-5usd`) joined to it, since argparse takes it for an option."""
        found: list[str] = []
        for word in words:
            action = self._option_string_actions.get(found[-1]) if found else None
            if action is not None and action.nargs is None and _NEGATIVE.match(word):
                found[-1] += f"={word}" if found[-1].startswith("--") else word
            else:
                found.append(word)
        return found

    def options(self) -> list[str]:
        """All option strings."""
        return sorted(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        text = re.sub(r"^argument ([^:]+): ", r"\1: ", message)
        text = text.replace("expected one argument", "needs a value").replace("expected ", "needs ")
        text = text.replace("the following arguments are required:", "missing:")
        if match := re.match(r"(.*): invalid choice: '?(.*?)'? \(choose from (.*)\)", text):
            known = re.findall(r"[\w-]+", match.group(3))
            text = f"{match.group(1)}: unknown {match.group(2)!r}; {nearest(match.group(2), known)}"
        raise InputError(f"{self.command}: {text}")


def _filled(doc: str) -> str:
    """A docstring in lines of 80 cells: paragraphs filled anew, indented lines as they stand."""
    import textwrap

    blocks = doc.strip().split("\n\n")
    return "\n\n".join(block if block.startswith(" ") else textwrap.fill(block, _WIDTH) for block in blocks)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def whole_from_zero(text: str) -> int:
    """A whole number, 0 or more."""
    if not re.fullmatch(r"-?\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return int(text)


def whole(text: str) -> int:
    """A whole number, 1 or more."""
    if whole_from_zero(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give 1 or more")
    return int(text)


def share(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def number(text: str) -> float:
    """A finite number."""
    return _number(text)


def rate(text: str) -> float:
    """A share of 1, from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        percent = f"; {value:g}% is {value / 100:g}" if 1 < value <= 100 else ""
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1{percent}")
    return value


def pair(text: str) -> tuple[str, str]:
    """`NAME=VALUE` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip(), value.strip()
