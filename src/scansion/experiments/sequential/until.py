"""Stop when decided: comparisons that are watched by confidence sequences, example by example in a drawn order.

Units (an example with its trials, or several examples that belong together) are looked at strictly in their order, each
once every variant that is still in has all its outcomes, so that quick answers cannot bias what is seen. After each
look a comparison is decided if its interval says so; a decided one stays as it is, and a variant that no undecided
comparison needs is out.

Several comparisons share the error rate by Bonferroni: each is watched at alpha / m. A unit counts by its weight: its
value is the mean difference over its scored pairs, times its weight over the mean weight of all units, so that the mean
over units is that over rows. Where outcomes are missing two more sequences have every one of them filled in against b,
and for b, and a claim must hold in all three.

A `Watch` is a pure function of the outcomes in their order and the terms: a run uses it as outcomes come in, and the
summary uses it again on what the lab holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from msgspec import Struct

from scansion.experiments.figures import Figures
from scansion.experiments.results import PathPoint, VerdictName

if TYPE_CHECKING:
    from scansion.stats.sequence import ConfidenceSequence

__all__ = ["METHOD", "Contest", "Mark", "OutOfRange", "Terms", "Unit", "Watch", "replay", "sequence_of_mean"]

METHOD = "confidence sequence (betting)"

Mark = tuple[int, float]
"""What an outcome counts as: 0 scored, 1 unscored, 2 error; and its value, which counts where it is scored."""

_ALL_KEPT = 40  # looks that a path keeps before it is thinned
_GROWTH = 1.04  # how much further the next look that is kept lies
_FARTHEST = 100  # times the units seen: what would take more is not told from no difference


class OutOfRange(ValueError):
    """A score outside 0 to 1, which no confidence sequence of ours can watch."""


class Terms(Struct, frozen=True):
    """What looks are taken under: the run's error rate, its margin, its comparisons as (baseline, other), the number
    of units and of rows, the mean weight of a unit and the largest. Comparisons of a variant with itself are `same`, by
    their position: there is nothing to look at."""

    alpha: float
    margin: float | None
    pairs: tuple[tuple[int, int], ...]
    units: int
    rows: int
    mean_weight: float
    most_weight: float
    same: frozenset[int] = frozenset()

    @property
    def reach(self) -> float:
        """The largest size of a unit's value."""
        return max(1.0, self.most_weight / self.mean_weight) if self.mean_weight > 0 else 1.0


class Unit(Struct, frozen=True):
    """A unit to look at: how many rows it has, the weight of each place (row by row, trial by trial; they sum to the
    unit's), and what each variant has there."""

    rows: int
    weights: Sequence[float]
    marks: Mapping[int, Sequence[Mark]]


