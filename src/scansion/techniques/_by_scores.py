"""Choosing among candidates by a score of each: a scorer's, its log-probability, its back-translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scansion.errors import InputError, Unscored
from scansion.scorers import Scorer
from scansion.scorers._back_translation import back_translated, check_like, embedders_of, guesses, request_of
from scansion.scorers._together import together
from scansion.techniques._choosing import Case, Choice, Chooser, best, spread
from scansion.techniques._handles import mean_logprob, no_logprobs
from scansion.types import Example, Output, Sampling

__all__ = ["by_back_translation", "by_logprob", "by_scorer", "check_reference_free", "scored"]


def check_reference_free(name: str, scorer: Scorer) -> None:
    """Raise InputError, naming the technique, for a scorer that no part of a program may use."""
    if scorer.needs_target and scorer.prefers is not None:
        raise InputError(
            f"{name}: {scorer.spec} compares with the target, which no program may see; candidates are compared with "
            'each other by best_of(5, by=pairs, rubric="...")'
        )
    if scorer.needs_target:
        raise InputError(
            f"{name}: {scorer.spec} compares with the target, which no program may see; choose by a scorer that needs "
            'none, such as rubric("Is the reply polite?"), max_words(80) or one of your own'
        )
    if scorer.of_prompt:
        raise InputError(
            f"{name}: {scorer.spec} reads its instructions from the prompt, which a scorer in a program is not told; "
            "name a file of them with of=FILE"
        )
    if scorer.measured:
        raise InputError(
            f"{name}: {scorer.spec} looks at the time or cost of a whole outcome, which a candidate has not; choose by "
            "a scorer of the text"
        )


async def scored(scorer: Scorer, output: Output, inputs: Mapping[str, Any], lm: Any) -> float:
    """What a scorer gives to an output, of which it is told the inputs and no target. Raises Unscored for no score."""
    score = await scorer(output, Example(id="", inputs=dict(inputs)), lm)
    if score.value is None:
        raise Unscored(score.unscored or "no answer", score.explanation)
    return score.value


def by_scorer(n: int, scorer: Scorer, model: str | None) -> Chooser:
    """A judge is asked once about each text, by the handle of `model` where one is given."""
    check_reference_free("best_of", scorer)
    if model is not None and not scorer.uses_model:
        raise InputError(f"best_of: model= names a judge, and {scorer.spec} asks none; leave model out")

    async def choose(case: Case, lm: Any) -> Choice:
        judge = lm.using(model) if model is not None else lm
        groups = case.distinct if scorer.uses_model else [[number] for number in case.outputs]
        return await _rated(groups, lambda number: scored(scorer, case.outputs[number], case.inputs, judge))

    models = scorer.models if model is None else (*scorer.models, model)
    return Chooser(choose, calls=n * scorer.calls, models=models, variables=scorer.columns, embedders=scorer.embedders)


def by_logprob() -> Chooser:
    """No further call."""

    async def choose(case: Case, _lm: Any) -> Choice:
        means = {number: mean_logprob(output) for number, output in case.outputs.items()}
        return best({number: no_logprobs() if mean is None else mean for number, mean in means.items()})

    return Chooser(choose, asks=Sampling(logprobs=0))


def by_back_translation(n: int, like: str, model: str | None) -> Chooser:
    """One guess at the request for each text, and what comparing it with the real one takes."""
    check_like(like, "best_of")

    async def choose(case: Case, lm: Any) -> Choice:
        judge = lm.using(model) if model is not None else lm

        async def rate(number: int) -> float:
            output = case.outputs[number]
            return (await back_translated(output, request_of(output) or case.asked, judge, like)).value

        return await _rated(case.distinct, rate)

    models = () if model is None else (model,)
    return Chooser(choose, calls=n * guesses(like), models=models, embedders=embedders_of(like))


async def _rated(groups: list[list[int]], rate: Any) -> Choice:
    """The best by `rate(number)`, asked about the first of each group side by side."""
    return best(spread(groups, await together([rate(numbers[0]) for numbers in groups])))
