"""The outcomes of a run as arrays and counts, read from the lab: the one source of every number that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import ScoreDetail
from scansion.experiments.store.runs import RunRecord

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scansion.experiments.lab import Lab

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

__all__ = [
    "EFFECTIVE",
    "Figures",
    "Totals",
    "VariantInfo",
    "are_shares",
    "by_example",
    "clipped",
    "clusters_of",
    "counts_of",
    "dependencies",
    "example_cost",
    "exercised",
    "read_figures",
    "read_latencies",
    "read_totals",
    "under_rules",
    "within_one",
]

EFFECTIVE = """
    SELECT m.row AS row, m.trial AS trial, o.cluster AS request, r.cluster AS grp, r.weight AS weight,
        CASE
            WHEN o.status = 2 THEN 2
            WHEN o.status = 1 THEN CASE
                WHEN :wrong AND o.reason = 'no answer' OR :silent AND o.reason = 'abstained' THEN 0 ELSE 1 END
            WHEN o.truncated AND :cut THEN 1
            WHEN :scorer IS NULL THEN 1
            WHEN s.state IS NULL THEN 3
            WHEN s.state = 1 AND (:wrong AND s.reason = 'no answer' OR :silent AND s.reason = 'abstained') THEN 0
            WHEN s.state = 1 AND s.reason = 'not exercised' THEN 4
            ELSE s.state
        END AS state,
        CASE
            WHEN o.status != 0 THEN o.reason
            WHEN o.truncated AND :cut THEN 'truncated'
            WHEN :scorer IS NULL THEN 'no scorer'
            ELSE coalesce(s.reason, '')
        END AS reason,
        CASE WHEN o.status = 0 AND s.state = 0 THEN s.value ELSE 0.0 END AS value,
        m.outcome AS outcome
    FROM members m
    JOIN outcomes o ON o.id = m.outcome
    JOIN rows r ON r.dataset = :dataset AND r.row = m.row
    LEFT JOIN scores s ON s.outcome = o.id AND s.scorer = :scorer AND s.example = r.digest
    WHERE m.run = :run AND m.variant = :variant
"""
"""What an outcome counts as under the run's rules (0 scored, 1 unscored, 2 error, 3 not scored yet, 4 not exercised),
why, its value. Not exercised is unscored since the row is none of the scorer's: it is in no bounds, no comparison."""


_NOT_EXERCISED = 4
_CHUNK = 20_000  # outcomes that are read at once
_SEEN = 200  # outcomes without a known price whose calls are looked at


class VariantInfo(Struct, frozen=True):
    """A variant as a run remembers it."""

    index: int
    name: str
    prompt: str
    technique: str
    model: str
    plain: bool

    @classmethod
    def of(cls, run: RunRecord) -> list[VariantInfo]:
        """The variants of a run, in order."""
        return [
            cls(i, v["name"], v["prompt"], v["technique"], v["model"], v["plain"])
            for i, v in enumerate(run.context["variants"])
        ]


class Figures(Struct, frozen=True):
    """The outcomes of one variant under one scorer, by row and trial: arrays of one length each.

    `state` is 0 scored, 1 unscored, 2 error, 4 not exercised; `value` counts where state is 0. `request` labels equal
    requests, `group` the example's group (0: none; None: no example has one); `weight` is None where all weigh equal.
    """

    row: Ints
    trial: Ints
    state: Ints
    value: Floats
    request: Ints
    group: Ints | None
    weight: Floats | None


class Totals(Struct, frozen=True):
    """Counts and sums of one variant: outcomes by reason, calls, tokens, USD (None: no price known), seconds.

    `fresh` and `spent_usd` are the calls that this run made first for this variant, and what it paid for them;
    `unpriced` are the models whose calls have no known price.
    """

    reasons: dict[str, int]
    kinds: dict[str, int]
    examples: dict[str, str]
    calls: int
    fresh: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    spent_usd: float | None
    judge_calls: int
    judge_cost_usd: float | None
    judge_spent_usd: float | None
    truncated: int
    seconds: float
    served: tuple[str, ...]
    unpriced: tuple[str, ...] = ()


