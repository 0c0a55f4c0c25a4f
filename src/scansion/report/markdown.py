"""A run's summary in Markdown, for a pull request: the table, the verdicts, and the flips to unfold."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scansion.experiments.results import OutcomeView, RunResult
from scansion.report import sentences
from scansion.report.figures import plural
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


def render(result: RunResult, flips: Iterable[OutcomeView] = ()) -> str:
    """The summary as Markdown. `flips` are the views of examples whose mark differs between two variants."""
    title, *rest = sentences.head(result)
    lines = ["## Scansion: " + _safe(title), "", *(f"{_sentence(line)}  " for line in rest), "", *_tables(result), ""]
    for said in (sentences.verdicts(result), sentences.gates(result), sentences.remarks(result)):
        lines += [f"- {_sentence(text)}" for text in said] + ([""] if said else [])
    return "\n".join([*lines, *_flips(flips)]).rstrip() + "\n"


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


def _flips(views: Iterable[OutcomeView]) -> list[str]:
    lines: list[str] = []
    number = 0
    for group in grouped(views):
        number += 1
        lines += _flip(group) if number <= _MOST else []
    if not number:
        return []
    shown = f", the first {_MOST} shown" if number > _MOST else ""
    return ["<details>", f"<summary>{plural(number, 'flip')}{shown}</summary>", "", *lines, "</details>"]


def _flip(group: list[OutcomeView]) -> list[str]:
    example = group[0].example
    lines = [f"**{_safe(example.id)}**", ""]
    inputs = "\n".join(f"{name}: {value_text(value)}" for name, value in example.inputs.items())
    target = "" if example.target is None else f"target: {value_text(example.target)}"
    lines += [_fence("\n".join(each for each in (inputs, target) if each)), ""]
    for view in group:
        lines += [
            f"{_safe(view.variant)}: {_safe(mark(view))}",
            "",
            _fence(view.output.text if view.output else view.message),
            "",
        ]
    return lines
