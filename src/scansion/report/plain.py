"""One example's outcomes as plain text: input, target, outputs side by side or one after another, scores, calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from scansion.experiments.results import OutcomeView
from scansion.report.figures import plural, seconds, usd
from scansion.report.names import shortener
from scansion.report.sentences import kind_words
from scansion.report.text import cells, cut, one_line, pad, visible, wrap
from scansion.types import Call, ImagePart, Message, Request, Score, request_digest

__all__ = [
    "call_facts",
    "distinct_requests",
    "example_text",
    "grouped",
    "mark",
    "message_text",
    "own_message",
    "request_text",
    "requests_text",
    "score_text",
    "value_text",
]

_SIDE = 38  # least cells of a column for outputs side by side
_LONGEST_ID = 40  # cells of an example's id in a title


def value_text(value: Any) -> str:
    """An input, target or answer as text: strings as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        return str(value)


def mark(view: OutcomeView) -> str:
    """What an outcome is: right, wrong, or why it has no score."""
    if view.status != "scored":
        reason = kind_words(view.reason) if view.status == "error" else one_line(view.reason)
        return view.status + (f" ({reason})" if reason else "")
    return "wrong" if view.wrong else "right"


def own_message(view: OutcomeView) -> str:
    """The words of an outcome, empty where one of its scores says the same."""
    return "" if any(score.explanation == view.message for score in view.scores.values()) else view.message


def score_text(name: str, score: Score) -> str:
    """A score with its reason: `numeric: 0 (answer 12)`."""
    value = f"unscored, {score.unscored}" if score.value is None else f"{score.value:g}"
    answer = "" if score.answer is None else f"answer {value_text(score.answer)}"
    why = "; ".join(each for each in (answer, score.explanation) if each)
    return one_line(f"{name}: {value}" + (f" ({why})" if why else ""))


def message_text(message: Message) -> str:
    """The content of a message; images and tool calls are named in brackets."""
    content = message.content
    if not isinstance(content, str):
        content = "".join(_image(p) if isinstance(p, ImagePart) else p.text for p in content)
    return content + "".join(f"\n[tool call {c.name} {c.arguments}]" for c in message.tool_calls)


def _image(part: ImagePart) -> str:
    return f"[image {part.url or part.media_type}]"


def request_text(request: Request) -> str:
    """A request exactly as sent: each message under its role, a completion prompt as it is, then how it is drawn."""
    if request.text is not None:
        lines = ["--- text", request.text]
    else:
        lines = [line for m in request.messages for line in (f"--- {m.role}", message_text(m))]
    settings = msgspec.to_builtins(request.sampling)
    for name in ("tools", "tool_choice", "response_format"):
        if value := getattr(request, name):
            settings[name] = msgspec.to_builtins(value)
    return visible("\n".join([*lines, *([f"--- {msgspec.json.encode(settings).decode()}"] if settings else [])]))


def distinct_requests(views: Iterable[OutcomeView]) -> list[tuple[Request, Counter[str]]]:
    """The requests of outcomes, equal ones once, each with how often each variant made it."""
    asked: dict[bytes, tuple[Request, Counter[str]]] = {}
    for view in views:
        for call in view.calls:
            _, by = asked.setdefault(request_digest(call.request), (call.request, Counter()))
            by[view.variant] += 1
    return list(asked.values())


def requests_text(views: Sequence[OutcomeView], width: int = 80, models: Iterable[str] = ()) -> str:
    """The requests of one example exactly as they were sent, equal ones once, each under a line that says whose.

    `models` are all models of the run; names are shown without what these share.
    """
    short = shortener(models)
    parts = []
    for request, by in distinct_requests(views):
        who = ", ".join(one_line(short(v)) + (f" ({plural(n, 'call')})" if n > 1 else "") for v, n in by.items())
        parts += [*wrap(f"[{who}] {_title(views[0])})", width), request_text(request), ""]
    return "".join(f"{part}\n" for part in parts)


def _title(view: OutcomeView) -> str:
    return f"example {cut(one_line(view.example.id), _LONGEST_ID)} (row {view.row + 1}"


