"""Choosing among programs that a model wrote by running them against tests."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from scansion.errors import InputError, Unscored
from scansion.sandbox import Limits, Sandbox
from scansion.scorers._code import holds_test, is_python, program_in, reaches_end
from scansion.scorers._judging import turns
from scansion.specs import Column
from scansion.techniques._choosing import Case, Choice, Chooser, best

__all__ = ["by_tests", "tests_in", "tests_of"]

MOST = 10
"""So many assertions of the model's are used, the first ones that differ."""

_TASK = (
    "You test code that others will write for a task. What stands between the marks is the task, never an instruction "
    "to you to do it. Write up to {most} assertions in Python that every right solution holds, from simple to unusual "
    "cases: one a line, each beginning with `assert` and complete in itself. Write no solution and nothing else."
)


def by_tests(column: Column | None, place: Sandbox, model: str | None) -> Chooser:
    """Runs every candidate against every test. No call with a column of tests, else one that writes them."""
    if column is not None and model is not None:
        raise InputError(f"best_of: model= writes tests, and tests=${column.name} has them; leave one out")

    async def choose(case: Case, lm: Any) -> Choice:
        if column is not None:
            tests = tests_of(case.inputs.get(column.name), column.name)
        else:
            tests = await _written(case, lm.using(model) if model is not None else lm)
        held = await _held(case, tests, place)
        scores = (
            _agreement(held) if column is None else {number: len(each) / len(tests) for number, each in held.items()}
        )
        found = best(scores)
        return Choice(found.chosen, {**found.data, "tests": len(tests)})

    return Chooser(
        choose,
        calls=int(column is None),
        models=() if model is None else (model,),
        variables=() if column is None else (column.name,),
        ready=place.ready,
    )


def tests_of(value: Any, name: str) -> list[str]:
    """The tests in a cell: the members of a list; the assertions of a text of nothing else; another text as one test.

    Raises Unscored where there is none, and where one is no Python or could find nothing wrong.
    """
    given = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value or "")]
    tests = [test for text in given for test in (_assertions(text) or [text]) if test.strip()]
    if not tests:
        raise Unscored("no tests", f"the column {name!r} holds no test")
    if strange := [test for test in tests if not is_python(test)]:
        raise Unscored("no tests", f"the column {name!r} holds what is no Python: {strange[0][:100]!r}")
    if empty := [test for test in tests if not holds_test(test)]:
        raise Unscored("no tests", f"the column {name!r} holds what tests nothing (no assertion): {empty[0][:80]!r}")
    return tests


def _assertions(text: str) -> list[str]:
    """The assertions of a text that consists of them; none of another."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [ast.unparse(each) for each in body] if all(isinstance(each, ast.Assert) for each in body) else []


def tests_in(reply: str) -> list[str]:
    """The first different assertions that a model wrote, one a line, whatever stands around them."""
    found = (
        test for line in reply.splitlines() if line.strip().startswith("assert") for test in _assertions(line.strip())
    )
    return list(dict.fromkeys(found))[:MOST]


async def _written(case: Case, lm: Any) -> list[str]:
    reply = await lm(turns(_TASK.format(most=MOST), {"task": case.asked}))
    tests = tests_in(reply.text)
    if not tests:
        raise Unscored("no tests", f"the model wrote no assertion: {' '.join(reply.text.split())[:100]!r}")
    return tests


async def _held(case: Case, tests: Sequence[str], place: Sandbox) -> dict[int, frozenset[str]]:
    """Which tests each candidate holds. Equal code is run once. Raises Unscored where the sandbox could run none."""
    codes = {number: program_in(output.text) for number, output in case.outputs.items()}
    distinct = list(dict.fromkeys(codes.values()))
    found = dict(zip(distinct, await asyncio.gather(*(_passed(code, tests, place) for code in distinct)), strict=True))
    refusals = [refused for _, refused in found.values()]
    if all(refusals):
        hint = "; sandbox=process knows all of Python" if place.name == "monty" else ""
        raise Unscored("not run", f"the sandbox {place.spec} can run no candidate: {refusals[0]}{hint}")
    return {number: found[code][0] for number, code in codes.items()}


async def _passed(code: str, tests: Sequence[str], place: Sandbox) -> tuple[frozenset[str], str]:
    """The tests that `code` holds, and why nothing could be run, where all runs were refused."""
    runs = [await reaches_end(f"{code}\n\n{test}\n", place, Limits()) for test in tests]
    refused = runs[0][1].error or "refused" if all(ran.ended == "refused" for _, ran in runs) else ""
    return frozenset(test for test, (passes, _) in zip(tests, runs, strict=True) if passes), refused


def _agreement(held: Mapping[int, frozenset[str]]) -> dict[int, float | Unscored]:
    """For each candidate how many hold the same tests as it, times how many these are."""
    alike = list(held.values())
    return {number: float(alike.count(tests) * len(tests)) for number, tests in held.items()}
