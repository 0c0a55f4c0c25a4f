"""Shots that are like the example: rows ranked by words, by an embedding, or by both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from msgspec import Struct

from scansion.techniques._algebra import Context
from scansion.techniques._shots import Rows, by_variable, enough, rows_for_shots, text_of, variables_of
from scansion.types import Example, canonical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scansion.prompts import Prompt

__all__ = ["IndexedRows", "Similar", "rows_to_search"]

Method = Literal["bm25", "embedding", "hybrid"]

_AHEAD = 8  # rows beyond those wanted that are ranked at first, for those that are nearly the example
_POOL = 4  # times as many candidates as shots that diverse ones are chosen from
_DIVERSE = 1000  # candidates from which on no more than shots are looked at: they are all held against each other
_FUSED = 100  # rows of each ranking that are fused, at least
_INLINE = 2000  # rows that are indexed at once; more are in a thread


class IndexedRows(Rows):
    """Rows with their indexes, each built once for the run when it is first asked for."""

    def __init__(self, examples: Sequence[Example], variables: Sequence[str]) -> None:
        super().__init__(examples, variables)
        self._found: dict[str, Any] = {}
        self._building: dict[str, asyncio.Future[Any]] = {}
        self._mark = ""
        self.shared_texts = tuple(self.texts)

    def mark(self) -> str:
        self._mark = self._mark or super().mark()
        return self._mark

    @cached_property
    def labels(self) -> tuple[list[bytes], Counter[bytes]]:
        """The target of each row, and how often each is there."""
        found = [canonical(example.target) for example in self.examples]
        return found, Counter(found)

    def of_each_label(self, places: Sequence[int], inputs: Mapping[str, Any], wanted: int) -> list[int]:
        """Of these places, in their order, as many of each target as `wanted` rows in turn can take; of more targets
        than that the first."""
        labels, sizes = self.labels
        other, level = self.other_than(inputs), _level(sizes.values(), wanted)
        while True:
            held, found = Counter[bytes](), list[int]()
            most = wanted if level == 1 else sum(min(size, level) for size in sizes.values())
            for place in places:
                if held[labels[place]] < level and other(place):
                    held[labels[place]] += 1
                    found.append(place)
                    if len(found) >= most:
                        break
            if len(found) >= wanted or level >= max(sizes.values()):
                return found
            level *= 2

    async def index(self, kind: str, build: Callable[[], Any]) -> Any:
        """The index of this kind, built off the event loop where it is long."""
        if kind not in self._found and len(self.texts) <= _INLINE:
            self._found[kind] = build()
        if kind not in self._found:
            task = self._building.get(kind)
            if task is None or task.get_loop() is not asyncio.get_running_loop():
                task = self._building[kind] = asyncio.ensure_future(asyncio.to_thread(build))
            self._found[kind] = await asyncio.shield(task)
        return self._found[kind]

    async def words(self) -> Any:
        """The index by words."""
        from scansion.data.index import BM25

        return await self.index("bm25", partial(BM25, self.texts))

    async def meanings(self, embedder: str | None, text: str, lm: Any) -> tuple[Any, Any]:
        """The index by embedding, and the query in its form."""
        from scansion.data.index import Dense, Hashed

        if embedder is None:
            return await self.index("hashed", partial(Hashed, self.texts)), text
        handle = lm.using(embedder)
        query = (await handle.embed((text or " ",)))[0]
        if embedder not in self._found:
            vectors = await handle.embed(self._embeddable(), shared=True)
            return await self.index(embedder, partial(Dense, vectors)), query
        return self._found[embedder], query

    def _embeddable(self) -> tuple[str, ...]:
        """The texts, none of them empty: embedding models take no empty one."""
        if not all(self.shared_texts):
            self.shared_texts = tuple(text or " " for text in self.shared_texts)
        return self.shared_texts


def _level(sizes: Collection[int], wanted: int) -> int:
    """How many of each group, as far as it has them, come to the number wanted."""
    low, high = 1, max(sizes)
    while low < high:
        middle = (low + high) // 2
        if sum(min(size, middle) for size in sizes) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


class Similar(Struct, frozen=True):
    """Puts the rows first that are most like the example; with `diverse` those that differ from each other as well;
    with `balanced` enough of every target."""

    method: Method
    embedder: str | None = None
    diverse: bool = False
    balanced: bool = False

    @property
    def fixed(self) -> bool:
        return False

    async def ranked(self, rows: IndexedRows, inputs: Mapping[str, Any], count: int, lm: Any) -> list[int]:
        """At least the first `count` of the rows (their places) that may be shown with these inputs, best first."""
        wanted = max(count, min(_POOL * count, _DIVERSE)) if self.diverse else count
        text = text_of(inputs, rows.variables)
        depth = len(rows.texts) if self.balanced else wanted + _AHEAD
        while True:
            places, scores = await self._nearest(rows, text, depth, lm)
            found = (rows.of_each_label if self.balanced else rows.apart)(places, inputs, wanted)
            if len(found) >= wanted or depth >= len(rows.texts):
                break
            depth *= 8
        if self.diverse:
            score = dict(zip(places, scores, strict=True))
            return await self._diverse(rows, found, [score[place] for place in found], count, text, lm)
        return found

    async def _nearest(self, rows: IndexedRows, text: str, depth: int, lm: Any) -> tuple[list[int], list[float]]:
        """The `depth` rows most like the text and how like it they are, best first."""
        if self.method == "hybrid":
            from scansion.data.index import fused

            deep = max(depth, _FUSED)
            words, _ = (await rows.words()).top(text, deep)
            index, query = await rows.meanings(self.embedder, text, lm)
            near, _ = index.top(query, deep)
            places = fused([words, near], depth)
            return places, [1 - rank / len(places) for rank in range(len(places))]
        if self.method == "bm25":
            index, query = await rows.words(), text
        else:
            index, query = await rows.meanings(self.embedder, text, lm)
        found, scores = index.top(query, depth)
        return found.tolist(), scores.tolist()

    async def _diverse(
        self, rows: IndexedRows, places: list[int], scores: list[float], count: int, text: str, lm: Any
    ) -> list[int]:
        """The places in the order in which they are worth most beside those before."""
        import numpy as np

        from scansion.data.index import mmr

        if not places:
            return []
        if self.method == "bm25":
            alike = _shared_words([rows.texts[place] for place in places])
        else:
            index, _ = await rows.meanings(self.embedder, text, lm)
            alike = index.similarities(np.array(places))
        most = max(max(scores), 1e-12)
        chosen = mmr([score / most for score in scores], alike, len(places) if self.balanced else count)
        return [places[at] for at in chosen]


def _shared_words(texts: Sequence[str]) -> NDArray[np.float64]:
    """The cosines of the sets of words of texts, a square array."""
    import numpy as np

    from scansion.data.index import tokens

    words = [set(tokens(text)) for text in texts]
    number = {word: at for at, word in enumerate(sorted(set().union(*words)))}
    held = np.zeros((len(texts), len(number)))
    for row, those in enumerate(words):
        held[row, [number[word] for word in those]] = 1
    held /= np.maximum(np.sqrt(held.sum(axis=1, keepdims=True)), 1)
    found: NDArray[np.float64] = held @ held.T
    return found


_SHARED: WeakKeyDictionary[Any, dict[Any, IndexedRows]] = WeakKeyDictionary()
"""The rows of each pool that is in use, so that the variants of a run share them and their indexes."""


def rows_to_search(context: Context, source: str | None, prompt: Prompt, k: int | None) -> IndexedRows:
    """All rows that shots may come from. Raises InputError where there are fewer than `k`, or none."""
    variables = variables_of(prompt)
    key = (prompt.variables, variables, tuple(sorted(context.mapping.items())))
    shared = _SHARED.setdefault(context.pool, {}) if source is None and isinstance(context.pool, FunctionType) else {}
    if key not in shared:
        rows, mapping = rows_for_shots(context, source, prompt.variables)
        shared[key] = IndexedRows(by_variable(list(rows), mapping), variables)
    enough(list(shared[key].examples), k)
    return shared[key]
