"""Monty: an interpreter of its own, in Rust, of a part of Python that has no way to reach the machine."""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import os
import re
import secrets
import signal
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from scansion.errors import InputError
from scansion.sandbox._base import Ended, Limits, Ran, sandbox
from scansion.sandbox._jail.plain import plain
from scansion.sandbox._packages import place_for

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from pydantic_monty import Monty, MontyError

__all__ = ["monty"]

_LACKS = re.compile(
    r"(?P<import>No module named '(?P<module>[^']+)')|does not yet support|(?:is|are) not supported"
    r"|module '[^']+' has no attribute|name '(?P<name>\w+)' is not defined|cannot create '\w+' instances"
)


@sandbox("monty")
def monty() -> _Monty:
    """Runs code in pydantic-monty, an interpreter of a part of Python, written in Rust, that has no files, no network,
    no processes and no environment. On every platform; a run takes less than a millisecond.

    It knows functions, simple classes, whole numbers of any size, and `math`, `re`, `json`, `datetime`, `decimal`,
    `random`, `itertools`, `functools`, `collections` and some more modules. It does not know inheritance, `yield`,
    `del`, and no package: code that needs more is `refused`, and runs in `process`. Time, memory, depth and output are
    bounded in the interpreter; a worker that does not stop is killed. Random numbers begin at one seed.

    Follows https://github.com/pydantic/monty.

    Example: `program_of_thought(sandbox=monty)`
    """
    return _Monty()


class _Monty:
    """A pool of workers, started by the first run; it ends with this object, with the interpreter, or with `close`."""

    def __init__(self) -> None:
        self._pool: Monty | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._end: weakref.finalize[..., Any] | None = None

    def ready(self) -> None:
        self._started()

    def _started(self) -> Monty:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            try:
                from pydantic_monty import Monty

                pool = Monty(max_checkouts_per_worker=1000).__enter__()
            except (ImportError, OSError) as error:
                raise InputError(
                    f"sandbox monty cannot start ({error}); install it: pip install pydantic-monty"
                ) from None
            threads = ThreadPoolExecutor(thread_name_prefix="monty")
            self._end = weakref.finalize(self, _ended, pool, threads)
            self._pool, self._threads = pool, threads
        return self._pool

    async def run(self, code: str, inputs: Mapping[str, Any], value: str | None, limits: Limits) -> Ran:
        pool, turn = self._started(), _Turn()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, _run, pool, turn, code, dict(inputs), value, limits
            )
        except asyncio.CancelledError:
            turn.given_up()
            raise

    async def close(self) -> None:
        if self._end is not None:
            self._end()
        self._pool = self._threads = self._end = None


def _ended(pool: Monty, threads: ThreadPoolExecutor) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    pool.__exit__(None, None, None)


class _Turn:
    """A run's time with a worker, which is ended where nobody waits for the run any more."""

    def __init__(self) -> None:
        self._lock, self._wanted = threading.Lock(), True
        self._worker: int | None = None

    def begins(self, worker: int | None) -> bool:
        """Whether the run is wanted still, by this worker."""
        with self._lock:
            self._worker = worker
            return self._wanted

    def given_up(self) -> None:
        with self._lock:
            self._wanted = False
            if self._worker is not None:
                with contextlib.suppress(OSError):
                    os.kill(self._worker, getattr(signal, "SIGKILL", signal.SIGTERM))


class _Printed:
    """What is printed, as far as it may be; of more, which ends the run, that there was more."""

    def __init__(self, most: int) -> None:
        self._room, self._parts, self.over = most, list[str](), False

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def __call__(self, _stream: str, text: str) -> None:
        encoded = text.encode("utf-8", "replace")
        self._parts.append(encoded[: self._room].decode("utf-8", "ignore"))
        self._room -= len(encoded)
        if self._room < 0:
            self.over, self._room = True, 0
            raise OverflowError("more output than it may")


