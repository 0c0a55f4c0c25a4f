"""What `scansion try` shows: the example, each output as it comes, what became of it, the requests as sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scansion.experiments.results import OutcomeView
from scansion.models.base import Piece
from scansion.report.figures import plural, seconds, usd
from scansion.report.flow import Flow
from scansion.report.plain import example_name, mark, own_message, request_text, score_text, tokens_of, value_text
from scansion.report.steps import step_lines
from scansion.report.text import one_line, visible, wrap
from scansion.types import Example, Request, request_digest

__all__ = ["Reply", "example_head", "requests_text", "result_text", "steps_text"]

_LINES = 8  # of an input; the rest stands in the prompt as sent

Short = Callable[[str], str]


def example_head(example: Example, width: int, *, titled: bool = True) -> str:
    """The line that begins an example, its inputs (long ones cut) and its target."""
    lines = ["=" * min(width, 80)]
    if titled:
        lines += wrap(f"{example_name(example.id)} (row {example.row + 1})", width)
    fields = [*example.inputs.items(), *([("target", example.target)] if example.target is not None else [])]
    for name, value in fields:
        lines += _field(one_line(name), visible(value_text(value)), width)
    return "\n".join(lines) + "\n"


def _field(name: str, text: str, width: int) -> list[str]:
    lines = wrap(f"{name}: {text}", width) if "\n" not in text else [f"{name}:", *wrap(text, width)]
    if len(lines) <= _LINES:
        return lines
    return [*lines[: _LINES - 1], f"... ({plural(len(lines) - _LINES + 1, 'more line')})"]


class Reply:
    """The output of one outcome as it comes. Write what `begin`, `hear` and `end` give.

    Of a program that asks more than once (`alone` is False) each reply is shown under a line of its own, in the order
    of asking, and the output after them unless it is the last reply.
    """

    def __init__(self, name: str, width: int, *, alone: bool = True, trial: int = 0) -> None:
        self._title = f"[{one_line(name)}]" + (f" trial {trial + 1}" if trial else "")
        self._width, self._alone = width, alone
        self._slot = 0
        self._heard = False  # whether a whole reply was shown; a vector is none
        self._flow: Flow | None = None
        self._waiting: dict[int, list[Piece]] = {}
        self._fresh = True  # whether the cursor stands at the beginning of a line

    def begin(self) -> str:
        """The line that says whose output it is."""
        return "\n" + "\n".join(wrap(self._title, self._width)) + "\n"

    def hear(self, slot: int, piece: Piece) -> str:
        """What a piece of the reply to call number `slot` lets be shown now."""
        self._waiting.setdefault(slot, []).append(piece)
        return self._shown()

    def end(self, view: OutcomeView) -> str:
        """The rest of the output, and a line end."""
        told = self._shown(everything=True)
        if self._flow is not None:
            told += self._closed() + self._note("the reply broke off")
        text = view.output.text if view.output is not None else None
        heard = self._heard
        if text is None or (heard and self._alone):
            return told
        last = next((call.completion.text for call in reversed(view.calls) if not call.request.embeds), None)
        if heard and text == last:
            return told
        return told + (self._note("output") if heard else "") + self._whole(text)

    def _shown(self, *, everything: bool = False) -> str:
        """What waits and is next; with `everything` also what stands behind a reply that never came."""
        shown = ""
        while self._slot in self._waiting or (everything and self._waiting):
            if self._slot not in self._waiting:
                self._slot = min(self._waiting)
            for piece in self._waiting.pop(self._slot):
                shown += self._piece(piece)
        return shown

    def _piece(self, piece: Piece) -> str:
        if piece.again:
            return self._closed() + self._note("the reply broke off and is asked for again")
        shown = ""
        if piece.completion is not None and piece.completion.vector:
            self._slot += 1
            return shown
        if self._flow is None:
            self._flow = Flow(self._width)
            shown = "" if self._alone else self._note(f"call {self._slot + 1}")
        shown += self._write(self._flow.feed(piece.text))
        if piece.completion is not None:
            shown += self._closed()
            self._slot, self._heard = self._slot + 1, True
        return shown

    def _write(self, text: str) -> str:
        if text:
            self._fresh = text.endswith("\n")
        return text

    def _closed(self) -> str:
        """The end of a reply, and of its line."""
        shown = self._write(self._flow.end()) if self._flow is not None else ""
        self._flow = None
        if not self._fresh:
            shown += "\n"
            self._fresh = True
        return shown

    def _whole(self, text: str) -> str:
        return "\n".join(wrap(visible(text), self._width)).rstrip("\n") + "\n"

    def _note(self, text: str) -> str:
        return f"-- {text}\n"


def result_text(view: OutcomeView, width: int, *, same: bool = False) -> str:
    """What became of an output: right or wrong with the scores, errors in words, time, tokens, cost, and whether it was
    known already. `same` says that it is the output that was there before."""
    what = [] if view.status == "unscored" and not view.scores and view.reason == "no scorer" else [mark(view)]
    what += [score_text(name, score) for name, score in view.scores.items()]
    if message := own_message(view):
        what.append(one_line(message))
    if view.output is not None and not view.output.text.strip():
        what.append("the output is empty")
    lines = ["; ".join(what), "; ".join([*(["the same output as before"] if same else []), *_facts(view)])]
    return "".join(f"  {part}\n" for line in lines if line for part in wrap(line, width - 2))


def steps_text(view: OutcomeView, width: int, *, heard: bool) -> str:
    """The steps of an output, what each changed marked; where the replies were `heard` as they came, only of one whose
    text was revised."""
    steps = view.output.data.get("steps") if view.output is not None else None
    revised = isinstance(steps, list | tuple) and any(isinstance(s, dict) and s.get("revises") for s in steps)
    if heard and not revised:
        return ""
    return "".join(f"{line}\n" for line in step_lines(view.output, "--", width))


def _facts(view: OutcomeView) -> list[str]:
    if not view.calls:
        return []
    facts = [plural(len(view.calls), "call")] if len(view.calls) > 1 else []
    facts += [seconds(view.latency), *tokens_of(view.calls)]
    if view.cost_usd:
        facts.append(f"{usd(view.cost_usd)} USD")
    known = sum(call.recorded for call in view.calls)
    if known:
        facts.append("known already" if known == len(view.calls) else f"{known} known already")
    return [", ".join(facts)]


def requests_text(asked: Sequence[tuple[OutcomeView, Sequence[Request]]], width: int, short: Short) -> str:
    """The requests of some outcomes exactly as sent, equal ones once under the names of all that made them."""
    found: dict[tuple[str, bytes], tuple[Request, list[str]]] = {}
    for view, requests in asked:
        for request in requests:
            _, names = found.setdefault((view.example.id, request_digest(request)), (request, []))
            if view.variant not in names:
                names.append(view.variant)
    lines = []
    for (id, _), (request, names) in found.items():
        who = ", ".join(one_line(short(name)) for name in names)
        lines += [*wrap(f"[{who}] {example_name(id)}, as sent", width), request_text(request), ""]
    return "\n".join(lines) + "\n"
