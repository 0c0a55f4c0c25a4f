"""Numbers in words and in digits, both ways."""

from __future__ import annotations

from training.problem import Problem
from training.source import Source, phrases

__all__ = ["in_words", "number_words"]

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
TO_WORDS = phrases(
    "[Write|Say|Put|Give|Spell out] [|the number ]{n} [in|using] words.",
    "[Turn|Translate|Change|Convert] [|the number ]{n} into words.",
    "Spell out [|the number ]{n}.",
    "{n} in words[:|?|, please.]",
)
TO_DIGITS = phrases(
    "[Write|Say|Put|Give] [|the number ]{n} [in|using] digits.",
    "[Turn|Translate|Change|Convert] [|the number ]{n} into digits.",
    "[Which|What] number is {n}?",
    "{n} in digits[:|?|, please.]",
)


def in_words(number: int) -> str:
    """`number` from 0 to 9999 in English words.

    Example: `in_words(2345)` is "two thousand three hundred forty-five".
    """
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = number % size
    return f"{in_words(number // size)} {name}" + (f" {in_words(rest)}" if rest else "")


def number_words(s: Source) -> Problem:
    """One number, from words to digits or back."""
    number = s.start(0, 10 ** s.between(2, 4) - 1)
    digits, spelled = str(number), in_words(number)
    if s.chance(0.5):
        return Problem(
            "number_words", s.say(TO_WORDS, n=digits), spelled, noun="words", noisy=False, kind={"to": "words"}
        )
    return Problem(
        "number_words", s.say(TO_DIGITS, n=spelled), digits, noun="number", noisy=False, kind={"to": "digits"}
    )
