"""Map and reduce: a long input in parts, one program for each part, another for what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError, ProgramError
from scansion.prompts import Prompt
from scansion.specs import Column
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._branches import Branch, check_most, needed, side_by_side
from scansion.techniques._chunks import by_paragraphs, by_words, grouped
from scansion.techniques._function_steps import FunctionStep
from scansion.techniques._said import entries, finished, with_text
from scansion.techniques._steps import Step, inputs_of, shared
from scansion.types import Output

__all__ = ["map_reduce"]


@technique("map_reduce", "divide_and_conquer")
def map_reduce(
    map: Step,
    reduce: Step,
    over: Column,
    chunk: Literal["words", "paragraphs"] = "words",
    size: int = 400,
    overlap: int = 0,
    most: int = 16,
) -> Wrap:
    """Parts the text in the column `over`, runs `map` on each part, side by side, and `reduce` on what they say.

    `map` sees the inputs of the row with a part in the place of the text, and its number as `part` (from 1) of `parts`.
    `reduce` sees the inputs of the row and, as `previous`, the texts of the parts in their order, a blank line between.
    Where these have more than `size` words together, neighbours are reduced first, two at least, and the results again,
    until one is left. Parts have at most `size` words (of Chinese, Japanese, Thai and the like: signs);
    `chunk=paragraphs` keeps paragraphs whole where they fit, `overlap` words stand in two neighbours. A text of more
    than `most` parts makes the outcome an error. Steps are what they are in `chain`; for the wrapped program as `map`
    write `as-is`. One that does not read the column is refused.

    `data` holds `parts`, their number, and `steps`, what was said of each part and in each reduction. Calls: at most
    those of `map` for `most` parts, and of `reduce` for one less.

    Follows Wu et al. 2021, Recursively Summarizing Books with Human Feedback (arXiv 2109.10862), in the recursion.

    Example: `map_reduce(as-is, prompts/merge.prompty, $text, size=300, most=8)`
    """
    cut = _Cut(over.name, chunk, size, overlap, most)
    cut.check()

    def wrap(program: Program, context: Context) -> Program:
        mapper, reducer = map.bind(program, context), reduce.bind(program, context)
        names = _places(over.name, context.mapping)
        _check_read(names, map, program)

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            parts = cut.parts(inputs)
            branches: list[Branch] = [
                partial(mapper, {**inputs, **dict.fromkeys(names, part), "part": i, "parts": len(parts)})
                for i, part in enumerate(parts, 1)
            ]
            outputs = needed(await side_by_side(branches, lm))
            said = [entry for each in outputs for entry in entries("map", each, map)]
            merged = _Merging(reducer, reduce, inputs, size, said)
            found = await merged.all(outputs, lm)
            return finished(found, said, outputs, parts=len(parts))

        return run

    at_most = max(1, most - 1)
    first, second = inputs_of([map], ["part", "parts"]), inputs_of([reduce], ["previous"])
    needs = dict.fromkeys([over.name, *first["variables"], *second["variables"]])
    return Wrap(
        wrap,
        times=most * map.times + at_most * reduce.times,
        plus=most * map.plus + at_most * reduce.plus,
        variables=tuple(needs),
        optional=tuple(v for v in dict.fromkeys([*first["optional"], *second["optional"]]) if v not in needs),
        **{**shared([map, reduce]), "fewer": True},
    )


def _places(column: str, mapping: Mapping[str, str]) -> list[str]:
    """The inputs that hold the text: that one, and what prompts call the same column."""
    at = mapping.get(column, column)
    return list(dict.fromkeys([column, *(name for name, held in mapping.items() if held == at)]))


def _check_read(names: Sequence[str], step: Step, program: Program) -> None:
    """Raise InputError where it is known that the step reads none of these inputs: all parts would ask the same."""
    start: Any = program if step.wraps else step.start
    own = any("python:" in each.identity or each.identity.count("#") for each in step.techniques)
    if own or not isinstance(start, Prompt | FunctionStep) or (isinstance(start, FunctionStep) and start.own):
        return  # what a program reads is not known, nor what a technique of the user's own or a function of all inputs
    read = {*step.variables, *step.optional}
    if isinstance(start, Prompt):
        read |= {*start.variables, *start.optional}
    if read.isdisjoint(names):
        where = start.file if isinstance(start, Prompt) else start.name
        raise InputError(
            f"map_reduce: {where} does not read {names[0]!r}, so that every part would ask the same; "
            "name a column that it reads, or a step that reads this one"
        )


class _Cut(Struct, frozen=True):
    """How a text is parted."""

    name: str
    chunk: str
    size: int
    overlap: int
    most: int

    def check(self) -> None:
        """Raises InputError for numbers that part nothing."""
        if self.size < 1:
            raise InputError(f"map_reduce: size is {self.size}; a part has at least one word")
        if self.most < 1:
            raise InputError(f"map_reduce: most is {self.most}; there is at least one part")
        check_most("map_reduce", "most", self.most)
        if not 0 <= self.overlap < self.size:
            raise InputError(f"map_reduce: overlap is {self.overlap}; it must be from 0 to {self.size - 1}, below size")
        if self.overlap and self.chunk != "words":
            raise InputError("map_reduce: overlap counts words; leave it out, or chunk=words")

    def parts(self, inputs: Mapping[str, Any]) -> list[str]:
        """The parts of a row's text. Raises ProgramError for a value that is no text, and for too many parts."""
        text = inputs.get(self.name)
        if not isinstance(text, str):
            raise ProgramError(f"map_reduce: {self.name!r} holds {type(text).__name__}, and a text is parted")
        words = by_words(text, self.size, self.overlap) if self.chunk == "words" else by_paragraphs(text, self.size)
        if len(words) > self.most:
            raise ProgramError(
                f"map_reduce: the text has {len(words)} parts, and most is {self.most}; raise most or size"
            )
        return words


class _Merging:
    """The reductions of one run. What is said is added to `said`."""

    def __init__(
        self, reducer: Program, step: Step, inputs: Mapping[str, Any], size: int, said: list[dict[str, Any]]
    ) -> None:
        self._reducer, self._step, self._inputs, self._size, self._said = reducer, step, inputs, size, said

    async def all(self, outputs: Sequence[Output], lm: Any) -> Output:
        """The one output that is left. Groups of one round are reduced side by side; a text alone in its group waits
        for the next."""
        while True:
            groups = self._groups(outputs)
            wanted = [group for group in groups if len(group) > 1 or len(groups) == 1]
            reduced = needed(await side_by_side([partial(self._one, group) for group in wanted], lm))
            self._said += [entry for found in reduced for entry in entries("reduce", found, self._step)]
            left = iter(reduced)
            outputs = [next(left) if group in wanted else group[0] for group in groups]
            if len(outputs) == 1:
                return outputs[0]

    def _groups(self, outputs: Sequence[Output]) -> list[list[Output]]:
        left = iter(outputs)
        return [[next(left) for _ in group] for group in grouped([each.text for each in outputs], self._size)]

    async def _one(self, group: Sequence[Output], lm: Any) -> Output:
        joined = "\n\n".join(output.text for output in group)
        found = await self._reducer({**self._inputs, "previous": joined}, lm)
        return found if found.messages else with_text(group[-1], found)
