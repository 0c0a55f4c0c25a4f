"""What is measured: for each technique, variants on one data set, and which of them it is compared with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.techniques import rows
from training.measures import final
from training.tasks.politeness import INSULTS

from scansion.types import Example, Output

__all__ = ["EFFECTS", "Effect", "Variant", "polite", "right", "same_names"]

SMALL, TINY = "pocket/small", "pocket/tiny"


@dataclass(frozen=True)
class Variant:
    """A prompt's text, or a program in Python, with a technique and a model."""

    name: str
    prompt: Any
    technique: str = "as-is"
    model: str = SMALL


@dataclass(frozen=True)
class Effect:
    """Variants on the same rows; each is compared with every one of `against` that stands before it.

    `technique` is the one in whose section of docs/techniques.md the figures stand, `shows` the variant, and what it is
    held against, that stand for the effect in its overview. `split` keeps the shots' rows from
    the rows asked. `scorer` is primary.
    """

    technique: str
    title: str
    make: Callable[[int], list[rows.Row]]
    variants: Sequence[Variant]
    against: Sequence[str]
    shows: tuple[str, str]
    scorer: Any = "numeric"
    target: str | None = "answer"
    split: bool = False
    no_answer: str = "unscored"
    files: dict[str, str] = field(default_factory=dict)


def polite(output: Output, example: Example) -> bool:
    """The reply asks for the same, says please and insults nobody."""
    text = output.text.lower()
    insulted = any(re.search(rf"\b{word}\b", text) for word in (*INSULTS.train, *INSULTS.held))
    return example.inputs["action"].lower() in text and "please" in text and not insulted


def right(output: Output, example: Example) -> bool:
    """What stands behind the last "answer is", or the whole reply, is the target: a number, a name, yes or no."""
    return final(output.text if output.answer is None else str(output.answer)) == str(example.target)


def same_names(output: Output, example: Example) -> float:
    """The F1 of the names found."""
    said, wanted = ({name.strip(" .\n") for name in text.split(",")} for text in (output.text, str(example.target)))
    return 2 * len(said & wanted) / (len(said) + len(wanted))


QUESTION = "{{ question }}"
FIND = "List all names that start with the letter {{ letter }}. If there are none, say none.\nNames: {{ names }}"
JOINED = """\
def joined(previous):
    names = [name.strip(" .") for part in previous.split("\\n\\n") for name in part.split(",")]
    return ", ".join(name for name in names if name and name != "none")
"""
BARE = "{{ question }}\n\nAnswer with the number only."
SHORT = "{{ question }}\n\nAnswer with the answer only."
LABEL = "Give the label of this sentence.\n\n{{ text }}"
KEEP = "Reply: {{ reply }}\nRule: No insults.\nRewrite the reply so that it keeps the rule."
POLITE = "Reply: {{ reply }}\nRewrite the reply so that it is polite."
WHICH = "Which reply is more polite?\nA: {{ a }}\nB: {{ b }}\nAnswer A or B."
SOLVE = "{{ question }}"
WARM = "?temperature=0.8"
HOT = "?temperature=1.8&max_tokens=50"
_SURER = "cot | cascade(pocket/tiny, pocket/small, when=unsure, threshold=-0.02)"
_DISAGREES = (
    'cot | cascade(pocket/tiny?temperature=0.7, pocket/small, when=disagrees, n=3, threshold=1, by=after("answer is"))'
)
_BY_PAIRS = 'best_of(4, by=pairs, prompt=which.txt, model="pocket/small?temperature=0&max_tokens=4")'
CONSTITUTION = """\
principles:
  please:
    critique: "Rules: Always say please.\\nList what breaks the rules."
    revision: "Rewrite the reply so that it keeps the rules."
  please-rule:
    critique: "What breaks the rule: Always say please?"
    revision: "Rule: Always say please.\\nNow rewrite the reply so that it keeps the rule."
"""

