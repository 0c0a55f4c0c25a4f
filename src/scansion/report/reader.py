"""What the reader of `scansion show` draws: one item with its outputs side by side, and the bars around it.

Pure: what is to be shown goes in, lines of at most `width` cells come out. Every text of a model passes
`text.visible` on its way, so that none reaches the terminal with a control character in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from scansion.experiments.figures import VariantInfo
from scansion.experiments.people.annotations import Standing
from scansion.experiments.results import OutcomeView, known_sum
from scansion.experiments.selection import Selection
from scansion.report.figures import plural, seconds, usd
from scansion.report.names import shortener
from scansion.report.plain import (
    SIDE,
    below,
    beside,
    differing,
    example_lines,
    outcome_lines,
    outcome_title,
    output_text,
    tokens_of,
    trace_lines,
)
from scansion.report.text import cells, cut, one_line, pad, wrap

__all__ = ["Page", "Place", "Shown", "bar", "bottom", "in_a_row", "message", "page", "selected", "top"]

_MESSAGE = 4  # lines
_HERE = ">"  # stands before the outcome that keys act on


class Shown(Struct, frozen=True, kw_only=True):
    """What of an item is on the screen.

    `views` are its outcomes, each with what people said of it: the baseline's first where there is one (`based`), then
    the one that is read beside it. `active` is the position of the one that keys act on. `others` names the variants
    that are not on the screen. `models` are all models of the run; names are shown without what these share.
    """

    views: list[OutcomeView]
    said: list[Standing]
    active: int = 0
    based: bool = False
    others: list[OutcomeView] = []
    calls: bool = False
    models: tuple[str, ...] = ()


class Page(Struct, frozen=True):
    """The lines of an item, and the line on which its trace of calls begins (their number where it is not shown)."""

    lines: list[str]
    calls_at: int


class Place(Struct, frozen=True, kw_only=True):
    """Where a reader is: the run, what is selected in words, item `at` (from 1) of `items`, how many were read.

    `progress` is the part of the run that a search has been through, None without one.
    """

    run: str
    selection: str
    at: int
    items: int
    read: int
    progress: float | None = None


def page(shown: Shown, width: int) -> Page:
    """The lines of an item: what was asked, the outputs with their differences marked, scores, what people said."""
    active = shown.views[shown.active]
    lines = [*outcome_title(active, width), *example_lines(active.example, shown.said[shown.active], width)]
    if active.example.tags:
        lines += wrap("the row's tags: " + ", ".join(map(one_line, active.example.tags)), width)
    lines += ["", *_outcomes(shown, width)]
    short = shortener(shown.models)
    if shown.others:
        also = ", ".join(f"{one_line(short(v.variant))} {_verdict(v)}" for v in shown.others)
        lines += [*wrap(f"also: {also} (Tab)", width), ""]
    start = len(lines)
    if shown.calls:
        views = [active, *(view for view in shown.views if view is not active)]
        traces = [trace_lines(view, short, width) for view in views]
        lines += [line for trace in traces for line in trace] or ["no call was made"]
    return Page(lines, start)


def _verdict(view: OutcomeView) -> str:
    return view.status if view.status != "scored" else "wrong" if view.wrong else "right"


def _outcomes(shown: Shown, width: int) -> list[str]:
    """Two outcomes side by side, or under one another where the window is narrow: there the baseline stands below."""
    blocks = _blocks(shown)
    if len(blocks) == 2 and width // 2 >= SIDE:
        return beside(blocks, width)
    return below(reversed(blocks) if shown.based else blocks, width)


def _blocks(shown: Shown) -> list[list[str]]:
    short = shortener(shown.models)
    texts: list[str | None] = [None] * len(shown.views)
    if len(shown.views) == 2 and all(view.output is not None for view in shown.views):
        texts = list(differing(*map(output_text, shown.views)))
    found = []
    for i, (view, said) in enumerate(zip(shown.views, shown.said, strict=True)):
        head, *lines = outcome_lines(view, short, texts[i], said)
        head += " (baseline)" if shown.based and i == 0 else ""
        here = f"{_HERE} " if i == shown.active and len(shown.views) > 1 else ""
        found.append([here + head, *lines, f"  {facts(view)}"])
    return found


def facts(view: OutcomeView) -> str:
    """What an outcome took: calls, tokens, USD, time; its judges' calls apart."""
    said = [plural(len(view.calls), "call"), *tokens_of(view.calls)]
    if view.cost_usd is not None:
        said.append(f"{usd(view.cost_usd)} USD")
    said.append(seconds(view.latency))
    if view.judge_calls:
        judged = known_sum(call.cost_usd for call in view.judge_calls)
        said.append(f"judge: {plural(len(view.judge_calls), 'call')}" + (f", {usd(judged)} USD" if judged else ""))
    return ", ".join(said)


def selected(selection: Selection, variants: Sequence[VariantInfo]) -> str:
    """What is selected, in words; empty for all. `variants` are those that are shown."""
    words: list[str] = []
    if selection.of_flips:
        names = selection.flips or [info.name for info in variants[:2]]
        words.append("flips of " + " and ".join(map(one_line, names)))
    elif selection.which != "all":
        words.append(selection.which)
    if selection.variant is not None and not selection.of_flips:
        words.append(f"of {one_line(selection.variant)}")
    if selection.tag is not None:
        words.append(f"tagged {one_line(selection.tag)}")
    if selection.text:
        words.append(f"with {one_line(selection.text)!r}")
    return " ".join([*words, *([f"of example {one_line(', '.join(selection.ids))}"] if selection.ids else [])])


def top(place: Place, width: int) -> str:
    """The bar above: run, item, what is selected, how much of it was read; a narrow one leaves out the run first."""
    item = f"item {place.at:,} of {place.items:,}" if place.items else "no items"
    search = f"searching {100 * place.progress:.0f}%" if place.progress is not None else ""
    read = f"read {place.read:,} of {place.items:,}"
    run, selection = one_line(place.run), one_line(place.selection)
    for parts in ((run, item, selection, read, search), (item, selection, read, search), (item, read, search)):
        text = "  ".join(part for part in parts if part)
        if cells(text) <= width - 2:
            break
    return bar(f" {text}", width)


def bottom(text: str, hints: Sequence[str], place: str, width: int) -> list[str]:
    """The bars below: a message, or else as many of the hints as there is room for; `place` at the right end."""
    room = max(4, width - cells(place) - (2 if place else 0))
    *said, last = message(text, room) if text else [in_a_row(hints, room - 1)]
    end = f" {place} " if place else ""
    return [*(bar(f" {line}", width) for line in said), bar(pad(f" {last}", room) + end, width)]


def message(text: str, width: int) -> list[str]:
    """A message in as many lines as it needs, up to some."""
    lines = wrap(one_line(text), width - 1)
    return lines if len(lines) <= _MESSAGE else [*lines[: _MESSAGE - 1], cut(lines[_MESSAGE - 1] + "…", width - 1)]


def in_a_row(hints: Iterable[str], room: int) -> str:
    """As many hints as `room` cells take, two spaces apart."""
    line = ""
    for hint in hints:
        longer = f"{line}  {hint}" if line else hint
        if cells(longer) > room:
            break
        line = longer
    return line


def bar(text: str, width: int) -> str:
    """A line of just `width` cells."""
    return pad(cut(text, width), width)