def call_facts(call: Call, model: str) -> str:
    """What is to be said of a call beside its texts: the model, as it is shown, time, tokens, cost, how it ended."""
    done = call.completion
    facts = [model, seconds(done.latency)]
    if done.usage:
        facts.append(f"{done.usage.input_tokens:,} + {done.usage.output_tokens:,} tokens")
    if call.cost_usd is not None:
        facts.append(f"{usd(call.cost_usd)} USD")
    facts += ["judge"] if call.purpose == "judge" else []
    return one_line(", ".join([*facts, *([done.finish_reason] if done.finish_reason else [])]))


def grouped(views: Iterable[OutcomeView]) -> Iterator[list[OutcomeView]]:
    """Views that come row by row, as one list for each row and trial."""
    for _, of_row in groupby(views, key=lambda view: view.row):
        by_trial: dict[int, list[OutcomeView]] = {}
        for view in of_row:
            by_trial.setdefault(view.trial, []).append(view)
        yield from (by_trial[trial] for trial in sorted(by_trial))


def example_text(
    views: Sequence[OutcomeView], width: int = 80, *, calls: bool = True, models: Iterable[str] = ()
) -> str:
    """The outcomes of one example in one trial: what was asked, then what each variant answered and how it was scored.

    Two variants stand side by side where `width` allows; `calls` adds the trace of each. `models` are all models
    of the run; names are shown without what these share.
    """
    first = views[0]
    lines = ["=" * min(width, 80), *wrap(f"{_title(first)}, trial {first.trial + 1})", width)]
    for name, value in first.example.inputs.items():
        lines += _field(name, value, width)
    if first.example.target is not None:
        lines += _field("target", first.example.target, width)
    lines.append("")
    short = shortener(models)
    blocks = [_outcome(v, short) for v in views]
    lines += _beside(blocks, width) if len(views) == 2 and width // 2 >= _SIDE else _below(blocks, width)
    if calls:
        lines += [line for v in views for line in _trace(v, short, width)]
    return "\n".join(lines) + "\n"


def _field(name: str, value: Any, width: int) -> list[str]:
    text, title = visible(value_text(value)), one_line(name)
    if "\n" not in text and cells(title) + cells(text) + 2 <= width:
        return [f"{title}: {text}"]
    return [*wrap(f"{title}:", width), *("  " + line for line in wrap(text, width - 2))]


def _outcome(view: OutcomeView, short: Callable[[str], str]) -> list[str]:
    lines = [f"[{one_line(short(view.variant))}] {mark(view)}"]
    if message := own_message(view):
        lines.append(one_line(message))
    if view.output is not None:
        lines += visible(view.output.text).split("\n")
    return [*lines, *(f"  {score_text(name, score)}" for name, score in view.scores.items())]


def _below(blocks: list[list[str]], width: int) -> list[str]:
    return [line for block in blocks for text in [*block, ""] for line in wrap(text, width)]


def _beside(blocks: list[list[str]], width: int) -> list[str]:
    side = (width - 3) // 2
    left, right = ([line for text in block for line in wrap(text, side)] for block in blocks)
    height = max(len(left), len(right))
    left, right = (part + [""] * (height - len(part)) for part in (left, right))
    return [f"{pad(a, side)} | {b}".rstrip() for a, b in zip(left, right, strict=True)] + [""]


def _trace(view: OutcomeView, short: Callable[[str], str], width: int) -> list[str]:
    lines = []
    calls = [*view.calls, *view.judge_calls]
    for number, call in enumerate(calls, 1):
        of = f" of {len(calls)}" if len(calls) > 1 else ""
        head = f"[{one_line(short(view.variant))}] call {number}{of}: {call_facts(call, short(call.model))}"
        first, *more = wrap(head, width - 2)
        texts = [*request_text(call.request).split("\n"), "--- reply", *visible(call.completion.text).split("\n")]
        body = [*more, *(line for text in texts for line in wrap(text, width - 2))]
        lines += [first, *("  " + line for line in body)]
    return [*lines, ""] if lines else []