def under_rules(run: RunRecord, variant: int, scorer: int | None) -> dict[str, Any]:
    """What `EFFECTIVE` is asked with: a run, its rules, a variant of it by number, and a scorer."""
    return {
        "run": run.id,
        "variant": variant,
        "dataset": run.dataset,
        "scorer": scorer,
        "wrong": run.plan["no_answer"] == "wrong",
        "silent": run.plan["abstained"] == "wrong",
        "cut": run.plan["truncated"] == "unscored",
    }


def read_figures(lab: Lab, run: RunRecord, variant: int, scorer: int | None) -> Figures:
    """A variant's outcomes as arrays, ordered by row and trial."""
    import numpy as np

    columns = {"row": "i4", "state": "i1", "value": "f8", "request": "i8", **_columns_in_use(lab, run)}
    (size,) = lab.db.execute("SELECT count(*) FROM members WHERE run = ? AND variant = ?", (run.id, variant)).fetchone()
    arrays = {name: np.zeros(size, dtype=kind) for name, kind in columns.items()}
    query = f"SELECT {', '.join(columns)} FROM ({EFFECTIVE}) WHERE state != 3 ORDER BY row, trial"
    cursor = lab.db.execute(query, under_rules(run, variant, scorer))
    filled = 0
    while chunk := cursor.fetchmany(_CHUNK):
        for array, values in zip(arrays.values(), zip(*chunk, strict=True), strict=True):
            array[filled : filled + len(chunk)] = values
        filled += len(chunk)
    found = {name: array[:filled] for name, array in arrays.items()}
    return Figures(
        row=found["row"],
        trial=found["trial"] if "trial" in found else np.zeros(filled, dtype=np.int8),
        state=found["state"],
        value=found["value"],
        request=found["request"],
        group=found.get("grp"),
        weight=found.get("weight"),
    )


def _columns_in_use(lab: Lab, run: RunRecord) -> dict[str, str]:
    """The columns that this run has a use for beside the usual, with their types: a million rows weigh less so."""
    query = "SELECT max(cluster != 0), min(weight) != max(weight) FROM rows WHERE dataset = ?"
    grouped, weighted = lab.db.execute(query, (run.dataset,)).fetchone()
    return {
        **({"trial": "i4"} if run.plan["trials"] > 1 else {}),
        **({"grp": "i8"} if grouped else {}),
        **({"weight": "f8"} if weighted else {}),
    }


def clusters_of(labelings: Iterable[Ints]) -> Ints | None:
    """One labelling that joins what any of the given ones joins; None where every outcome stands alone."""
    from scansion.stats.clusters import distinct, merge

    joint = [labels for labels in labelings if not distinct(labels)]
    return merge(*joint) if joint else None


def by_example(lab: Lab, runs: Sequence[RunRecord], figures: Sequence[Figures]) -> tuple[list[Figures], dict[int, str]]:
    """The figures with rows numbered by the example's id, so that runs on two versions of a file pair; and the ids by
    these numbers."""
    import numpy as np

    numbers: dict[str, int] = {}
    found = []
    for run, figure in zip(runs, figures, strict=True):
        ids = dict(lab.db.execute("SELECT row, id FROM rows WHERE dataset = ?", (run.dataset,)).fetchall())
        rows = np.array([numbers.setdefault(ids[int(r)], len(numbers)) for r in figure.row], dtype=np.int64)
        order = np.lexsort((figure.trial, rows))
        _, first = np.unique(rows[order] << 16 | figure.trial[order], return_index=True)
        keep = order[first]
        weight = figure.weight[keep] if figure.weight is not None else None
        found.append(
            Figures(
                rows[keep],
                figure.trial[keep],
                figure.state[keep],
                figure.value[keep],
                figure.request[keep],
                figure.group[keep] if figure.group is not None else None,
                weight,
            )
        )
    return found, {number: id for id, number in numbers.items()}


