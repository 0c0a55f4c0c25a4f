"""What the trials of a run tell: pass@k, pass^k, majority@k, best-of-k, and whether to buy examples or trials.

Every figure is a mean over examples of what k of an example's trials give on average, with its interval over examples,
or clusters of them (`scansion/stats/repeats.py`). Trials that are unscored or errors are in no such mean; `bounds`
count them as all wrong and all right.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import DONE, ScoreDetail

if TYPE_CHECKING:
    from scansion.experiments.figures import Figures, Floats, Ints
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord
    from scansion.experiments.summary import Rules

__all__ = ["AtK", "Repeats", "TrialSplit", "read_answers", "repeats_of"]

Answers = Mapping[tuple[int, int], Hashable]
"""The answer that was scored, by row and trial; outcomes without one are left out."""

_STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 50, 100)
_COSTS = (0.0, 1.0, 10.0, 100.0)


class AtK(Struct, frozen=True):
    """A figure for `k` trials: its mean over the `examples` with so many scored trials, the interval of that (None: too
    few examples), and its bounds, over all examples; the mean is moved into these where it lies without."""

    k: int
    mean: float | None
    interval: tuple[float, float] | None
    bounds: tuple[float, float]
    examples: int


class TrialSplit(Struct, frozen=True):
    """Where a mean's variance comes from (see `scansion.stats.variance_split.Split`): the variances `between` examples
    and `within` them, the intraclass correlation with its interval, the standard `error` of the mean, the `least_error`
    that any number of trials would leave on as many examples, the share of the mean's variance that is due to trials,
    and the `worth`: how many examples asked once give a mean as sure. `best_trials` are pairs of what an example costs,
    in calls, and the trials to give it then (None: the more the better)."""

    between: float
    within: float
    icc: float | None
    icc_interval: tuple[float, float] | None
    error: float
    least_error: float
    share_of_trials: float | None
    worth: float | None
    best_trials: list[tuple[float, int | None]]


class Repeats(Struct, frozen=True):
    """The figures of a variant's `trials`, each for several k.

    `pass_at`: at least one of k is right; `pass_hat`: all k are; `majority`: the answer that most of k give is (None:
    the scorer reads no answers); `best_of`: the highest score of k (for scores other than 0 and 1). `split` is None
    where no example has two scored trials.
    """

    trials: int
    pass_at: list[AtK] = []
    pass_hat: list[AtK] = []
    majority: list[AtK] | None = None
    best_of: list[AtK] = []
    split: TrialSplit | None = None


class _Example(Struct, frozen=True):
    """One example's trials: the scored values, their answers (None: none read), and how many could not be scored."""

    values: list[float]
    answers: list[Hashable]
    missing: int


class _Table(Struct, frozen=True):
    """The examples of a variant as columns: scored, right and missing trials; what intervals are made with."""

    examples: list[_Example]
    scored: Floats
    right: Floats
    missing: Floats
    weights: Floats | None
    clusters: Ints | None
    ends: tuple[float, float]
    rules: Rules


def repeats_of(figures: Figures, rules: Rules, answers: Answers | None = None) -> Repeats | None:
    """What the trials in `figures` tell, right and wrong by the pass mark of `rules`; None where no example has two.

    `answers` are those that the scores are about, without which there is no majority.
    """
    trials = int(figures.trial.max(initial=0)) + 1
    if trials < 2:
        return None
    table = _table(figures, rules, answers or {})
    steps = [*(k for k in _STEPS if k < trials), trials]
    split = _split(figures, rules)
    found = Repeats(trials, split=split)
    if rules.pass_mark is None or table.ends != (0.0, 1.0) or _graded(figures):
        found = Repeats(trials, best_of=_each(steps, table, _best), split=split)
    if rules.pass_mark is None:
        return found
    return Repeats(
        trials,
        pass_at=_each(steps, table, _at_least_one),
        pass_hat=_each(steps, table, _all_right),
        majority=_each(steps, table, _majority) if _has_answers(table) else None,
        best_of=found.best_of,
        split=split,
    )


