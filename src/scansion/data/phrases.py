"""Phrases that recur across unrelated texts: n-grams of words, grown as long as they keep their company.

    found = recurring(outputs, about=inputs, prompts=prompts, least=5)
    print(found[0].text, len(found[0].where))

A phrase is at least `words` words that stand in the outputs of at least `least` different inputs. It is maximal: no
longer phrase around it has nearly as many inputs. What an output's own prompt says does not count, nor does a phrase
whose inputs are about one thing, that is share a word that is much rarer elsewhere. Words are compared without case and
punctuation; hashes of n-grams are counted, so that 100,000 outputs take seconds (bench in docs/performance.md).
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

__all__ = ["Recurring", "recurring", "words_of"]

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:['\u2019][^\W\u3040-\u9fff]+)*")
_NEARLY = 0.8  # the share of a phrase's inputs from which on a longer phrase stands for it
_SAME = 0.8  # the share of its texts from which on a phrase that overlaps a reported one says nothing new
_LONGEST = 60  # words of a phrase
_BUCKETS = 22  # bits of the hash by which rare n-grams are sorted out first
_CANDIDATES = 2000  # phrases that are looked at closely
_ABOUT = 0.5  # the share of a phrase's inputs that one word must stand in for them to be about it
_RARER = 3.0  # how much rarer it must be among all inputs
_ENOUGH = 200  # inputs of a phrase that tell what they are about
_TELLING = 4  # letters of a word that can be what inputs are about


class Recurring(Struct, frozen=True):
    """A phrase in lower case, and the texts that it stands in, by their position; `inputs` is how many these are of."""

    text: str
    words: int
    inputs: int
    where: tuple[int, ...]


class _Level(NamedTuple):
    """The frequent n-grams of one length: where they start, their hashes, the group of each place, and of each group
    the number of inputs and one place."""

    at: Ints
    hashes: Hashes
    group: Ints
    inputs: Ints
    first: Ints


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case; a Chinese or Japanese character is a word."""
    return _WORD.findall(text.replace("\u2019", "'").lower())


def recurring(
    texts: Sequence[str],
    *,
    about: Sequence[str] = (),
    prompts: Sequence[str] = (),
    words: int = 5,
    least: int = 5,
    limit: int = 50,
) -> list[Recurring]:
    """The phrases that recur in `texts`, those that cover the most first, `limit` at most.

    `about` are the inputs that the texts answer (by default each its own), `prompts` what was sent for each. `least`
    inputs, 2 or more, must have a phrase.
    """
    corpus = _Corpus(texts, about or [str(number) for number in range(len(texts))])
    found: list[Recurring] = []
    for phrase in sorted(_maximal(corpus, prompts, words, max(2, least)), key=_covers, reverse=True)[:_CANDIDATES]:
        if len(found) == limit:
            break
        if not _said_by(phrase, found, words) and not (about and _related(phrase, corpus)):
            found.append(phrase)
    return found


def _covers(phrase: Recurring) -> tuple[int, str]:
    return phrase.inputs * (phrase.words - 2), phrase.text


class _Corpus:
    """Texts as numbers of words, one after the other."""

    def __init__(self, texts: Sequence[str], about: Sequence[str]) -> None:
        import numpy as np

        self.numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self.tokens, self.lengths = self.read(texts)
        self.text_of = np.repeat(np.arange(len(texts), dtype=np.int32), self.lengths)
        self.ends = np.cumsum(self.lengths)
        labels: dict[str, int] = {}
        normal = [" ".join(words_of(each)) or each for each in about]
        self.input_of = np.array([labels.setdefault(each, len(labels)) for each in normal], dtype=np.int64)
        self.inputs = list(labels)
        self._seen: Counter[str] | None = None
        self._names: list[str] = []

    def read(self, texts: Iterable[str]) -> tuple[Ints, Ints]:
        """The words of texts as numbers, and how many each has."""
        import numpy as np

        tokens, lengths = array("i"), []
        for text in texts:
            words = words_of(text)
            tokens.extend(map(self.numbers.__getitem__, words))
            lengths.append(len(words))
        return np.frombuffer(tokens, dtype=np.int32) if tokens else np.zeros(0, np.int32), np.array(lengths, np.int64)

    def phrase(self, at: int, words: int) -> str:
        """The words at a place."""
        if len(self._names) != len(self.numbers):
            self._names = list(self.numbers)
        return " ".join(self._names[number] for number in self.tokens[at : at + words].tolist())

    @property
    def seen(self) -> Counter[str]:
        """In how many inputs each word stands."""
        if self._seen is None:
            self._seen = Counter(word for each in self.inputs for word in set(each.split()))
        return self._seen


def _marks(count: int) -> Hashes:
    """A number of 64 bits for each word, the same each time."""
    import numpy as np

    return np.random.default_rng(20231107).integers(1, 2**64, size=max(1, count), dtype=np.uint64)


def _power(exponent: int) -> Any:
    import numpy as np

    return np.uint64(pow(0x9E3779B97F4A7C15, exponent, 2**64))


def _hashes(tokens: Any, marks: Hashes, size: int) -> Hashes:
    """The hash of the n-gram at each place that has `size` words from there on."""
    import numpy as np

    places = max(0, len(tokens) - size + 1)
    found = np.zeros(places, dtype=np.uint64)
    for k in range(size):
        found += marks[tokens[k : k + places]] * _power(k)
    return found


