"""What the sandboxes promise to those who use them: values, inputs, limits, ends, and refusals."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.conftest import require, run

from scansion.errors import InputError
from scansion.sandbox import Limits, Sandbox, build_sandbox, sandbox
from scansion.sandbox._jail.plain import plain
from scansion.sandbox._packages import found_package

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["monty", "process"])
def place(request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.getfixturevalue(request.param)
    return found


def test_specs_name_sandboxes() -> None:
    assert build_sandbox("monty").spec == "monty"
    assert build_sandbox("process(packages=[sympy])").identity == "process([sympy])"
    assert build_sandbox("process").identity == "process(none)"
    assert sandbox.names() == ["monty", "process"]
    for wrong, said in {
        "docker": "unknown sandbox 'docker'",
        "monty(3)": "monty",
        "process(packages=[no-such-package])": "'no-such-package' is not installed; packages= takes",
        "process(packages=[os])": "'os' is in the standard library, which is there anyway",
        "process(packages=[fractions])": "'fractions' is in the standard library",
        'process(packages=["../x"])': "no name of a package",
    }.items():
        with pytest.raises(InputError, match=said):
            build_sandbox(wrong)


def test_packages_go_by_their_own_name_or_that_of_their_module() -> None:
    for name in ("yaml", "PyYAML", "pyyaml"):
        found = found_package(name)
        assert found.module == "yaml"
        assert any(path.endswith("/yaml") for path in found.paths)


def test_limits_are_more_than_nothing() -> None:
    with pytest.raises(InputError, match="the limit seconds is 0"):
        Limits(seconds=0)
    with pytest.raises(InputError, match="the limit memory is -1"):
        Limits(memory=-1)


def test_the_value_is_that_of_an_expression_or_of_the_last_line(place: Sandbox) -> None:
    assert run(place, "a = 6 * n", "a + 1", n=7).value == 43
    assert run(place, "a = 6 * n\na", n=7).value == 42
    assert run(place, "a = 1").value is None
    assert run(place, "def f():\n    return 5\n", "f()").value == 5
    assert run(place, "").ended == "done"
    ran = run(place, "print('one')\nprint('two')\n3")
    assert (ran.value, ran.printed, ran.error, ran.ended) == (3, "one\ntwo\n", "", "done")
    assert 0 < ran.seconds < 5


@FEW
@given(value=PLAIN)
def test_plain_data_crosses_as_it_is(value: Any, place: Sandbox) -> None:
    ran = run(place, "given", given=value)
    assert (ran.ended, ran.value) == ("done", value)


def test_other_values_cross_as_their_texts(place: Sandbox) -> None:
    assert run(place, "(1, 2.5, 'x')").value == [1, 2.5, "x"]
    assert run(place, "{3, 1}").value == [1, 3]
    assert run(place, "{1: 'a'}").value == {"1": "a"}
    assert run(place, "10 ** 30").value == str(10**30)
    assert run(place, "float('nan')").value == "nan"
    assert run(place, "float('-inf')").value == "-inf"
    assert run(place, "from decimal import Decimal\nDecimal('1.50')").value == "1.50"
    assert run(place, "2 + 3j").value == "(2+3j)"


def test_plain_knows_its_bounds() -> None:
    class Odd:
        def __str__(self) -> str:
            return "\ud800"

    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert plain(Odd()) == "?"
    assert plain({1: math.inf, "\ud800": 2**63}) == {"1": "inf", "?": "9223372036854775808"}
    assert "too many levels" in str(plain(deep))
    assert plain(10**5000).startswith("0x")


def test_errors_say_what_and_where(process: Sandbox, monty: Sandbox) -> None:
    assert run(process, "x = 1\n\n1 / 0").error == "ZeroDivisionError: division by zero (line 3)"
    assert run(monty, "1 / 0").error == "ZeroDivisionError: division by zero"
    assert "SyntaxError" in run(process, "def f(:").error
    assert run(monty, "def f(:").ended == "error"
    assert run(process, "a = 1", "b").error.startswith("NameError")
    assert run(process, "import sys\nprint(1)\nsys.exit(0)\nprint(2)").printed == "1\n"
    assert run(process, "exit(3)").error == "SystemExit: 3 (line 1)"


def test_runs_begin_alike(place: Sandbox) -> None:
    code = "import random\nrandom.random()"
    assert run(place, code).value == run(place, code).value


def test_inputs_that_are_no_plain_data_are_refused(place: Sandbox) -> None:
    with pytest.raises(InputError, match="an input is no plain data"):
        run(place, "x", x=object())


def test_many_runs_side_by_side(place: Sandbox) -> None:
    async def many() -> list[Any]:
        return [r.value for r in await asyncio.gather(*(place.run("n * n", inputs={"n": n}) for n in range(40)))]

    assert asyncio.run(many()) == [n * n for n in range(40)]


def test_packages_come_with_what_they_need_and_no_others() -> None:
    pytest.importorskip("sympy")
    place = require("process(packages=[sympy])")
    ran = run(place, "from sympy import Symbol, solve\nx = Symbol('x')\nsolve(x ** 2 - 2, x)")
    assert ran.value == ["-sqrt(2)", "sqrt(2)"]
    assert run(place, "import os\nsorted(f for f in os.listdir('/packages') if 'info' not in f)").value == [
        "isympy.py",
        "mpmath",
        "sympy",
    ]
    assert "No module named 'numpy'" in run(place, "import numpy").error
    asyncio.run(place.close())


def test_monty_says_what_it_lacks(monty: Sandbox) -> None:
    ran = run(monty, "import numpy.linalg")
    assert ran.ended == "refused"
    assert ran.error.endswith("use sandbox=process(packages=[numpy])")
    assert run(monty, "def f():\n    yield 1").error.endswith("use sandbox=process")
    assert run(monty, "import urllib.request").error.endswith("it is in the standard library; use sandbox=process")
    assert run(monty, "import yaml").error.endswith("use sandbox=process(packages=[PyYAML])")
    assert run(monty, "import no_such_thing").error.endswith("no package that is installed here has it")
    assert run(monty, "nothing_of_that_name").ended == "error"


def test_a_closed_sandbox_starts_again(place: Sandbox) -> None:
    own = build_sandbox(place.spec)
    assert run(own, "1").value == 1
    asyncio.run(own.close())
    asyncio.run(own.close())
    assert run(own, "2").value == 2
    asyncio.run(own.close())


def test_a_run_of_monty_that_nobody_waits_for_is_ended() -> None:
    async def left() -> float:
        place = build_sandbox("monty")
        runs = [asyncio.ensure_future(place.run("while True: pass", limits=Limits(seconds=600))) for _ in range(9)]
        await asyncio.sleep(0.3)
        began = time.monotonic()
        for each in runs:
            each.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        assert (await place.run("1")).value == 1
        await place.close()
        return time.monotonic() - began

    assert asyncio.run(left()) < 60


def test_a_warden_that_was_killed_is_replaced() -> None:
    place = require("process")
    os.kill(place._runner._warden._process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    place._runner._warden._process.wait()  # type: ignore[attr-defined]
    assert run(place, "1").value == 1
    asyncio.run(place.close())


def test_a_run_that_nobody_waits_for_is_ended(process: Sandbox) -> None:
    async def left() -> float:
        task = asyncio.ensure_future(process.run("while True:\n    pass", limits=Limits(seconds=60)))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        began = time.monotonic()
        assert (await process.run("1")).value == 1
        return time.monotonic() - began

    assert asyncio.run(left()) < 30
    pid = process._runner._warden._process.pid  # type: ignore[attr-defined]
    deadline = time.monotonic() + 20
    while (children := Path(f"/proc/{pid}/task/{pid}/children").read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert children == ""


def test_nothing_outlives_the_host(tmp_path: Path) -> None:
    require("process")
    code = (
        "import asyncio, os, signal\nfrom scansion.sandbox import Limits, build_sandbox\n"
        "place = build_sandbox('process')\nplace.ready()\nprint(place._runner._warden._process.pid, flush=True)\n"
        "async def main():\n    asyncio.get_running_loop().call_later(0.5, os.kill, os.getpid(), signal.SIGKILL)\n"
        "    await place.run('while True: pass', limits=Limits(seconds=99))\nasyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    warden = Path("/proc") / done.stdout.strip()
    deadline = time.monotonic() + 20
    while warden.exists() and time.monotonic() < deadline and "Z" not in (warden / "stat").read_text().split()[2]:
        time.sleep(0.02)
    assert not warden.exists() or "Z" in (warden / "stat").read_text()


def test_process_refuses_where_it_cannot_isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(InputError, match="needs Linux, and this is darwin; use sandbox=monty"):
        build_sandbox("process").ready()
    monkeypatch.undo()
    if sys.platform == "linux":
        old = os.uname_result((*os.uname()[:2], "5.10.0-30-amd64", *os.uname()[3:]))
        monkeypatch.setattr(os, "uname", lambda: old)
        with pytest.raises(InputError, match=r"needs Linux 5\.14 or later, and this is 5\.10\.0-30-amd64"):
            build_sandbox("process").ready()


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_process_refuses_where_a_probe_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    require("process")
    from scansion.sandbox import process

    monkeypatch.setattr(process, "_PROBE", "found = ['sockets can be opened']")
    with pytest.raises(InputError, match="not confined: sockets can be opened") as refusal:
        build_sandbox("process").ready()
    assert "\n" not in str(refusal.value)


def test_importing_the_sandbox_is_cheap() -> None:
    code = "import sys, scansion.sandbox; print('pydantic_monty' in sys.modules, 'subprocess' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
