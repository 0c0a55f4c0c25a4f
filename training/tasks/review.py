"""Looking at a question or an answer: what is unclear, and whether an answer agrees with a reference."""

from __future__ import annotations

from training.problem import Item, Turn
from training.source import Source, phrases
from training.tasks.symbolic import coin_flip, date_shift
from training.tasks.word_problem import word_problem
from training.tasks.world import passage_problem

__all__ = ["agrees", "unclear"]

UNCLEAR = phrases(
    "[What is unclear in|Is something unclear in|Is anything missing in|What is missing in] this question?[ |\n]{q}",
    "{q}[\n|\n\n][What is missing here|What is not given here|What is unclear here|Is anything missing]?",
    "Before you answer: what do you need to know that is not given?\n\n{q}",
    "Question: {q}\n[Say|Name|Tell me] what is [unclear|missing] in it.",
)
CLEAR = "Nothing is unclear."
AGREES = phrases(
    "Question: {q}\n[Reference answer|Right answer|Gold answer|Reference]: {r}\n[Answer|Given answer|Submitted answer|Reply]: {a}\n[Is the answer correct|Is the given answer right|Is it right|Correct]? [Say|Answer] yes or no.",
    "[Reference|Right answer|Gold answer]: {r}\n[Reply|Answer]: {a}\n[Does the reply agree with the reference|Is it right|Do they agree]? [Say|Answer] yes or no.",
    "The right answer is {r}. [Somebody|Someone|A person] answered: {a} Is that right? [yes or no|Answer yes or no.]",
)


def unclear(s: Source, missing: bool | None = None) -> Item:
    """A word problem of which something may be missing; it is to be named."""
    missing = s.chance(0.6) if missing is None else missing
    problem = word_problem(s, s.between(1, 4), missing)
    said = problem.missing or CLEAR
    turns = (Turn("user", s.say(UNCLEAR, q=problem.question)), Turn("assistant", said))
    return Item("unclear", turns, said, {"missing": int(missing)})


def agrees(s: Source) -> Item:
    """An answer to be held against the right one."""
    make = s.rng.choice((word_problem, word_problem, date_shift, coin_flip, passage_problem))
    problem, right = make(s), s.chance(0.5)
    other = problem.answer
    while other == problem.answer:
        other = make(s).answer
    given = problem.answer if right else other
    shown = s.rng.choice(("{}", "{}.", "The answer is {}.", "It is {}.")).format(given)
    user = s.say(AGREES, q=problem.question.split("\n")[-1], r=problem.answer, a=shown)
    said = "yes" if right else "no"
    return Item("agrees", (Turn("user", user), Turn("assistant", said)), said)
