"""Several judges together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers._base import Extractor, Prefers, Scorer, scorer
from scansion.scorers._combined import all_scores, scored
from scansion.scorers._together import together
from scansion.types import Example, Output, Score

__all__ = ["Panel", "panel"]


@scorer("panel", "jury")
def panel(*judges: Scorer, by: Literal["majority", "mean"] = "majority") -> Panel:
    """What several judges find together: what most of them say, or the mean of their scores.

    The judges are scorers that ask a model, such as `rubric` with different models; small ones of different makers
    may stand in for one large judge. `by=majority` takes the commonest score, and between equally common ones the
    middle; `by=mean` is for marks. A judge whose reply cannot be read has no vote, and the explanation says so; more
    than half of the judges must be readable, else the output is unscored as `judge unreadable`. A call that cannot be
    done makes the score an error. The answer lists what each judge said, by its spec, and under
    `order` how many verdicts changed with the order, if any did.

    After Verga et al. 2024, Replacing Judges with Juries (arXiv 2404.18796).

    Example: `panel(reference(model=openai/gpt-5-mini), reference(model=mistral/mistral-small-latest))`
    """
    if len(judges) < 2:
        raise InputError("panel: name two judges or more, such as panel(reference(model=A), reference(model=B))")
    for judge in judges:
        if not judge.uses_model:
            raise InputError(
                f"panel: {judge.spec} asks no model, and a panel is of judges; all(...) puts checks together"
            )
    return Panel(judges, by)


class Panel(Struct, frozen=True):
    """The scorer of a panel; see `panel`."""

    judges: tuple[Scorer, ...]
    by: Literal["majority", "mean"]
    uses_model: bool = True

    @property
    def needs_target(self) -> bool:
        return any(judge.needs_target for judge in self.judges)

    @property
    def calls(self) -> int:
        return sum(judge.calls for judge in self.judges)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model for judge in self.judges for model in judge.models))

    @property
    def asks_subject(self) -> bool:
        return any(judge.asks_subject for judge in self.judges)

    @property
    def embedders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model for judge in self.judges for model in judge.embedders))

    @property
    def measured(self) -> bool:
        return any(judge.measured for judge in self.judges)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for judge in self.judges for column in judge.columns))

    @property
    def extractor(self) -> Extractor | None:
        return None

    @property
    def pass_mark(self) -> float:
        return min(judge.pass_mark for judge in self.judges)

    def score(self, output: Output, example: Example) -> Score | None:  # noqa: ARG002
        return None

    @property
    def prefers(self) -> Prefers | None:
        """What the panel prefers of two outputs, where every judge says so."""
        return self._preferred if all(judge.prefers is not None for judge in self.judges) else None

    async def _preferred(self, outputs: tuple[Output, Output], example: Example, lm: Any) -> Score:
        asked = [judge.prefers(outputs, example, lm) for judge in self.judges if judge.prefers is not None]
        return self._merged(scored(await together(asked)))

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        """The score of the panel. Raises CallError where any judge's call could not be done."""
        return self._merged(await all_scores(self.judges, output, example, lm))

    def refuses_gold(self, example: Example) -> str | None:
        return next((why for judge in self.judges if (why := judge.refuses_gold(example)) is not None), None)

    def _merged(self, scores: Sequence[Score]) -> Score:
        values = [score.value for score in scores if score.value is not None]
        said = "; ".join(_said(judge, score) for judge, score in zip(self.judges, scores, strict=True))
        answer: dict[str, Any] = {
            f"{i}. {j.spec}": s.value for i, (j, s) in enumerate(zip(self.judges, scores, strict=True), 1)
        }
        if changed := sum(score.answer == "order" for score in scores):
            answer["order"] = changed
        if 2 * len(values) <= len(scores):
            reasons = {score.unscored for score in scores if score.value is None}
            reason = reasons.pop() if len(reasons) == 1 and not values else "judge unreadable"
            return Score(None, reason, f"{len(values)} of {len(scores)} judges readable: {said}", answer)
        value = _commonest(values) if self.by == "majority" else sum(values) / len(values)
        return Score(value, None, f"{len(values)} of {len(scores)} judges: {said}", answer)


def _commonest(values: Sequence[float]) -> float:
    """The commonest value; of equally common ones the middle."""
    counts = Counter(values)
    most = sorted(value for value, count in counts.items() if count == max(counts.values()))
    return (most[(len(most) - 1) // 2] + most[len(most) // 2]) / 2


def _said(judge: Scorer, score: Score) -> str:
    found = f"{score.value:g}" if score.value is not None else f"{score.unscored} ({score.explanation[:100]})"
    return f"{judge.spec}: {found}"
