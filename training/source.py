"""Seeded draws from pools of which a part is held out: training never sees it, test items come from it alone."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

__all__ = ["Pool", "Source", "phrases", "ways", "words"]

T = TypeVar("T")


@dataclass(frozen=True)
class Pool:
    """Texts to draw from: `train` in training, `held` in tests.

    In training a pool of words is open: in the share `coined` of draws a word that nobody knows comes instead, so that
    words are read and not guessed. `ending` is what such a word ends with.
    """

    train: tuple[str, ...]
    held: tuple[str, ...]
    coined: float = 0.0
    ending: str = ""


def phrases(*patterns: str) -> Pool:
    """Ways to say one thing: every choice of each `[this|that]` in the patterns. One in six of what they spell is held
    out, so that a test phrase is new as a whole while its words may be known."""
    spelled = sorted(ways(*patterns), key=_digest)
    held = -(-len(spelled) // 6)
    return Pool(tuple(sorted(spelled[held:])), tuple(sorted(spelled[:held])))


def ways(*patterns: str) -> tuple[str, ...]:
    """All that the patterns spell."""
    return tuple(dict.fromkeys(text for pattern in patterns for text in _spelled(pattern)))


def _spelled(pattern: str) -> list[str]:
    """The texts of one pattern. Brackets without a bar in them are text."""
    parts = re.split(r"\[([^\[\]]*\|[^\[\]]*)\]", pattern)
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def _digest(text: str) -> int:
    return zlib.crc32(text.encode())


def words(text: str, coined: float = 0.0, ending: str = "") -> Pool:
    """The words of `text`, of which one in six, chosen by its digest, is held out."""
    all_words = tuple(dict.fromkeys(text.split()))
    held = tuple(word for word in all_words if _held(word))
    return Pool(tuple(word for word in all_words if not _held(word)), held, coined, ending)


def _held(word: str) -> bool:
    return _digest(word) % 6 == 0


class Source:
    """Everything random in one item. The same seed gives the same item."""

    def __init__(self, seed: int | str, held: bool = False) -> None:
        self.rng = random.Random(f"{'test' if held else 'train'} {seed}")
        self.held = held

    def pick(self, pool: Pool | Sequence[T]) -> T | str:
        """One of a pool's own part, or of any sequence."""
        if not isinstance(pool, Pool):
            return self.rng.choice(pool)
        if self.held:
            return self.rng.choice(pool.held)
        if pool.coined and self.chance(pool.coined):
            word = self.invented()
            return (word.upper() if pool.train[0].isupper() else word.lower()) + pool.ending
        return self.rng.choice(pool.train)

    def say(self, pool: Pool, **values: object) -> str:
        """One of a pool's phrases, with `values` put in."""
        return str(self.pick(pool)).format(**values)

    def sample(self, pool: Pool | Sequence[str], count: int) -> list[str]:
        """`count` different ones; fewer where the pool is smaller."""
        if not isinstance(pool, Pool):
            return self.rng.sample(tuple(pool), min(count, len(pool)))
        found: dict[str, None] = {}
        while len(found) < min(count, len(pool.held if self.held else pool.train)):
            found[str(self.pick(pool))] = None
        return list(found)

    def chance(self, probability: float) -> bool:
        """True in that share of draws."""
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.rng.randint(low, high)

    def weighted(self, weights: dict[T, float]) -> T:
        """A key, as often as its weight says."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def start(self, low: int, high: int) -> int:
        """A whole number to begin with: one in six of them stand in test items only."""
        while ((number := self.between(low, high)) % 6 == 5 and not self.held) or (self.held and number % 6 != 5):
            pass
        return number

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        return self.rng.sample(items, len(items))

    def name(self) -> str:
        """A first name: common ones and invented ones."""
        return self.names(1)[0]

    def names(self, count: int) -> list[str]:
        """`count` different names: common ones, fewer of them in training, so that names are read there."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[self._name()] = None
        return list(found)

    def _name(self) -> str:
        if self.held:
            return str(self.pick(NAMES)) if self.chance(0.6) else self.invented()
        kind = self.weighted({"known": 0.35, "altered": 0.25, "invented": 0.4})
        if kind == "invented":
            return self.invented()
        name = str(self.pick(NAMES))
        return name if kind == "known" else self._altered(name)

    def _altered(self, name: str) -> str:
        """A name that begins or ends otherwise: what looks like a name is not always one that was seen before."""
        onsets, vowels, codas = ALL_SOUNDS
        if self.chance(0.4):
            changed = name[: self.between(2, 3)] + self.rng.choice(vowels) + self.rng.choice(codas)
        else:
            stem = re.sub("^[^aeiou]*", "", name.lower())
            changed = self.rng.choice("aeiou") + stem[1:] if self.chance(0.4) else self.rng.choice(onsets) + stem
        return name if _held(changed.capitalize()) or len(changed) < 3 else changed.capitalize()

    def invented(self, syllables: int | None = None) -> str:
        """A name that nobody has, such as Velmar or Tosk."""
        while True:
            parts = syllables or self.rng.choice((1, 2, 2, 2, 3))
            sounds = SOUNDS if self.held or self.chance(0.5) else ALL_SOUNDS
            if sounds is ALL_SOUNDS:
                parts = min(parts, 2)
            onsets, vowels, codas = sounds
            stem = "".join(self.rng.choice(onsets) + self.rng.choice(vowels) for _ in range(parts))
            name = (stem + self.rng.choice(codas)).capitalize()
            if len(name) > 3 and _held(name) == self.held:
                return name


