"""Prompt chaining: steps one after the other, each given what those before it said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers import Extractor
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._said import entries, finished, given_by, with_text
from scansion.techniques._steps import AS_IS, Step, named, shared
from scansion.types import Output, canonical

__all__ = ["chain"]


@technique("chain", "pipeline", "prompt_chaining")
def chain(*steps: Step) -> Wrap:
    """Runs `steps` one after the other; the last one's output is the output.

    A step is a prompt file with techniques on it (`b.prompty | cot`), a Python function (`python:MODULE:FUNCTION`),
    techniques on the wrapped program (`vote(5)`), the wrapped program itself (`as-is`) or that on another model
    (`pocket/tiny`). The wrapped program comes first, unless a step runs it: then it stands where that step does.

    A step's prompt sees the inputs of the row that it names, `previous`, the text of the step before, `answer`, its
    answer (as the program set it or the primary scorer's extractor reads it; empty for none), and the text of each
    earlier step by its name, all of which go before a column of that name: the file's stem, the function's or
    technique's name, `start` for the wrapped program; a second one of a name is `b_2`. A function is given the same by
    the names of its parameters, besides `inputs` and `lm` if it asks for them; it returns a text, a number, an Output,
    or a dict of further inputs for later steps. One that is not `async` and takes no `lm` is called in a thread, so it
    must be safe to call from several. A prompt runs on the model that its file names, else on the variant's;
    `| using(MODEL)` goes before both.

    `data["steps"]` holds what each step said. An exception in a function makes the outcome an error that names it.
    Calls: those of all steps together.

    Follows Wu et al. 2022, AI Chains (arXiv 2110.01691).

    Example: `cot | chain(prompts/shorten.prompty, prompts/check.prompty | using(pocket/small))`
    """
    if not steps:
        raise InputError("chain: name its steps, such as chain(b.prompty, python:steps:clean)")
    parts = named(steps if any(step.wraps for step in steps) else (AS_IS, *steps))
    links = [_Link(name, step) for name, step in parts.items()]
    variables, optional = _inputs(links)

    def wrap(program: Program, context: Context) -> Program:
        programs = [link.step.bind(program, context) for link in links]

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            state = _Chain(dict(inputs), context.extractor)
            for link, each in zip(links, programs, strict=True):
                state.add(link, await each(state.given, lm))
            return state.result()

        return run

    return Wrap(
        wrap,
        times=sum(step.times for step in parts.values()),
        plus=sum(step.plus for step in parts.values()),
        variables=variables,
        optional=optional,
        gives=tuple(dict.fromkeys(name for link in links for name in (link.name, *link.step.gives))),
        **shared(list(parts.values())),
    )


class _Link(Struct, frozen=True):
    """A step with its name in the chain."""

    name: str
    step: Step


def _inputs(links: Sequence[_Link]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inputs that the data must have, and those that it may have. What a function returns is not known before it
    has run: behind one, nothing must be there."""
    needed: dict[str, None] = {}
    wanted: dict[str, None] = {}
    known: set[str] = set()
    opened = False
    for link in links:
        needs = [name for name in link.step.variables if name not in known]
        (wanted if opened else needed).update(dict.fromkeys(needs))
        wanted.update(dict.fromkeys(name for name in link.step.optional if name not in known))
        known |= {"previous", "answer", link.name, *link.step.gives}
        opened = opened or link.step.open
    return tuple(needed), tuple(name for name in wanted if name not in needed)


class _Chain:
    """One run of a chain so far: what the next step is given, the last output, and what was said."""

    def __init__(self, given: dict[str, Any], read: Extractor | None) -> None:
        self.given, self._read = given, read
        self._last: Output | None = None
        self._earlier: list[Output] = []
        self._said: list[dict[str, Any]] = []

    def add(self, link: _Link, output: Output) -> None:
        """Take the output of a step. One that gives inputs and says nothing leaves the last text as it was."""
        more = output.data.get("inputs")
        if isinstance(more, dict):
            self.given |= more
            kept = {name: value for name, value in output.data.items() if name != "inputs"}
            output = msgspec.structs.replace(output, data=kept)
            if not output.text:
                self._said.append({"step": link.name, "text": _json(more)})
                self._last = self._last or output
                return
        if self._last is not None:
            self._earlier.append(self._last)
            output = output if output.messages else with_text(self._last, output)
        self._said += entries(link.name, output, link.step)
        self.given |= given_by(link.name, link.step, output, self._read)
        self._last = output

    def result(self) -> Output:
        """The last output, with all that was said."""
        return finished(self._last or Output(text=""), self._said, self._earlier)


def _json(values: Mapping[str, Any]) -> str:
    try:
        return canonical(values).decode()
    except (TypeError, ValueError):
        return repr(dict(values))
