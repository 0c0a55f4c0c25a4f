"""The versions of a prompt file, and what differs between two, as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from scansion.experiments.evidence.difference import Difference, Rendered, Side
from scansion.experiments.evidence.evidence import Evidence, short
from scansion.experiments.evidence.lineage import Lineage, Version
from scansion.prompts.diff import Change
from scansion.report import sentences
from scansion.report.figures import NONE, Scale, count, plural, usd
from scansion.report.names import shortener
from scansion.report.plain import request_text, value_text
from scansion.report.table import Column, grid
from scansion.report.text import hanging, one_line, visible, wrap
from scansion.report.words import inline

__all__ = ["diff_text", "log_text", "no_evidence", "scale_for", "setting_text", "who"]

_CONTEXT = 2  # unchanged lines that are shown around a changed one
_MARKS = re.compile(r"\[-|-\]|\{\+|\+\}")
_LONG = 40  # characters of a setting that is shown word by word


def log_text(lineage: Lineage, width: int = 80) -> str:
    """The versions of a file, the newest first, each with its figures and verdicts; ended by a newline."""
    found = [e for version in lineage.versions for e in version.evidence]
    short_name = shortener(e.model for e in found)
    more = f", {plural(lineage.older, 'older one')} not shown (-n)" if lineage.older else ""
    number = plural(len(lineage.versions) + lineage.older, "version")
    lines = wrap(f"{one_line(lineage.path)}: {number}{more}", width)
    for version in lineage.versions:
        lines += ["", *hanging(_version_line(version), width)]
        lines += [f"  {line}" if line else "" for line in _version_body(version, width - 2, short_name)]
    return "\n".join(lines) + "\n"


def _version_line(version: Version) -> str:
    """The version's name, and where it came from."""
    facts = ["working copy"] if version.working else []
    if version.commit:
        facts.append(f"commit {short(version.commit)}, {_day(version.committed)}: {one_line(version.subject)}")
    elif version.working and not version.evidence:
        facts.append("not committed")
    else:
        facts.append(f"not committed, first run {version.seen[:16].replace('T', ' ')} UTC")
    return f"{short(version.version) or 'unreadable'}  {', '.join(facts)}"


def _version_body(version: Version, width: int, short_name: Callable[[str], str]) -> list[str]:
    if version.problem:
        return hanging(one_line(version.problem), width)
    if version.again:
        newer = "the working copy" if version.again == "working copy" else f"commit {short(version.again)}"
        return [f"the same as {newer}, see there"]
    if not version.evidence:
        return hanging(no_evidence(version.chosen), width)
    return _evidence(version.evidence, width, short_name)


def _evidence(found: Sequence[Evidence], width: int, short_name: Callable[[str], str]) -> list[str]:
    """Tables of figures, one for each data, part and scorer, with the verdicts beneath."""
    groups: dict[str, list[Evidence]] = {}
    for each in found:
        groups.setdefault(setting_text(each), []).append(each)
    lines = []
    for setting, rows in groups.items():
        lines += ["", *hanging(setting, width), *grid(_columns(rows, short_name), width)]
        lines += [line for each in rows for text in _verdict(each) for line in hanging(text, width)]
    return lines[1:]


def _columns(rows: Sequence[Evidence], short_name: Callable[[str], str]) -> list[Column]:
    scale, figures = scale_for(rows), [e.figures for e in rows]
    columns = [
        Column("variant", [one_line(who(e, short_name)) for e in rows], right=False),
        Column("run", [e.run for e in rows]),
        Column("ran", [_day(e.created) for e in rows]),
        Column("n", [count(v.n) for v in figures]),
    ]
    if any(v.scored != v.n * v.trials for v in figures):
        columns.append(Column("scored", [count(v.scored) for v in figures]))
    columns.append(Column("mean", [scale.mean(v.mean) for v in figures]))
    return [*columns, Column("interval", [scale.span(v.interval) for v in figures])]


def _verdict(found: Evidence) -> list[str]:
    if found.verdict is not None:
        return [sentences.verdict(found.verdict, scale_for([found]), found.level)]
    return [f"no verdict: {one_line(found.apart)}"] if found.apart else []


def setting_text(found: Evidence) -> str:
    """What figures are of: the data with its fingerprint and part, the scorer, settings that change their meaning."""
    look = f" (look {found.looks.count})" if found.looks is not None else ""
    part = f", {found.part} part{look}" if found.part else ""
    scorer = f"; scored by {one_line(found.scorer)}" if found.scorer else "; not scored"
    level = f"; {100 * found.level:.4g}% intervals" if found.scorer else ""
    return "; ".join([f"{one_line(found.data)} {short(found.fingerprint)}{part}{scorer}{level}", *found.head])


def no_evidence(chosen: Sequence[str]) -> str:
    """Why a version has no evidence; `chosen` are its runs on rows that were chosen."""
    if not chosen:
        return "no run in the lab"
    return f"no run in the lab but on chosen rows ({', '.join(chosen)}), which are no measure of the whole"


def who(found: Evidence, short_name: Callable[[str], str] = str) -> str:
    """Technique and model of some evidence: `cot | openai/gpt-5-mini`."""
    technique = "" if found.technique == "as-is" else found.technique
    return " | ".join(part for part in (technique, short_name(found.model)) if part)


def scale_for(found: Iterable[Evidence]) -> Scale:
    """Percent, unless a mean lies outside 0 to 1."""
    means = [e.figures.mean for e in found if e.figures.mean is not None]
    return Scale(all(0 <= mean <= 1 for mean in means))


