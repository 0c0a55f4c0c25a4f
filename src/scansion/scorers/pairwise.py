"""A judge model prefers the output, or another text, in both orders."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers._base import Extractor, Prefers, scorer
from scansion.scorers._check import TARGET, columns_of, value_of
from scansion.scorers._judge_prompt import JudgePrompt, read_judge_prompt
from scansion.scorers._judged import asked_with, by_labels, judge_model
from scansion.scorers._judging import question_of
from scansion.scorers._pairs import FLIPPED, Preferred, compare, in_orders, points
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Example, Output, Score, digest, hexdigest

__all__ = ["Pairwise", "pairwise"]

_NAMES: dict[Preferred, str] = {"a": "output", "b": "other", "tie": "tie"}
_SIDES: tuple[Preferred, Preferred, Preferred] = ("a", "b", "tie")


@scorer("pairwise", "preference")
def pairwise(
    against: Column | Literal["target"] = "target",
    model: str | None = None,
    criteria: str = "",
    orders: Literal["both", "one"] = "both",
    prompt: str | None = None,
    verdicts: list[str] | None = None,
    by: Extractor | None = None,
) -> Pairwise:
    """1 if a judge prefers the output to another text, 0 if it prefers that, 0.5 for a tie.

    The other text stands in a column (`against=$old_reply`) or is the target; an output is wrong where that is
    preferred. The judge `model` (by default that of the variant itself) is asked twice, with each text in the first
    place once. A verdict that changes with the order is a tie, and its answer is `order`: so many of these, so much
    does the judge go by the place. The other answers are `output`, `other` and `tie`. `orders=one` asks once, with a
    place drawn by the texts. If either reply has no readable verdict, the output is unscored as `judge unreadable`.

    `criteria` say what is better. A `prompt` file of one's own shows `{{ a }}` and `{{ b }}`, and where it likes
    `{{ asked }}`, `{{ criteria }}`, `{{ inputs }}` and columns by their names. `verdicts` are the words that it asks
    for: first, second, and where there may be one, a tie (without it `[A, B, tie]`); `by` reads them in a way of your
    own. `scansion rate RUN --judge "pairwise(model=...)"` sets the variants of a run against each other.

    After Zheng et al. 2023, Judging LLM-as-a-Judge (arXiv 2306.05685), section 3.4, and Wang et al. 2023 (arXiv
    2305.17926), on the bias of positions.

    Example: `pairwise($old_reply, model=openai/gpt-5-mini, criteria="Which one is kinder?")`
    """
    own = _own_prompt(prompt, verdicts, by)
    models = judge_model(model, own)
    return Pairwise(
        against=TARGET if against == "target" else against,
        models=models,
        criteria=criteria,
        twice=orders == "both",
        prompt=own,
        source=hexdigest(own.prompt.version, models) if own is not None else "",
    )


def _own_prompt(prompt: str | None, verdicts: list[str] | None, by: Extractor | None) -> JudgePrompt | None:
    if prompt is None:
        if verdicts is not None or by is not None:
            raise InputError("pairwise: verdicts and by are for a prompt file of your own; name it with prompt=FILE")
        return None
    words = verdicts or ["A", "B", "tie"]
    if not 2 <= len(words) <= 3:
        raise InputError(f"pairwise: verdicts={words} must be two or three words: the first, the second, a tie")
    said = by_labels(words, by)
    return read_judge_prompt(prompt, ("a", "b"), lambda text: _SIDES[words.index(said(text))])


class Pairwise(Struct, frozen=True):
    """The scorer of preferences; see `pairwise`."""

    against: Any
    models: tuple[str, ...]
    criteria: str
    twice: bool
    prompt: JudgePrompt | None
    source: str = ""
    uses_model: bool = True
    extractor: Extractor | None = None
    pass_mark: float = 0.5

    @property
    def needs_target(self) -> bool:
        return self.against is TARGET or (self.prompt is not None and self.prompt.needs_target)

    @property
    def calls(self) -> int:
        return 2 if self.twice else 1

    @property
    def columns(self) -> tuple[str, ...]:
        shown = self.prompt.columns(("a", "b", "criteria")) if self.prompt is not None else ()
        return (*columns_of(self.against), *shown)

    def score(self, output: Output, example: Example) -> Score | None:  # noqa: ARG002
        """None, but for a row that has nothing to compare with."""
        other = value_of(self.against, example)
        return Score(None, "no target", "there is no text to compare with") if other in (None, "", []) else None

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        """What the judge prefers. Raises Unscored (`judge unreadable`) and CallError."""
        other = value_of(self.against, example)
        text = as_text(other[0] if isinstance(other, list) else other)
        return await self._preferred((output, Output(text)), example, lm)

    @property
    def prefers(self) -> Prefers | None:
        """The score of the first of two outputs against the second; None where a column is named to compare with."""
        return self._preferred if self.against is TARGET else None

    async def _preferred(self, outputs: tuple[Output, Output], example: Example, lm: Any) -> Score:
        one, other = outputs
        if one.text == other.text:
            return Score(0.5, None, "the two texts are equal", "tie")
        asked, judge = question_of(one, example, lm), asked_with(lm, self.models)
        prompt = self.prompt.about(one, example, _given(one, other), lm) if self.prompt is not None else None
        if self.twice:
            said = await in_orders(asked, one.text, other.text, judge, self.criteria, prompt)
            return _of_both(said)
        drawn = _first_by_lot(one.text, other.text)
        first, second = (one.text, other.text) if drawn else (other.text, one.text)
        seen = await compare(asked, first, second, judge, self.criteria, prompt)
        found = seen if drawn else FLIPPED[seen]
        return Score(points((found, found)), None, "asked in one order", _NAMES[found])

    def refuses_gold(self, example: Example) -> str | None:  # noqa: ARG002
        return None


def _given(one: Output, other: Output) -> dict[str, Any]:
    """The texts of a pair, for a prompt that shows them; each order puts its own over them."""
    return {"a": one.text, "b": other.text, "criteria": ""}


def _first_by_lot(one: str, other: str) -> bool:
    """Whether `one` is shown first: a coin that the texts themselves toss, the other way round for the swapped pair."""
    low, high = sorted((one, other))
    return (digest(low, high)[0] % 2 == 0) == (one == low)


def _of_both(said: tuple[Preferred, Preferred]) -> Score:
    if said[0] == said[1]:
        return Score(points(said), None, "the same in both orders", _NAMES[said[0]])
    place = {("a", "b"): "the first place both times", ("b", "a"): "the second place both times"}.get(said)
    why = place or f"{_NAMES[said[0]]} in one order, {_NAMES[said[1]]} in the other"
    return Score(points(said), None, why, "order")
