"""Typing errors: lower case, lost marks, swapped, doubled, dropped and neighbouring letters."""

from __future__ import annotations

import random
import re

__all__ = ["noisy"]

KEYS = dict(
    zip(
        "qwertyuiopasdfghjklzxcvbnm",
        [
            "wa",
            "qes",
            "wrd",
            "etf",
            "ryg",
            "tuh",
            "yij",
            "uok",
            "ipl",
            "ol",
            "qsz",
            "awdx",
            "sefc",
            "drgv",
            "fthb",
            "gyjn",
            "hukm",
            "jil",
            "kop",
            "asx",
            "zsdc",
            "xdfv",
            "cfgb",
            "vghn",
            "bhjm",
            "nkj",
        ],
        strict=False,
    )
)


def noisy(text: str, rng: random.Random, rate: float) -> str:
    """`text` as hasty fingers type it: `rate` is the share of its longer words with an error. Digits stay."""
    if rng.random() < 0.5:
        text = text.lower()
    if rng.random() < 0.5:
        text = re.sub(r"[.,?!'](?=\s|$)", lambda mark: mark[0] if rng.random() < 0.4 else "", text)
    return re.sub(r"[A-Za-z]{4,}", lambda word: _typo(word[0], rng) if rng.random() < rate else word[0], text)


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    kind = rng.choice(("swap", "double", "drop", "near"))
    if kind == "swap":
        return before + after[0] + letter + after[1:]
    if kind == "double":
        return before + letter * 2 + after
    return before + (rng.choice(KEYS.get(letter.lower(), letter)) if kind == "near" else "") + after