def _run(pool: Monty, turn: _Turn, code: str, inputs: dict[str, Any], value: str | None, limits: Limits) -> Ran:
    from pydantic_monty import MontyError

    printed, began = _Printed(limits.output), time.monotonic()
    found, over = None, False
    ended: Ended = "done"
    error = ""
    try:
        with pool.checkout(limits=_limits(limits), os_policy=_POLICY, assert_message_annotations=False) as session:
            if turn.begins(session.worker_pid):
                feed = partial(session.feed_run, print_callback=printed)
                try:
                    found, over = _crossed(feed, code, inputs, value, limits.output)
                finally:
                    turn.begins(None)
    except MontyError as raised:
        found, (ended, error) = None, _why(raised)
    if printed.over:
        found, ended, error = None, "output", f"it printed more than {limits.output} bytes"
    elif ended == "done" and (over or len(str(found := plain(found))) > limits.output):
        found, ended, error = None, "output", f"its value is longer than {limits.output} bytes"
    return Ran(ended, found, printed.text, error, time.monotonic() - began)


def _crossed(
    feed: Callable[..., Any], code: str, inputs: dict[str, Any], value: str | None, most: int
) -> tuple[Any, bool]:
    """Run the code; its value as plain data, and whether that is more than it may be."""
    body, last = (code, value) if value is not None else _parted(code)
    name = f"_crossing_{secrets.token_hex(8)}"  # which the code cannot know, nor change
    feed(_CROSSING.format(name=name))
    feed(f"{body}\nNone", inputs=inputs)
    if last is None:
        return None, False
    found, over = feed(f"_room = [{most}]\n[{name}((\n{last}\n), _room), _room[0] < 0]")
    return found, over


def _parted(code: str) -> tuple[str, str | None]:
    """A program without the expression that is its last line, and that expression, where there is one."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code, None  # in its own words monty says why, or knows more than this Python
    if not body or not isinstance(last := body[-1], ast.Expr):
        return code, None
    lines = code.encode().splitlines(keepends=True)
    before = b"".join(lines[: last.lineno - 1]) + lines[last.lineno - 1][: last.col_offset]
    return before.decode(), ast.get_source_segment(code, last.value)


_CROSSING = """
def {name}(value, room, depth=0, type=type, str=str, len=len, isinstance=isinstance, list=list, tuple=tuple, set=set,
           frozenset=frozenset, dict=dict, int=int, float=float, bool=bool, hex=hex, sorted=sorted):
    room[0] -= 1
    if room[0] < 0:
        return None
    if value is None or type(value) is bool or type(value) is float:
        return value
    if type(value) is int and -(1 << 63) <= value < 1 << 63:
        return value
    if depth <= 40 and isinstance(value, (list, tuple, set, frozenset)):
        found = []
        for one in value:
            found.append({name}(one, room, depth + 1))
            if room[0] < 0:
                return None
        return sorted(found, key=str) if isinstance(value, (set, frozenset)) else found
    if depth <= 40 and isinstance(value, dict):
        found = {{}}
        for key, one in value.items():
            found[{name}(key if type(key) is str else str(key), room)] = {name}(one, room, depth + 1)
            if room[0] < 0:
                return None
        return found
    try:
        text = value if type(value) is str else str(value)
    except ValueError:
        text = hex(value)
    room[0] -= len(text)
    return text if room[0] >= 0 else None
"""
"""Makes plain data of a value where time and memory are bounded still: outside it might be more than there is."""

_POLICY: Any = {"sleep": "system", "random_start": {"seed": 0}}


def _limits(limits: Limits) -> Any:
    return {
        "max_feed_duration_secs": limits.seconds,
        "max_total_sleep_secs": limits.seconds,
        "max_memory": limits.memory,
        "max_recursion_depth": 900,
        "max_suspensions": 1000,
    }


def _why(raised: MontyError) -> tuple[Ended, str]:
    """How a run ended that raised, and what to say of it."""
    from pydantic_monty import MontyConversionError, MontyCrashedError

    text = " ".join(str(raised).split())[:500]
    if isinstance(raised, MontyCrashedError):
        return ("time" if raised.timed_out else "memory"), f"its worker died: {text}"
    if isinstance(raised, MontyConversionError):
        raise InputError(f"sandbox monty: an input is no plain data: {text}")
    inner = raised.exception()
    if isinstance(inner, TimeoutError):
        return "time", text
    if isinstance(inner, MemoryError):
        return "memory", text
    lacks = _LACKS.search(text)
    if lacks and not (lacks["name"] and not hasattr(builtins, lacks["name"])):
        hint = place_for(lacks["module"]) if lacks["module"] else "use sandbox=process"
        return "refused", f"not supported by monty: {text}; {hint}"
    return "error", text
