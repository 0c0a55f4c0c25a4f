"""What abstaining comes to: how many questions were answered, how well those, and the rows that nothing answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from scansion.experiments.figures import EFFECTIVE, Figures, Totals, VariantInfo, under_rules
from scansion.experiments.results import Coverage, ScorerResult, Unanswered, VariantResult

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["coverage_of", "may_abstain", "unanswered_in"]

_FIRST_WORDS = 80  # characters of an input that stand for the row

_MOST = 100  # rows that are told of

_SAID = f"""
    SELECT CASE
        WHEN reason = 'abstained' THEN 2
        WHEN state = 0 OR state = 1 AND reason NOT IN ('no answer', 'truncated') THEN 1
        ELSE 0
    END FROM ({EFFECTIVE}) WHERE state != 3 ORDER BY row, trial
"""
"""Whether an outcome abstained (2), answered (1: one without a target too), or neither."""

_AGREED = f"SELECT row, count(*), sum(reason = 'abstained') FROM ({EFFECTIVE}) WHERE state IN (0, 1) GROUP BY row"


def may_abstain(run: RunRecord, totals: Totals) -> bool:
    """Whether outcomes of a variant may have abstained, as its counts tell."""
    return bool(totals.reasons.get("abstained")) or (run.plan["abstained"] == "wrong" and bool(run.plan["scorers"]))


def coverage_of(
    lab: Lab, run: RunRecord, info: VariantInfo, figures: Figures, result_of: Callable[[Figures], ScorerResult]
) -> tuple[int, Coverage | None]:
    """How many outcomes of a variant abstained, and what that comes to; None where none did.

    `figures` are those of the primary scorer, `result_of` makes a mean and its interval of such. The share is that of
    the answered among those that were answered or abstained; errors and what is cut off or unreadable are in neither.
    A run that stops when decided has no intervals here: they would have to allow for that.
    """
    import numpy as np

    found = lab.db.execute(_SAID, under_rules(run, info.index, run.context["scorer_ids"][0]))
    said = np.fromiter((number for (number,) in found), dtype=np.int8)
    abstained, answered = said == 2, said == 1
    if not abstained.any():
        return 0, None
    share = result_of(_with(figures, said > 0, answered.astype(np.float64)))
    accuracy = result_of(_with(figures, answered & (figures.state == 0), figures.value))
    fixed = not run.plan.get("until")
    return int(abstained.sum()), Coverage(
        answered=int(answered.sum()),
        scored=accuracy.scored,
        share=share.mean or 0.0,
        interval=share.interval if fixed else None,
        mean=accuracy.mean,
        mean_interval=accuracy.interval if fixed else None,
    )


def _with(figures: Figures, counted: npt.NDArray[np.bool_], values: npt.NDArray[np.float64]) -> Figures:
    """The figures of those outcomes alone that are counted."""
    import numpy as np

    return structs.replace(figures, state=np.where(counted, 0, 1).astype(figures.state.dtype), value=values)


def unanswered_in(lab: Lab, run: RunRecord, variants: Sequence[VariantResult]) -> tuple[int, list[Unanswered]]:
    """How many rows there are on which every outcome of those variants that abstain anywhere abstained, errors apart,
    and the first of them in the order of the data. What is broken in a row, such as a question that lacks something,
    shows so."""
    said: dict[int, list[int]] = {}
    for index in [index for index, variant in enumerate(variants) if variant.abstained]:
        given = under_rules(run, index, run.context["scorer_ids"][0])
        for row, outcomes, abstained in lab.db.execute(_AGREED, given):
            both = said.setdefault(row, [0, 0])
            both[0] += outcomes
            both[1] += abstained
    rows = [(row, outcomes) for row, (outcomes, abstained) in sorted(said.items()) if outcomes == abstained]
    return len(rows), [_row(lab, run, row, outcomes) for row, outcomes in rows[:_MOST]]


def _row(lab: Lab, run: RunRecord, row: int, outcomes: int) -> Unanswered:
    kept = lab.run_table.example(run.dataset or 0, row)
    if kept is None:
        return Unanswered(f"row {row + 1}", row, "", outcomes)
    example, roles = kept[0], set(run.context.get("roles", ()))
    shown = [value for name, value in example.inputs.items() if name not in roles]
    return Unanswered(example.id, row, _first_words(shown), outcomes)


def _first_words(values: Sequence[Any]) -> str:
    """The beginning of the longest text among inputs, cut between words."""
    texts = [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str) for v in values]
    whole = " ".join(max(texts, key=len, default="").split())
    if len(whole) <= _FIRST_WORDS:
        return whole
    return whole[:_FIRST_WORDS].rsplit(" ", 1)[0] + " …"
