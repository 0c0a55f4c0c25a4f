"""The self-contained HTML report of a run: no network, no external asset, nothing that a model wrote is ever markup.

The head of the page (figures, verdicts, plot, prompts) is static. Examples are data: JSON in script elements that no
browser runs, every `<`, `>` and `&` in it escaped, put on the page by a small script through `textContent` only. A
Content-Security-Policy allows that one script and one style sheet, by their digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape as _markup
from pathlib import Path
from typing import Any, TextIO

import msgspec
from msgspec import Struct

from scansion.experiments.frontier import Frontier
from scansion.experiments.results import OutcomeView, RunResult, VariantResult
from scansion.report import frontier_svg, plot, sentences, until
from scansion.report.checklists import checklist_tables
from scansion.report.examples import Gathered, Texts, as_data
from scansion.report.figures import count
from scansion.report.names import shown
from scansion.report.prompts import PromptUse, section
from scansion.report.repeats import repeats_said, repeats_tables
from scansion.report.table import Column, columns_of, other_scorers, variants_of
from scansion.report.text import one_line

__all__ = ["Beside", "PromptUse", "write"]

_MARKER = re.compile(r"<!--scansion:(\w+)-->")
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Beside(Struct, frozen=True):
    """What stands beside outcomes: the variants' `prompts`, programs in Python apart, and the `frontier` of quality and
    cost, shown where the variants cost differently."""

    prompts: Sequence[PromptUse] = ()
    frontier: Frontier | None = None


def write(
    result: RunResult,
    views: Iterable[OutcomeView],
    stream: TextIO,
    *,
    flips: Iterable[OutcomeView] = (),
    beside: Beside | None = None,
    most: int | None = None,
) -> None:
    """Writes the report to `stream`.

    `views` are the run's outcomes row by row; `flips` are those among them in which compared variants differ: their
    examples stand first, and are kept where there are more than `most` (else as many as a browser takes).
    """
    beside = beside or Beside()
    template = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    gathered = Gathered(most)
    gathered.take_flips(flips)
    gathered.fill(views)
    texts = Texts()
    for index, part in enumerate(_MARKER.split(template)):
        if index % 2 == 0:
            stream.write(part)
        elif part == "examples":
            _write_examples(gathered, texts, result.variants, stream)
        elif part == "frontier":
            stream.write(_frontier(beside.frontier))
        elif part == "prompts":
            stream.write(_prompts(beside.prompts, result, gathered))
        else:
            stream.write(_part(part, shown(result), gathered, texts, template))


def _part(name: str, result: RunResult, gathered: Gathered, texts: Texts, page: str) -> str:
    parts = {
        "policy": lambda: _policy(page),
        "title": lambda: _text(f"Scansion: {_title(result)}"),
        "head": lambda: _head(result),
        "plot": lambda: plot.intervals(result),
        "table": lambda: _tables(result),
        "paths": lambda: until.paths(result),
        "verdicts": lambda: _list(sentences.verdicts(result)),
        "remarks": lambda: _list([*repeats_said(result), *sentences.gates(result), *sentences.remarks(result)]),
        "cut": lambda: _cut(gathered, result),
        "names": lambda: _json([one_line(v.name) for v in result.variants]),
        "texts": lambda: _json(texts.found),
    }
    return parts[name]()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode().translate(_ESCAPES)


def _text(text: str) -> str:
    return _markup(one_line(text))


def _policy(template: str) -> str:
    def allowed(tag: str) -> str:
        found = re.search(rf"<{tag}>(.*?)</{tag}>", template, re.DOTALL)
        body = found.group(1) if found else ""
        return "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"

    style, script = allowed("style"), allowed("script")
    return f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"


def _head(result: RunResult) -> str:
    title, *rest = sentences.head(result)
    made = [f"made {result.created}"] if result.created else []
    lines = "".join(f"<p>{_sentence(line)}</p>" for line in [title, *rest, *made])
    return f"<h1>{_text(_title(result))}</h1>{lines}"


def _title(result: RunResult) -> str:
    """The plan and the data, since a plan without a name goes by its prompt alone."""
    name = result.name or (f"Run {result.run}" if result.run else "Comparison")
    return f"{name} on {result.data}" if result.data else name


def _sentence(text: str) -> str:
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _markup(text)
    return "".join(f"<code><bdi>{_markup(p)}</bdi></code>" if i % 2 else _markup(p) for i, p in enumerate(parts))


def _list(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{_sentence(line)}</li>" for line in lines) + "</ul>" if lines else ""


def _tables(result: RunResult) -> str:
    quality, cost = columns_of(result)
    others = other_scorers(result)
    parts = [_table([variants_of(result), *quality, *cost]), _table(others) if others else ""]
    more = [*repeats_tables(result), *checklist_tables(result)]
    parts += [f"<p>{_sentence(heading)}</p>{_table(columns)}" for heading, columns in more]
    return "".join(parts)


def _table(columns: list[Column]) -> str:
    first, *rest = columns
    head = "".join(f'<th scope="col">{_markup(c.title)}</th>' for c in columns)
    rows = []
    for index, name in enumerate(first.values):
        cells = "".join(f"<td>{_markup(c.values[index])}</td>" for c in rest)
        rows.append(f'<tr><th scope="row"><bdi>{_markup(name)}</bdi></th>{cells}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _prompts(prompts: Sequence[PromptUse], result: RunResult, gathered: Gathered) -> str:
    as_shown = shown(result).variants
    by_name = {v.name: each for v, each in zip(result.variants, as_shown, strict=True)}
    return section(prompts, by_name, (gathered.rows[row].values() for row in sorted(gathered.rows)))


def _frontier(found: Frontier | None) -> str:
    """The section on quality beside cost, where there is something to see."""
    if found is None or not found.varies:
        return ""
    from scansion.report.frontier import about, said
    from scansion.report.frontier import shown as with_shown_names

    named = with_shown_names(found)
    return f"<h2>Quality and cost</h2><p>{_text(about(named))}</p>{frontier_svg.inline(found)}{_list(said(named))}"


def _cut(gathered: Gathered, result: RunResult) -> str:
    if not gathered.cut:
        return ""
    kept, planned = count(len(gathered.rows)), count(max(v.n for v in result.variants))
    return f"<p>This page holds {kept} of {planned} examples; <code>scansion show</code> pages through all.</p>"


def _write_examples(gathered: Gathered, texts: Texts, variants: list[VariantResult], stream: TextIO) -> None:
    stream.write("[")
    before = "\n"
    for views, flip in gathered.ordered():
        stream.writelines((before, _json(as_data(views, flip, variants, texts))))
        before = ",\n"
    stream.write("\n]")
