"""Model-written code, run where it can do no harm.

    sandbox = build_sandbox("monty")                         an interpreter of a part of Python, everywhere
    sandbox = build_sandbox("process(packages=[sympy])")     full Python in namespaces of its own, Linux only
    ran = await sandbox.run("ans = 6 * n", inputs={"n": 7}, value="ans")      # Ran(ended="done", value=42, ...)

Code runs only where it is asked for: in a technique or scorer that says so. `docs/sandbox.md` says what is isolated
how.
"""

from __future__ import annotations

from scansion.sandbox._base import Ended, Limits, Ran, Runner, Sandbox, build_sandbox, sandbox

__all__ = ["Ended", "Limits", "Ran", "Runner", "Sandbox", "build_sandbox", "sandbox"]
