"""The outcomes of another tool's run as the figures that verdicts are made from, and as a variant's document."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.compare import counts_as
from scansion.experiments.figures import Figures
from scansion.experiments.results import ScorerResult, VariantResult, known_sum
from scansion.experiments.store.runs import group_label
from scansion.experiments.summary import Rules, figures_result, scorer_result
from scansion.interop.foreign_scores import Marker
from scansion.types import Score, canonical

if TYPE_CHECKING:
    from scansion.interop.foreign import ForeignOutcome, ForeignRun, ForeignVariant

__all__ = ["RowNumbers", "VariantFigures"]

SCORED, UNSCORED, ERROR = 0, 1, 2


class RowNumbers:
    """The numbers of examples, by their ids."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, id: str) -> int:
        """The number of an example, a new one for a new id."""
        return self.numbers.setdefault(id, len(self.numbers))


class VariantFigures:
    """A variant's outcomes as figures and counts."""

    def __init__(self, run: ForeignRun, variant: ForeignVariant, mark: Marker, rows: RowNumbers, lenient: bool) -> None:
        self.run, self.variant, self.mark, self.lenient = run, variant, mark, lenient
        placed = [(rows.number(o.example.id), o.trial, o) for o in variant.outcomes]
        placed.sort(key=lambda each: each[:2])
        for one, two in pairwise(placed):
            if one[:2] == two[:2]:
                raise InputError(f"{run.label}: {variant.name} has two outcomes for the example {two[2].example.id!r}")
        self.outcomes = [outcome for _, _, outcome in placed]
        self._places = [each[:2] for each in placed]
        self.reasons: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.said: dict[str, str] = {}
        self.figures = self._figures([self._state(each) for each in self.outcomes])

    def _state(self, outcome: ForeignOutcome) -> tuple[int, float]:
        if outcome.error:
            self.kinds[outcome.error] += 1
            self.said.setdefault(outcome.error, outcome.message)
            return ERROR, 0.0
        score = self.mark.score(self.run, outcome)
        state, value = counts_as(score, lenient=self.lenient)
        if state == UNSCORED:
            self.reasons[score.unscored or "no score"] += 1
        return state, value

    def _figures(self, states: list[tuple[int, float]]) -> Figures:
        import numpy as np

        examples = [outcome.example for outcome in self.outcomes]
        groups = np.array([group_label(e.group) for e in examples], dtype=np.int64)
        weights = np.array([e.weight for e in examples])
        return Figures(
            row=np.array([row for row, _ in self._places], dtype=np.int64),
            trial=np.array([trial for _, trial in self._places], dtype=np.int64),
            state=np.array([state for state, _ in states], dtype=np.int64),
            value=np.array([value for _, value in states], dtype=np.float64),
            request=np.array([_label(outcome) for outcome in self.outcomes], dtype=np.int64),
            group=groups if groups.any() else None,
            weight=weights if len(set(weights.tolist())) > 1 else None,
        )

    def other(self, name: str, rules: Rules) -> ScorerResult:
        """The figures of another score in the file."""
        scores = (o.scores.get(name) or Score(None, "no score") for o in self.outcomes)
        counted = [counts_as(score, lenient=self.lenient) for score in scores]
        states = [(ERROR, 0.0) if o.error else each for o, each in zip(self.outcomes, counted, strict=True)]
        return scorer_result(self._figures(states), rules)

    def cost(self) -> float | None:
        """What the outcomes cost in USD, None where that is not known of one."""
        return known_sum(outcome.cost_usd for outcome in self.outcomes)

    def example_cost(self) -> float | None:
        """What one example costs on average in USD, all trials of it."""
        total = self.cost()
        return total / len({o.example.id for o in self.outcomes}) if total is not None and self.outcomes else None

    def result(self, name: str, rules: Rules) -> VariantResult:
        """The variant's document."""
        from scansion.stats.quantiles import p50_p95

        base = figures_result(name, self.figures, rules)
        ids = {outcome.example.id for outcome in self.outcomes}
        trials = max(1 + max((outcome.trial for outcome in self.outcomes), default=0), self.variant.trials or 1)
        planned = max(self.variant.planned or 0, len(self.outcomes))
        usages = [outcome.usage for outcome in self.outcomes if outcome.usage is not None]
        times = [outcome.latency for outcome in self.outcomes if outcome.latency and not outcome.error]
        middle, high = p50_p95(_array(times))
        primary = scorer_result(self.figures, rules)
        return structs.replace(
            base,
            prompt=self.variant.prompt,
            technique=self.variant.technique,
            model=self.variant.model,
            n=max(len(ids), -(-planned // trials)),
            trials=trials,
            unreached=planned - len(self.outcomes),
            scores={self.mark.name: primary, **{each: self.other(each, rules) for each in self.mark.others}},
            calls=sum(outcome.calls for outcome in self.outcomes),
            input_tokens=sum(u.input_tokens for u in usages),
            output_tokens=sum(u.output_tokens for u in usages),
            reasoning_tokens=sum(u.reasoning_tokens for u in usages),
            cost_usd=self.cost(),
            latency_p50=middle,
            latency_p95=high,
            seconds=sum(outcome.latency for outcome in self.outcomes),
            unscored_reasons=dict(self.reasons),
            error_kinds=dict(self.kinds),
            error_examples=self.said,
            served_models=tuple(sorted({o.served for o in self.outcomes if o.served})),
        )


def _array(values: list[float]) -> Any:
    import numpy as np

    return np.array(values, dtype=np.float32)


def _label(outcome: ForeignOutcome) -> int:
    """The number that stands for what was asked; 0 where that is not known."""
    if outcome.asked:
        return group_label(outcome.asked)
    inputs = outcome.example.inputs
    return group_label(canonical(inputs).decode()) if inputs else 0
