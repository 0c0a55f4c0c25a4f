"""Random programs of all techniques, found by the registry, on the real handle, gateway and trace.

Whatever is put together: it does not crash, every call is in the trace and not more than it says, each call is one of
its own, costs add up, it gives the same whatever reply comes first and from a recording, and leaves nothing behind when
it is cancelled.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.techniques import wind
from tests.techniques.wind import Kept, Ran, Wind

from scansion.errors import CallError, InputError, ProgramError, Unscored
from scansion.experiments.results import known_sum
from scansion.experiments.store.codec import pack
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.specs import parse_pipe
from scansion.techniques import Context, Technique, as_text, calls_per_outcome, compose, parse_techniques, technique
from scansion.types import Example, Output, request_digest

MORE = [
    *("vote(3)", "vote(4, stop=adaptive)", "vote(3, min=1)", "extract", "using(wind/b)", "shots(max)", "cot(tags)"),
    *("best_of(3, by=judge)", "best_of(2, by=logprob)", "revise(shipped, critique=false)", "decompose(2)"),
    *("cascade(as-is, vote(2), cot | extract)", "cascade(as-is, wind/b, when=unsure)", "chain(vote(2), other.prompty)"),
    *("cascade(as-is, wind/b, when=disagrees, n=3)", "chain(b.prompty, python:wind_steps:clean)"),
    *("parallel(wind/b, cot, by=b.prompty)", "route(b.prompty, a=cot, other=as-is)", "chain(python:wind_steps:asks)"),
    "map_reduce(b.prompty | using(wind/c), b.prompty, $text, size=3, most=5)",
]
"""What the examples in the docstrings leave out."""

STEPS = """
def clean(previous, answer=""):
    return previous.strip() + answer

async def asks(inputs, lm):
    first = await lm(str(inputs["question"]))
    return first.text

def further(question):
    return {"question": question + "?", "note": "n"}