class Contest:
    """One comparison that is watched. `units` and `rows` count what it was looked at over, `pairs` the places that are
    scored on both sides, `missing` those that are not; `decided_at` is the number of rows at which it was decided."""

    def __init__(self, a: int, b: int, terms: Terms) -> None:
        self.a, self.b = a, b
        self._terms = terms
        self._main = self._sequence(terms.units)
        self._low: ConfidenceSequence | None = None
        self._high: ConfidenceSequence | None = None
        self._values: list[float] = []  # until the first missing outcome
        self._sums = [0.0] * 5  # of scored pairs: weight x difference, weight; of all: low, high, weight
        self._next = 0.0
        self.verdict: VerdictName = "undecided"
        self.units = self.rows = self.pairs = self.missing = 0
        self.broken = self.mended = 0
        self.graded = False
        self.decided_at: int | None = None
        self.left = False
        self.path: list[PathPoint] = []

    def _sequence(self, total: int | None) -> ConfidenceSequence:
        from scansion.stats.sequence import ConfidenceSequence

        terms = self._terms
        return ConfidenceSequence(low=-terms.reach, high=terms.reach, alpha=terms.alpha / len(terms.pairs), total=total)

    @property
    def open(self) -> bool:
        """Whether more looks may still decide it."""
        return self.decided_at is None and not self.left

    @property
    def level(self) -> float:
        """The level of its interval."""
        return 1.0 - self._terms.alpha / len(self._terms.pairs)

    @property
    def p(self) -> float | None:
        """The anytime-valid p of no difference; None before any pair is scored."""
        return float(self._main.p) if self._sums[1] > 0 else None

    @property
    def difference(self) -> float | None:
        """The mean difference over scored pairs; None where there is none."""
        return self._sums[0] / self._sums[1] if self._sums[1] > 0 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the difference over scored pairs, within what is possible; None where there is none."""
        if self.difference is None:
            return None
        lo, hi = self._main.interval
        return max(-1.0, min(lo, self.difference)), min(1.0, max(hi, self.difference))

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The difference with every missing outcome filled in against b, and for b."""
        weight = self._sums[4]
        return (self._sums[2] / weight, self._sums[3] / weight) if weight > 0 else None

    def look(self, unit: Unit) -> None:
        """Take in a unit, of which both sides have all outcomes."""
        main, low, high = self._take(unit)
        missed = main is None or not main == low == high
        if missed and self._low is None:
            self._low = deepcopy(self._main)
            self._high = deepcopy(self._main)
            self._main = self._sequence(None)  # of how many units are scored nothing is known
            self._main.extend(self._values)
            self._values = []
        if self._low is None or self._high is None:
            self._values.append(low)
        else:
            self._low.add(low)
            self._high.add(high)
        if main is not None:
            self._main.add(main)
        self.units += 1
        self.rows += unit.rows
        self._judge()

    def _take(self, unit: Unit) -> tuple[float | None, float, float]:
        """A unit's values: over its scored pairs (None: there is none), filled in against b, and for b."""
        sums = [0.0, 0.0, 0.0, 0.0, 0.0]
        for weight, mark_a, mark_b in zip(unit.weights, unit.marks[self.a], unit.marks[self.b], strict=True):
            (low_a, high_a), (low_b, high_b) = _range(mark_a), _range(mark_b)
            sums[2] += weight * (low_b - high_a)
            sums[3] += weight * (high_b - low_a)
            sums[4] += weight
            if mark_a[0] == 0 == mark_b[0]:
                sums[0] += weight * (low_b - low_a)
                sums[1] += weight
                self._count(low_a, low_b)
            else:
                self.missing += 1
        self._sums = [a + b for a, b in zip(self._sums, sums, strict=True)]
        scale = self._terms.mean_weight or 1.0
        main = sums[0] / sums[1] * (sums[4] / scale) if sums[1] > 0 else None if sums[4] > 0 else 0.0
        reach = self._terms.reach
        main = None if main is None else min(reach, max(-reach, main))
        if sums[1] == sums[4]:  # nothing is missing
            return main, main or 0.0, main or 0.0
        return main, max(-reach, sums[2] / scale), min(reach, sums[3] / scale)

    def _count(self, a: float, b: float) -> None:
        self.pairs += 1
        self.graded = self.graded or a not in (0.0, 1.0) or b not in (0.0, 1.0)
        self.broken += a > b
        self.mended += b > a

    def _judge(self) -> None:
        """Whether the intervals decide it now."""
        from scansion.stats.verdict import decide, decide_bounded

        margin, main = self._terms.margin, self._main.interval
        if self._low is None or self._high is None:
            found = decide(*main, margin)
        else:
            found = decide_bounded(main, self._low.interval, self._high.interval, margin)
        if self.pairs and found != "undecided":
            self.verdict, self.decided_at = found, self.rows
        self._note()

    def _note(self) -> None:
        """Keep this look in the path: the first ones, then ever fewer, and the one that decides."""
        if self.interval is None or self.difference is None:
            return
        if self.units > _ALL_KEPT and self.units < self._next and self.decided_at is None:
            return
        self._next = self.units * _GROWTH
        self.path.append((self.rows, self.difference, *self.interval))

    def whole_path(self) -> list[PathPoint]:
        """The looks that were kept, and the last one."""
        if not self.path or self.path[-1][0] == self.rows or self.interval is None or self.difference is None:
            return self.path
        return [*self.path, (self.rows, self.difference, *self.interval)]

    def needed(self) -> int | None:
        """How many further rows would decide it, were they like those looked at; None where no reasonable number."""
        margin, sequences = self._terms.margin, [self._main, *(s for s in (self._low, self._high) if s is not None)]
        claims = [(0.0, True), (0.0, False), *([(-margin, True)] if margin is not None else [])]
        totals = [[_units_needed(s, mean, self.units, above=above) for s in sequences] for mean, above in claims]
        known = [max(n for n in each if n is not None) for each in totals if None not in each]
        if not known or min(known) > _FARTHEST * self.units:
            return None
        return max(1, math.ceil(min(known) * self.rows / self.units) - self.rows)

    def alone(self) -> VerdictName:
        """What would be said if nothing were missing."""
        from scansion.stats.verdict import decide

        return decide(*self._main.interval, self._terms.margin)


def _units_needed(sequence: ConfidenceSequence, mean: float, units: int, *, above: bool) -> float | None:
    """The units at which the sequence would leave out `mean`, of which it has taken in values of `units`."""
    values = sequence.values_needed(mean, above=above)
    return values * units / sequence.n if values is not None and sequence.n else None


