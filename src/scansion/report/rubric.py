"""What was measured of a rubric, as plain text."""

from __future__ import annotations

from scansion.experiments.people.rubrics import RubricReport
from scansion.report.figures import Scale, kappa_said, plural, usd
from scansion.report.text import cut, one_line, wrap

__all__ = ["render"]

_MOST = 20  # disagreements that are shown


def render(report: RubricReport, width: int) -> str:
    """The agreement of a rubric's judge with the person, and where they differ."""
    marked = plural(report.right + report.wrong, "outcome")
    lines = [
        f"rubric for {report.run}: {report.person} marked {marked}, {report.right} right and {report.wrong} wrong",
        f"drafted by {report.drafted_by} from {report.shown} of them" if report.shown else "measured, not drafted anew",
        _measured(report),
        *_warnings(report),
    ]
    text = [line for each in lines for line in wrap(one_line(each), width)]
    return "\n".join([*text, *_disagreements(report, width), _cost(report)]) + "\n"


def _measured(report: RubricReport) -> str:
    found, scale = report.agreement, Scale()
    outcomes = "held-out outcomes, which the draft was not shown" if report.drafted_by else "outcomes"
    return (
        f"judge {report.judge} agrees with {report.person} on {found.agreed} of {found.n} {outcomes}: "
        f"{scale.mean(found.equal)} {scale.span(found.equal_interval)}, {kappa_said(found)}"
    )


def _warnings(report: RubricReport) -> list[str]:
    lines = []
    if report.unreadable:
        lines.append(f"could not be read, and counted on neither side: {plural(report.unreadable, 'verdict')}")
    if report.by_chance:
        lines.append("chance alone could agree as well: mark more, mend the rubric, or try another judge")
    return lines


def _disagreements(report: RubricReport, width: int) -> list[str]:
    differing = report.disagreements
    lines = [""] if differing else []
    for each in differing[:_MOST]:
        why = f" ({each.reason})" if each.reason else ""
        text = f"{each.example}, {each.variant}: {report.person}: {each.person}; judge: {each.judge}{why}"
        lines.append("  " + cut(one_line(text), width - 2))
    if len(differing) > _MOST:
        lines.append(f"  and {len(differing) - _MOST} more; --json has them all")
    return [*lines, *([""] if differing else [])]


def _cost(report: RubricReport) -> str:
    cost = "cost unknown" if report.cost_usd is None else f"{usd(report.cost_usd)} USD if asked afresh"
    return f"{plural(report.calls, 'call')}, {cost}"
