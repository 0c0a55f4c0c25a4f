"""Recurring phrases in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from scansion.experiments.boilerplate import Boilerplate, Phrase
from scansion.report.figures import Scale, count, plural
from scansion.report.text import hanging, one_line, wrap

__all__ = ["render"]

_SHARE = Scale()
_SHOWN = 15


def render(found: Boilerplate, width: int) -> str:
    """The phrases, those that cover the most first."""
    lines = wrap(
        f"run {one_line(found.run)}: {plural(found.outputs, 'output')} on {plural(found.inputs, 'input')}; phrases of "
        f"{found.words} words or more in the outputs of {found.least} unrelated inputs or more",
        width,
    )
    if not found.phrases:
        return "\n".join([*lines, "", "No phrase recurs."]) + "\n"
    interval = f" {_SHARE.span(found.interval)}" if found.interval else ""
    said = f"{plural(found.marked, 'output')} with any of them: {_SHARE.mean(found.share)}{interval}"
    lines += [*wrap(said, width), ""]
    for phrase in found.phrases[:_SHOWN]:
        lines += _phrase(phrase, width)
    if (more := len(found.phrases) - _SHOWN) > 0:
        lines.append(f"{count(more)} more in --json and -o FILE")
    return "\n".join(lines) + "\n"


def _phrase(phrase: Phrase, width: int) -> Iterator[str]:
    interval = f" {_SHARE.span(phrase.interval)}" if phrase.interval else ""
    head = (
        f"{_SHARE.mean(phrase.share)}{interval}  {plural(phrase.outputs, 'output')}, {plural(phrase.inputs, 'input')}"
    )
    yield from hanging(f"{head}: {one_line(phrase.text)}", width)
    if len(phrase.by_variant) > 1:
        shares = "; ".join(f"{one_line(name)} {_SHARE.mean(share)}" for name, share in phrase.by_variant.items())
        yield from (f"  {line}" for line in wrap(shares, width - 2))
