"""The tools that an output calls, against those that are wanted."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from scansion.scorers._base import Extractor, scorer
from scansion.scorers._check import TARGET, columns_of, value_of
from scansion.scorers._tool_calls import Arguments, Made, calls_made, calls_wanted, differences, matched
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["ToolCalls", "tool_calls"]

_LONGEST = 500  # characters of an explanation


class ToolCalls(Struct, frozen=True):
    """The scorer: what is wanted, and how calls are matched."""

    wanted: Any
    arguments: Arguments
    ordered: bool
    extra: bool
    partial: bool
    pass_mark: float = 1.0
    uses_model: bool = False
    extractor: Extractor | None = None

    @property
    def needs_target(self) -> bool:
        return self.wanted is TARGET

    @property
    def columns(self) -> tuple[str, ...]:
        return columns_of(self.wanted)

    def score(self, output: Output, example: Example) -> Score:
        """Never unscored for what the model wrote: a call that cannot be read is a wrong one."""
        value = value_of(self.wanted, example)
        if value is None or (isinstance(value, str) and not value.strip()):
            return Score(None, "no target")
        wanted = calls_wanted(value)
        if isinstance(wanted, str):
            return Score(None, "gold refused", wanted)
        made = calls_made(output)
        pairs = matched(wanted, made, self.arguments, ordered=self.ordered)
        said = "; ".join(differences(wanted, made, pairs, extra=not self.extra)) if made else _none_made(wanted)
        answer = [{"name": call.name, "arguments": call.arguments} for call in made]
        return Score(self._value(len(pairs), len(wanted), len(made)), None, said[:_LONGEST], answer)

    def _value(self, pairs: int, wanted: int, made: int) -> float:
        whole = wanted if self.extra else max(wanted, made)
        return float(pairs == whole) if not self.partial or not whole else pairs / whole

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return self.score(output, example)

    def refuses_gold(self, example: Example) -> str | None:
        """Why a target is none, if it is none."""
        value = value_of(self.wanted, example)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        found = calls_wanted(value)
        return found if isinstance(found, str) else None


def _none_made(wanted: list[Made]) -> str:
    return "no call; wanted: " + "; ".join(call.text for call in wanted) if wanted else ""


@scorer("tool_calls", "tool_call", "function_calls")
def tool_calls(
    target: Column | None = None,
    arguments: Literal["exact", "subset", "names"] = "exact",
    order: Literal["any", "same"] = "any",
    extra: Literal["wrong", "allowed"] = "wrong",
    partial: bool = False,
) -> ToolCalls:
    """1 if the output calls the wanted tools with the wanted arguments, else 0; the explanation says what differs.

    The target (or the column `target=$calls`) is a list of `{"name": "get_weather", "arguments": {"city": "Paris"}}`,
    one such object, or either as JSON text; `[]` where no tool is to be called. The calls are those of the last
    message; from a model without tools they are read from its text as JSON, also in `<tool_call>` tags.

    `arguments=exact` wants the same arguments by value (5 is 5.0, keys have no order, "5" is not 5), `subset` allows
    more than the wanted ones, `names` looks at names alone. Calls may come in any order unless `order=same`; `extra`
    ones are wrong unless allowed. With `partial` the score is the share of calls that are right: of the wanted ones, or
    of those made where they are more. No call where one is wanted is wrong, and so are arguments that are not JSON; a
    target that names no calls is refused before the run.

    Comparing calls by structure, not as text, follows the AST matching of Patil et al. 2023, Gorilla (arXiv
    2305.15334).

    Example: `tool_calls(arguments=subset, partial=true)`
    """
    return ToolCalls(
        wanted=TARGET if target is None else target,
        arguments=arguments,
        ordered=order == "same",
        extra=extra == "allowed",
        partial=partial,
    )
