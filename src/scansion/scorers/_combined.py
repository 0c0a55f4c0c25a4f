"""Several scorers as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers._base import Extractor, Scorer
from scansion.types import Example, Output, Score

__all__ = ["Combined", "explained"]


class Combined(Struct, frozen=True):
    """`merge` makes one score of those of `parts`, in their order. Parts that must be awaited are asked together.

    `gold` makes one refusal of theirs (the first, unless set).
    """

    parts: tuple[Scorer, ...]
    merge: Callable[[Sequence[Score]], Score]
    gold: Callable[[list[str | None]], str | None] = lambda refusals: next((r for r in refusals if r), None)
    pass_mark: float = 1.0

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError("give at least one scorer to combine, such as all(numeric, max_words(80))")

    @property
    def needs_target(self) -> bool:
        return any(p.needs_target for p in self.parts)

    @property
    def uses_model(self) -> bool:
        return any(p.uses_model for p in self.parts)

    @property
    def measured(self) -> bool:
        return any(p.measured for p in self.parts)

    @property
    def extractor(self) -> Extractor | None:
        return next((p.extractor for p in self.parts if p.extractor is not None), None)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for p in self.parts for c in p.columns))

    def score(self, output: Output, example: Example) -> Score | None:
        scores: list[Score] = []
        for part in self.parts:
            found = part.score(output, example)
            if found is None:
                return None
            scores.append(found)
        return self.merge(scores)

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        asked = (part(output, example, lm) for part in self.parts)
        found = await asyncio.gather(*asked, return_exceptions=True)  # so that no call that was paid for is dropped
        scores: list[Score] = []
        for one in found:
            if isinstance(one, BaseException):
                raise one
            scores.append(one)
        return self.merge(scores)

    def refuses_gold(self, example: Example) -> str | None:
        return self.gold([p.refuses_gold(example) for p in self.parts])


def explained(chosen: Score, scores: Sequence[Score], parts: Sequence[Scorer]) -> Score:
    """The chosen score, saying which part gave it; the answer is the first that any part read."""
    part = parts[next(i for i, s in enumerate(scores) if s is chosen)]
    said = f"{part.spec}: {chosen.explanation}" if chosen.explanation else part.spec
    answer = next((s.answer for s in scores if s.answer is not None), None)
    return Score(chosen.value, explanation=said, answer=answer)
