"""Several scorers as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.scorers._base import Extractor, Scorer
from scansion.scorers._together import together
from scansion.types import Example, Output, Score

__all__ = ["Combined", "all_scores", "explained", "scored"]


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
    def of_prompt(self) -> bool:
        return any(p.of_prompt for p in self.parts)

    @property
    def calls(self) -> int:
        return sum(p.calls for p in self.parts)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m for p in self.parts for m in p.models))

    @property
    def asks_subject(self) -> bool:
        return any(p.asks_subject for p in self.parts)

    @property
    def embedders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m for p in self.parts for m in p.embedders))

    @property
    def extractor(self) -> Extractor | None:
        return next((p.extractor for p in self.parts if p.extractor is not None), None)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for p in self.parts for c in p.columns))

    @property
    def companions(self) -> tuple[str, ...]:
        own = {p.spec for p in self.parts}
        return tuple(dict.fromkeys(c for p in self.parts for c in p.companions if c not in own))

    def score(self, output: Output, example: Example) -> Score | None:
        scores: list[Score] = []
        for part in self.parts:
            found = part.score(output, example)
            if found is None:
                return None
            scores.append(found)
        return self.merge(scores)

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        return self.merge(await all_scores(self.parts, output, example, lm))

    def refuses_gold(self, example: Example) -> str | None:
        return self.gold([p.refuses_gold(example) for p in self.parts])

    def refuses_rows(self, examples: Iterable[Example]) -> str | None:
        kept = list(examples)
        return next((why for p in self.parts if (why := p.refuses_rows(kept)) is not None), None)


async def all_scores(parts: Sequence[Scorer], output: Output, example: Example, lm: Any) -> list[Score]:
    """The score of each part, in order, asked together; one that raises Unscored gives a score without a value."""
    return scored(await together([part(output, example, lm) for part in parts]))


def scored(found: Sequence[Score | Unscored]) -> list[Score]:
    """Scores, those that were raised as Unscored among them."""
    return [Score(None, one.reason, str(one)) if isinstance(one, Unscored) else one for one in found]


def explained(chosen: Score, scores: Sequence[Score], parts: Sequence[Scorer]) -> Score:
    """The chosen score, saying which part gave it; the answer is the first that any part read."""
    part = parts[next(i for i, s in enumerate(scores) if s is chosen)]
    said = f"{part.spec}: {chosen.explanation}" if chosen.explanation else part.spec
    answer = next((s.answer for s in scores if s.answer is not None), None)
    return Score(chosen.value, explanation=said, answer=answer)
