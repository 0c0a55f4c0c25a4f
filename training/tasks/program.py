"""A short program, in the few words of Python that assignment and arithmetic need, for a word problem."""

from __future__ import annotations

from training.problem import Item, Turn
from training.source import Source, phrases
from training.tasks.word_problem import word_problem

__all__ = ["program"]

ASK = phrases(
    "[Write|Give] [a Python program|Python code|a short Python program] [that computes|that works out|for|to find] the answer.",
    "[Solve|Compute|Answer] [it|this] [with|in|using] Python.",
    "[Answer|Reply] with [a short Python program|Python code].",
    "[Write|Give] Python code for this.",
)
ENDS = {
    "print": phrases("[Print|Show] the [result|answer].", "The program prints the [result|answer].", "End with print."),
    "answer": phrases(
        "[Store|Put|Keep] the result in[|to| the variable] answer.", "The variable answer [holds|has|is] the result."
    ),
    "value": phrases(
        "The last line is the [value|result|answer].",
        "[End with|The last line is] an expression [for|with] the answer.",
    ),
}
FENCE = phrases(
    "[Put it in|Use|Write it as|Put it into] a code block.",
)
LAST = {"unsaid": "print(x)", "print": "print(x)", "answer": "answer = x", "value": "x"}


def program(s: Source, steps: int | None = None) -> Item:
    """A word problem to be solved by a program."""
    problem = word_problem(s, steps or s.between(1, 5))
    end = s.weighted({"unsaid": 0.4, "print": 0.2, "answer": 0.2, "value": 0.2})
    fenced = s.chance(0.4)
    rules = [s.say(ASK)] + ([] if end == "unsaid" else [s.say(ENDS[end])]) + ([s.say(FENCE)] if fenced else [])
    code = "\n".join([*problem.code, LAST[end]])
    said = f"```python\n{code}\n```" if fenced else code
    gap = s.rng.choice((" ", "\n", "\n\n"))
    user = gap.join([problem.question, " ".join(rules)] if s.chance(0.7) else [" ".join(rules), problem.question])
    return Item("program", (Turn("user", user), Turn("assistant", said)), problem.answer, {**problem.kind, "end": end})
