"""Self-consistency: ask several times and take the answer that comes up most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import CallError, InputError, Unscored
from scansion.scorers import Extractor, Scorer
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._answers import answer_key, answer_text
from scansion.techniques._branches import check_most, repeats, side_by_side
from scansion.techniques._handles import Sampled
from scansion.techniques._stops import Stop
from scansion.techniques._weights import Weight, check_weight, weigh, weighing
from scansion.types import Output, Sampling

__all__ = ["vote"]

_ABSTAINED = ("abstained",)


@technique("vote", "self_consistency", "majority")
def vote(
    n: int = 5,
    by: Extractor | None = None,
    min: int | None = None,
    *,
    stop: Stop | None = None,
    weight: Weight | Scorer | None = None,
) -> Wrap:
    """Runs the program `n` times and gives the first output with the answer that most of them have.

    Answers are read by `by`; without it they are those that the program set, else what the primary scorer's extractor
    reads. Answers are the same if they are equal as numbers (5 and 5.0) or as text without the white space around and
    between words. Ties go to the answer reached first. An output without an answer has no vote; if none has one
    the outcome is unscored. A call that fails makes the outcome an error, unless at least `min` runs succeed. Sampling
    is not changed: at temperature 0 all runs may say the same. `data` holds `votes` (answer: count), `asked`, `silent`
    (runs without an answer), `failed`, and `extractor`, what read the answer (left out for an answer that a program set
    by itself).

    With `stop=adaptive` the runs come in small batches, side by side within each, until the leading answer is unlikely
    to change; `n` is the most. Runs are numbered as without it, so that both share recorded calls, and which reply
    comes first changes nothing. An output with neither text nor answer is no evidence, and at most n - `min` calls may
    fail. `data` holds besides `saved`, the runs that were not needed, `confidence`, the chance that the answer is that
    of all `n`, and `stop`, the rule.

    With `weight` votes are weighed: by how likely the model found its reply (`logprob`: e to the mean log-probability
    of its tokens, `total_logprob`: to the sum), its `length` in words, or a scorer that needs no target and gives
    nothing below 0, such as `rubric("Is every step right?")`. The answer with the greatest sum wins, among equals that
    with most votes. A vote whose weight cannot be told counts nothing; if that is so of all, the outcome is unscored.
    `data` holds besides `weights`, the share of each answer in the sum, and `unweighed`, how many had no weight. Not
    with `stop`.

    Follows Wang et al. 2022, Self-Consistency Improves Chain of Thought Reasoning (arXiv 2203.11171), which weighs by
    log-probability too (section 3.1), and Aggarwal et al. 2023, Adaptive-Consistency (arXiv 2305.11860). That longer
    reasoning is righter: Fu et al. 2022, Complexity-Based Prompting (arXiv 2210.00720).

    Example: `cot | vote(40, stop=adaptive)`
    """
    if n < 1:
        raise InputError(f"vote: n is {n}; ask at least once")
    check_most("vote", "n", n)
    if min is not None and not 1 <= min <= n:
        raise InputError(f"vote: min is {min}; it must be from 1 to {n}, the number of runs")
    check_weight(weight, stops=stop is not None)
    cost = weighing(weight)

    def wrap(program: Program, context: Context) -> Program:
        read = by or context.extractor
        if read is None:
            raise InputError("vote must know how to read an answer; give by=, such as vote(5, by=last_number)")

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            handle = Sampled(lm, **msgspec.to_builtins(cost.asks)) if cost.asks != Sampling() else lm
            poll = _Poll(n, n if min is None else min, read, by is not None)
            ask = n if stop is None else stop((), 0, n)
            while ask:
                poll.add(await side_by_side(repeats(program, ask, inputs), handle))
                ask = 0 if stop is None else poll.more(stop)
            if weight is not None:
                poll.weigh(await weigh(poll.voters, weight, inputs, lm))
            return poll.result(stop)

        return run

    return Wrap(
        wrap,
        times=n,
        plus=n * cost.calls,
        repeats=n > 1,
        fewer=stop is not None or cost.calls > 0,
        models=cost.models,
        variables=cost.variables,
        asks=cost.asks,
        embedders=cost.embedders,
    )


class _Group(Struct):
    """Outputs with the same answer: the first of them, with that answer, how many there are, how many say it, and what
    they weigh together where votes are weighed."""

    output: Output
    count: int = 0
    said: int = 0
    weight: float = 0.0


class _Poll:
    """The runs of one vote so far: at most `n`, of which all but `least` may fail."""

    def __init__(self, n: int, least: int, read: Extractor, always: bool) -> None:
        self._n, self._least, self._read, self._always = n, least, read, always
        self._groups: dict[Hashable, _Group] = {}  # in the order in which their answers were reached
        self._ballots: list[tuple[Output, _Group | None]] = []
        self._unweighed: int | None = None
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
        group = self._group(output)
        self._ballots.append((output, group))
        if group is not None:
            group.count += 1
            group.said += bool(output.text.strip()) or output.answer not in (None, "")

    def _group(self, output: Output) -> _Group | None:
        """The group of those that answer as this output does; None where it has no answer."""
        if output.data.get("abstained") is True:
            return self._groups.setdefault(_ABSTAINED, _Group(output))
        answered = output
        if self._always or output.answer is None:
            data = {**output.data, "extractor": self._read.identity}
            answered = msgspec.structs.replace(output, answer=self._read(output.text), data=data)
        if answered.answer is None:
            return None
        return self._groups.setdefault(answer_key(answered.answer), _Group(answered))

    @property
    def voters(self) -> list[Output]:
        """The outputs with an answer, whose weights are wanted; where there is none the empty ones, so that a preview
        shows the calls that weighing takes."""
        answering = [output for output, group in self._ballots if group is not None]
        return answering or [output for output, _ in self._ballots if not output.text.strip()]

    def weigh(self, weights: Sequence[float | Unscored]) -> None:
        """Add up the weights of `voters`. Raises the first Unscored where none has a weight."""
        known = [weight for weight in weights if not isinstance(weight, Unscored)]
        if self._groups and not known:
            raise next(weight for weight in weights if isinstance(weight, Unscored))
        self._unweighed = len(weights) - len(known)
        groups = [group for _, group in self._ballots if group is not None]
        for group, weight in zip(groups, weights, strict=False):
            group.weight += 0.0 if isinstance(weight, Unscored) else weight

    def result(self, stop: Stop | None) -> Output:
        """The first output of the largest group. Raises Unscored where no run has an answer."""
        groups = list(self._groups.values())
        if not groups:
            raise Unscored("no answer", f"none of {self.asked - self._failed} runs has an answer")
        best = max(groups, key=lambda group: (round(group.weight, 12), group.count))  # the first of equals
        data = {
            **best.output.data,
            "votes": {_label(g.output): g.count for g in groups},
            "asked": self.asked,
            "silent": self.asked - self._failed - sum(g.count for g in groups),
            "failed": self._failed,
            **({} if stop is None else self._stopped(stop)),
            **({} if self._unweighed is None else self._weighed(groups)),
        }
        return msgspec.structs.replace(best.output, data=data)

    def _weighed(self, groups: Sequence[_Group]) -> dict[str, Any]:
        whole = sum(group.weight for group in groups) or 1.0
        shares = {_label(group.output): round(group.weight / whole, 6) for group in groups}
        return {"weights": shares, "unweighed": self._unweighed}

    def _stopped(self, stop: Stop) -> dict[str, Any]:
        from scansion.stats.leader import stay_probability, top_two

        left = self._n - self.asked
        first, second, wins_ties = top_two([group.count for group in self._groups.values()])
        sure = stay_probability(first, second, left, wins_ties)
        return {"saved": left, "confidence": round(sure, 6), "stop": stop.identity}


def _label(output: Output) -> str:
    """An answer as a key of `votes`; for one that abstains the word that it was offered."""
    if output.data.get("abstained") is True:
        return str(output.data.get("way_out") or "abstained")
    return answer_text(output.answer)
