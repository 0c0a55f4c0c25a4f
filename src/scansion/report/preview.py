"""What a run would ask, as plain text."""

from __future__ import annotations

from scansion.experiments.preview import Preview
from scansion.report.figures import plural, usd
from scansion.report.plain import request_text
from scansion.report.text import one_line, wrap
from scansion.types import request_digest

__all__ = ["render"]


def render(found: Preview, width: int) -> str:
    """The requests, equal ones of one example once; then how many calls, at what cost. Ended by a newline."""
    asked: dict[tuple[str, bytes], list[int]] = {}
    for index, (_, example, request) in enumerate(found.requests):
        asked.setdefault((example, request_digest(request)), []).append(index)
    lines = []
    for (example, _), same in asked.items():
        names = ", ".join(one_line(found.requests[index][0]) for index in same)
        request = found.requests[same[0]][2]
        lines += [*wrap(f"[{names}] example {one_line(example)}", width), request_text(request), ""]
    cost = "cost unknown" if found.cost_usd is None else f"about {usd(found.cost_usd)} USD"
    held = f", {found.held:,} more in the lab already" if found.held else ""
    most = "at most " if found.at_most else ""
    said = [f"{most}{plural(found.calls, 'call')}{held}, {cost}; nothing was asked", *map(one_line, found.notes)]
    return "\n".join([*lines, *(line for text in said for line in wrap(text, width))]) + "\n"