"""
PROMPT = "---\nname: p\n---\nuser:\nQ: {{ question }} {{ text | default('') }}"
INPUTS = {"question": "how many", "kind": "sum", "text": "one two three four five six seven eight nine ten"}
POOL = [Example(str(i), {"question": f"q{i}", "kind": "x", "text": "t", "other": "o"}, i % 3) for i in range(8)]
CONTEXT = Context(extractor=build_extractor("last_number"), pool=lambda: POOL, seed=3)
ALLOWED = (Unscored, ProgramError)  # what a program may say of one outcome, where all calls are answered
MOST = 150  # calls of one program


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], list[str]]]:
    """Edits and wrappers as text: those of all docstrings, and more."""
    folder = tmp_path_factory.mktemp("wind")
    with pytest.MonkeyPatch.context() as patch, wind.registered():
        patch.chdir(folder)
        Path("wind_steps.py").write_text(STEPS)
        Path("b.prompty").write_text(f"{PROMPT.replace('name: p', 'name: b')} say {{{{ previous | default('it') }}}}")
        Path("other.prompty").write_text("---\nname: o\nmodel:\n  id: c\n  provider: wind\n---\nuser:\n{{ question }}")
        found = [*examples(), *MORE]
        built = {text: parse_techniques(text)[0] for text in found}
        yield [t for t, b in built.items() if b.kind == "edit"], [t for t, b in built.items() if b.kind == "wrap"]


def examples() -> list[str]:
    """The techniques in the examples of all docstrings, one by one, on models and with files that are here."""
    found: dict[str, None] = {}
    for entry in technique.built_in():
        if not entry.factory.__module__.startswith("scansion."):
            continue
        text = (entry.__doc__ or "").rsplit("Example: `", 1)[1].strip().removesuffix("`")
        text = re.sub(r"pocket/(\w)\w*", r"wind/\1", text)
        for name in re.findall(r"[\w./-]+\.(?:prompty|txt|md)", text):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text("{{ question }} {{ previous | default('') }}\n")
        found |= dict.fromkeys(spec.text for spec in parse_pipe(text))
    return list(found)


@st.composite
def pipes(draw: st.DrawFn, parts: tuple[list[str], list[str]], depth: int = 1) -> str:
    """A pipe of techniques, some of which have pipes within."""
    edits, wraps = parts
    chosen = draw(st.lists(st.sampled_from(edits), max_size=2, unique_by=lambda text: text.partition("(")[0]))
    for _ in range(draw(st.integers(0, 2))):
        nested = depth and draw(st.integers(0, 2)) == 0
        chosen.append(draw(dividing(parts, depth - 1)) if nested else draw(st.sampled_from(wraps)))
        if calls_per_outcome(parse_techniques(" | ".join(chosen))) > MOST:
            chosen.pop()
    return " | ".join(chosen) or "as-is"


@st.composite
def dividing(draw: st.DrawFn, parts: tuple[list[str], list[str]], depth: int) -> str:
    """A technique that divides the labour among random steps."""
    starts = st.sampled_from(["as-is", "b.prompty", "other.prompty", "wind/b", "python:wind_steps:further"])
    first, second, third = (
        draw(pipes(parts, depth) | starts | st.builds("b.prompty | {}".format, pipes(parts, depth))) for _ in range(3)
    )
    return draw(
        st.sampled_from(
            [
                f"chain({first}, {second}, python:wind_steps:clean, {third})",
                f"cascade({first}, {second}, {third})",
                f"cascade({first}, {second}, when=disagrees, n=2, threshold=1)",
                f"parallel({first}, {second}, by={third})",
                f"parallel({first}, x={second})",
                f"route($kind, sum={first}, other={second})",
                f"route({first}, sum={second}, other={third})",
                f"map_reduce({first}, {second}, $text, size=4, most=3)",
            ]
        )
    )


few = settings(max_examples=70, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def composed(text: str) -> tuple[Any, tuple[Technique, ...]]:
    techniques = parse_techniques(text)
    return compose(from_text(PROMPT, name="p"), techniques, CONTEXT), techniques


@few
@given(st.data(), st.integers(0, 99))
def test_any_program_is_whole(parts: tuple[list[str], list[str]], data: st.DataObject, seed: int) -> None:
    text = data.draw(pipes(parts))
    try:
        program, techniques = composed(text)
    except InputError:  # such as two shots, or an edit of what is no prompt
        event("refused before any call")
        return
    recorder = Kept()
    first = wind.run(program, INPUTS, Wind(seed), recorder)
    event(type(first.output).__name__)
    check_trace(first, techniques)
    check_output(first.output)
    again, kept = wind.run(program, INPUTS, Wind(seed + 1)), wind.run(program, INPUTS, Wind(seed + 2), recorder)
    assert (said(again), again.keys) == (said(first), first.keys)
    assert (said(kept), kept.keys, kept.wind.asked) == (said(first), first.keys, [])


def said(ran: Ran) -> Any:
    return ran.output if isinstance(ran.output, Output) else repr(ran.output)


def check_trace(ran: Ran, techniques: tuple[Technique, ...]) -> None:
    """Each call is in the trace once, is one of its own, and its cost is counted."""
    calls = ran.trace.calls
    assert not ran.trace.errors
    assert sorted(request_digest(c.request) for c in calls) == sorted(request_digest(r) for _, r in ran.wind.asked)
    assert len(set(ran.keys)) == len(calls), "two calls have one key"
    asked: dict[tuple[str, bytes], list[int]] = {}
    for call in calls:
        asked.setdefault((call.model, request_digest(call.request)), []).append(call.request.k)
    assert all(ks == list(range(len(ks))) for ks in asked.values()), "repeats are numbered as they are asked"
    assert known_sum(c.cost_usd for c in calls) == pytest.approx(ran.wind.cost)
    most = calls_per_outcome(techniques)
    assert len(calls) <= most
    text = as_text(techniques)
    gives_up = len(re.findall(r"(vote|best_of|cascade)\(", text)) > 1  # one within another may end without its answer
    if isinstance(ran.output, Output) and not gives_up and not any(each.fewer for each in techniques):
        assert len(calls) == most


def check_output(output: Any) -> None:
    """It is an outcome that the house knows, can be stored, and says its steps."""
    if not isinstance(output, Output):
        assert isinstance(output, ALLOWED), repr(output)
        return
    pack(output)
    for step in output.data.get("steps", ()):
        assert isinstance(step["step"], str)
        assert isinstance(step["text"], str)
    if output.messages and not isinstance(output.messages, str):
        assert output.messages[-1].role == "assistant"
        assert output.messages[-1].content == output.text


@few
@given(st.data(), st.integers(0, 99), st.integers(0, 25))
def test_any_program_can_be_cancelled(
    parts: tuple[list[str], list[str]], data: st.DataObject, seed: int, after: int
) -> None:
    try:
        program, _ = composed(data.draw(pipes(parts)))
    except InputError:
        return
    ran = wind.run(program, INPUTS, Wind(seed), cancel_after=after)
    assert isinstance(ran.output, Output | asyncio.CancelledError | Unscored | ProgramError)


@few
@given(st.data(), st.integers(0, 99))
def test_a_call_that_fails_is_an_error_or_counted(
    parts: tuple[list[str], list[str]], data: st.DataObject, seed: int
) -> None:
    try:
        program, techniques = composed(data.draw(pipes(parts)))
    except InputError:
        return
    ran = wind.run(program, INPUTS, Wind(seed, failing=0.1))
    assert isinstance(ran.output, Output | CallError | Unscored | ProgramError), repr(ran.output)
    assert len(ran.wind.asked) <= calls_per_outcome(techniques)
    if isinstance(ran.output, CallError):
        assert ran.output in ran.trace.errors
    if ran.trace.errors and isinstance(ran.output, Output):
        assert "failed" in repr(ran.output.data), "a failed call is passed over in silence"


def test_every_technique_is_among_them(parts: tuple[list[str], list[str]]) -> None:
    edits, wraps = parts
    names = {text.partition("(")[0] for text in (*edits, *wraps)}
    assert {e.name for e in technique if e.factory.__module__.startswith("scansion.")} <= names


def test_each_technique_by_itself(parts: tuple[list[str], list[str]]) -> None:
    for text in (*parts[0], *parts[1]):
        program, techniques = composed(text)
        ran = wind.run(program, INPUTS, Wind(1))
        check_trace(ran, techniques)
        check_output(ran.output)
        assert ran.wind.asked, text
