"""Whether the code in the output passes its tests, run in a sandbox."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError, Unscored
from scansion.sandbox import Limits, Sandbox, build_sandbox
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._check import TARGET, value_of
from scansion.scorers._code import holds_test, is_python, program_in, reaches_end
from scansion.scorers._function import Asked
from scansion.scorers._texts import as_text
from scansion.specs import Column
from scansion.types import Example, Output, Score

__all__ = ["passes_tests"]


@scorer("passes_tests", "unit_tests")
def passes_tests(
    tests: Column | None = None,
    before: Column | None = None,
    entry: Column | str | None = None,
    sandbox: Sandbox | None = None,
    by: Extractor | None = None,
    seconds: float = 5.0,
) -> Asked:
    """1 if the code runs and all tests hold, else 0; the explanation says what went wrong.

    The code is the last block of Python in the output, or all of it, or what `by` reads. Behind it run the tests:
    Python in the target, or in the column `tests` (a text, or a list of texts). With `before`, a column, its text
    stands directly before the code: the beginning that the output continues. With `entry`, a column or the name of a
    function, `check(ENTRY)` is called in the end, as HumanEval has it. Everything runs in `sandbox` (monty where none
    is given), `seconds` at most. Code that monty does not know is unscored (`skipped`), and so is an output without
    code (`no answer`). Tests that are no Python, or hold no assertion, are refused before the run. No calls.

    A program that leaves before its tests have ended does not pass. Code and tests share one interpreter, so that code
    which is out to deceive its tests can: read it before you trust a surprising score.

    Follows Chen et al. 2021, Evaluating Large Language Models Trained on Code (arXiv 2107.03374).

    Example: `passes_tests(tests=$test, before=$prompt, entry=$entry_point, sandbox=process)`
    """
    place = sandbox or build_sandbox("monty")
    if seconds <= 0:
        raise InputError(f"passes_tests: seconds is {seconds:g}; give more than 0")
    if isinstance(entry, str) and not entry.isidentifier():
        raise InputError(f"passes_tests: entry is {entry!r}; give the name of a function, or a column ($entry_point)")

    async def rate(output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG001
        code = by(output.text) if by is not None else program_in(output.text)
        if code is None or not str(code).strip():
            raise Unscored("no answer", "the output holds no code")
        start = "" if before is None else as_text(value_of(before, example))
        name = value_of(entry, example) if isinstance(entry, Column) else entry
        checks = _tests(tests, example)
        if lacks := _lacks(checks):
            raise Unscored("gold refused", lacks)
        behind = f"{checks}\n" + (f"\ncheck({name})\n" if name else "")
        return await _run(place, f"{start}{code}", behind, Limits(seconds=seconds))

    def gold(example: Example) -> str | None:
        try:
            return _lacks(_tests(tests, example)) or None
        except Unscored:
            return None

    place.ready()
    columns = tuple(each.name for each in (tests, before, entry) if isinstance(each, Column))
    return Asked(rate, needs_target=tests is None, uses_model=False, columns=columns, gold=gold)


def _tests(tests: Column | None, example: Example) -> str:
    """The tests of a row as one text. Raises Unscored where there are none."""
    value = value_of(TARGET if tests is None else tests, example)
    given = value if isinstance(value, list | tuple) else [value]
    text = "\n\n".join(as_text(one) for one in given if one is not None)
    if not text.strip():
        raise Unscored("no target", "the row has no tests")
    return text


def _lacks(tests: str) -> str:
    """Why these could find no program wrong; empty where they could."""
    shown = " ".join(tests.split())[:60]
    if not is_python(tests):
        return f"the tests are no Python: {shown!r}"
    return "" if holds_test(tests) else f"it holds no test, such as an assert: {shown!r}"


async def _run(place: Sandbox, code: str, tests: str, limits: Limits) -> Score:
    passes, ran = await reaches_end(f"{code}\n\n{tests}", place, limits)
    if ran.ended == "refused":
        raise Unscored("skipped", ran.error)
    if passes:
        return Score(1.0)
    return Score(0.0, explanation=f"{ran.ended}: {ran.error}" if ran.error else ran.ended)