def read_answers(lab: Lab, run: RunRecord, variant: int, scorer: int | None) -> dict[tuple[int, int], Hashable]:
    """The answers that a scorer read in a variant's outcomes, by row and trial, equal ones as `vote` takes them."""
    from scansion.techniques._answers import answer_key

    query = (
        "SELECT m.row, m.trial, s.detail FROM members m JOIN rows r ON r.dataset = ? AND r.row = m.row "
        "JOIN scores s ON s.outcome = m.outcome AND s.scorer = ? AND s.example = r.digest "
        "WHERE m.run = ? AND m.variant = ? AND s.state = ? AND s.detail IS NOT NULL"
    )
    cursor = lab.db.execute(query, (run.dataset, scorer, run.id, variant, DONE))
    read = ((row, trial, unpack(detail, ScoreDetail).answer) for row, trial, detail in cursor)
    return {(row, trial): answer_key(answer) for row, trial, answer in read if answer is not None}


def _graded(figures: Figures) -> bool:
    from scansion.stats.units import is_binary

    return not is_binary(figures.value[figures.state == 0])


def _table(figures: Figures, rules: Rules, answers: Answers) -> _Table:
    import numpy as np

    from scansion.experiments.figures import clusters_of, dependencies

    _, first, label = np.unique(figures.row, return_index=True, return_inverse=True)
    scored = figures.state == 0
    mark = rules.pass_mark if rules.pass_mark is not None else 1.0
    known = figures.value[scored]
    labelings = [labels[first] for labels in dependencies(figures)]
    return _Table(
        examples=list(_examples(figures, first, answers)),
        scored=np.bincount(label, weights=scored).astype(np.float64),
        right=np.bincount(label, weights=scored & (figures.value >= mark)).astype(np.float64),
        missing=np.bincount(label, weights=~scored).astype(np.float64),
        weights=figures.weight[first] if figures.weight is not None else None,
        clusters=clusters_of(labelings),
        ends=(min(0.0, float(known.min(initial=0.0))), max(1.0, float(known.max(initial=1.0)))),
        rules=rules,
    )


def _examples(figures: Figures, first: Ints, answers: Answers) -> Iterator[_Example]:
    """The examples in the order of their rows; `first` is where each begins."""
    starts = [*first.tolist(), figures.row.size]
    for start, end in pairwise(starts):
        row = int(figures.row[start])
        done = [at for at in range(start, end) if figures.state[at] == 0]
        read = [answers.get((row, int(figures.trial[at]))) for at in done]
        yield _Example([float(figures.value[at]) for at in done], read, end - start - len(done))


def _has_answers(table: _Table) -> bool:
    """Whether what was scored as right has an answer: then a wrong one without has said nothing."""
    mark, found = table.rules.pass_mark, False
    for each in table.examples:
        for value, answer in zip(each.values, each.answers, strict=True):
            if answer is None and mark is not None and value >= mark:
                return False
            found = found or answer is not None
    return found


Figure = Callable[[_Table, int, "Ints", int], "Floats"]
"""`figure(table, k, examples, fill)`: one number for each of the examples, the trials that could not be scored left out
(`fill` 0), taken as wrong (-1) or as right (1)."""


def _each(steps: list[int], table: _Table, figure: Figure) -> list[AtK]:
    found = (_at(k, table, figure) for k in steps)
    return [each for each in found if each is not None]