def diff_text(found: Difference, width: int = 80) -> str:
    """What differs between two prompts, and what the evidence says; ended by a newline."""
    lines = [*hanging(_side_line("a", found.a), width), *hanging(_side_line("b", found.b), width)]
    if found.a.version == found.b.version:
        lines += ["", *hanging("one version: they mean the same", width)]
    else:
        lines += ["", "settings", *_settings(found.changes, width - 2)]
        lines += ["", "template", *_changed(found.a.prompt.template, found.b.prompt.template, width - 2)]
        lines += ["", *_rendering(found.rendered, width)]
    lines += ["", *_known(found, width)]
    return "\n".join(lines) + "\n"


def _side_line(letter: str, side: Side) -> str:
    return f"{letter}  {short(side.version)}  {one_line(side.name)}"


def _settings(changes: Sequence[Change], width: int) -> list[str]:
    lines = [line for change in changes for line in hanging(_setting(change), width)] or ["the same"]
    return [f"  {line}" for line in lines]


def _setting(change: Change) -> str:
    a, b = (one_line(value_text(value)) for value in (change.a, change.b))
    key = one_line(change.key)
    if change.kind == "added":
        return f"{key}: added" + (f", {b}" if change.b is not None else "")
    if change.kind == "removed":
        return f"{key}: removed" + (f", was {a}" if change.a is not None else "")
    if isinstance(change.a, str) and isinstance(change.b, str) and max(len(a), len(b)) > _LONG:
        return f"{key}: {inline(a, b)}"
    return f"{key}: {a} -> {b}"


def _changed(a: str, b: str, width: int) -> list[str]:
    """Two texts as one with what differs marked; stretches of lines that are the same are left out."""
    if a == b:
        return ["  the same"]
    lines: list[tuple[str, bool]] = []
    for text in inline(visible(a), visible(b)).split("\n"):
        open_marks = 0
        for line in wrap(text, width):
            marks = _MARKS.findall(line)
            lines.append((line, bool(marks) or open_marks > 0))
            open_marks += sum(1 if mark in ("[-", "{+") else -1 for mark in marks)
    return [f"  {line}".rstrip() for line in _shortened(lines)]


def _shortened(lines: Sequence[tuple[str, bool]]) -> list[str]:
    """The changed lines and those near them; a count in place of what is left out, if that is more than a line."""
    near = [any(changed for _, changed in lines[max(0, i - _CONTEXT) : i + _CONTEXT + 1]) for i in range(len(lines))]
    shown: list[str] = []
    for show, group in groupby(zip(lines, near, strict=True), key=lambda each: each[1]):
        texts = [line for (line, _), _ in group]
        shown += texts if show or len(texts) == 1 else [f"... {len(texts):,} lines the same ..."]
    return shown


def _rendering(found: Rendered | None, width: int) -> list[str]:
    if found is None:
        return hanging("no example to render them for; give rows with -d", width)
    title = f"as rendered for {one_line(found.label)}"
    if found.a is None or found.b is None:
        return hanging(f"{title}: {one_line(found.why)}", width)
    return [*wrap(title, width), *_changed(request_text(found.a), request_text(found.b), width - 2)]


def _known(found: Difference, width: int) -> list[str]:
    """What the lab knows of both on the same rows, or else what it lacks."""
    if not found.pairs:
        return [line for text in _unknown(found) for line in hanging(text, width)]
    names = {found.a.version: "a", found.b.version: "b"}
    lines = ["evidence"]
    short_name = shortener(e.model for pair in found.pairs for e in pair)
    for a, b in found.pairs:
        table = grid(_pair_columns([(names[found.a.version], a), (names[found.b.version], b)]), width - 2)
        setting = f"{setting_text(b)}; {one_line(who(b, short_name))}"
        said = [line for text in _verdict(b) for line in hanging(text, width - 2)]
        lines += [f"  {line}" if line else "" for line in ("", *hanging(setting, width - 2), *table, *said)]
    return [lines[0], *lines[2:]]


def _pair_columns(rows: Sequence[tuple[str, Evidence]]) -> list[Column]:
    scale, figures = scale_for(e for _, e in rows), [e.figures for _, e in rows]
    return [
        Column("prompt", [f"{letter} {short(e.version)}" for letter, e in rows], right=False),
        Column("run", [e.run for _, e in rows]),
        Column("ran", [_day(e.created) for _, e in rows]),
        Column("scored", [count(v.scored) for v in figures]),
        Column("mean", [scale.mean(v.mean) for v in figures]),
        Column("interval", [scale.span(v.interval) for v in figures]),
        Column("USD/example", [usd(e.usd_per_example) for _, e in rows]),
    ]


def _unknown(found: Difference) -> list[str]:
    """Why there is no verdict, and what would give one."""
    if found.a.version == found.b.version:
        runs = [run for e in found.b.evidence for run in e.runs]
        return [f"run in {', '.join(dict.fromkeys(runs))}"] if runs else [no_evidence(found.b.chosen)]
    apart = next((e.apart for e in found.b.evidence if e.apart), "")
    if apart:
        return [f"no verdict: {one_line(apart)}; run them together to compare"]
    sides = (("a", found.a), ("b", found.b))
    missing = [letter for letter, side in sides if not side.evidence]
    chosen = [run for _, side in sides if not side.evidence for run in side.chosen]
    but = f" but on chosen rows ({', '.join(dict.fromkeys(chosen))})" if chosen else ""
    both = f"`scansion compare {one_line(found.a.name)} {one_line(found.b.name)} -d ROWS -s SCORER` runs both"
    if missing:
        return [f"no verdict: the lab has no run of {' or '.join(missing)}{but}; {both}"]
    return [f"no verdict: a and b were not run on the same rows with the same technique, model and scorer; {both}"]


def _day(time: str) -> str:
    return time[:10] or NONE
