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
from scansion.techniques._branches import repeats, side_by_side
from scansion.techniques._stops import Stop
from scansion.types import Output

__all__ = ["vote"]


@technique("vote", "self_consistency", "majority")
def vote(n: int = 5, by: Extractor | None = None, min: int | None = None, *, stop: Stop | None = None) -> Wrap:
    """Runs the program `n` times and gives the first output with the answer that most of them have.

    Answers are read by `by`; without it they are those that the program set, else what the primary scorer's extractor
    reads. Answers are the same if they are equal as numbers (5 and 5.0) or as text without the white space around and
    between words. Ties go to the answer reached first. An output without an answer abstains; if all abstain the
    outcome is unscored. A call that fails makes the outcome an error, unless at least `min` runs succeed. Sampling is
    not changed: at temperature 0 all runs may say the same. `data` holds `votes` (answer: count), `asked`, `abstained`,
    `failed`, and `extractor`, what read the answer (left out for an answer that a program set by itself).

    With `stop=adaptive` the runs come in small batches, side by side within each, until the leading answer is unlikely
    to change; `n` is the most. Runs are numbered as without it, so that both share recorded calls, and which reply
    comes first changes nothing. An output with neither text nor answer is no evidence, and at most n - `min` calls may
    fail. `data` holds besides `saved`, the runs that were not needed, `confidence`, the chance that the answer is that
    of all `n`, and `stop`, the rule.

    Follows Wang et al. 2022, Self-Consistency Improves Chain of Thought Reasoning (arXiv 2203.11171), and Aggarwal et
    al. 2023, Adaptive-Consistency (arXiv 2305.11860).

    Example: `cot | vote(40, stop=adaptive)`
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
            poll = _Poll(n, n if min is None else min, read, by is not None)
            ask = n if stop is None else stop((), 0, n)
            while ask:
                poll.add(await side_by_side(repeats(program, ask, inputs), lm))
                ask = 0 if stop is None else poll.more(stop)
            return poll.result(stop)

        return run

    return Wrap(wrap, times=n, repeats=n > 1, fewer=stop is not None)


class _Group(Struct):
    """Outputs with the same answer: the first of them, with that answer, how many there are, and how many say it."""

    output: Output
    count: int = 0
    said: int = 0


class _Poll:
    """The runs of one vote so far: at most `n`, of which all but `least` may fail."""

    def __init__(self, n: int, least: int, read: Extractor, always: bool) -> None:
        self._n, self._least, self._read, self._always = n, least, read, always
        self._groups: dict[Hashable, _Group] = {}  # in the order in which their answers were reached
        self.asked = self._failed = 0

    def more(self, stop: Stop) -> int:
        """How many runs to ask next. Empty outputs, such as a preview's, are votes but no reason to stop."""
        groups = self._groups.values()
        votes, said = [group.count for group in groups], [group.said for group in groups]
        return max(stop(votes, self.asked, self._n), stop(said, self.asked, self._n))

    def add(self, found: Sequence[Output | Unscored | CallError]) -> None:
        """Count a batch of runs. Raises its first failed call where more have failed than may."""
        self.asked += len(found)
        failures = [one for one in found if isinstance(one, CallError)]
        self._failed += len(failures)
        if failures and self._failed > self._n - self._least:
            raise failures[0]
        for output in found:
            if isinstance(output, Output):
                self._count(output)

    def _count(self, output: Output) -> None:
        answered = output
        if self._always or output.answer is None:
            data = {**output.data, "extractor": self._read.identity}
            answered = msgspec.structs.replace(output, answer=self._read(output.text), data=data)
        if answered.answer is not None:
            group = self._groups.setdefault(answer_key(answered.answer), _Group(answered))
            group.count += 1
            group.said += bool(output.text.strip()) or output.answer not in (None, "")

    def result(self, stop: Stop | None) -> Output:
        """The first output of the largest group. Raises Unscored where no run has an answer."""
        groups = list(self._groups.values())
        if not groups:
            raise Unscored("no answer", f"none of {self.asked - self._failed} runs has an answer")
        best = max(groups, key=lambda group: group.count)  # the first of equals
        data = {
            **best.output.data,
            "votes": {answer_text(g.output.answer): g.count for g in groups},
            "asked": self.asked,
            "abstained": self.asked - self._failed - sum(g.count for g in groups),
            "failed": self._failed,
            **({} if stop is None else self._stopped(stop)),
        }
        return msgspec.structs.replace(best.output, data=data)

    def _stopped(self, stop: Stop) -> dict[str, Any]:
        from scansion.stats.leader import stay_probability, top_two

        left = self._n - self.asked
        first, second, wins_ties = top_two([group.count for group in self._groups.values()])
        sure = stay_probability(first, second, left, wins_ties)
        return {"saved": left, "confidence": round(sure, 6), "stop": stop.identity}
