"""Attempts to get out of the sandboxes, or to take more than is allowed: each gets nothing, and is reported as what it
was."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import pytest
from tests.sandbox.attempts import PROCESS, SYSTEM_CALLS, UNSEEN, Attempt
from tests.sandbox.attempts_monty import MONTY
from tests.sandbox.conftest import SECRET, Host, run

from scansion.sandbox import Ran, Sandbox


def assert_got_nothing(ran: Ran, host: Host) -> None:
    assert SECRET not in f"{ran.value} {ran.printed} {ran.error}"
    host.assert_untouched()


def assert_reported(ran: Ran, attempt: Attempt) -> None:
    assert ran.ended == attempt.ended, ran.error
    assert attempt.error in ran.error
    assert len(ran.error) <= 1000
    assert len(ran.printed) <= attempt.limits.output
    if attempt.value is not UNSEEN:
        assert ran.value == attempt.value
    if ran.ended != "done":
        assert ran.error
        assert ran.value is None


def descendants(pid: int) -> list[int]:
    """The processes under one of ours."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return []
    return [p for child in children for p in (child, *descendants(child))]


def settled(pid: int, wanted: int | None = None) -> int:
    """How many processes are under one of ours, when those that have ended are gone."""
    deadline, counts = time.monotonic() + 10, [-1]
    while time.monotonic() < deadline:
        counts.append(len(descendants(pid)))
        if counts[-1] == wanted or (wanted is None and len(counts) > 20 and len(set(counts[-20:])) == 1):
            break
        time.sleep(0.01)
    return counts[-1]


@pytest.mark.parametrize("attempt", PROCESS, ids=lambda attempt: attempt.name)
def test_a_process_stays_within(attempt: Attempt, process: Sandbox, host: Host) -> None:
    ran = run(process, host.filled(attempt.code), limits=attempt.limits)
    assert_got_nothing(ran, host)
    assert_reported(ran, attempt)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of the system calls are those of x86-64")
def test_a_process_has_no_system_call_that_leads_out(process: Sandbox, host: Host) -> None:
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfound = {}\nfor name, number in calls.items():\n"
        "    done = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n    found[name] = [done, ctypes.get_errno()]\nfound"
    )
    ran = run(process, code, calls=SYSTEM_CALLS)
    assert ran.value == {name: [-1, 1] for name in SYSTEM_CALLS}  # EPERM for each
    beyond = run(process, code, calls={"x32 getpid": 0x40000000 | 39, "none": 9999})
    assert beyond.value == {"x32 getpid": [-1, 1], "none": [-1, 1]}
    host.assert_untouched()


@pytest.mark.parametrize(
    "flag", [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000], ids=hex
)
def test_a_process_cannot_be_started_in_a_new_namespace(flag: int, process: Sandbox) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the numbers of the system calls are those of x86-64")
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "[[libc.syscall(56, flag | 17, 0, 0, 0, 0), ctypes.get_errno()],"
        " [libc.syscall(435, 0, 88), ctypes.get_errno()]]"
    )
    assert run(process, code, flag=flag).value == [[-1, 1], [-1, 38]]  # clone: EPERM; clone3: ENOSYS


def test_nothing_is_left_behind(process: Sandbox, host: Host) -> None:
    run(process, "1")
    mounts, before = Path("/proc/self/mounts").read_text(), set(Path("/tmp").iterdir())
    resting = settled(os.getpid())
    for attempt in PROCESS:
        if attempt.name in ("leaves a daemon", "forks", "leaves a thread", "writes many files", "prints"):
            run(process, host.filled(attempt.code), limits=attempt.limits)
    assert settled(os.getpid(), resting) == resting
    assert Path("/proc/self/mounts").read_text() == mounts
    assert not {path for path in set(Path("/tmp").iterdir()) - before if path.name in ("x", "work")}


def test_a_run_knows_nothing_of_those_before(process: Sandbox) -> None:
    spoil = (
        "import builtins, json, os, sys\nbuiltins.len = lambda x: 99\njson.dumps = None\nsys.modules['math'] = None\n"
        "open('sitecustomize.py', 'w').write('spoilt')\nos.environ['X'] = 'spoilt'\nfound = 'spoilt'"
    )
    look = "import math, os\n[len('ab'), os.listdir('.'), os.environ.get('X'), 'found' in globals(), os.getpid()]"
    assert run(process, spoil + "\nfound").value == "spoilt"
    assert run(process, look).value == [2, [], None, False, 1]


def test_what_it_says_of_itself_is_text_for_a_machine(process: Sandbox) -> None:
    odd = b'{"ended": "done", "value": {"\\ud800": ["\\udfff", 1e999, 123456789012345678901234567890]}, "error": ""}'
    ran = run(process, f"import os\nos.write(3, {odd!r})\nos._exit(0)")
    assert ran.value == {"?": ["?", "inf", "123456789012345678901234567890"]}
    ran = run(process, "import os\nos.write(1, bytes(range(256)))\n1")
    assert ran.value == 1
    assert ran.printed.startswith("\x00\x01")


@pytest.mark.parametrize("attempt", MONTY, ids=lambda attempt: attempt.name)
def test_monty_stays_within(attempt: Attempt, monty: Sandbox, host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(monty, host.filled(attempt.code), limits=attempt.limits)
    assert_got_nothing(ran, host)
    assert_reported(ran, attempt)
    assert capfd.readouterr() == ("", "")
