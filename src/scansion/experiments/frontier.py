"""Quality beside cost: each variant's mean and what an outcome costs, both with intervals, and who is dominated.

That a variant is dominated as measured may be luck. It is surely dominated where the evidence paired by example says
so: another one is shown to be better (with a margin: not worse), unscored and error outcomes counted both ways, and is
shown to cost no more. These claims share the run's alpha over all pairs of variants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.figures import Figures, VariantInfo, clusters_of, dependencies, read_figures
from scansion.experiments.lab import Lab
from scansion.experiments.only import only_head
from scansion.experiments.results import VariantResult
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.verdicts import Sides, compare_pairs, pair
from scansion.experiments.volume import usd_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["By", "Frontier", "FrontierPoint", "dominated_notes", "frontier_of"]

_QUICK = 200_000
"""Outcomes up to which a run's own table tells what is dominated."""

By = Literal["cost", "latency", "calls", "tokens"]

UNITS: dict[str, str] = {"cost": "USD", "latency": "s", "calls": "calls", "tokens": "tokens"}
"""What an outcome's cost is counted in, by the axis."""

_COLUMNS = {
    "cost": "o.cost",
    "latency": "CASE WHEN o.status = 0 THEN o.latency END",
    "calls": "length(o.calls) / 16",
    "tokens": "o.input_tokens + o.output_tokens",
}

_AT_LEAST_AS_GOOD = ("better", "not worse", "equivalent")


class FrontierPoint(Struct, frozen=True):
    """A variant: its `mean` and `cost` an outcome (in the frontier's unit), each with its interval (None: too little
    was seen).

    `bounds` are those of the mean where outcomes are unscored or errors, else None. `dominated_by` names those that
    are at least as good and cost no more as measured, `surely_by` the ones of them that the evidence shows to be so.
    """

    name: str
    mean: float
    interval: tuple[float, float] | None
    bounds: tuple[float, float] | None
    cost: float
    cost_interval: tuple[float, float] | None
    dominated_by: list[str] = []
    surely_by: list[str] = []


class Frontier(Struct, frozen=True):
    """The variants of a run by cost, the cheapest first, `by` what it is counted in (`unit`).

    `missing` names those without a mean or a cost. `margin` is the run's, `level` that of the intervals shown.
    """

    run: str
    by: By
    unit: str
    level: float
    margin: float | None
    points: list[FrontierPoint]
    missing: list[str] = []
    notes: list[str] = []

    @property
    def varies(self) -> bool:
        """Whether there are two variants of different cost, without which there is no frontier to speak of."""
        return len({point.cost for point in self.points}) > 1


class _Side(Struct, frozen=True):
    """A variant with its scores, and with its costs in the place of scores (NaN: not known)."""

    result: VariantResult
    scores: Figures
    costs: Figures


def frontier_of(lab: Lab, run: str | None = None, *, by: str | None = None) -> Frontier:
    """The frontier of a run (the last unless named), by `cost`, `latency`, `calls` or `tokens` of an outcome.

    Without `by` it is cost where prices are known, else tokens where they are counted, else calls. Costs are those of
    asking afresh, judges apart; latency is the mean time of an outcome that was done. Raises InputError for a run
    without scores, for an axis that is none, or on which no two variants have a figure.
    """
    record = lab.run_table.find(run)
    scorers = record.context["scorer_ids"]
    if not scorers:
        raise InputError(f"{record.label} has no scores; `scansion score {record.label} -s SCORER` adds them")
    if by is not None and by not in get_args(By):
        raise InputError(f"{by!r} is no axis; choose {', '.join(get_args(By))}")
    return _frontier(
        lab, record, lab.result(record.label).variants, lambda index: read_figures(lab, record, index, scorers[0]), by
    )