def example_cost(totals: Totals, figures: Figures) -> float | None:
    """What one example costs on average if asked afresh, all trials of it, in USD; None where that is not known."""
    from scansion.stats.clusters import count_distinct

    if totals.cost_usd is None or not figures.row.size:
        return None
    return totals.cost_usd / count_distinct(figures.row)


def counts_of(figures: Figures) -> tuple[int, int, int]:
    """How many outcomes are scored, unscored (not exercised among them) and errors."""
    scored, unscored, errors, apart = (int((figures.state == s).sum()) for s in (0, 1, 2, _NOT_EXERCISED))
    return scored, unscored + apart, errors


def exercised(figures: Figures) -> Figures:
    """The figures without the outcomes on rows that are none of the scorer's."""
    keep = figures.state != _NOT_EXERCISED
    if keep.all():
        return figures
    fields = {name: getattr(figures, name) for name in figures.__struct_fields__}
    kept: dict[str, Any] = {name: None if values is None else values[keep] for name, values in fields.items()}
    return Figures(**kept)


def are_shares(figures: Figures) -> bool:
    """Whether all scores are within 0 to 1, as shares are."""
    return within_one(figures.value[figures.state == 0])


def within_one(values: Floats) -> bool:
    """Whether all values are within 0 to 1."""
    return not values.size or bool(values.min() >= 0.0 and values.max() <= 1.0)


