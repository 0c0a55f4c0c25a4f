"""Routing: a rule says which of several programs an input goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scansion.errors import InputError, ProgramError, Unscored
from scansion.scorers import Extractor
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._said import entries, finished
from scansion.techniques._steps import Step, inputs_of, shared
from scansion.types import Output

__all__ = ["route"]

_OTHER = "other"
_NUMBER = re.compile(r"\+?(?P<whole>\d+)(?:\.0*)?|[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
"""A number alone, which is that of a step only where it is whole: 2.0 is, and -2 and 20 are none of the step 2."""


@technique("route", "router", "routing")
def route(rule: Column | Step, by: Extractor | None = None, **steps: Step) -> Wrap:
    """Runs the one of `steps` that `rule` names: `route($kind, sum=cot, date=dates.prompty, other=as-is)`.

    `rule` is a column of the row, a Python function of it, or a prompt that is asked; `by` reads the name out of what
    it gives, such as `route($question, by=regex("(?i)(how many|when)"), ...)`. A name fits a step where the two are
    equal ignoring case and all but letters and digits; else, where the name of exactly one step stands in the text as
    words, that one is meant. A number fits the step of that number (`2=cot`), and what is true or false `true=` or
    `false=`. `other=` takes all that fits none; without it such an outcome is unscored ("no route"). Steps are what
    they are in `chain`; they see the inputs of the row.

    `data` holds `route`, the step taken, and `steps`, what the rule and that step said. Calls: those of the rule and of
    the step that makes the most.

    Follows Shnitzer et al. 2023, Large Language Model Routing with Benchmark Datasets (arXiv 2309.15789), in the choice
    among models before any is asked; the rule is the user's.

    Example: `route($kind, sum=cot, other=as-is)`
    """
    if not steps:
        raise InputError("route: name the steps, such as route($kind, sum=cot, other=as-is)")
    keys = {_plain(name): name for name in steps}
    if len(keys) < len(steps):
        raise InputError(f"route: two of the names {', '.join(steps)} are the same but for case and signs")
    asked = [rule] if isinstance(rule, Step) else []

    def wrap(program: Program, context: Context) -> Program:
        bound = {name: step.bind(program, context) for name, step in steps.items()}
        judge = rule.bind(program, context) if isinstance(rule, Step) else None

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            first = await judge(inputs, lm) if judge is not None else _of_column(rule, inputs)
            name = _named(first, by, keys)
            found = await bound[name](inputs, lm)
            said = [
                *entries("rule", first, rule if isinstance(rule, Step) else None),
                *entries(name, found, steps[name]),
            ]
            return finished(found, said, [first], route=name)

        return run

    seen = inputs_of([*asked, *steps.values()])
    column = (rule.name,) if isinstance(rule, Column) else ()
    most = _most(list(steps.values()))
    return Wrap(
        wrap,
        times=most[0] + sum(step.times for step in asked),
        plus=most[1] + sum(step.plus for step in asked),
        variables=tuple(dict.fromkeys([*column, *seen["variables"]])),
        optional=seen["optional"],
        **{**shared([*asked, *steps.values()]), "fewer": True},
    )


def _most(steps: list[Step]) -> tuple[int, int]:
    """The calls of the step that makes the most, where the wrapped program makes any: as many times its calls as any of
    them, and what is still lacking where it makes one."""
    times = max(step.times for step in steps)
    return times, max(step.times + step.plus for step in steps) - times if times else max(step.plus for step in steps)


def _of_column(rule: Any, inputs: Mapping[str, Any]) -> Output:
    if rule.name not in inputs:
        raise ProgramError(f"route: the row has no {rule.name!r}")
    value = inputs[rule.name]
    return Output(text=value if isinstance(value, str) else as_text(value))


def _named(first: Output, by: Extractor | None, keys: Mapping[str, str]) -> str:
    """The name of the step that is meant. Raises Unscored where it is none."""
    said = by(first.text) if by is not None else first.text if first.answer is None else first.answer
    text = "" if said is None else said if isinstance(said, str) else as_text(said)
    number = _NUMBER.fullmatch(text.strip())
    if found := keys.get((number["whole"] or "") if number else _plain(text)):
        return found
    words = "" if number else f" {_words(text)} "
    within = [name for key, name in keys.items() if key != _OTHER and f" {_words(name)} " in words]
    if len(within) == 1:
        return within[0]
    if _OTHER in keys:
        return keys[_OTHER]
    shown = f"{text[:60]!r} names {'none' if not within else 'several'} of {', '.join(keys.values())}"
    raise Unscored("no route", f"{shown}; add other= for the rest")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
