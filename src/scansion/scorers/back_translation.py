"""Whether an output tells what was asked for."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError
from scansion.models.registry import parse_model
from scansion.scorers._back_translation import back_translated, check_like, embedders_of, guesses, request_of
from scansion.scorers._base import scorer
from scansion.scorers._check import columns_of, value_of
from scansion.scorers._function import Asked
from scansion.scorers._judging import listed_inputs
from scansion.scorers._likeness import NGRAMS
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["back_translation"]

_LONGEST = 300  # characters of a guess that are kept


@scorer("back_translation", "backtranslation")
def back_translation(
    model: str | None = None,
    like: str = NGRAMS,
    asked: Column | None = None,
    threshold: float = 0.5,
) -> Asked:
    """How like the request that a model guesses from the output alone is to the real one, from 0 to 1. Needs no target.

    `model` (by default the one under test) is shown the output and asked which request it answers: an output that
    drifts off, answers another question or refuses leads to another request. The real one is the last user turn, or the
    column `asked=$question`, which is better where the prompt says much besides. `like` compares the two: `ngrams`, by
    their words (no further call); `judge`, the same model is asked (a call more); or an embedding model such as
    `openai/text-embedding-3-small`. Below `threshold` the output counts as wrong. The guess stands in the explanation;
    an output without text is unscored as `no answer`, a reply without a guess as `judge unreadable`.

    The guess is that of Wang et al. 2024, Defending LLMs against Jailbreaking Attacks via Backtranslation (arXiv
    2402.16459); holding it against the real request is ours.

    Example: `back_translation(model=openai/gpt-5-mini, like=judge, asked=$question)`
    """
    if not 0 < threshold <= 1:
        raise InputError(f"back_translation: threshold={threshold:g} must be above 0 and at most 1, such as 0.5")
    check_like(like, "back_translation")
    if model is not None:
        parse_model(model)

    async def rate(output: Output, example: Example, lm: Any) -> Score:
        request = _asked(asked, output, example, lm)
        if not request.strip():
            return Score(None, "skipped", "the request is not known; name its column, as in asked=$question")
        found = await back_translated(output, request, lm.using(model) if model is not None else lm, like)
        return Score(found.value, None, f"guessed: {' '.join(found.guess.split())[:_LONGEST]}")

    return Asked(
        rate,
        columns=columns_of(asked),
        pass_mark=threshold,
        models=(model,) if model is not None else (),
        calls=guesses(like),
        embedders=embedders_of(like),
    )


def _asked(column: Column | None, output: Output, example: Example, lm: Any) -> str:
    if column is not None:
        return as_text(value_of(column, example) or "")
    return request_of(output) or listed_inputs(example, lm)
