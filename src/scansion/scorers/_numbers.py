"""Numbers in text: one grammar, used to find them and to read them.

A number is a sign, a currency sign, digits (with commas between thousands), decimals, and an exponent; or a fraction,
or a whole number with a fraction; and perhaps a percent sign. Exact values are fractions, so that no comparison
depends on rounding.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

if typing.TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Number", "exactly", "last_number", "number_in", "numbers", "whole_number"]

_NUMBER = re.compile(
    r"""
    (?<![A-Za-z0-9_])                                   # not inside a word or another number
    (?:(?<![\w.)\]])(?P<sign>[-+\u2212]))?              # a sign, not the minus of a subtraction or range
    (?:[$\u20ac\u00a3\u00a5\u20b9]\s?(?P<inner>[-+\u2212])?)?
    (?:
        \\[dt]?frac\{(?P<over>[0-9]+)\}\{(?P<under>0*[1-9][0-9]*)\}
      | (?<![0-9]/)(?:(?P<whole>[0-9]+)[ ])?(?P<num>[0-9]+)/(?P<den>0*[1-9][0-9]*)(?![0-9]|/[0-9]|\.[0-9])
      | (?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)?
        (?P<decimals>(?<=[0-9])\.[0-9]+|(?<![0-9])\.[0-9]+)?
        (?<=[0-9])
        (?:[eE](?P<exp>[-+\u2212]?[0-9]{1,9})(?![0-9A-Za-z])
          |[ ]?(?:\u00d7|\*|\\times|x)[ ]?10[ ]?\^[ ]?\{?(?P<power>[-+\u2212]?[0-9]{1,9})\}?)?
    )
    (?P<percent>\s?\\?%)?
    """,
    re.VERBOSE,
)
_DIGIT = re.compile(r"[0-9]")
_WORD_BACKWARDS = re.compile(r"[ \n](?!semit)[A-Za-z]{2}")  # the end of a word, which no number goes across
_CODE = re.compile(r"0[0-9]")
_SHORT = 200  # characters of a text whose reading is kept for the next time
_LONGEST = 1000  # digits of a number that is read as one
_LARGEST = 400  # its power of ten, about that of the largest float


class Number(Struct, frozen=True):
    """An exact value, and whether it was written as a percentage (50% has the value 50)."""

    value: Fraction
    percent: bool = False


def numbers(text: str) -> Iterator[str]:
    """The numbers of a text in a plain form: `-1234.5`, `1.5e3`, `3/4`, `1 1/2`, `50%`."""
    return map(_plain, _NUMBER.finditer(text))


def last_number(text: str) -> str | None:
    """The last of `numbers`, None where there is none. Reads no more of the text than it must."""
    backwards = text[::-1]
    digit = _DIGIT.search(backwards)
    if digit is None:
        return None
    word = _WORD_BACKWARDS.search(backwards, digit.end())
    start = len(text) - word.end() if word else 0
    match = _last(text, start) or (_last(text, 0) if start else None)
    return None if match is None else _plain(match)


def _last(text: str, start: int) -> re.Match[str] | None:
    match = None
    for match in _NUMBER.finditer(text, start):  # noqa: B007
        pass
    return match


def _plain(match: re.Match[str]) -> str:
    part = match.groupdict("")
    sign = "-" if (part["sign"] + part["inner"]) in ("-", "\u2212", "+-", "+\u2212") else ""
    if part["over"] or part["num"]:
        body = f"{part['over'] or part['num']}/{part['under'] or part['den']}"
        body = f"{part['whole']} {body}" if part["whole"] else body
    else:
        power = (part["exp"] or part["power"]).replace("\u2212", "-")
        body = part["digits"].replace(",", "") + part["decimals"] + (f"e{power}" if power else "")
    return sign + body + ("%" if part["percent"] else "")


def number_in(value: Any) -> Number | None:
    """The one number that a value is or a text holds; None where there is none, or several."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Number(exactly(value)) if value - value == 0 else None
    if not isinstance(value, str):
        return None
    return _only_number(value) if len(value) < _SHORT else _only_number.__wrapped__(value)


@lru_cache(maxsize=1024)
def _only_number(text: str) -> Number | None:
    found = numbers(text)
    plain = next(found, None)
    return _read(plain) if plain is not None and next(found, None) is None else None


def whole_number(text: str) -> Number | None:
    """The number that a text is and nothing else; None for any other text and for digits such as 007."""
    match = _NUMBER.fullmatch(text)
    return _read(_plain(match)) if match and not _CODE.match(text) else None


def exactly(value: int | float) -> Fraction:
    """The value that the shortest decimal form of `value` stands for: 0.1 is one tenth."""
    from fractions import Fraction

    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def _read(plain: str) -> Number | None:
    """The value of a number in its plain form; None for one too large or too long to be meant."""
    from fractions import Fraction

    if len(plain) > _LONGEST:
        return None
    body = plain.removesuffix("%").removeprefix("-")
    mantissa, _, power = body.partition("e")
    if power and abs(int(power)) > _LARGEST:
        return None
    whole, _, rest = mantissa.rpartition(" ")
    value = Fraction(rest) * Fraction(10) ** int(power or 0) + (int(whole) if whole else 0)
    return Number(-value if plain.startswith("-") else value, plain.endswith("%"))
