"""Plan-and-solve: a cue that asks for a plan before the steps."""

from __future__ import annotations

from typing import Literal

from scansion.techniques._algebra import Edit, technique

__all__ = ["plan"]

_CUES = {
    "plain": (
        "Let's first understand the problem and devise a plan to solve the problem. "
        "Then, let's carry out the plan and solve the problem step by step."
    ),
    "plus": (
        "Let's first understand the problem, extract relevant variables and their corresponding numerals, and make a "
        "complete plan. Then, let's carry out the plan, calculate intermediate variables (pay attention to correct "
        "numerical calculation and commonsense), solve the problem step by step, and show the answer."
    ),
}


@technique("plan", "plan_and_solve")
def plan(form: Literal["plain", "plus"] = "plus") -> Edit:
    """Ends the prompt with a cue that asks for a plan and then for its steps, placed as `cot` places its own.

    `plain` is the cue of the paper's table 1 (PS); `plus` (PS+) also asks to list what is given, to calculate with care
    and to show the answer. Another cue for a plan is `cot("...")`. As with `cot`, a second call may read the answer:
    `plan | extract`. It makes no call of its own.

    Follows Wang et al. 2023, Plan-and-Solve Prompting (arXiv 2305.04091).

    Example: `plan(plain) | extract`
    """
    return Edit(lambda prompt, _context: prompt.with_cue(_CUES[form]))