EFFECTS: Sequence[Effect] = (
    Effect(
        "cot",
        "word problems of 1 to 5 steps",
        rows.problems,
        (
            Variant("as-is", BARE),
            Variant("cot", QUESTION, "cot"),
            Variant("cot(ape)", QUESTION, "cot(ape)"),
            Variant("cot(tags)", QUESTION, "cot(tags)"),
        ),
        ("as-is", "cot"),
        ("cot", "as-is"),
    ),
    Effect(
        "plan",
        "word problems of 1 to 5 steps",
        rows.problems,
        (
            Variant("as-is", BARE),
            Variant("cot", QUESTION, "cot"),
            Variant("plan(plain)", QUESTION, "plan(plain)"),
            Variant("plan", QUESTION, "plan"),
        ),
        ("as-is", "cot"),
        ("plan", "cot"),
    ),
    Effect(
        "decompose",
        "word problems of 1 to 5 steps",
        rows.problems,
        (Variant("as-is", BARE), Variant("decompose(3)", BARE, "decompose(3)")),
        ("as-is",),
        ("decompose(3)", "as-is"),
    ),
    Effect(
        "extract",
        "word problems of 1 to 5 steps, read as a number",
        rows.problems,
        (Variant("cot", QUESTION, "cot"), Variant("cot | extract", QUESTION, "cot | extract")),
        ("cot",),
        ("cot | extract", "cot"),
    ),
    Effect(
        "shots",
        "four labels that only examples explain",
        rows.topics,
        (
            Variant("none", LABEL),
            Variant("random", LABEL, "shots(4, by=random)"),
            Variant("balanced", LABEL, "shots(4, by=random, balance=label)"),
            Variant("bm25", LABEL, "shots(4, by=bm25)"),
            Variant("embedding", LABEL, "shots(4, by=embedding)"),
            Variant("hybrid", LABEL, "shots(4, by=hybrid)"),
        ),
        ("none", "random"),
        ("bm25", "random"),
        scorer="exact",
        target="label",
        split=True,
    ),
    Effect(
        "abstain",
        "questions of which half cannot be answered",
        rows.missing,
        (
            Variant("as-is", SHORT),
            Variant("abstain", SHORT, "abstain(unsure)"),
            Variant("cot", QUESTION, "cot"),
            Variant("abstain | cot", QUESTION, "abstain(unsure) | cot"),
        ),
        ("as-is", "cot"),
        ("abstain", "as-is"),
        scorer=right,
    ),
    Effect(
        "abstain",
        "the same questions, where `unsure` is right for those that cannot be answered",
        rows.way_out,
        (Variant("as-is", SHORT), Variant("abstain", SHORT, "abstain(unsure)")),
        ("as-is",),
        ("abstain", "as-is"),
        scorer='exact(ignore_case=true, by=trim("."))',
    ),
    Effect(
        "program_of_thought",
        "word problems of 1 to 5 steps",
        rows.problems,
        (
            Variant("as-is", BARE),
            Variant("cot", QUESTION, "cot"),
            Variant("program_of_thought", SOLVE, "program_of_thought"),
        ),
        ("as-is", "cot"),
        ("program_of_thought", "cot"),
    ),
    Effect(
        "vote",
        "word problems of 6 to 9 steps, temperature 0.8",
        rows.hard,
        (
            Variant("cot", QUESTION, "cot", SMALL + WARM),
            Variant("vote(9)", QUESTION, "cot | vote(9)", SMALL + WARM),
            Variant("vote(9, stop=adaptive)", QUESTION, "cot | vote(9, stop=adaptive)", SMALL + WARM),
            Variant("vote(9, weight=logprob)", QUESTION, "cot | vote(9, weight=logprob)", SMALL + WARM),
        ),
        ("cot", "vote(9)"),
        ("vote(9, stop=adaptive)", "cot"),
    ),
    Effect(
        "best_of",
        "word problems of 6 to 9 steps, temperature 0.8",
        rows.hard,
        (
            Variant("cot", QUESTION, "cot", SMALL + WARM),
            Variant("best_of(9, by=logprob)", QUESTION, "cot | best_of(9, by=logprob)", SMALL + WARM),
        ),
        ("cot",),
        ("best_of(9, by=logprob)", "cot"),
    ),
    Effect(
        "best_of",
        "rude replies made polite, temperature 1.8",
        rows.rude,
        (
            Variant("as-is", POLITE, "as-is", SMALL + HOT),
            Variant("by=pairs", POLITE, _BY_PAIRS, SMALL + HOT),
            Variant("by=logprob", POLITE, "best_of(4, by=logprob)", SMALL + HOT),
        ),
        ("as-is",),
        ("by=pairs", "as-is"),
        scorer=polite,
        target=None,
        files={"which.txt": WHICH},
    ),
    Effect(
        "cascade",
        "coin flips, from the smaller model to the larger",
        rows.coins,
        (
            Variant("tiny", QUESTION, "cot", TINY),
            Variant("small", QUESTION, "cot", SMALL),
            Variant("unsure, -0.1", QUESTION, "cot | cascade(pocket/tiny, pocket/small, when=unsure)", SMALL),
            Variant("unsure, -0.02", QUESTION, _SURER, SMALL),
            Variant("disagrees", QUESTION, _DISAGREES, SMALL),
        ),
        ("tiny", "small"),
        ("unsure, -0.02", "small"),
        scorer=right,
    ),
    Effect(
        "cascade",
        "word problems of 1 to 5 steps, which the smaller model does not know",
        rows.problems,
        (
            Variant("tiny", QUESTION, "cot", TINY),
            Variant("small", QUESTION, "cot", SMALL),
            Variant("unsure, -0.02", QUESTION, _SURER, SMALL),
        ),
        ("tiny", "small"),
        ("unsure, -0.02", "small"),
    ),
    Effect(
        "route",
        "coin flips by steps, word problems by a program",
        rows.mixed,
        (
            Variant("cot", QUESTION, "cot"),
            Variant("program_of_thought", QUESTION, "program_of_thought"),
            Variant("route", QUESTION, "route($kind, coin=cot, sum=program_of_thought)"),
        ),
        ("cot", "program_of_thought"),
        ("route", "cot"),
        scorer=right,
        no_answer="wrong",
    ),
    Effect(
        "map_reduce",
        "names that start with a letter, in lists of 40",
        rows.lists,
        (
            Variant("as-is", FIND),
            Variant("8 names at a time", FIND, "map_reduce(as-is, python:joined:joined, $names, size=8)"),
        ),
        ("as-is",),
        ("8 names at a time", "as-is"),
        scorer=same_names,
        files={"joined.py": JOINED},
    ),
    Effect(
        "revise",
        "rude replies made to keep a rule",
        rows.rude,
        (
            Variant("as-is", KEEP),
            Variant("critique and revision", KEEP, "revise(please.yaml, principles=please)"),
            Variant("revision alone", KEEP, "revise(please.yaml, principles=please, critique=false)"),
            Variant("revision alone, rule named", KEEP, "revise(please.yaml, principles=please-rule, critique=false)"),
            Variant("shipped, kind-words", KEEP, "revise(shipped, principles=kind-words)"),
        ),
        ("as-is",),
        ("critique and revision", "as-is"),
        scorer=polite,
        target=None,
        files={"please.yaml": CONSTITUTION},
    ),
)
