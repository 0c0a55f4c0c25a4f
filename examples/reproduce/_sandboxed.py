"""Running what models wrote, in Scansion's sandbox `process`, each program by itself."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from scansion.errors import InputError
from scansion.sandbox import Limits, Ran, Sandbox, build_sandbox

__all__ = ["SOLVE_IT", "held", "missing", "passed", "run_all"]

SOLVE_IT = '''
import math
import statistics
from math import isclose

import numpy as np
import sympy
from sympy import Eq, Symbol, simplify, solve


def solve_it(equations, variable):
    """Solves equations and gives, for each variable, its value in the first solution (None: there is no solution)."""
    solutions = solve(equations, variable, dict=True)
    wanted = variable if isinstance(variable, list) else [variable]
    return solutions[0] if solutions else dict.fromkeys(wanted)


def in_words(value, many=True):
    """A value as Program of Thoughts records AQuA's: numbers of sympy and numpy to two decimals."""
    if isinstance(value, sympy.logic.boolalg.Boolean):
        return str(value)
    if isinstance(value, np.generic | np.ndarray):
        return round(float(np.ravel(value)[0]), 2)
    if not value:
        return None
    if isinstance(value, list | tuple) and many:
        parts = [in_words(each, False) for each in value] if isinstance(value[0], sympy.Basic) else value
        whole = all(not isinstance(each, str) for each in parts)
        parts = parts if whole else [str(each) for each in value]
        return parts[0] if len(parts) == 1 else parts
    if isinstance(value, sympy.Basic):
        try:
            return round(float(value), 2)
        except TypeError:
            return str(value)
    return value


sympy.solve_it = solve_it

'''
"""What the prompts of Program of Thoughts promise to a program: names that it may use without asking for them."""


_EACH = """
import json as _json, signal as _signal
def _late(*_):
    raise TimeoutError
_signal.signal(_signal.SIGALRM, _late)
_held = []
for _at, _test in enumerate(_json.loads({tests!r})):
    try:
        _signal.setitimer(_signal.ITIMER_REAL, 0.1)
        exec(_test, globals())
        _held.append(_at)
    except BaseException:
        pass
    finally:
        _signal.setitimer(_signal.ITIMER_REAL, 0)
"""


def missing(packages: Sequence[str] = ()) -> str:
    """Why programs cannot be run here, empty where they can."""
    try:
        _place(tuple(packages)).ready()
    except InputError as error:
        return str(error)
    return ""


def run_all(
    programs: Sequence[str], value: str | None, packages: Sequence[str] = (), seconds: float = 5.0
) -> list[Ran]:
    """How each program ran, in order, with the value of the expression `value` after it."""

    async def run() -> list[Ran]:
        place, limits = _place(tuple(packages)), Limits(seconds=seconds)
        return await asyncio.gather(*(place.run(code, value=value, limits=limits) for code in programs))

    return asyncio.run(run())


def passed(tasks: Sequence[Mapping[str, Any]], solutions: Sequence[str], seconds: float = 5.0) -> list[bool]:
    """Whether each solution holds the tests of its task of HumanEval (`prompt`, `test`, `entry_point`)."""
    mark = f"_ended_{secrets.token_hex(8)}"  # known to no solution: one that leaves before its tests does not pass
    programs = [
        f"{task['prompt']}{solution}\n\n{task['test']}\n\ncheck({task['entry_point']})\n{mark} = True\n"
        for task, solution in zip(tasks, solutions, strict=True)
    ]
    return [ran.ended == "done" and ran.value is True for ran in run_all(programs, mark, seconds=seconds)]


def held(programs: Sequence[str], tests: Sequence[str]) -> list[frozenset[int]]:
    """Which tests (by their places) each program holds; a test has a tenth of a second."""
    given = json.dumps(list(tests))
    ran = run_all([f"{code}\n{_EACH.format(tests=given)}" for code in programs], "_held", seconds=20)
    return [frozenset(at for at in _places(one.value)) if one.ended == "done" else frozenset() for one in ran]


def _places(value: Any) -> list[int]:
    return [at for at in value if isinstance(at, int)] if isinstance(value, list) else []


@lru_cache
def _place(packages: tuple[str, ...]) -> Sandbox:
    """One sandbox for all, which ends with this process."""
    return build_sandbox(f"process(packages=[{', '.join(packages)}])" if packages else "process")
