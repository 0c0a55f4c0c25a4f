"""The annotations of a run as plain text, for 80 columns and for black and white."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal

from scansion.experiments.people.findings import CorrectedTarget, Findings, MarkedItem
from scansion.report.figures import NONE, Scale, kappa, plural
from scansion.report.plain import value_text
from scansion.report.table import Column, grid
from scansion.report.text import cut, one_line, wrap

__all__ = ["By", "render"]

By = Literal["kind", "tag", "person"]

_MOST = 20  # disputed items that are shown
_SHARE = Scale()


def render(found: Findings, width: int, by: By | None = None) -> str:
    """What the annotations say: everything, or with `by` one count of them alone; disputed items always first."""
    parts = {
        "tag": [_tags(found, width) or _untagged(found, width)],
        "kind": [_kinds(found, width)],
        "person": [_people(found, width)],
    }
    chosen = parts[by] if by is not None else [_people(found, width), _tags(found, width)]
    rest = [_corrections(found, width), *([] if by == "tag" else [_agreements(found, width)])]
    blocks = [_head(found, width), _disputes(found, width), *chosen, *rest]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(found: Findings, width: int) -> list[str]:
    scored = f"; scored by {found.scorer}" if found.scorer else ""
    title = f"annotations of {found.run} ({found.name}): {found.data}, {plural(found.n, 'example')}{scored}"
    if not found.people:
        return wrap(one_line(title) + "; there are none: `scansion show` takes them, with t, m, c and o", width)
    return wrap(one_line(title), width)


def _disputes(found: Findings, width: int) -> list[str]:
    disputed = found.disputed
    if not disputed:
        return []
    lines = wrap(_disputed(found), width)
    for item in disputed[:_MOST]:
        lines += _item(item, found.scorer, width)
    if len(disputed) > _MOST:
        lines.append(f"  and {len(disputed) - _MOST:,} more; --json has them all")
    return lines


def _disputed(found: Findings) -> str:
    """On how many outcomes people and the scorer disagree; those that it could not score are named apart."""
    unread = sum(item.scorer == "unscored" for item in found.disputed)
    read = len(found.disputed) - unread
    name = one_line(found.scorer)
    apart = f"{plural(unread, 'outcome')} that people call right {'is' if unread == 1 else 'are'} unscored by {name}"
    if not read:
        return apart
    said = f"people and {name} disagree on {plural(read, 'outcome')}: there the test is wrong, or they are"
    return f"{said}; {apart}" if unread else said


def _item(item: MarkedItem, scorer: str, width: int) -> list[str]:
    marks = ", ".join(f"{name}: {'right' if right else 'wrong'}" for name, right in item.marks.items())
    why = f" ({item.reason})" if item.reason else ""
    notes = [f"{name}: {note}" for name, note in item.notes.items()]
    rows = [
        f"{item.example}, {item.variant}: {marks}; {scorer}: {item.scorer}{why}",
        f"target {_short(item.target)}; output {_short(item.output)}",
        *notes,
    ]
    first, *more = (cut(one_line(row), width - 4) for row in rows)
    return [f"  {first}", *(f"    {row}" for row in more)]


def _short(value: Any) -> str:
    return NONE if value is None else cut(one_line(value_text(value)), 60)


def _people(found: Findings, width: int) -> list[str]:
    people = found.people
    if not people:
        return []
    columns = [
        Column("person", [one_line(p.name) for p in people], right=False),
        Column("read", [f"{p.read} of {found.n}" for p in people]),
        Column("right", [str(p.right) for p in people]),
        Column("wrong", [str(p.wrong) for p in people]),
        Column("tagged", [str(p.tagged) for p in people]),
        Column("notes", [str(p.noted) for p in people]),
        Column("targets", [str(p.corrected) for p in people]),
    ]
    return grid(columns, width)


def _tags(found: Findings, width: int) -> list[str]:
    if not found.tags:
        return []
    columns = [
        Column("kind of failure", [one_line(tag.tag) for tag in found.tags], right=False),
        Column("outcomes", [str(tag.outcomes) for tag in found.tags]),
        Column("examples", [str(len(tag.examples)) for tag in found.tags]),
        Column("variants", [", ".join(f"{one_line(v)} {n}" for v, n in tag.variants.items()) for tag in found.tags]),
    ]
    columns[3] = Column("variants", [cut(text, width // 3) for text in columns[3].values], right=False)
    head, rule, *body = grid(columns, width)
    if len(body) != len(found.tags):  # a name had to be wrapped
        return [head, rule, *body]
    listed = [[line, *_ids(tag.examples, width)] for line, tag in zip(body, found.tags, strict=True)]
    return [head, rule, *(line for lines in listed for line in lines)]


def _untagged(found: Findings, width: int) -> list[str]:
    said = f"no tag stands on an outcome of {found.run}; `scansion show` takes them, with t"
    return wrap(said, width) if found.people else []


def _ids(examples: tuple[str, ...], width: int) -> Iterator[str]:
    """The ids of examples in at most two lines."""
    lines = wrap(", ".join(one_line(each) for each in examples), width - 6)
    yield from (f"    {line}" for line in lines[:2])
    if len(lines) > 2:
        yield "    ..."


def _kinds(found: Findings, width: int) -> list[str]:
    if not found.kinds:
        return []
    kinds = list(found.kinds)
    columns = [Column("kind", kinds, right=False), Column("acts", [str(found.kinds[kind]) for kind in kinds])]
    return grid(columns, width)


def _corrections(found: Findings, width: int) -> list[str]:
    if not found.corrections:
        return []
    old = sum(not each.used for each in found.corrections)
    some = f"{old} of them " if old < len(found.corrections) else ""
    say = f"{some}not used by this run (it needs --corrections)" if old else "all used by this run"
    lines = wrap(f"corrected targets: {len(found.corrections)}, {say}", width)
    for each in found.corrections:
        lines += [f"  {cut(one_line(line), width - 2)}" for line in _correction(each)]
    return lines


def _correction(each: CorrectedTarget) -> Iterator[str]:
    change = _short(each.target) if each.used else f"{_short(each.old)} -> {_short(each.target)}"
    day = time.strftime("%Y-%m-%d", time.gmtime(each.time))
    yield f"{each.example}: {change} ({each.author}, {day})"
    for name, target in each.others.items():
        yield f"  but {name} says {_short(target)}"


def _agreements(found: Findings, width: int) -> list[str]:
    pairs = found.agreements
    if not pairs:
        return []
    columns = [
        Column("agreement", [one_line(f"{pair.a} with {pair.b}") for pair in pairs], right=False),
        Column("outcomes", [str(pair.n) for pair in pairs]),
        Column("equal", [_SHARE.mean(pair.equal) for pair in pairs]),
        Column("interval", [_SHARE.span(pair.equal_interval) for pair in pairs]),
        Column("kappa", [kappa(pair)[0] for pair in pairs]),
        Column("interval", [kappa(pair)[1] for pair in pairs]),
    ]
    return grid(columns, width)
