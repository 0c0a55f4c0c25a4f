"""Self-consistency: ask several times and take the answer that comes up most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import CallError, InputError, Unscored
from scansion.scorers import Extractor
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._answers import answer_key, answer_text
from scansion.techniques._branches import branches
from scansion.types import Output

__all__ = ["vote"]


@technique("vote", "self_consistency", "majority")
def vote(n: int = 5, by: Extractor | None = None, min: int | None = None) -> Wrap:
    """Runs the program `n` times and gives the first output with the answer that most of them have.

    Answers are read by `by`; without it they are those that the program set, else what the primary scorer's extractor
    reads. Answers are the same if they are equal as numbers (5 and 5.0) or as text without the white space around and
    between words. Ties go to the answer reached first. An output without an answer abstains; if all abstain the
    outcome is unscored. A call that fails makes the outcome an error, unless at least `min` runs succeed. Sampling is
    not changed: at temperature 0 all runs may say the same. `data` holds `votes` (answer: count), `asked`, `abstained`,
    `failed`, and `extractor`, what read the answer (left out for an answer that a program set by itself).

    Follows Wang et al. 2022, Self-Consistency Improves Chain of Thought Reasoning (arXiv 2203.11171).

    Example: `cot | vote(5)`
    """
    if n < 1:
        raise InputError(f"vote: n is {n}; ask at least once")
    if min is not None and not 1 <= min <= n:
        raise InputError(f"vote: min is {min}; it must be from 1 to {n}, the number of runs")

    def wrap(program: Program, context: Context) -> Program:
        read = by or context.extractor
        if read is None:
            raise InputError("vote must know how to read an answer; give by=, such as vote(5, by=last_number)")

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            found = await branches(program, n, inputs, lm, min)
            return _winner(_groups(found, read, by is not None), found)

        return run

    return Wrap(wrap, times=n, repeats=n > 1)


class _Group(Struct):
    """Outputs with the same answer: the first of them, with that answer, and how many there are."""

    output: Output
    count: int = 0

    @property
    def answer(self) -> Any:
        return self.output.answer


def _groups(found: Sequence[Any], read: Extractor, always: bool) -> list[_Group]:
    """The groups in the order in which their answers were reached."""
    groups: dict[Hashable, _Group] = {}
    for output in found:
        if not isinstance(output, Output):
            continue
        answered = _answered(output, read) if always or output.answer is None else output
        if answered.answer is not None:
            groups.setdefault(answer_key(answered.answer), _Group(answered)).count += 1
    return list(groups.values())


def _answered(output: Output, read: Extractor) -> Output:
    """The output with the answer that `read` finds in it, and the name of what found it."""
    data = {**output.data, "extractor": read.identity}
    return msgspec.structs.replace(output, answer=read(output.text), data=data)


def _winner(groups: Sequence[_Group], found: Sequence[Any]) -> Output:
    failed = sum(isinstance(one, CallError) for one in found)
    if not groups:
        raise Unscored("no answer", f"none of {len(found) - failed} runs has an answer")
    best = max(groups, key=lambda group: group.count)  # the first of equals
    data = {
        **best.output.data,
        "votes": {answer_text(g.answer): g.count for g in groups},
        "asked": len(found),
        "abstained": len(found) - failed - sum(g.count for g in groups),
        "failed": failed,
    }
    return msgspec.structs.replace(best.output, data=data)
