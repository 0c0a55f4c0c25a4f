"""A run's summary in Markdown, for a pull request: the verdicts, the table, and the flips to unfold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from scansion.experiments.results import Comparison, OutcomeView, RunResult
from scansion.report import sentences
from scansion.report.checklists import checklist_tables
from scansion.report.figures import plural
from scansion.report.names import shortener, shown
from scansion.report.plain import grouped, mark, value_text
from scansion.report.repeats import repeats_said, repeats_tables
from scansion.report.table import Column, columns_of, other_scorers, variants_of
from scansion.report.text import one_line, visible

__all__ = ["fence", "render", "safe", "sentence"]

_MOST = 20  # flips shown
_LONGEST = 600  # characters of one text


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~@])", r"\\\1", text)


def safe(text: str) -> str:
    """Text on one line that Markdown and HTML take as text: in table cells, sentences and headings."""
    return _escaped(one_line(text))


def sentence(text: str) -> str:
    """A sentence in which names stand in backticks: only what is outside of them needs escaping."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _escaped(text)
    return "`".join(part if i % 2 else _escaped(part) for i, part in enumerate(parts))


def fence(text: str, most: int = _LONGEST) -> str:
    """Text in a block that nothing in it can close, cut at `most` characters."""
    shown = visible(text)
    cut = shown if len(shown) <= most else shown[:most] + " …"
    ticks = "`" * (1 + max([2, *map(len, re.findall(r"`+", cut))]))
    return f"{ticks}text\n{cut}\n{ticks}"


def render(result: RunResult, flips: Iterable[tuple[Comparison, Iterable[OutcomeView]]] = ()) -> str:
    """The summary as Markdown. `flips` are, for each comparison, the views of examples whose mark differs in it."""
    named = [(f"`{one_line(c.b)}` against `{one_line(c.a)}`", views) for c, views in flips]
    short = shortener(v.model for v in result.variants)
    result = shown(result)
    title, *rest = sentences.head(result)
    lines = ["## Scansion: " + safe(title), ""]
    lines += _listed([*sentences.verdicts(result), *sentences.gates(result)])
    lines += [*(f"{sentence(line)}  " for line in rest), "", *_tables(result), ""]
    lines += _listed([*repeats_said(result), *sentences.remarks(result)])
    left = _MOST
    for between, views in named:
        part, used = _flips(short(between).replace("`", ""), views, left, short)
        lines, left = lines + part, left - used
    return "\n".join(lines).rstrip() + "\n"


def _listed(said: list[str]) -> list[str]:
    return [*(f"- {sentence(text)}" for text in said), ""] if said else []


def _tables(result: RunResult) -> list[str]:
    quality, cost = columns_of(result)
    others = other_scorers(result)
    tables = [*_table([variants_of(result), *quality, *cost]), *(["", *_table(others)] if others else [])]
    for heading, columns in [*repeats_tables(result), *checklist_tables(result)]:
        tables += ["", sentence(heading), "", *_table(columns)]
    return tables


def _table(columns: list[Column]) -> list[str]:
    first, *rest = columns
    lines = ["| " + " | ".join(c.title for c in columns) + " |", "| --- |" + " ---: |" * len(rest)]
    for index, name in enumerate(first.values):
        lines.append(f"| {safe(name)} | " + " | ".join(c.values[index] for c in rest) + " |")
    return lines


def _flips(between: str, views: Iterable[OutcomeView], most: int, short: Callable[[str], str]) -> tuple[list[str], int]:
    """The flips of one comparison to unfold, and how many of them are shown."""
    lines: list[str] = []
    number = 0
    for group in grouped(views):
        number += 1
        lines += _flip(group, short) if number <= most else []
    if not number:
        return [], 0
    cut = f", {most or 'none'} shown" if number > most else ""
    summary = f"<summary>{plural(number, 'flip')} of {escape(between).replace('@', '&#64;')}{cut}</summary>"
    return ["<details>", summary, "", *lines, "</details>", ""], min(number, most)


def _flip(group: list[OutcomeView], short: Callable[[str], str]) -> list[str]:
    example = group[0].example
    lines = [f"**{safe(example.id)}**", ""]
    inputs = "\n".join(f"{name}: {value_text(value)}" for name, value in example.inputs.items())
    target = "" if example.target is None else f"target: {value_text(example.target)}"
    lines += [fence("\n".join(each for each in (inputs, target) if each)), ""]
    for view in group:
        said = view.output.text if view.output else view.message
        lines += [f"{safe(short(view.variant))}: {safe(mark(view))}", "", fence(said), ""]
    return lines