def dominated_notes(
    lab: Lab, record: RunRecord, variants: Sequence[VariantResult], figures: Mapping[int, Figures]
) -> list[str]:
    """What a run's table says below it: a line for each variant that surely dominates others by cost.

    `figures` are the primary scorer's, by the variants' indices. Costs are read only where one is dominated as
    measured and may surely be so, and not of runs too large for it to be quick.
    """
    from scansion.stats.frontier import dominators

    known = [(usd, v.mean) for v in variants if (usd := usd_of(v)) is not None and v.mean is not None]
    if len(known) < 2 or sum(v.scored for v in variants) > _QUICK or not _may_be_sure(record):
        return []
    if not any(dominators(*zip(*known, strict=True))):
        return []
    by: dict[str, list[str]] = {}
    for point in _frontier(lab, record, variants, figures.__getitem__, "cost").points:
        if point.surely_by:
            by.setdefault(point.surely_by[0], []).append(f"`{point.name}`")
    good = "better" if record.plan["margin"] is None else "at least as good"
    see = f"see `scansion frontier {record.label}`"
    return [f"surely dominated by `{one}`, {good} for no more money: {', '.join(of)}; {see}" for one, of in by.items()]


def _frontier(
    lab: Lab,
    record: RunRecord,
    variants: Sequence[VariantResult],
    figures_of: Callable[[int], Figures],
    by: str | None,
) -> Frontier:
    results = {v.name: v for v in variants}
    infos = [info for info in VariantInfo.of(record) if info.name in results]
    axis, notes = _axis(by, [results[info.name] for info in infos])
    sides = [_side(results[info.name], figures_of(info.index), _read_costs(lab, record, info, axis)) for info in infos]
    kept = [side for side in sides if side.result.mean is not None and _is_known(side.costs)]
    if not kept:
        raise InputError(f"{record.label} has no variant with both a mean and a known {axis}; see `scansion show`")
    points = _points(kept, record)
    missing = [side.result.name for side in sides if side not in kept]
    return Frontier(
        run=record.label,
        by=axis,
        unit=UNITS[axis],
        level=1 - record.plan["alpha"],
        margin=record.plan["margin"],
        points=sorted(points, key=lambda point: (point.cost, -point.mean)),
        missing=missing,
        notes=[*notes, *_unknown(kept, axis), *only_head(record), *_unsure(record)],
    )


def _axis(by: str | None, variants: Sequence[VariantResult]) -> tuple[Any, list[str]]:
    """The axis, and what is to be said of its choice."""
    unpriced = sorted({model for v in variants for model in v.without_price})
    if by == "cost" and all(v.cost_usd is None for v in variants):
        raise InputError(f"no price is known for {', '.join(unpriced)}; use --by tokens, calls or latency")
    if by is not None:
        return by, []
    if not unpriced and any(v.cost_usd for v in variants):
        return "cost", []
    other = "tokens" if all(v.input_tokens + v.output_tokens for v in variants) else "calls"
    why = f"no price is known for {', '.join(unpriced)}" if unpriced else "no variant costs anything"
    return other, [f"{why}: {other} take the place of cost"]


def _side(result: VariantResult, scores: Figures, values: npt.NDArray[np.float64]) -> _Side:
    """A variant with its scores and its costs, which `values` holds by place."""
    import numpy as np

    places, costs = values[:, 0].astype(np.int64), values[:, 1]
    known = np.isin(places, scores.row.astype(np.int64) << 16 | scores.trial)  # a score may yet be missing
    values = costs[known]
    unknown = np.isnan(values)
    state = np.where(unknown, 1, 0).astype(scores.state.dtype)
    return _Side(result, scores, structs.replace(scores, state=state, value=np.where(unknown, 0.0, values)))


def _read_costs(lab: Lab, record: RunRecord, info: VariantInfo, axis: str) -> npt.NDArray[np.float64]:
    """Place (row and trial in one number) and cost of each outcome of a variant, in the order of figures."""
    import numpy as np

    found = lab.db.execute(
        f"SELECT m.row << 16 | m.trial, {_COLUMNS[axis]} FROM members m JOIN outcomes o ON o.id = m.outcome "
        "WHERE m.run = ? AND m.variant = ? ORDER BY m.row, m.trial",
        (record.id, info.index),
    )
    pairs = np.dtype((np.float64, 2))
    return np.fromiter(((place, np.nan if cost is None else cost) for place, cost in found), dtype=pairs)


def _is_known(costs: Figures) -> bool:
    """Whether there is a cost at all."""
    return bool((costs.state == 0).any())