def _at(k: int, table: _Table, figure: Figure) -> AtK | None:
    """The figure for k trials; None where no example has so many."""
    import numpy as np

    from scansion.stats.intervals import mean_interval

    enough, whole = np.flatnonzero(table.scored >= k), np.flatnonzero(table.scored + table.missing >= k)
    if not whole.size:
        return None
    weights = table.weights if table.weights is not None else np.ones(len(table.examples))
    low, high = (float(np.average(figure(table, k, whole, fill), weights=weights[whole])) for fill in (-1, 1))
    if not enough.size:
        return AtK(k, None, None, (low, high), 0)
    mean = mean_interval(
        figure(table, k, enough, 0),
        weights=None if table.weights is None else weights[enough],
        clusters=None if table.clusters is None else table.clusters[enough],
        level=1 - table.rules.alpha,
        seed=table.rules.seed,
    )
    middle = min(high, max(low, mean.mean or 0.0))
    interval = (min(mean.lo, middle), max(mean.hi, middle)) if mean.lo is not None and mean.hi is not None else None
    if interval is not None and table.ends == (0.0, 1.0):
        interval = max(0.0, interval[0]), min(1.0, interval[1])
    return AtK(k, middle, interval, (low, high), int(enough.size))


def _counted(table: _Table, at: Ints, fill: int) -> tuple[Floats, Floats]:
    """Trials and right ones of the examples `at`."""
    scored, right, missing = table.scored[at], table.right[at], table.missing[at]
    return scored + missing * (fill != 0), right + missing * (fill > 0)


def _at_least_one(table: _Table, k: int, at: Ints, fill: int) -> Floats:
    from scansion.stats.repeats import pass_at_k

    return pass_at_k(*_counted(table, at, fill), k)


def _all_right(table: _Table, k: int, at: Ints, fill: int) -> Floats:
    from scansion.stats.repeats import pass_hat_k

    return pass_hat_k(*_counted(table, at, fill), k)


def _best(table: _Table, k: int, at: Ints, fill: int) -> Floats:
    import numpy as np

    from scansion.stats.repeats import best_of_k

    filled = table.ends[1] if fill > 0 else table.ends[0]
    scores = [table.examples[i].values + [filled] * (table.examples[i].missing * (fill != 0)) for i in at.tolist()]
    found, sizes = np.empty(len(scores)), np.array([len(each) for each in scores])
    for size in np.unique(sizes).tolist():
        same = np.flatnonzero(sizes == size)
        found[same] = best_of_k(np.array([scores[i] for i in same.tolist()]), k)
    return found


def _majority(table: _Table, k: int, at: Ints, fill: int) -> Floats:
    import numpy as np

    return np.array([_voted(table.examples[i], k, fill, table.rules) for i in at.tolist()])


def _voted(example: _Example, k: int, fill: int, rules: Rules) -> float:
    """majority@k of one example; what could not be scored is given to the largest answer that is wrong, or right."""
    from scansion.stats.repeats import majority_at_k

    votes: dict[Any, int] = {}
    right: dict[Any, float] = {}
    for value, answer in zip(example.values, example.answers, strict=True):
        if answer is not None:
            votes[answer] = votes.get(answer, 0) + 1
            right[answer] = float(rules.pass_mark is not None and value >= rules.pass_mark)
    silent = len(example.values) - sum(votes.values())
    if fill and example.missing:
        wanted = float(fill > 0)
        same = [answer for answer in votes if right[answer] == wanted]
        gets = max(same, key=lambda answer: votes[answer]) if same else ("none of these",)
        votes[gets], right[gets] = votes.get(gets, 0) + example.missing, wanted
    ordered = sorted(votes, key=lambda answer: (-votes[answer], -right[answer]))  # equal examples are counted once
    return majority_at_k([votes[a] for a in ordered], [right[a] for a in ordered], k, silent, rules.seed)


def _split(figures: Figures, rules: Rules) -> TrialSplit | None:
    from scansion.stats.variance_split import split_variance

    keep = figures.state == 0
    try:
        found = split_variance(figures.value[keep], figures.row[keep], 1 - rules.alpha)
    except ValueError:  # too few examples or trials are scored
        return None
    return TrialSplit(
        between=found.between,
        within=found.within,
        icc=found.icc,
        icc_interval=found.interval,
        error=found.error,
        least_error=found.least_error,
        share_of_trials=found.share_of_trials,
        worth=found.worth,
        best_trials=[(cost, found.best_trials(cost)) for cost in _COSTS],
    )
