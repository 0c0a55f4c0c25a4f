"""A run's summary in Markdown, for a pull request: the table, the verdicts, and the flips to unfold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from scansion.experiments.results import Comparison, OutcomeView, RunResult
from scansion.report import sentences
from scansion.report.figures import plural
from scansion.report.names import shortener, shown
from scansion.report.plain import grouped, mark, value_text
from scansion.report.table import Column, columns_of, other_scorers, variants_of
from scansion.report.text import one_line, visible

__all__ = ["render"]

_MOST = 20  # flips shown
_LONGEST = 600  # characters of one text


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~@])", r"\\\1", text)


def _safe(text: str) -> str:
    """Text on one line that Markdown and HTML take as text: in table cells, sentences and headings."""
    return _escaped(one_line(text))


def _sentence(text: str) -> str:
    """A sentence in which names stand in backticks: only what is outside of them needs escaping."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _escaped(text)
    return "`".join(part if i % 2 else _escaped(part) for i, part in enumerate(parts))


def _fence(text: str) -> str:
    shown = visible(text)
    cut = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + " …"
    ticks = "`" * (1 + max([2, *map(len, re.findall(r"`+", cut))]))
    return f"{ticks}text\n{cut}\n{ticks}"


def render(result: RunResult, flips: Iterable[tuple[Comparison, Iterable[OutcomeView]]] = ()) -> str:
    """The summary as Markdown. `flips` are, for each comparison, the views of examples whose mark differs in it."""
    named = [(f"`{one_line(c.b)}` against `{one_line(c.a)}`", views) for c, views in flips]
    short = shortener(v.model for v in result.variants)
    result = shown(result)
    title, *rest = sentences.head(result)
    lines = ["## Scansion: " + _safe(title), "", *(f"{_sentence(line)}  " for line in rest), "", *_tables(result), ""]
    for said in (sentences.verdicts(result), sentences.gates(result), sentences.remarks(result)):
        lines += [f"- {_sentence(text)}" for text in said] + ([""] if said else [])
    left = _MOST
    for between, views in named:
        part, used = _flips(short(between).replace("`", ""), views, left, short)
        lines, left = lines + part, left - used
    return "\n".join(lines).rstrip() + "\n"


def _tables(result: RunResult) -> list[str]:
    quality, cost = columns_of(result)
    others = other_scorers(result)
    return [*_table([variants_of(result), *quality, *cost]), *(["", *_table(others)] if others else [])]


def _table(columns: list[Column]) -> list[str]:
    first, *rest = columns
    lines = ["| " + " | ".join(c.title for c in columns) + " |", "| --- |" + " ---: |" * len(rest)]
    for index, name in enumerate(first.values):
        lines.append(f"| {_safe(name)} | " + " | ".join(c.values[index] for c in rest) + " |")
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
    lines = [f"**{_safe(example.id)}**", ""]
    inputs = "\n".join(f"{name}: {value_text(value)}" for name, value in example.inputs.items())
    target = "" if example.target is None else f"target: {value_text(example.target)}"
    lines += [_fence("\n".join(each for each in (inputs, target) if each)), ""]
    for view in group:
        said = view.output.text if view.output else view.message
        lines += [f"{_safe(short(view.variant))}: {_safe(mark(view))}", "", _fence(said), ""]
    return lines
