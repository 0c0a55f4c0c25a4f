"""One example's outcomes as plain text: input, target, outputs side by side or one after another, scores, calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from scansion.experiments.results import OutcomeView
from scansion.report.choices import choice_lines
from scansion.report.figures import plural, seconds, usd
from scansion.report.names import shortener
from scansion.report.sentences import kind_words
from scansion.report.steps import step_lines
from scansion.report.text import cells, cut, one_line, pad, visible, wrap
from scansion.report.words import compared
from scansion.types import Call, Example, ImagePart, Message, Request, Score, request_digest

if TYPE_CHECKING:
    from scansion.experiments.people.annotations import Standing

__all__ = [
    "SIDE",
    "below",
    "beside",
    "call_facts",
    "differing",
    "distinct_requests",
    "example_lines",
    "example_name",
    "example_text",
    "grouped",
    "mark",
    "message_text",
    "outcome_lines",
    "outcome_title",
    "output_text",
    "own_message",
    "request_text",
    "requests_text",
    "score_text",
    "shown_text",
    "tokens_of",
    "trace_lines",
    "value_text",
]

SIDE = 38  # least cells of a column for outputs side by side
LONGEST = 100_000  # characters of a text that are shown
_TOO_LONG = "[too long to be compared word by word]"
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


def reply_text(call: Call) -> str:
    """What came back: the reply's text; of an embedding how long its vector is."""
    vector = call.completion.vector
    return f"[a vector of {len(vector) // 4:,} numbers]" if vector else call.completion.text


def request_text(request: Request) -> str:
    """A request exactly as sent: each message under its role, a completion prompt as it is, then how it is drawn."""
    if request.text is not None:
        lines = ["--- text to embed" if request.embeds else "--- text", request.text]
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
        head = f"[{who}] {example_name(views[0].example.id)} (row {views[0].row + 1})"
        parts += [*wrap(head, width), request_text(request), ""]
    return "".join(f"{part}\n" for part in parts)


def example_name(id: str) -> str:
    """An example by its id, a long one cut."""
    return f"example {cut(one_line(id), _LONGEST_ID)}"


def tokens_of(calls: Iterable[Call]) -> list[str]:
    """The tokens of some calls, input and output, in words; nothing where none were counted."""
    usages = [call.completion.usage for call in calls if call.completion.usage is not None]
    if not usages:
        return []
    return [f"{sum(u.input_tokens for u in usages):,} + {sum(u.output_tokens for u in usages):,} tokens"]


def call_facts(call: Call, model: str) -> str:
    """What is to be said of a call beside its texts: the model, as it is shown, time, tokens, cost, how it ended."""
    done = call.completion
    facts = [model, seconds(done.latency)]
    facts += tokens_of([call])
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
    views: Sequence[OutcomeView],
    width: int = 80,
    *,
    calls: bool = True,
    models: Iterable[str] = (),
    against: str | None = None,
    said: Callable[[OutcomeView], Standing] | None = None,
) -> str:
    """The outcomes of one example in one trial: what was asked, then what each variant answered and how it was scored.

    Two variants stand side by side where `width` allows; `calls` adds the trace of each. `models` are all models
    of the run; names are shown without what these share. `against` names a variant from whose output the others'
    differences are marked; `said` gives what people said of an outcome.
    """
    first = views[0]
    standing = said(first) if said is not None else None
    lines = ["=" * min(width, 80), *outcome_title(first, width)]
    lines += [*example_lines(first.example, standing, width), ""]
    short = shortener(models)
    base = next((v for v in views if v.variant == against), None)
    texts = against_base(base, views)
    blocks = [outcome_lines(v, short, texts.get(v.variant), said(v) if said else None) for v in views]
    lines += beside(blocks, width) if len(views) == 2 and width // 2 >= SIDE else below(blocks, width)
    if calls:
        lines += [line for v in views for line in trace_lines(v, short, width)]
    return "\n".join(lines) + "\n"


def outcome_title(view: OutcomeView, width: int) -> list[str]:
    """Which example an outcome is about, its row, and the trial."""
    return wrap(f"{example_name(view.example.id)} (row {view.row + 1}, trial {view.trial + 1})", width)


def example_lines(example: Example, said: Standing | None, width: int) -> list[str]:
    """What was asked: each input, the target, and the targets that people put in its place."""
    lines = [line for name, value in example.inputs.items() for line in _field(name, value, width)]
    if example.target is not None:
        lines += _field("target", example.target, width)
    for author, target in (said.targets if said is not None else {}).items():
        lines += _field(f"corrected target ({one_line(author)})", target, width)
    return lines


def _field(name: str, value: Any, width: int) -> list[str]:
    text, title = shown_text(value_text(value)).expandtabs(4), one_line(name)
    if "\n" not in text and cells(title) + cells(text) + 2 <= width:
        return [f"{title}: {text}"]
    return [*wrap(f"{title}:", width), *("  " + line for line in wrap(text, width - 2))]


