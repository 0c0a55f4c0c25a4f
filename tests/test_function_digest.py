"""What tells functions of the user's own apart."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scansion.scorers import build_extractor, build_scorer
from scansion.specs import function_digest


def made(cue: Any) -> Any:
    def program(inputs: Any, lm: Any) -> Any:
        return cue, inputs, lm

    return program


def with_default(output: Any, example: Any, limit: int = 3) -> bool:
    return len(output) < limit


class Limit:
    def __init__(self, limit: Any) -> None:
        self.limit = limit

    def __call__(self, output: Any, example: Any) -> bool:
        return len(output.text) < self.limit

    def method(self) -> Any:
        return self.limit


class Slotted:
    __slots__ = ("n",)

    def __init__(self, n: int) -> None:
        self.n = n


class Fields(msgspec.Struct):
    n: int


def kept(limit: int) -> Any:
    @functools.wraps(with_default)
    def wrapper(*args: Any) -> Any:
        return with_default(*args, limit=limit)

    return wrapper


def keyword(n: int) -> Any:
    def inner(*, m: int = n) -> int:
        return m

    return inner


class Loop:
    def __init__(self, n: int) -> None:
        self.me, self.n = self, n


PAIRS = [
    (made, ("a", "b")),
    (lambda n: functools.partial(with_default, limit=n), (1, 2)),
    (lambda n: functools.partial(with_default, n), (1, 2)),
    (Limit, (1, 2)),
    (Limit, (1, 1.0)),
    (Limit, ([1, {"a": {2}}], [1, {"a": {3}}])),
    (lambda n: Limit(n).method, (1, 2)),
    (Slotted, (1, 2)),
    (Fields, (1, 2)),
    (kept, (1, 2)),
    (keyword, (1, 2)),
    (lambda n: made(made(n)), (1, 2)),
    (lambda n: made(Limit(made(n))), (1, 2)),
    (lambda e: made(build_extractor(e)), ("word(yes)", "word(no)")),
    (Loop, (1, 2)),
    (lambda n: functools.lru_cache(made(n)), (1, 2)),
    (lambda s: made(s), ("\ud800", "\ud801")),
]


@pytest.mark.parametrize(("make", "values"), PAIRS)
def test_state_tells_them_apart_and_equal_state_is_equal(make: Any, values: Any) -> None:
    first, second = values
    assert function_digest(make(first)) == function_digest(make(first))
    assert function_digest(make(first)) != function_digest(make(second))


def test_two_lambdas_of_one_file() -> None:
    assert function_digest(lambda o, e: True) != function_digest(lambda o, e: False)
    assert function_digest(lambda o: o.text) != function_digest(lambda o: o.answer)
    assert function_digest(lambda o: [x for x in o if x == 1]) != function_digest(lambda o: [x for x in o if x == 2])
    assert build_scorer(lambda o, e: True).identity != build_scorer(lambda o, e: False).identity


def test_a_default_given_later_counts() -> None:
    def plain(output: Any, example: Any, limit: int = 3) -> bool:
        return True

    before = function_digest(plain)
    plain.__defaults__ = (4,)
    assert function_digest(plain) != before


def test_what_cannot_be_written_is_never_taken_for_another() -> None:
    lock = threading.Lock()
    assert function_digest(made(lock)) == function_digest(made(lock))
    assert function_digest(made(lock)) != function_digest(made(threading.Lock()))


def test_deep_and_wide_state_ends() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert len(function_digest(made(deep))) == 16
    assert len(function_digest(made(list(range(100_000))))) == 16


def test_two_processes_agree_unless_the_state_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import functools, re, threading\n"
        "class A:\n"
        "    def __init__(self, *state): self.state = state\n"
        "    def __call__(self, o, e): return {x for x in 'ab' if x in {'a', 'b', 'c'}}\n"
        "plain = A({'x', 'y', 'z'}, re.compile('a'), functools.partial(A, 1), {'b': 1, 'a': [A(2)]}, len, threading)\n"
        "locked = A(threading.Lock())\n"
    )
    code = "import mine; from scansion.specs import function_digest as d; print(d(mine.plain), d(mine.locked))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout.split()
        for _ in range(2)
    ]
    assert runs[0][0] == runs[1][0]
    assert runs[0][1] != runs[1][1]
