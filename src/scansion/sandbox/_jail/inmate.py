"""The process that the code runs in: it gives up everything first, runs the code, and says what came of it.

What it says stands in a pipe of its own, which what the code prints cannot reach. The code shares this process, so a
program that is out to can say anything of itself; the keeper believes no more than that.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import errno
import json
import os
import random
import resource
import sys
import types
from typing import Any, NoReturn

from . import allowed, kernel
from .plain import plain
from .root import WORK

__all__ = ["live"]

_NAME = "<program>"
_ENDS = {
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EFBIG: "disk",
    errno.EMFILE: "files",
    errno.ENOMEM: "memory",
}


def live(request: dict[str, Any], *, out: int, result: int, step: int, go: int) -> NoReturn:
    """Run the request's code, and end."""
    try:
        _alone({out, result, step, go})
        _confined(request["limits"], step, go)
        _wired(out, result)
        _told(request, step, go)
    except BaseException as error:
        os.write(step, f"x{type(error).__name__}: {error}".encode())
        os._exit(1)
    write, leave, dumps, number = os.write, os._exit, json.dumps, os.getpid
    report = dumps(_outcome(request)).encode()
    if number() != 1:  # a process that the code has started, and that came back from it
        leave(0)
    while report:
        report = report[write(3, report) :]
    leave(0)


def _alone(kept: set[int]) -> None:
    """Let go of what the keeper has open."""
    for descriptor in range(3, 64):
        if descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _confined(limits: dict[str, Any], step: int, go: int) -> None:
    """Namespaces of its own, and the empty folder."""
    os.setsid()
    kernel.unshare("user", "mount")
    kernel.dumpable()
    os.write(step, b"u")
    if os.read(go, 1) != b"m":
        os._exit(1)
    options = f"size={limits['disk']},nr_inodes={limits['files'] + 1},mode=700"
    kernel.mount("tmpfs", WORK, kernel.NO_SUID | kernel.NO_DEVICES | kernel.NO_EXEC, options)
    os.chdir(WORK)
    os.environ.clear()
    os.environ.update(HOME=WORK, TMPDIR=WORK, LANG="C.UTF-8", PATH="")


def _wired(out: int, result: int) -> None:
    """Nothing to read, one pipe to print to, one for the result."""
    nothing = os.open("/dev/null", os.O_RDWR)
    high = [os.dup2(end, 100 + at) for at, end in enumerate((nothing, out, out, result))]
    for at, end in enumerate(high):
        os.dup2(end, at, inheritable=at < 3)
    streams = (open(at, mode, encoding="utf-8", errors="replace") for at, mode in enumerate("rww"))  # noqa: SIM115
    sys.stdin, sys.stdout, sys.stderr = streams


def _told(request: dict[str, Any], step: int, go: int) -> None:
    """Give up every right, and wait for the word to begin."""
    os.dup2(step, 4)
    os.dup2(go, 5)
    os.closerange(6, 1 << 16)
    _limited(request["limits"], request["space"])
    kernel.capabilities_dropped()
    kernel.no_new_privileges()
    kernel.dumpable()
    kernel.parent_death_kills()
    kernel.filtered(allowed.program())
    os.write(4, b"r")
    if os.read(5, 1) != b"g":
        os._exit(1)
    os.closerange(4, 6)


def _limited(limits: dict[str, Any], space: int) -> None:
    for name, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_CPU, int(limits["seconds"]) + 2),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 1),  # with 0 the kernel would still hand the core to a program that the host names
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(name, (most, most))


def _outcome(request: dict[str, Any]) -> dict[str, Any]:
    """What came of the code: how it ended, its value as plain data, and its error in one line."""
    try:
        value = plain(_value(request))
        _flush()
        return {"ended": "done", "value": value, "error": ""}
    except BaseException as error:
        ended, said = _why(error)
        try:
            _flush()
        except BaseException as second:
            ended, said = _why(second)
        return {"ended": ended, "value": None, "error": said}


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _value(request: dict[str, Any]) -> Any:
    """Run the code; the value of the expression asked for, or that of the code's last line."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    names = main.__dict__
    names.update(request["inputs"])
    vars(builtins).update(exit=sys.exit, quit=sys.exit)
    random.seed(0)
    tree = ast.parse(request["code"], _NAME)
    last = None
    if request["value"] is not None:
        last = ast.parse(request["value"].strip(), "<value>", "eval")
    elif tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    try:
        exec(compile(tree, _NAME, "exec"), names)
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            raise
        last = last if request["value"] is not None else None
    return eval(compile(last, _NAME, "eval"), names) if last is not None else None


def _why(error: BaseException) -> tuple[str, str]:
    said = " ".join(f"{type(error).__name__}: {error}".split())[:900]
    line = _line(error)
    said += f" (line {line})" if line else ""
    if isinstance(error, MemoryError):
        return "memory", said
    if isinstance(error, BlockingIOError) or "can't start new thread" in said:
        return "processes", said
    if isinstance(error, OSError):
        return _ENDS.get(error.errno or 0, "error"), said
    return "error", said


def _line(error: BaseException) -> int | None:
    """The line of the program where it went wrong."""
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _NAME:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found