def _maximal(corpus: _Corpus, prompts: Sequence[str], words: int, least: int) -> Iterator[Recurring]:
    """The frequent n-grams of all lengths that no longer one stands for."""
    import numpy as np

    asked = corpus.read(prompts)  # before the marks are drawn, so that each word has one
    marks = _marks(len(corpus.numbers))
    level = _shortest(corpus, asked, marks, words, least)
    size = words
    while level.at.size:
        longer = _longer(corpus, level, marks, size, least) if size < _LONGEST else _nothing()
        best = np.zeros(level.inputs.size, dtype=np.int64)
        places = np.searchsorted(level.at, longer.at)
        for shift in (0, 1):  # the two n-grams within each longer one
            held = np.searchsorted(level.at, longer.at + 1) if shift else places
            np.maximum.at(best, level.group[held], longer.inputs[longer.group])
        yield from _phrases(corpus, level, np.flatnonzero(best < _NEARLY * level.inputs), size)
        level, size = longer, size + 1


def _phrases(corpus: _Corpus, level: _Level, groups: Ints, size: int) -> Iterator[Recurring]:
    """What some groups of a level say, and where."""
    import numpy as np

    order = np.argsort(level.group, kind="stable")
    ends = np.cumsum(np.bincount(level.group, minlength=level.inputs.size))
    texts = corpus.text_of[level.at[order]]
    for group in groups.tolist():
        where = np.unique(texts[(ends[group - 1] if group else 0) : ends[group]])
        text = corpus.phrase(int(level.first[group]), size)
        yield Recurring(text, size, int(level.inputs[group]), tuple(where.tolist()))


def _nothing() -> _Level:
    import numpy as np

    none = np.zeros(0, dtype=np.int64)
    return _Level(none, np.zeros(0, dtype=np.uint64), none, none, none)


def _shortest(corpus: _Corpus, asked: tuple[Any, Any], marks: Hashes, size: int, least: int) -> _Level:
    """The frequent n-grams of the shortest length, without what the texts' own prompts say."""
    import numpy as np

    if len(corpus.tokens) < size:
        return _nothing()
    hashes = _hashes(corpus.tokens, marks, size)
    at = np.arange(hashes.size, dtype=np.int64)
    bucket = (hashes >> np.uint64(64 - _BUCKETS)).astype(np.int32)
    often = np.bincount(bucket, minlength=1 << _BUCKETS)[bucket] >= least
    inside = corpus.text_of[at] == corpus.text_of[at + size - 1]
    at = at[often & inside]
    hashes = hashes[at]
    tokens, lengths = asked
    if len(tokens) >= size:
        own = _hashes(tokens, marks, size)
        prompt_of = np.repeat(np.arange(len(lengths)), lengths)[: own.size]
        known = np.isin(own, hashes)
        said = _joint(own[known], prompt_of[known])
        keep = ~np.isin(_joint(hashes, corpus.text_of[at]), said)
        at, hashes = at[keep], hashes[keep]
    return _frequent(corpus, at, hashes, least)


def _joint(hashes: Hashes, numbers: Any) -> Hashes:
    import numpy as np

    joint: Hashes = hashes ^ ((numbers.astype(np.uint64) + np.uint64(1)) * _power(3))
    return joint


def _longer(corpus: _Corpus, level: _Level, marks: Hashes, size: int, least: int) -> _Level:
    """The frequent n-grams that are one word longer."""
    import numpy as np

    follows = np.searchsorted(level.at, level.at + 1)
    follows[follows == level.at.size] = 0
    room = level.at + size < corpus.ends[corpus.text_of[level.at]]
    keep = (level.at[follows] == level.at + 1) & room
    at = level.at[keep]
    hashes = level.hashes[keep] + marks[corpus.tokens[at + size]] * _power(size)
    return _frequent(corpus, at, hashes, least)


def _frequent(corpus: _Corpus, at: Ints, hashes: Hashes, least: int) -> _Level:
    """Those places whose n-gram stands in the texts of enough inputs."""
    import numpy as np

    if not at.size:
        return _nothing()
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    inputs = corpus.input_of[corpus.text_of[at]]
    pairs = np.unique(group.astype(np.int64) * len(corpus.inputs) + inputs)
    counts = np.bincount(pairs // len(corpus.inputs), minlength=first.size)
    enough = counts >= least
    number = np.cumsum(enough) - 1
    keep = enough[group]
    return _Level(at[keep], hashes[keep], number[group[keep]], counts[enough], at[first[enough]])


def _said_by(phrase: Recurring, found: Sequence[Recurring], size: int) -> bool:
    """Whether a reported phrase shares an n-gram with this one and stands in nearly all of its texts."""
    words = phrase.text.split()
    grams = {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}
    here = set(phrase.where)
    for other in found:
        if any(f" {gram} " in f" {other.text} " for gram in grams) and (
            len(here.intersection(other.where)) >= _SAME * len(here)
        ):
            return True
    return False


def _related(phrase: Recurring, corpus: _Corpus) -> bool:
    """Whether the inputs of a phrase are about one thing: most share a word that is much rarer among all inputs."""
    inputs = sorted({int(corpus.input_of[text]) for text in phrase.where})
    inputs = inputs[:: 1 + len(inputs) // _ENOUGH]
    here = Counter(word for each in inputs for word in set(corpus.inputs[each].split()) if len(word) >= _TELLING)
    return any(
        corpus.seen[word] > 1 and often / len(inputs) >= _RARER * corpus.seen[word] / len(corpus.inputs)
        for word, often in here.items()
        if often >= _ABOUT * len(inputs)
    )