def _range(mark: Mark) -> tuple[float, float]:
    """The least and the most that an outcome may be worth. Raises OutOfRange for a score outside 0 to 1."""
    state, value = mark
    if state != 0:
        return 0.0, 1.0
    if not 0.0 <= value <= 1.0:
        raise OutOfRange(f"a score of {value:g} is outside 0 to 1")
    return value, value


class Watch:
    """All comparisons of a run, as far as they were looked at: `units` and `rows` of them, `seen` rows by variant."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.contests = [Contest(a, b, terms) for a, b in terms.pairs]
        for position in terms.same:
            self.contests[position].left = True
        self.units = self.rows = 0
        self.seen = dict.fromkeys((v for pair in terms.pairs for v in pair), 0)

    @property
    def active(self) -> frozenset[int]:
        """The variants that an undecided comparison needs."""
        return frozenset(v for contest in self.contests if contest.open for v in (contest.a, contest.b))

    @property
    def done(self) -> bool:
        """Whether there is nothing more to look at: all is decided, or the data is at its end."""
        return self.units == self.terms.units or not self.active

    def look(self, unit: Unit) -> None:
        """Look at the next unit, of which all active variants have all outcomes. Raises OutOfRange."""
        for variant in self.active:
            self.seen[variant] += unit.rows
        for contest in self.contests:
            if contest.open:
                contest.look(unit)
        self.units += 1
        self.rows += unit.rows

    def leave(self, variants: Iterable[int]) -> None:
        """End the undecided comparisons of these variants as they are: there will be no more outcomes of them."""
        gone = set(variants)
        for contest in self.contests:
            contest.left = contest.left or (contest.decided_at is None and not gone.isdisjoint((contest.a, contest.b)))


def replay(
    terms: Terms,
    units: Iterable[Sequence[int]],
    figures: Mapping[int, Figures],
    trials: int,
    weights: Mapping[int, float],
) -> Watch:
    """Look again at outcomes that are there: `units` are rows in the order of looks, `weights` the weight of each row
    by its number. A variant of which a unit has nothing is out from there on; an outcome that others have counts as
    unscored, a trial that nobody has is none. Raises OutOfRange."""
    watch = Watch(terms)
    found = {variant: _by_row(each) for variant, each in figures.items()}
    for rows in units:
        watch.leave(v for v in watch.active if not any(row in found[v] for row in rows))
        if watch.done:
            break
        sides = [found[v] for v in watch.active]
        made = {row: [t for t in range(trials) if any(t in side.get(row, ()) for side in sides)] for row in rows}
        places = [(row, trial) for row in rows for trial in made[row]]
        marks = {v: [found[v].get(row, {}).get(trial, (1, 0.0)) for row, trial in places] for v in watch.active}
        watch.look(Unit(len(rows), [weights[row] / len(made[row]) for row, _ in places], marks))
    return watch


def _by_row(figures: Figures) -> dict[int, dict[int, Mark]]:
    """A variant's outcomes by row and trial."""
    found: dict[int, dict[int, Mark]] = {}
    columns = (figures.row, figures.trial, figures.state, figures.value)
    for row, trial, state, value in zip(*(column.tolist() for column in columns), strict=True):
        found.setdefault(row, {})[trial] = (state, value)
    return found


def sequence_of_mean(
    terms: Terms, units: Iterable[Sequence[int]], figures: Figures, weights: Mapping[int, float]
) -> tuple[float, float] | None:
    """The interval of a variant's mean over the units that were looked at, at the run's own error rate: valid however
    the number of looks came about. None where nothing is scored, or a score lies outside 0 to 1."""
    from scansion.stats.sequence import ConfidenceSequence

    marks = _by_row(figures)
    values, whole = [], True
    total = weight_seen = 0.0
    for rows in units:
        of_unit = sum(weights[row] for row in rows)
        scored = [(weights[row], value) for row in rows for state, value in marks.get(row, {}).values() if state == 0]
        weight = sum(w for w, _ in scored)
        whole = whole and len(scored) == sum(len(marks.get(row, {})) for row in rows)
        if weight > 0:
            sums = sum(w * value for w, value in scored)
            total, weight_seen = total + sums, weight_seen + weight
            values.append(sums / weight * of_unit / (terms.mean_weight or 1.0))
    values = [min(value, terms.reach * (1 + 1e-9)) for value in values]
    if not values or min(values) < 0.0 or max(values) > terms.reach:
        return None
    reach, total_units = terms.reach, terms.units if whole else None
    sequence = ConfidenceSequence(low=0.0, high=reach, null=reach / 2, alpha=terms.alpha, total=total_units)
    sequence.extend(values)
    lo, hi = sequence.interval
    mean = total / weight_seen
    return max(0.0, min(lo, mean)), min(1.0, max(hi, mean))
