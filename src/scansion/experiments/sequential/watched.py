"""The figures of a run that stopped when decided, or of stored outcomes looked at as if it had.

Both come from `until.replay`: what the run decided is decided again from what the lab holds, in the order it looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.figures import Figures, Totals, VariantInfo, dependencies, example_cost
from scansion.experiments.results import Comparison, Looked, RunResult, Until, VariantResult, known_sum
from scansion.experiments.sequential.order import draw_order
from scansion.experiments.sequential.until import METHOD, Contest, OutOfRange, Terms, Watch, replay, sequence_of_mean
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import pair_with_baseline
from scansion.experiments.verdicts import margin_refused, why_undecided

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

__all__ = [
    "Glance",
    "Shown",
    "Spent",
    "Watched",
    "check_orders",
    "drawn",
    "ended",
    "look_back",
    "order_of",
    "spent_on",
    "watch_run",
]


class Spent(Struct, frozen=True):
    """What a variant took: its outcomes and their calls, as if it had been asked alone; the calls begun `ahead` of the
    last look, in no outcome of the run; the calls `recorded` before; and what an example costs if asked afresh, in USD
    (None: not known)."""

    outcomes: int
    calls: int
    ahead: int = 0
    recorded: int = 0
    usd: float | None = None

    def of(self, outcomes: int) -> int:
        """The calls that so many outcomes take, in whole calls, so that the sums of a run and its comparisons agree."""
        return round(self.calls / self.outcomes * outcomes) if self.outcomes else 0


class Watched(Struct, frozen=True):
    """A run looked at again: the watch, the units that there are to look at as rows, the weights of these, the trials.
    `refused` says why nothing could be looked at."""

    watch: Watch
    units: list[list[int]]
    weights: Mapping[int, float]
    trials: int
    refused: str = ""

    def comparisons(self, names: Sequence[str], spent: Sequence[Spent]) -> list[Comparison]:
        """What became of each comparison; `names` are the variants' and `spent` what they took, both by number."""
        return [
            self.comparison(each, (names[each.a], names[each.b]), (spent[each.a], spent[each.b]))
            for each in self.watch.contests
        ]

    def comparison(self, contest: Contest, names: tuple[str, str], spent: Sequence[Spent]) -> Comparison:
        """What became of a comparison."""
        terms = self.watch.terms
        difference, p = contest.difference, contest.p
        needed, reason = self._outlook(contest)
        usd = known_sum(each.usd for each in spent)
        return Comparison(
            a=names[0],
            b=names[1],
            difference=difference,
            interval=contest.interval,
            p=p,
            p_adjusted=None if p is None else min(1.0, p * len(terms.pairs)),
            test=METHOD if p is not None else "",
            verdict=contest.verdict,
            n=contest.rows,
            bounds=contest.bounds,
            reason=reason,
            needed=needed,
            needed_usd=needed * usd if needed is not None and usd is not None else None,
            flips=None if contest.graded or difference is None else (contest.broken, contest.mended),
            pairs=contest.pairs,
            margin=terms.margin,
            level=contest.level,
            until=self._until(contest, spent),
        )

    def _until(self, contest: Contest, spent: Sequence[Spent]) -> Until:
        rows, baselines = self.watch.terms.rows, [a for a, _ in self.watch.terms.pairs]
        spent = spent if baselines.count(contest.a) == 1 else spent[1:]  # it is asked for the others too
        used, whole = (sum(each.of(n * self.trials) for each in spent) for n in (contest.rows, rows))
        return Until(
            looked=contest.rows,
            of=rows,
            decided_at=contest.decided_at,
            path=contest.whole_path(),
            calls_used=used,
            calls_saved=max(0, whole - used),
            stopped="no more outcomes" if contest.left and contest.rows < rows else "",
        )

    def _outlook(self, contest: Contest) -> tuple[int | None, str]:
        """How many more rows would decide an undecided comparison, or else why none would."""
        if contest.verdict != "undecided":
            return None, ""
        if contest.difference is None:
            return None, self.refused or "no pair in which both sides are scored"
        alone, (low, high) = contest.alone(), contest.bounds or (0.0, 0.0)
        needed = contest.needed() if alone == "undecided" else None
        if alone == "undecided" and contest.rows < self.watch.terms.rows:
            return needed, ""  # what few rows have not shown others may
        seen = None if contest.missing and low <= 0.0 <= high else contest.difference
        return needed, why_undecided(alone, contest.missing, needed, seen, self.watch.terms.margin)

    def planned(self, variant: int) -> int:
        """The examples that a variant was to be asked: those looked at where no more are wanted of it, else all."""
        watch = self.watch
        wanted = variant in watch.active and watch.units < watch.terms.units
        return watch.terms.rows if wanted else watch.seen.get(variant, 0)

    def variant(
        self, found: VariantResult, figures: Figures, scorers: Mapping[str, Figures], spent: Spent
    ) -> VariantResult:
        """A variant's figures with intervals that hold although the number of examples was found by looking.

        `figures` are the primary scorer's, `scorers` those of all by name. An interval of scores outside 0 to 1 is left
        out."""
        interval = self._interval(figures)
        others = {name: self._interval(each) for name, each in scorers.items() if each is not figures}
        scores = {
            name: structs.replace(each, interval=others.get(name, interval)) for name, each in found.scores.items()
        }
        bound = 1.0 - interval[0] if interval is not None and found.zero_wrong_bound is not None else None
        method = METHOD if interval is not None else ""
        return structs.replace(
            found,
            interval=interval,
            interval_method=method,
            caution="",
            scores=scores,
            zero_wrong_bound=bound,
            recorded_calls=spent.recorded,
        )

    def _interval(self, figures: Figures) -> tuple[float, float] | None:
        return sequence_of_mean(self.watch.terms, self.units, figures, self.weights)

    def looked(self, spent: Sequence[Spent]) -> Looked:
        """How far the run has come, and what all its variants took."""
        watch = self.watch
        used = sum(each.calls for each in spent)
        whole = sum(each.of(watch.terms.rows * self.trials) for each in spent)
        return Looked(watch.rows, watch.terms.rows, used, max(0, whole - used), sum(each.ahead for each in spent))


