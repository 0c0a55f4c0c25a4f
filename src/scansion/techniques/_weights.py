"""What each vote weighs: as much as the model found its reply likely, as it is long, or as a scorer says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError, ProgramError, Unscored
from scansion.scorers import Scorer
from scansion.scorers._together import together
from scansion.techniques._by_scores import check_reference_free, scored
from scansion.techniques._choosing import alike, spread
from scansion.techniques._handles import mean_logprob, no_logprobs, sum_logprob
from scansion.types import Output, Sampling

__all__ = ["Cost", "Weight", "check_weight", "weigh", "weighing"]

Weight = Literal["logprob", "total_logprob", "length"]


class Cost(Struct, frozen=True):
    """What weighing takes: so many `calls` a vote, and `models`, `embedders`, `variables` and `asks` as a Wrap has."""

    calls: int = 0
    models: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    asks: Sampling = Sampling()
    embedders: tuple[str, ...] = ()


def weighing(weight: Weight | Scorer | None) -> Cost:
    """What votes take to be weighed so."""
    if isinstance(weight, Scorer):
        return Cost(weight.calls, weight.models, weight.columns, embedders=weight.embedders)
    return Cost(asks=Sampling(logprobs=0)) if weight in ("logprob", "total_logprob") else Cost()


def check_weight(weight: Weight | Scorer | None, *, stops: bool) -> None:
    """Raise InputError for a weight that a vote cannot use."""
    if weight is None:
        return
    if stops:
        raise InputError(
            "vote: weight= and stop= do not go together: a rule to stop counts votes; leave one of them out"
        )
    if isinstance(weight, Scorer):
        check_reference_free("vote", weight)


async def weigh(
    outputs: Sequence[Output], weight: Weight | Scorer, inputs: Mapping[str, Any], lm: Any
) -> list[float | Unscored]:
    """The weight of each output, or why it has none. Texts that are equal are shown to a judge once.

    Raises ProgramError for a scorer that gives a negative weight, and CallError.
    """
    if not isinstance(weight, Scorer):
        return _weights(outputs, weight)
    groups = alike(dict(enumerate(outputs))) if weight.uses_model else [[number] for number in range(len(outputs))]
    found = await together([_checked(weight, outputs[numbers[0]], inputs, lm) for numbers in groups])
    return list(spread(groups, found).values())


async def _checked(scorer: Scorer, output: Output, inputs: Mapping[str, Any], lm: Any) -> float:
    value = await scored(scorer, output, inputs, lm)
    if value < 0:
        raise ProgramError(f"vote: {scorer.spec} gave {value:g}, and a vote cannot weigh less than 0")
    return value


def _weights(outputs: Sequence[Output], weight: Weight) -> list[float | Unscored]:
    if weight == "length":
        return [float(len(output.text.split())) for output in outputs]
    said = [(mean_logprob if weight == "logprob" else sum_logprob)(output) for output in outputs]
    most = max((one for one in said if one is not None), default=0.0)  # weights are relative, and exp(-1000) is 0
    return [no_logprobs() if one is None else math.exp(one - most) for one in said]
