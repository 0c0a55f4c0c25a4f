"""The tables of checklist scorers: each instruction with its counts and the share of outputs that obeyed it."""

from __future__ import annotations

from scansion.experiments.results import ChecklistResult, RunResult
from scansion.report.figures import Scale, count
from scansion.report.table import Column
from scansion.report.text import one_line

__all__ = ["checklist_tables"]


def checklist_tables(result: RunResult) -> list[tuple[str, list[Column]]]:
    """A heading and a table for each checklist scorer and variant; none where no instruction was judged."""
    several = len({each.scorer for each in result.checklists}) > 1
    return [(_heading(each, several), _columns(each)) for each in result.checklists if each.instructions]


def _heading(found: ChecklistResult, several: bool) -> str:
    by = f" by {one_line(found.scorer)}" if several else ""
    lost = f" ({count(found.unreadable)} of {count(found.outputs)} judgements unreadable)" if found.unreadable else ""
    return f"instructions of `{one_line(found.variant)}`{by}{lost}:"


def _columns(found: ChecklistResult) -> list[Column]:
    scale, each = Scale(), found.instructions
    return [
        Column("instruction", [one_line(i.text) for i in each], right=False),
        Column("obeyed", [count(i.obeyed) for i in each]),
        Column("violated", [count(i.violated) for i in each]),
        Column("not ex.", [count(i.not_exercised) for i in each]),
        Column("share", [scale.mean(i.share) for i in each]),
        Column("interval", [scale.span(i.interval) for i in each]),
    ]
