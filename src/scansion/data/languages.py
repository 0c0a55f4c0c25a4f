"""The language of a text, by rules that a person can check: its script, its function words, its letters.

A script that only one of the languages is written in settles it. Between languages of one script each function word
counts for the languages that have it, the more the fewer they are, and each word with a letter of their own likewise
(function words as a language's profile: Grefenstette, Comparing two language identification schemes, JADT 1995).
Where no language stands out, none is named. Nothing is downloaded or learned.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from functools import lru_cache

from scansion.data._function_words import LETTERS, NAMES, WORDS
from scansion.errors import InputError, nearest

__all__ = ["NAMES", "code_of", "language_of", "prose", "script_of", "scripts_of"]

_LONGEST = 20_000  # characters that are looked at
_LETTER_OF = 0.5  # what a word with a letter of a language counts, beside a function word of its own
_LEAST = 0.08  # the part of the words that must speak for a language
_LEAD = 1.05  # how much more must speak for it than for the next
_KANA = 0.05  # the part of kana from which on Chinese characters are Japanese
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0dff][^\W\d_]*)*")
_ONE_EACH = """
Greek el, Hebrew he, Thai th, Lao lo, Khmer km, Myanmar my, Georgian ka, Armenian hy, Hangul ko, Bengali bn,
Gujarati gu, Gurmukhi pa, Tamil ta, Telugu te, Kannada kn, Malayalam ml, Oriya or, Sinhala si, Ethiopic am
"""
_ONLY = {script: code for script, _, code in (pair.strip().partition(" ") for pair in _ONE_EACH.split(","))}
_JAPANESE = ("Hiragana", "Katakana", "Katakana-hiragana")
_CODES = {name.casefold(): code for code, name in NAMES.items()} | {"nb": "no", "nn": "no", "iw": "he", "fil": "tl"}
_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|https?://\S+|www\.\S+|"
    r"(?<!\S)\S{1,200}@\S{1,200}\.\S+|<[^<>\n]{1,200}>",
    re.DOTALL,
)


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language that `text` is written in; None where none of `NAMES` stands out."""
    scripts = scripts_of(text)
    if not scripts:
        return None
    script = scripts.most_common(1)[0][0]
    kana = sum(scripts[name] for name in _JAPANESE)
    if script in ("Cjk", *_JAPANESE):
        return "ja" if kana >= _KANA * (kana + scripts["Cjk"]) else "zh"
    return _ONLY.get(script) or (_told(text[:_LONGEST].lower(), script) if script in WORDS else None)


def code_of(name: str) -> str:
    """The code of a language given as `German`, `de`, `DE` or `de-AT`. Raises InputError for one that is not told."""
    asked = name.strip().casefold()
    code = _CODES.get(asked) or asked.replace("_", "-").partition("-")[0]
    code = _CODES.get(code, code)
    if code not in NAMES:
        raise InputError(f"language {name!r} is none that can be told; {nearest(name, list(NAMES.values()))}")
    return code


def prose(text: str) -> str:
    """`text` without what is in no language: code, addresses, tags."""
    return _NOT_PROSE.sub(" ", text)


def script_of(text: str) -> str | None:
    """The script of most letters, by the first word of their Unicode names, such as Latin; None without letters."""
    scripts = scripts_of(text)
    return scripts.most_common(1)[0][0] if scripts else None


def scripts_of(text: str) -> Counter[str]:
    """How many letters of each script there are."""
    found: Counter[str] = Counter()
    for char, count in Counter(text[:_LONGEST]).items():
        if char.isalpha():
            found[_script(char)] += count
    return found


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "other").split()[0].split("-")[0].capitalize()


def _told(text: str, script: str) -> str | None:
    """The language of that script for which most speaks."""
    words = [word for word in _WORD.findall(unicodedata.normalize("NFC", text)) if _script(word[0]) == script]
    score: dict[str, float] = defaultdict(float)
    for word, count in Counter(words).items():
        for code, weight in _weights(word, script):
            score[code] += weight * count
    if not score:
        return None
    ranked = sorted(score.items(), key=lambda item: (-item[1], item[0]))
    (best, most), (_, second) = [*ranked, ("", 0.0)][:2]
    return best if most >= max(1.0, _LEAST * len(words)) and most >= _LEAD * second else None


@lru_cache(maxsize=20_000)
def _weights(word: str, script: str) -> tuple[tuple[str, float], ...]:
    """What a word says for each language of its script."""
    found: dict[str, float] = defaultdict(float)
    known = [code for code, words in WORDS[script].items() if word in words]
    for code in known:
        found[code] += 1 / len(known)
    chars = set(word)
    lettered = [code for code, letters in LETTERS[script].items() if not chars.isdisjoint(letters)]
    for code in lettered:
        found[code] += _LETTER_OF / len(lettered)
    return tuple(found.items())