def watch_run(lab: Lab, run: RunRecord, figures: Sequence[Figures]) -> Watched:
    """A run looked at again, over the units that it looked at. `figures` are its variants', in order."""
    shown, trials, variants = remembered(lab, run), run.plan["trials"], run.context["variants"]
    pairs = tuple(pair_with_baseline(run.plan["baseline"], VariantInfo.of(run)))
    same = (i for i, (a, b) in enumerate(pairs) if variants[a]["identity"] == variants[b]["identity"])
    terms = shown.terms(run.plan["alpha"], run.plan["margin"], pairs, same)
    return _watched(terms, shown, dict(enumerate(figures)), trials)


def _watched(terms: Terms, shown: Shown, figures: Mapping[int, Figures], trials: int) -> Watched:
    """The looks at what is shown; nothing is looked at where a score lies outside 0 to 1."""
    try:
        watch, refused = replay(terms, shown.units, figures, trials, shown.weights), ""
    except OutOfRange as error:
        watch, refused = Watch(terms), f"{error}: decided needs scores from 0 to 1"
        watch.leave(watch.active)
    return Watched(watch, shown.units, shown.weights, trials, refused)


def spent_on(lab: Lab, run: RunRecord, figures: Sequence[Figures], totals: Sequence[Totals]) -> list[Spent]:
    """What each variant of a run took."""
    return [_spent(lab, run, index, each) for index, each in enumerate(zip(figures, totals, strict=True))]


def _spent(lab: Lab, run: RunRecord, variant: int, found: tuple[Figures, Totals]) -> Spent:
    figures, totals = found
    ahead, foreign = _beyond(lab, run, variant) if totals.fresh else (0, 0)
    recorded = max(0, totals.calls - max(0, totals.fresh - ahead - foreign))
    return Spent(int(figures.row.size), totals.calls, ahead, recorded, example_cost(totals, figures))


def _beyond(lab: Lab, run: RunRecord, variant: int) -> tuple[int, int]:
    """How many calls a run made for a variant that belong to none of its outcomes that were looked at: those in no
    outcome of the run, and those that another variant shares, such as a vote's first answer."""
    query = "SELECT key FROM calls WHERE run = ? AND variant = ? AND judge = 0"
    made = {key for (key,) in lab.db.execute(query, (run.id, variant))}
    others: set[bytes] = set()
    query = "SELECT m.variant, o.calls FROM members m JOIN outcomes o ON o.id = m.outcome WHERE m.run = ?"
    for whose, keys in lab.db.execute(query, (run.id,)):
        of_outcome = (keys[i : i + 16] for i in range(0, len(keys), 16))
        if whose == variant:
            made.difference_update(of_outcome)
        else:
            others.update(made.intersection(of_outcome))
    shared = len(made & others)
    return len(made) - shared, shared


def ended(result: RunResult, why: str) -> RunResult:
    """The result with what ended it before its comparisons were decided: `budget` or `interrupted`."""
    return structs.replace(result, comparisons=[_ended(each, why) for each in result.comparisons])


def _ended(found: Comparison, why: str) -> Comparison:
    until = found.until
    if until is None or until.stopped or until.decided_at is not None or until.looked == until.of:
        return found
    return structs.replace(found, until=structs.replace(until, stopped=why))


class Shown(Struct, frozen=True):
    """Rows in the order in which they are looked at: the units as rows, the weights of rows, how many units and rows
    there are in all, the mean weight of a unit and the largest."""

    units: list[list[int]]
    weights: Mapping[int, float]
    of_units: int
    of_rows: int
    mean_weight: float
    most_weight: float

    def terms(
        self, alpha: float, margin: float | None, pairs: tuple[tuple[int, int], ...], same: Iterable[int] = ()
    ) -> Terms:
        """What looks at them are taken under."""
        return Terms(
            alpha=alpha,
            margin=margin,
            pairs=pairs,
            units=self.of_units,
            rows=self.of_rows,
            mean_weight=self.mean_weight,
            most_weight=self.most_weight,
            same=frozenset(same),
        )


