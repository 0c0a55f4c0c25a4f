"""Techniques: edits of a prompt and wrappers of a program, each one file, joined by `|`.

    cot | vote(5)               as text, parsed by `parse_techniques`
    prompt | technique.cot() | technique.vote(5)    in Python: a Pipeline, which is a Program

In Python every technique is an attribute of the registry `technique`, under each of its names. `docs/extending.md`
shows how to add one.
"""

from __future__ import annotations

from scansion.techniques._algebra import (
    Composed,
    Context,
    Edit,
    Pipeline,
    Program,
    Technique,
    Wrap,
    as_text,
    calls_per_outcome,
    compose,
    parse_techniques,
    prompt_of,
    technique,
    techniques_of,
)
from scansion.techniques._branches import needed, repeats, side_by_side
from scansion.techniques._steps import Step, inputs_of, shared
from scansion.techniques._stops import Rule, Stop, stop

__all__ = [
    "Composed",
    "Context",
    "Edit",
    "Pipeline",
    "Program",
    "Rule",
    "Step",
    "Stop",
    "Technique",
    "Wrap",
    "as_text",
    "calls_per_outcome",
    "compose",
    "inputs_of",
    "needed",
    "parse_techniques",
    "prompt_of",
    "repeats",
    "shared",
    "side_by_side",
    "stop",
    "technique",
    "techniques_of",
]
