"""The usual scorer: an answer is read from the output and compared with what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.scorers._base import Extractor
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["NOTHING", "TARGET", "Check", "cell_of", "columns_of", "value_of"]

Finding = bool | float | Score


class _Wanted(Struct, frozen=True):
    what: str


TARGET = _Wanted("the target")
"""The wanted value is the example's target."""

NOTHING = _Wanted("nothing")
"""The check needs nothing but the answer."""


def _same(target: Any) -> Any:
    return target


class Check(Struct, frozen=True):
    """`compare(answer, wanted)` gives a bool, a number (higher is better) or a Score.

    The answer is what `by` reads from the text. Without `by` it is the answer that the program set, unless another
    extractor than `usual` read that (`data["extractor"]`, see `vote`), else what `usual` reads; with neither it is the
    whole text. `wanted` is TARGET, NOTHING, a Column, a list of such, or a value; where
    it turns out as a list, any of its members may match, unless `each` is False: then `compare` gets the list.

    `compare` raises Unscored: with reason `gold refused` for a wanted value that it cannot use, with `no answer` for
    such an answer. With `beside`, a column, it is also given that column's value, as `beside=`. `gold` makes from a
    target the answer that a perfect program would give, None where that cannot be told.
    """

    compare: Callable[..., Finding]
    by: Extractor | None = None
    usual: Extractor | None = None
    wanted: Any = TARGET
    each: bool = True
    beside: Column | None = None
    gold: Callable[[Any], Any] | None = _same
    pass_mark: float = 1.0

    @property
    def needs_target(self) -> bool:
        return self.wanted is TARGET

    @property
    def uses_model(self) -> bool:
        return False

    @property
    def extractor(self) -> Extractor | None:
        return self.by or self.usual

    @property
    def columns(self) -> tuple[str, ...]:
        return columns_of((self.wanted, self.beside))

    def score(self, output: Output, example: Example) -> Score:
        wanted = value_of(self.wanted, example)
        if wanted is None or wanted == []:
            return Score(None, "no target")
        answer, shown = self.answer(output)
        if answer is None:
            return Score(None, "no answer")
        try:
            return _shown(self._found(answer, wanted, example), answer if shown else None)
        except Unscored as error:
            return Score(None, error.reason, str(error), answer)

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return self.score(output, example)

    def refuses_gold(self, example: Example) -> str | None:
        wanted = value_of(self.wanted, example)
        if self.gold is None or self.wanted is NOTHING or wanted is None or wanted == []:
            return None
        compare = self._comparison(example)
        wanteds = wanted if self.each and isinstance(wanted, list) else [wanted]
        refusals = [self._refusal(self.gold(one), one, compare) for one in wanteds]
        return None if None in refusals else refusals[0]

    def _comparison(self, example: Example) -> Callable[[Any, Any], Finding]:
        return self.compare if self.beside is None else partial(self.compare, beside=value_of(self.beside, example))

    def _refusal(self, gold: Any, wanted: Any, compare: Callable[[Any, Any], Finding]) -> str | None:
        try:
            score = _shown(compare(gold, wanted), None)
        except Unscored as error:
            return str(error)
        if score.value is not None and score.value >= self.pass_mark:
            return None
        return f"it does not match itself ({score.explanation or 'scored ' + str(score.value)})"

    def answer(self, output: Output) -> tuple[Any, bool]:
        """The answer, and whether it says more than the output's text does."""
        if self.by is not None:
            return self.by(output.text), True
        if self.usual is None:
            return output.text, False
        if output.answer is not None and output.data.get("extractor") in (None, self.usual.identity):
            return output.answer, True
        return self.usual(output.text), self.usual.spec.partition("(")[0] != "text"

    def _found(self, answer: Any, wanted: Any, example: Example) -> Finding:
        compare = self._comparison(example)
        if not (self.each and isinstance(wanted, list)):
            return compare(answer, wanted)
        best: Finding | None = None
        refusal: Unscored | None = None
        for one in wanted:
            try:
                found = compare(answer, one)
            except Unscored as error:
                refusal = error
                continue
            best = found if best is None or _value(found) > _value(best) else best
        if best is None:
            raise refusal or Unscored("no target")
        return best


def _value(found: Finding) -> float:
    value = found.value if isinstance(found, Score) else found
    return float("-inf") if value is None else float(value)


def _shown(found: Finding, answer: Any) -> Score:
    if isinstance(found, Score):
        return found if answer is None else Score(found.value, found.unscored, found.explanation, answer)
    return Score(float(found), answer=answer)


def columns_of(wanted: Any) -> tuple[str, ...]:
    """The names of the columns that a wanted value refers to."""
    if isinstance(wanted, Column):
        return (wanted.name,)
    return tuple(c for w in wanted for c in columns_of(w)) if isinstance(wanted, list | tuple) else ()


def value_of(wanted: Any, example: Example) -> Any:
    """What is wanted of this example, columns looked up and lists flattened. Raises InputError for a missing column."""
    if wanted is TARGET:
        return list(example.target) if isinstance(example.target, tuple) else example.target
    if isinstance(wanted, Column):
        return cell_of(wanted.name, example)
    if isinstance(wanted, list | tuple):
        return list(_flat(wanted, example))
    return wanted


def _flat(wanted: Any, example: Example) -> Iterator[Any]:
    for one in wanted:
        value = value_of(one, example)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value


def cell_of(name: str, example: Example) -> Any:
    """The value in a column, whose name may differ in case, spaces and underscores. Raises InputError for none."""
    if name in example.inputs:
        return example.inputs[name]
    from scansion.data.columns import normal

    alike = [column for column in example.inputs if normal(column) == normal(name)]
    if len(alike) == 1:
        return example.inputs[alike[0]]
    raise InputError(f"column ${name} is not in row {example.row + 1}; it has " + ", ".join(map(str, example.inputs)))
