"""Outcomes gathered by example, and their form as data for the HTML report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from scansion.experiments.results import OutcomeView, VariantResult
from scansion.report.choices import choice_lines
from scansion.report.names import shortener
from scansion.report.plain import call_facts, mark, message_text, own_message, reply_text, score_text, value_text
from scansion.report.steps import Shown, shown_steps, steps_texts
from scansion.report.text import one_line, visible
from scansion.types import Call

__all__ = ["MOST", "MOST_TEXT", "Gathered", "Texts", "as_data"]

MOST = 10_000  # outcomes, unless told otherwise
MOST_TEXT = 40_000_000  # characters of outputs, requests and replies, likewise: about 50 MB of page


class Gathered:
    """The outcomes of examples, by row: of at most `most`, or else of so many that they come to `MOST` outcomes or
    `MOST_TEXT` characters.

    `flips` are the rows that were taken as flips, `cut` says that not all found a place.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.cut = False
        self.rows: dict[int, dict[tuple[str, int], OutcomeView]] = {}
        self.flips: set[int] = set()
        self._outcomes = self._text = 0

    def take_flips(self, views: Iterable[OutcomeView]) -> None:
        """Take the views of flips, until all places are taken."""
        for view in views:
            if not self._take(view):
                return
            self.flips.add(view.row)

    def fill(self, views: Iterable[OutcomeView]) -> None:
        """Take views that come row by row, until none of the rest could belong to an example that has a place."""
        for view in views:
            if not self._take(view) and view.row > max(self.rows, default=0):
                return

    def _take(self, view: OutcomeView) -> bool:
        if view.row not in self.rows and self._full:
            self.cut = True
            return False
        row = self.rows.setdefault(view.row, {})
        if (view.variant, view.trial) not in row:
            row[view.variant, view.trial] = view
            self._outcomes += 1
            self._text += _length(view)
        return True

    @property
    def _full(self) -> bool:
        if self.most is not None:
            return len(self.rows) >= self.most
        return self._outcomes >= MOST or self._text >= MOST_TEXT

    def ordered(self) -> Iterator[tuple[list[OutcomeView], bool]]:
        """The views of each example and whether it is a flip: flips first, each kind in the order of rows."""
        for row in sorted(self.rows, key=lambda row: (row not in self.flips, row)):
            yield list(self.rows[row].values()), row in self.flips


def _length(view: OutcomeView) -> int:
    """The characters of an outcome's output, requests and replies, about."""
    texts = [view.output.text if view.output is not None else ""]
    texts += steps_texts(view.output)
    for call in (*view.calls, *view.judge_calls):
        texts += [call.request.text or "", *map(message_text, call.request.messages), call.completion.text]
    return sum(map(len, texts))


class Texts:
    """Texts that recur in requests, each kept once and named by its number."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.found)
            self.found.append(visible(text))
        return self._numbers[text]


def as_data(views: list[OutcomeView], flip: bool, variants: Sequence[VariantResult], texts: Texts) -> dict[str, Any]:
    """One example with its outcomes as the page's script reads it; all text is `visible`.

    Trials are numbered from 1, and 0 where each variant has one.
    """
    example = views[0].example
    order = {v.name: index for index, v in enumerate(variants)}
    ranked = sorted(views, key=lambda v: (v.trial, order.get(v.variant, len(variants))))
    repeated = any(v.trials > 1 for v in variants)
    short = shortener(v.model for v in variants)
    return {
        "id": one_line(example.id),
        "row": views[0].row + 1,
        "flip": flip,
        "inputs": [[one_line(k), visible(value_text(v))] for k, v in example.inputs.items()],
        "target": None if example.target is None else visible(value_text(example.target)),
        "tags": [one_line(tag) for tag in example.tags],
        "outcomes": [
            {
                "variant": order.get(view.variant, -1),
                "trial": view.trial + 1 if repeated else 0,
                "calls": [_call(call, short, texts) for call in (*view.calls, *view.judge_calls)],
                **_outcome(view),
            }
            for view in ranked
        ],
    }


def _outcome(view: OutcomeView) -> dict[str, Any]:
    return {
        "status": "wrong" if view.wrong else view.status,
        "mark": mark(view),
        "message": visible(own_message(view)),
        "text": None if view.output is None else visible(view.output.text),
        "scores": [score_text(name, score) for name, score in view.scores.items()],
        "choices": choice_lines(view.output),
        **({"steps": [_step(step) for step in steps]} if (steps := shown_steps(view.output)) else {}),
    }


def _step(step: Shown) -> dict[str, Any]:
    """A step: each stretch as one text where it is the same, else as what was there and what is now."""
    pieces = [[piece.new] if piece.same else [piece.old, piece.new] for piece in step.pieces]
    return {"title": step.title, "note": step.note, "pieces": pieces}


def _call(call: Call, short: Callable[[str], str], texts: Texts) -> dict[str, Any]:
    asked, done = call.request, call.completion
    if asked.text is not None:
        sent = [["text to embed" if asked.embeds else "text", texts.number(asked.text)]]
    else:
        sent = [[m.role, texts.number(message_text(m))] for m in asked.messages]
    return {
        "facts": call_facts(call, short(call.model)),
        "sent": sent,
        "settings": _settings(call),
        "reasoning": visible(done.reasoning),
        "reply": visible(reply_text(call)),
    }


def _settings(call: Call) -> str:
    settings = msgspec.to_builtins(call.request.sampling)
    for name in ("tools", "tool_choice", "response_format"):
        if value := getattr(call.request, name):
            settings[name] = msgspec.to_builtins(value)
    return visible(msgspec.json.encode(settings).decode()) if settings else ""
