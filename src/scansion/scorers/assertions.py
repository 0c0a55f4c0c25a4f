"""The row's own assertions: what each row demands of its output."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.scorers._assertions import ASKED, SET, Found, base_type, check, figure, leaves
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._check import value_of
from scansion.scorers._graders import rubric, similar
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["assertions"]

_COLUMN = Column("assert")
_MARGIN = 1e-9  # a weighted mean that should meet its threshold may miss it by rounding


@scorer("assertions", "promptfoo")
def assertions(
    column: Column = _COLUMN,
    judge: str | None = None,
    embedder: str = "openai/text-embedding-3-large",
    give: Literal["pass", "score"] = "pass",
    metric: str | None = None,
) -> RowAssertions:
    """1 if the output meets every assertion in the row's own column, else 0.

    The column holds a list of assertions as promptfoo writes them: `{"type": "contains", "value": "Paris"}`. Types are
    equals, contains, contains-all, contains-any, each also with `i` in front for any case, starts-with, regex, is-json
    and contains-json (the value is a JSON Schema), llm-rubric, similar, latency (`threshold` in ms), cost (in USD),
    levenshtein, word-count and finish-reason, each with `not-` in front for its opposite, and assert-set, which holds
    a list of its own. A `left-out` stands for what an import could not carry over: the row is unscored (`assertion left
    out`) unless another one fails it. A `weight` of 0 takes part in nothing, and where all are 0 the row passes with a
    score of 0. With a `threshold`, a set passes if the weighted mean of its scores reaches it. `give=score` gives that
    mean in place of the pass; `metric` looks only at assertions that name this metric. A `judge` grades rubrics (by
    default the model under test), `embedder` says what is similar.

    Source: promptfoo, assertions and metrics (https://www.promptfoo.dev/docs/configuration/expected-outputs/).

    Example: `assertions(judge=openai/gpt-5-mini)`
    """
    return RowAssertions(column, judge, embedder, give, metric)


class RowAssertions(Struct, frozen=True):
    """The assertions in a column; see `assertions`."""

    column: Column
    judge: str | None
    embedder: str
    give: Literal["pass", "score"]
    metric: str | None
    needs_target: bool = False
    extractor: Extractor | None = None
    pass_mark: float = 1.0
    measured: bool = True

    @property
    def uses_model(self) -> bool:
        return True  # a row may name a judge; `score` gives the score of one that asks nothing

    @property
    def models(self) -> tuple[str, ...]:
        return (self.judge,) if self.judge is not None else ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column.name,)

    def score(self, output: Output, example: Example) -> Score | None:
        """The score, None where a model has to be asked."""
        listed = self._listed(example)
        if any(_type(leaf) in ASKED for leaf in leaves(listed)):
            return None
        return self._merged(listed, [_tried(output, leaf) for leaf in leaves(listed)])

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:
        """The score, with the judge's and the embedder's part in it."""
        listed = self._listed(example)
        asked = (self._graded(output, leaf, lm) for leaf in leaves(listed))
        found = await asyncio.gather(*asked, return_exceptions=True)  # so that no call that was paid for is dropped
        results: list[Found | Unscored] = []
        for one in found:
            if isinstance(one, BaseException) and not isinstance(one, Unscored):
                raise one
            results.append(one)
        return self._merged(listed, results)

    def refuses_gold(self, example: Example) -> str | None:  # noqa: ARG002
        return None

    def _listed(self, example: Example) -> list[Mapping[str, Any]]:
        listed = value_of(self.column, example) or []
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            raise InputError(f"row {example.row + 1}: ${self.column.name} must hold a list of assertions")
        return listed

    async def _graded(self, output: Output, leaf: Mapping[str, Any], lm: Any) -> Found | Unscored:
        type, inverse = base_type(_type(leaf, plain=False))
        if type not in ASKED:
            return _tried(output, leaf)
        chosen = leaf.get("provider") or (self.embedder if type == "similar" else self.judge)
        handle = lm.using(str(chosen)) if chosen else lm
        found = await (similar if type == "similar" else rubric)(output.text, leaf, handle)
        return Found(not found.passed, 1 - found.score, found.reason) if inverse else found

    def _merged(self, listed: Sequence[Mapping[str, Any]], results: Sequence[Found | Unscored]) -> Score:
        """One score of the row's results, which stand in the order of its leaves."""
        if not listed:
            return Score(None, "no target", "the row has no assertions")
        seen: list[tuple[Mapping[str, Any], Found | Unscored]] = []
        left = iter(results)
        total = _total([_result(one, left, seen) for one in listed], listed, None)
        if self.metric is not None:
            named = [(one, found) for one, found in seen if one.get("metric") == self.metric]
            if not named:
                return Score(None, "skipped", f"no assertion of this row names the metric {self.metric}")
            total = _total([found for _, found in named], [one for one, _ in named], None)
        mean = self.give == "score" or self.metric is not None
        parts = named if self.metric is not None else seen
        unknown = next((found for _, found in parts if isinstance(found, Unscored)), None) if mean else None
        if unknown is not None or isinstance(total, Unscored):
            why = unknown or total
            return Score(None, why.reason, str(why))
        return Score(total.score if mean else float(total.passed), explanation=total.reason)


def _type(leaf: Mapping[str, Any], plain: bool = True) -> str:
    type = str(leaf.get("type", ""))
    return base_type(type)[0] if plain else type


def _tried(output: Output, leaf: Mapping[str, Any]) -> Found | Unscored:
    try:
        return check(output, leaf)
    except Unscored as error:
        return error


def _result(
    one: Mapping[str, Any], left: Iterator[Found | Unscored], seen: list[tuple[Mapping[str, Any], Found | Unscored]]
) -> Found | Unscored:
    """The result of an assertion, or of a set from those of its parts; all are noted in `seen`."""
    if one.get("type") == SET:
        parts = one.get("assert") or []
        found = _total([_result(part, left, seen) for part in parts], parts, figure(one, "threshold"))
    else:
        found = next(left)
    seen.append((one, found))
    return found


def _total(
    results: Sequence[Found | Unscored], listed: Sequence[Mapping[str, Any]], threshold: float | None
) -> Found | Unscored:
    """Results taken together: all must pass, or the weighted mean of the scores must reach `threshold`."""
    weights = [_weight(one) for one in listed]
    counted = [(found, weight) for found, weight in zip(results, weights, strict=True) if weight > 0]
    unknown = next((found for found, _ in counted if isinstance(found, Unscored)), None)
    known = [(found, weight) for found, weight in counted if isinstance(found, Found)]
    failed = next((found for found, _ in known if not found.passed), None)
    if unknown is not None and (failed is None or threshold is not None):
        return unknown
    weight = sum(w for _, w in known)
    score = sum(found.score * w for found, w in known) / weight if weight else 0.0
    if threshold is not None:
        held = score >= threshold - _MARGIN
        return Found(held, score, "" if held else f"score {score:.2f} is below {threshold:g}")
    why = "; ".join(found.reason for found, _ in known if not found.passed)
    return Found(failed is None, score, why[:500])


def _weight(one: Mapping[str, Any]) -> float:
    weight = figure(one, "weight")
    return 1.0 if weight is None else weight