def _unknown(sides: Sequence[_Side], axis: str) -> list[str]:
    """What is said of outcomes that have no figure on the axis."""
    found = [(side.result.name, int((side.costs.state != 0).sum()), side.costs.state.size) for side in sides]
    what = f"whose {axis} is not known, and is in no mean {axis}"
    return [f"{name}: {lost:,} of {size:,} outcomes {what}" for name, lost, size in found if lost]


def _may_be_sure(record: RunRecord) -> bool:
    """Whether paired tests may say who is dominated: they are for a run whose size was set beforehand, and for a scorer
    that tells the whole of quality."""
    return not record.plan.get("until") and not record.context.get("beside")


def _unsure(record: RunRecord) -> list[str]:
    if _may_be_sure(record):
        return []
    if record.context.get("beside"):
        names = [record.plan["scorers"][place] for place in (0, *record.context["beside"])]
        said = "nothing is said of what is surely dominated"
        return [f"quality is {names[0]} alone, which misleads without {names[1]}: {said}"]
    said = "intervals of means allow for that, those of costs do not, and nothing is said of what is surely dominated"
    return [f"the run stopped when it was decided: {said}"]


def _points(sides: Sequence[_Side], record: RunRecord) -> list[FrontierPoint]:
    from scansion.stats.frontier import dominators

    alpha, seed = record.plan["alpha"], record.plan["seed"]
    costs = [_cost(side.costs, 1 - alpha, seed) for side in sides]
    found = dominators([cost for cost, _ in costs], [side.result.mean or 0.0 for side in sides])
    sure = _may_be_sure(record)
    share = alpha / max(1, len(sides) * (len(sides) - 1) // 2)
    points = []
    for side, (cost, interval), others in zip(sides, costs, found, strict=True):
        by = [sides[i] for i in others]
        result = side.result
        points.append(
            FrontierPoint(
                name=result.name,
                mean=result.mean or 0.0,
                interval=result.interval,
                bounds=result.bounds if result.unscored or result.errors else None,
                cost=cost,
                cost_interval=interval,
                dominated_by=[each.result.name for each in by],
                surely_by=[each.result.name for each in by if sure and _is_sure(each, side, record, share)],
            )
        )
    return points


def _cost(costs: Figures, level: float, seed: int) -> tuple[float, tuple[float, float] | None]:
    from scansion.stats.frontier import cost_interval

    keep = costs.state == 0
    clusters = clusters_of(labels[keep] for labels in dependencies(costs))
    weights = costs.weight[keep] if costs.weight is not None else None
    return cost_interval(costs.value[keep], weights=weights, clusters=clusters, level=level, seed=seed)


def _is_sure(better: _Side, worse: _Side, record: RunRecord, alpha: float) -> bool:
    """Whether the pairs show the one to be at least as good as the other, and to cost no more."""
    return _is_no_dearer(better, worse, record.plan["seed"], alpha) and _is_as_good(better, worse, record, alpha)


def _is_as_good(better: _Side, worse: _Side, record: RunRecord, alpha: float) -> bool:
    sides = Sides(worse.result.name, better.result.name, pair(worse.scores, better.scores))
    margin, seed = record.plan["margin"], record.plan["seed"]
    return compare_pairs([sides], alpha=alpha, margin=margin, seed=seed)[0].verdict in _AT_LEAST_AS_GOOD


def _is_no_dearer(better: _Side, worse: _Side, seed: int, alpha: float) -> bool:
    from scansion.stats.frontier import cost_interval

    pairs = pair(better.costs, worse.costs)
    known = (pairs.state_a == 0) & (pairs.state_b == 0)
    if not known.any():
        return False
    more: npt.NDArray[np.float64] = (pairs.value_b - pairs.value_a)[known]
    if more.min() == more.max() == 0.0:
        return True
    clusters = clusters_of(labels[known] for labels in pairs.labels)
    weights = pairs.weight[known] if pairs.weight is not None else None
    _, interval = cost_interval(more, weights=weights, clusters=clusters, level=1 - alpha, seed=seed)
    return interval is not None and interval[0] > 0.0