def clipped(interval: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """The part of an interval that is possible; it covers what is true as often as the whole does."""
    return max(interval[0], low), min(interval[1], high)


def dependencies(figures: Figures) -> list[Ints]:
    """The labellings by which outcomes depend on each other: trials of a row, equal requests, groups.

    An outcome without a request, or an example without a group, stands alone.
    """
    trials = [figures.row] if figures.trial.any() else []
    groups = [_alone(figures.group, figures.row)] if figures.group is not None else []
    return [*trials, _alone(figures.request, figures.row), *groups]


def _alone(labels: Ints, rows: Ints) -> Ints:
    """`labels` with a label of its row's own in place of each 0."""
    import numpy as np

    missing = labels == 0
    return np.where(missing, -1 - rows.astype(np.int64), labels) if missing.any() else labels


def read_latencies(lab: Lab, run: RunRecord, variant: int) -> npt.NDArray[np.float32]:
    """The latencies in seconds of a variant's outcomes that were done."""
    import numpy as np

    query = (
        "SELECT o.latency FROM members m JOIN outcomes o ON o.id = m.outcome "
        "WHERE m.run = ? AND m.variant = ? AND o.status = 0"
    )
    rows = (latency for (latency,) in lab.db.execute(query, (run.id, variant)))
    return np.fromiter(rows, dtype=np.float32)


def read_totals(lab: Lab, run: RunRecord, variant: int, scorer: int | None) -> Totals:
    """A variant's counts and sums under one scorer."""
    parameters = under_rules(run, variant, scorer)
    reasons: dict[str, int] = {}
    kinds: dict[str, int] = {}
    count = f"SELECT state, reason, count(*) FROM ({EFFECTIVE}) WHERE state IN (1, 2, 4) GROUP BY state, reason"
    for state, reason, n in lab.db.execute(count, parameters):
        (kinds if state == 2 else reasons)[reason] = n
    sums = lab.db.execute(
        "SELECT total(length(o.calls) / 16), total(o.input_tokens), total(o.output_tokens), "
        "total(o.reasoning_tokens), sum(o.cost), count(*) - count(o.cost), total(o.truncated), total(o.latency) "
        "FROM members m JOIN outcomes o ON o.id = m.outcome WHERE m.run = :run AND m.variant = :variant",
        parameters,
    ).fetchone()
    paid = "SELECT count(*), sum(cost), count(*) - count(cost) FROM calls WHERE run = :run AND variant = :variant"
    made, spent, unknown = lab.db.execute(f"{paid} AND judge = 0", parameters).fetchone()
    _, judge_spent, judge_unknown = lab.db.execute(f"{paid} AND judge = 1", parameters).fetchone()
    judges = lab.db.execute(
        "SELECT total(s.judge_calls), sum(s.judge_cost), count(*) - count(s.judge_cost) FROM members m "
        "JOIN rows r ON r.dataset = :dataset AND r.row = m.row "
        "JOIN scores s ON s.outcome = m.outcome AND s.example = r.digest "
        f"WHERE m.run = :run AND m.variant = :variant AND s.scorer IN ({_scorer_list(run)})",
        parameters,
    ).fetchone()
    served = lab.db.execute(
        "SELECT DISTINCT o.served FROM members m JOIN outcomes o ON o.id = m.outcome "
        "WHERE m.run = :run AND m.variant = :variant AND o.served != ''",
        parameters,
    )
    return Totals(
        reasons=reasons,
        kinds=kinds,
        examples=_examples(lab, parameters) if kinds else {},
        calls=int(sums[0]),
        fresh=made,
        input_tokens=int(sums[1]),
        output_tokens=int(sums[2]),
        reasoning_tokens=int(sums[3]),
        cost_usd=_known(sums[4], sums[5]),
        spent_usd=_known(spent, unknown),
        judge_calls=int(judges[0]),
        judge_cost_usd=_known(judges[1], judges[2]),
        judge_spent_usd=_known(judge_spent, judge_unknown),
        truncated=int(sums[6]),
        seconds=float(sums[7]),
        served=tuple(sorted({name for (names,) in served for name in names.split(", ")})),
        unpriced=_unpriced(lab, parameters) if sums[5] else (),
    )


def _unpriced(lab: Lab, parameters: dict[str, Any]) -> tuple[str, ...]:
    """The models of a variant's calls without a known price, from its first outcomes of which that holds."""
    query = (
        "SELECT o.calls FROM members m JOIN outcomes o ON o.id = m.outcome "
        f"WHERE m.run = :run AND m.variant = :variant AND o.cost IS NULL LIMIT {_SEEN}"
    )
    keys = b"".join(calls for (calls,) in lab.db.execute(query, parameters))
    return tuple(sorted({call.model for call in lab.outcome_table.calls(keys) if call.cost_usd is None}))


def _examples(lab: Lab, parameters: dict[str, Any]) -> dict[str, str]:
    """The words of one error of each kind, the programs' before the scorers'."""
    scorers = (
        "SELECT s.reason, min(s.detail) FROM members m JOIN rows r ON r.dataset = :dataset AND r.row = m.row "
        "JOIN scores s ON s.outcome = m.outcome AND s.example = r.digest AND s.scorer = :scorer "
        "WHERE m.run = :run AND m.variant = :variant AND s.state = 2 AND s.detail IS NOT NULL GROUP BY s.reason"
    )
    programs = (
        "SELECT o.reason, min(o.message) FROM members m JOIN outcomes o ON o.id = m.outcome "
        "WHERE m.run = :run AND m.variant = :variant AND o.status = 2 GROUP BY o.reason"
    )
    said = {kind: unpack(detail, ScoreDetail).explanation for kind, detail in lab.db.execute(scorers, parameters)}
    return {**said, **dict(lab.db.execute(programs, parameters).fetchall())}


def _known(total: float | None, unknown: int) -> float | None:
    """A sum, or None where one of its terms is unknown."""
    return None if unknown else float(total or 0.0)


def _scorer_list(run: RunRecord) -> str:
    return ", ".join(str(int(i)) for i in run.context["scorer_ids"]) or "NULL"