def _sounds(*parts: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.split()) for part in parts)


SOUNDS = _sounds(
    "b br c d dr f fl g gr h j k kl l m n p pr qu r s st t tr v w z",
    "a e i o u a e o ai ea ou",
    "n r l s m t d k rn st lm sk x nd",
)
"""What invented words begin with, hold and end with."""
ALL_SOUNDS = _sounds(
    "b c d f g h j k l m n p r s t v w bl ch cl cr fr gl pl sh sk sl sm sn sp sw th tw wh y",
    "a e i o u a e o i ee oo ie oa ue ow ay er ar or in an il",
    "n r l s m t d k b p g th ck ght ng nk sh ch ll ss rt rth ft mp lt nt rd rk ld ve re le te ne y a ia o et on",
)
"""The same as wide as English is: in half of what training sees, so that words are copied letter by letter and not
guessed by how they begin."""
NAMES = words(
    "Ada Adam Agnes Alan Alba Alice Alma Amir Ana Anton Ari Arlo Ben Bella Bianca Boris Bruno Carl Carla Carmen Cecil "
    "Clara Cora Cyrus Dan Dana Daria David Dora Dylan Edda Edgar Eli Ella Elsa Emil Emma Eric Esther Eva Fay Felix "
    "Finn Flora Frank Frida Gabe Gail Gemma George Gina Glen Grace Greta Gus Gwen Hana Hank Hazel Hector Heidi Helen "
    "Henry Hugo Ian Ida Igor Ines Iris Isaac Ivan Ivy Jack Jade James Jana Jane Jonas Judy Julia Karl Kate Kira Kurt "
    "Lara Lars Laura Lena Leo Lily Linda Liz Lola Louis Lucy Luke Mara Marco Maria Mark Marta Max Maya Mia Mila Milo "
    "Mona Nadia Nancy Nell Nick Nina Noah Nora Olga Oliver Omar Oscar Otto Pablo Paul Pedro Penny Petra Quinn Ralph "
    "Ramon Rita Robin Rosa Ruby Rudy Ruth Sam Sara Silas Simon Sofia Stan Stella Sven Tara Ted Theo Tina Tobias Tom "
    "Tony Ugo Uma Ursula Vera Victor Viola Wanda Walter Wendy Will Xenia Yara Yuri Zack Zelda Zoe"
)