def drawn(figures: Sequence[Figures], ids: Mapping[int, str], seed: int) -> Shown:
    """The rows that two variants both have, in an order drawn by the seed; `ids` names the rows."""
    import numpy as np

    from scansion.stats.clusters import merge

    a, b = figures
    rows = np.intersect1d(a.row, b.row)
    firsts = [np.searchsorted(each.row, rows) for each in (a, b)]
    labels = merge(*(of[first] for each, first in zip((a, b), firsts, strict=True) for of in dependencies(each)))
    weighted = [each.weight[first] for each, first in zip((b, a), firsts[::-1], strict=True) if each.weight is not None]
    weights = weighted[0] if weighted else np.ones(rows.size)
    order = draw_order([ids[row] for row in rows.tolist()], seed, labels=labels, weights=weights)
    return Shown(
        units=[rows[order.unit(number)].tolist() for number in range(order.units)],
        weights=dict(zip(rows.tolist(), weights.tolist(), strict=True)),
        of_units=order.units,
        of_rows=order.rows,
        mean_weight=float(order.weights.sum()) / max(1, order.units),
        most_weight=float(order.weights.max(initial=0.0)),
    )


def remembered(lab: Lab, run: RunRecord) -> Shown:
    """The rows that a run which stops when decided has looked at, in its order."""
    looked, order = lab.run_table.looked(run.id), run.context["order"]
    return Shown(
        units=[list(rows) for rows, _ in looked],
        weights={row: weight for rows, of in looked for row, weight in zip(rows, of, strict=True)},
        of_units=order["units"],
        of_rows=order["rows"],
        mean_weight=order["weight"] / order["units"],
        most_weight=order["most_weight"],
    )


class Glance(Struct, frozen=True):
    """Two variants whose outcomes are there already, to be looked at: names, outcomes and what these took, the baseline
    first; and the rows in their order."""

    names: tuple[str, str]
    figures: Sequence[Figures]
    spent: Sequence[Spent]
    shown: Shown

    def watched(self, alpha: float, margin: float | None) -> Watched:
        """The looks at them, at the error rate `alpha`. Where they share no row, nothing is looked at."""
        trials = 1 + max((int(each.trial.max()) for each in self.figures if each.trial.size), default=0)
        terms = self.shown.terms(alpha, margin, ((0, 1),))
        return _watched(terms, self.shown, dict(enumerate(self.figures)), trials)


def look_back(glances: Sequence[Glance], alpha: float, margin: float | None) -> list[Comparison]:
    """Comparisons of outcomes that are there already, looked at until they are decided; they share the error rate.

    Raises InputError for scores outside 0 to 1, or a margin that no two shares differ by.
    """
    if margin is not None and margin >= 1:
        raise margin_refused(margin)
    found = []
    for glance in glances:
        watched = glance.watched(alpha / len(glances), margin)
        if watched.refused:
            raise InputError(f"until: {watched.refused}; compare them without until")
        one = watched.comparison(watched.watch.contests[0], glance.names, glance.spent)
        p = one.p if one.p is None else min(1.0, one.p * len(glances))
        until = structs.replace(one.until, replayed=True) if one.until is not None else None
        found.append(structs.replace(one, p_adjusted=p, until=until))
    return found


def check_orders(runs: Sequence[RunRecord]) -> None:
    """Raise InputError for two runs that stopped when decided and looked at their examples in different orders."""
    if len({run.plan["seed"] for run in runs if run.plan.get("until")}) > 1:
        raise InputError(
            f"{runs[0].label} and {runs[1].label} stopped when they were decided, each in an order of its own (seeds "
            f"{runs[0].plan['seed']} and {runs[1].plan['seed']}), so that they looked at different examples: run both "
            "with one seed"
        )


def order_of(lab: Lab, runs: Sequence[RunRecord], figures: Sequence[Figures], ids: Mapping[int, str] | None) -> Shown:
    """The order in which the outcomes of two runs are looked at: that in which one of them looked, else one drawn by
    the first one's seed. `ids` are those of rows that were numbered anew, since the runs are over different data."""
    watched = [run for run in runs if run.plan.get("until")]
    if watched and ids is not None:
        raise InputError(
            f"{watched[0].label} stopped when it was decided; only a run over the same data can be compared with it"
        )
    if watched:
        shown = remembered(lab, watched[0])
        both = set(figures[0].row.tolist()) & set(figures[1].row.tolist())
        return structs.replace(shown, units=[rows for rows in shown.units if both.issuperset(rows)])
    if ids is None:
        query = "SELECT row, id FROM rows WHERE dataset = ?"
        ids = dict(lab.db.execute(query, (runs[0].dataset,)).fetchall())
    return drawn(figures, ids, runs[0].plan["seed"])
