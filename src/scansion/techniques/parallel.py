"""Parallel prompts: steps side by side on the same inputs, their texts put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from scansion.errors import InputError
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._branches import Branch, needed, side_by_side
from scansion.techniques._said import entries, finished, texts_of, with_text
from scansion.techniques._steps import Step, inputs_of, named, shared
from scansion.types import Output

__all__ = ["parallel"]


@technique("parallel", "side_by_side")
def parallel(*steps: Step, join: str = "\n\n", by: Step | None = None, **named_steps: Step) -> Wrap:
    """Runs `steps` side by side on the same inputs and puts their texts together, in their order, with `join` between.

    Steps are what they are in `chain`; `name=step` names one. With `by`, a step that sees each text by its step's name
    and all of them joined as `previous`, that one's output is the output. Without it a later step of a chain sees the
    same: `chain(parallel(pros.prompty, cons.prompty), weigh.prompty)`. The transcript of joined texts is what the first
    step was asked, with the texts as the reply; one that was cut off makes the whole cut off. `data["steps"]` holds
    what each said. Any that has no output leaves the whole without one.

    Calls: those of all steps and of `by`.

    Follows the sectioning of Ning et al. 2023, Skeleton-of-Thought (arXiv 2307.15337), and, with `by`, one layer of
    Wang et al. 2024, Mixture-of-Agents (arXiv 2406.04692).

    Example: `parallel(as-is, pocket/small, by=prompts/choose.prompty)`
    """
    parts = named(steps, named_steps)
    if len(parts) < 2:
        raise InputError("parallel: name at least two steps, such as parallel(pros.prompty, cons.prompty)")
    gives = tuple(dict.fromkeys(name for key, step in parts.items() for name in (key, *step.gives)))
    together = [*parts.values(), *([by] if by is not None else [])]

    def wrap(program: Program, context: Context) -> Program:
        programs = [step.bind(program, context) for step in parts.values()]
        last = by.bind(program, context) if by is not None else None

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            branches: list[Branch] = [partial(each, inputs) for each in programs]
            outputs = needed(await side_by_side(branches, lm))
            joined = _joined(parts, outputs, join)
            if by is None or last is None:
                return joined
            found = await last({**inputs, **_given(joined, gives)}, lm)
            found = found if found.messages else with_text(joined, found)
            return finished(found, [*joined.data["steps"], *entries("by", found, by)], [joined])

        return run

    seen = inputs_of(list(parts.values()))
    later = inputs_of([by], ["previous", *gives]) if by is not None else {"variables": (), "optional": ()}
    return Wrap(
        wrap,
        times=sum(step.times for step in together),
        plus=sum(step.plus for step in together),
        variables=tuple(dict.fromkeys([*seen["variables"], *later["variables"]])),
        optional=tuple(dict.fromkeys([*seen["optional"], *later["optional"]])),
        gives=gives,
        **shared(together),
    )


def _joined(parts: Mapping[str, Step], outputs: Sequence[Output], join: str) -> Output:
    """The texts of all as one output."""
    said = [
        entry for (name, step), each in zip(parts.items(), outputs, strict=True) for entry in entries(name, each, step)
    ]
    text = join.join(output.text for output in outputs)
    cut = next((o.finish_reason for o in outputs if o.finish_reason not in (None, "stop")), outputs[0].finish_reason)
    more = [output.data["inputs"] for output in outputs if isinstance(output.data.get("inputs"), dict)]
    found = with_text(outputs[0], Output(text=text, finish_reason=cut))
    inputs = {"inputs": {name: value for each in more for name, value in each.items()}} if more else {}
    return finished(msgspec.structs.replace(found, data=inputs), said, outputs)


def _given(joined: Output, gives: Sequence[str]) -> dict[str, Any]:
    """What the step behind is given."""
    said = texts_of(joined)
    more: dict[str, Any] = joined.data.get("inputs", {})
    return {**more, **{name: said.get(name, "") for name in gives}, "previous": joined.text}
