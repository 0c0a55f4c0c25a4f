"""What the trials of a run tell, as a table and a sentence a variant."""

from __future__ import annotations

from scansion.experiments.repeats import AtK, Repeats, TrialSplit
from scansion.experiments.results import RunResult
from scansion.report.figures import NONE, Scale, scale_of
from scansion.report.table import Column
from scansion.report.text import one_line

__all__ = ["repeats_said", "repeats_tables"]

_SHOWN = (1, 2, 3, 5, 10)
_MOST = 4  # numbers of trials that a table has columns for


def repeats_tables(result: RunResult) -> list[tuple[str, list[Column]]]:
    """A heading and a table of pass@k, pass^k, majority@k and best-of-k; none for a run of one trial."""
    scale = scale_of(result)
    rows = [row for each in result.variants if each.repeats for row in _rows(one_line(each.name), each.repeats)]
    if not rows:
        return []
    steps = _steps([at.k for _, figures in rows for at in figures])
    return [("what k trials of an example give, over all ways to choose them:", _columns(rows, steps, scale))]


def _rows(name: str, found: Repeats) -> list[tuple[str, list[AtK]]]:
    """The lines of a variant: any right, all right, majority right, best score."""
    kinds = [("pass@k", found.pass_at), ("pass^k", found.pass_hat), ("majority@k", found.majority or [])]
    return [(f"{name}: {kind}", figures) for kind, figures in [*kinds, ("best-of-k", found.best_of)] if figures]


def _steps(ks: list[int]) -> list[int]:
    """The numbers of trials that are shown: few, the first and the last among them."""
    known = sorted(set(ks))
    some = [k for k in known[:-1] if k in _SHOWN]
    return [*some[: _MOST - 1], known[-1]]


def _columns(rows: list[tuple[str, list[AtK]]], steps: list[int], scale: Scale) -> list[Column]:
    cells = [{at.k: at for at in figures} for _, figures in rows]
    last = steps[-1]
    ends = [each.get(last) for each in cells]
    columns = [
        Column("figure", [name for name, _ in rows], right=False),
        *(Column(f"k={k}", [scale.mean(each[k].mean) if k in each else NONE for each in cells]) for k in steps),
        Column(f"interval, k={last}", [NONE if at is None else scale.span(at.interval) for at in ends]),
    ]
    if any(at is not None and at.bounds[0] < at.bounds[1] for at in ends):
        columns.append(Column("bounds", [NONE if at is None else scale.span(at.bounds) for at in ends]))
    return columns


def repeats_said(result: RunResult) -> list[str]:
    """Where the variance of each variant's mean comes from, and what that says: more examples or more trials."""
    scale = scale_of(result)
    found = [(one_line(each.name).replace("`", "'"), each.repeats) for each in result.variants if each.repeats]
    return [f"`{name}`: {_said(each.split, scale)}" for name, each in found if each.split]


def _said(found: TrialSplit, scale: Scale) -> str:
    if found.icc is None or found.share_of_trials is None or found.worth is None:
        return "all trials of all examples scored alike: nothing tells whether more examples or more trials would help"
    span = found.icc_interval
    alike = f"{found.icc:.2f}" + (f" [{span[0]:.2f}, {span[1]:.2f}]" if span else "")
    return (
        f"of the variance of the mean {100 * found.share_of_trials:.0f}% comes from trials, the rest from examples "
        f"(intraclass correlation {alike}); {_advice(found, scale)}"
    )


def _advice(found: TrialSplit, scale: Scale) -> str:
    """More examples or more trials."""
    if not found.between:
        return "examples differ no more than trials do: one more trial tells as much as one more example"
    if not found.within:
        return "trials never differ: ask more examples, each once"
    return (
        f"for more certainty ask more examples: these trials tell as much as {found.worth:,.0f} examples asked once, "
        f"and more trials alone would bring the standard error from {scale.margin(found.error)} to no less than "
        f"{scale.margin(found.least_error)}"
    )