def shown_text(text: str) -> str:
    """A text that is safe to show; of one that nobody could read to its end, the beginning and how much is left out."""
    if len(text) <= LONGEST:
        return visible(text)
    return visible(text[:LONGEST]) + f"\n[... {len(text) - LONGEST:,} more characters]"


def output_text(view: OutcomeView) -> str:
    """The text of an outcome as it is shown, empty without one."""
    return shown_text(view.output.text) if view.output is not None else ""


def against_base(base: OutcomeView | None, views: Iterable[OutcomeView]) -> dict[str, str]:
    """The outputs of variants with what differs from the base's marked, and the base's with what differs from theirs if
    it stands against one. Texts that are equal, or have little in common, are as they are."""
    if base is None or base.output is None:
        return {}
    text, marks = output_text(base), {}
    others = [view for view in views if view is not base and view.output is not None]
    for view in others:
        old, new = differing(text, output_text(view))
        marks[view.variant] = new
        if len(others) == 1:
            marks[base.variant] = old
    return marks


def differing(old: str, new: str) -> tuple[str, str]:
    """Two texts with their differences marked, or as they are where they share too little for marks to help; the new
    one ends with a word where they are too long to be compared word by word."""
    found = compared(old, new)
    before, after = found.marked if len(found.pieces) > 1 else (old, new)
    return before, after if found.whole else f"{after}\n{_TOO_LONG}"


def outcome_lines(
    view: OutcomeView, short: Callable[[str], str], text: str | None = None, said: Standing | None = None
) -> list[str]:
    """What a variant answered and how it was scored, unwrapped; `text` takes the place of the output's own."""
    lines = [f"[{one_line(short(view.variant))}] {mark(view)}"]
    if message := own_message(view):
        lines.append(one_line(message))
    if view.output is not None:
        lines += (output_text(view) if text is None else text).split("\n")
    lines += [f"  {score_text(name, score)}" for name, score in view.scores.items()]
    return lines + [f"  {line}" for line in (said_lines(view, said) if said is not None else [])]


def said_lines(view: OutcomeView, said: Standing) -> list[str]:
    """What people said of an outcome, a line each."""
    lines = []
    for author, right in said.marks.items():
        disputed = view.status == "scored" and right == view.wrong
        but = f"; the scorer says {mark(view)}" if disputed else ""
        lines.append(f"marked {'right' if right else 'wrong'} by {one_line(author)}{but}")
    if said.all_tags:
        lines.append("tags: " + ", ".join(map(one_line, said.all_tags)))
    for author, note in said.notes.items():
        lines.append(f"note ({one_line(author)}): {one_line(note)}")
    return lines + [f"kept in {one_line(path)}" for path in said.kept]


def below(blocks: Iterable[list[str]], width: int) -> list[str]:
    """Blocks of lines under one another, wrapped, an empty line after each."""
    return [line for block in blocks for text in [*block, ""] for line in wrap(text, width)]


def beside(blocks: list[list[str]], width: int) -> list[str]:
    """Two blocks of lines side by side, wrapped, and an empty line."""
    side = (width - 3) // 2
    left, right = ([line for text in block for line in wrap(text, side)] for block in blocks)
    height = max(len(left), len(right))
    left, right = (part + [""] * (height - len(part)) for part in (left, right))
    return [f"{pad(a, side)} | {b}".rstrip() for a, b in zip(left, right, strict=True)] + [""]


def trace_lines(view: OutcomeView, short: Callable[[str], str], width: int) -> list[str]:
    """The steps of an outcome, what each changed marked, the ids of its shots, and what was said of a choice; then its
    calls, its judges' too: the facts, the request exactly as sent, the reply; an empty line."""
    steps = step_lines(view.output, f"[{one_line(short(view.variant))}]", width)
    lines = []
    calls = [*view.calls, *view.judge_calls]
    for number, call in enumerate(calls, 1):
        of = f" of {len(calls)}" if len(calls) > 1 else ""
        head = f"[{one_line(short(view.variant))}] call {number}{of}: {call_facts(call, short(call.model))}"
        first, *more = wrap(head, width - 2)
        texts = [*request_text(call.request).split("\n"), "--- reply", *shown_text(reply_text(call)).split("\n")]
        body = [*more, *(line for text in texts for line in wrap(text, width - 2))]
        lines += [first, *("  " + line for line in body)]
    return [*steps, *_shots_line(view, short, width), *_choices(view, short, width), *lines, ""] if lines else steps


def _choices(view: OutcomeView, short: Callable[[str], str], width: int) -> list[str]:
    name = one_line(short(view.variant))
    return [line for said in choice_lines(view.output) for line in wrap(f"[{name}] {said}", width)]


def _shots_line(view: OutcomeView, short: Callable[[str], str], width: int) -> list[str]:
    shots = view.output.data.get("shots") if view.output is not None else None
    if not isinstance(shots, list | tuple):
        return []
    return wrap(f"[{one_line(short(view.variant))}] shots: {', '.join(map(str, shots)) or 'none'}", width)
