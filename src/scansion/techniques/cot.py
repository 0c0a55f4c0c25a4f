"""Chain of thought: a cue at the end of the prompt that makes the model reason before it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.scorers import Extractor, build_extractor
from scansion.techniques._algebra import Context, Edit, Program, Wrap, technique
from scansion.techniques._way_out import renewed
from scansion.types import Output

__all__ = ["cot"]


class _Named(Struct, frozen=True):
    """A cue that has a name, and the extractor of the part of a reply that holds the answer (empty: all of it)."""

    cue: str
    part: str = ""


_NAMED = {
    "ape": _Named("Let's work this out in a step by step way to be sure we have the right answer."),
    "breath": _Named("Take a deep breath and work on this problem step-by-step."),
    "logically": _Named("Let's think about this logically."),
    "answer-first": _Named("Give the answer alone on the first line. Then explain it step by step.", "line(first)"),
    "tags": _Named(
        "Think step by step in <thinking> tags. Then put the final answer, and nothing else, in <answer> tags.",
        "tag(answer)",
    ),
}
_NAME = re.compile(r"[a-z][a-z-]*")


@technique("cot", "zero_shot_cot", "chain_of_thought")
def cot(cue: str = "Let's think step by step.") -> Edit:
    """Ends the prompt with `cue`: on a chat prompt in the last user turn after a blank line, on a completion prompt
    after one space.

    Some cues have names. `ape` ("Let's work this out in a step by step way to be sure we have the right answer.") was
    found by search in Zhou et al. 2022, Large Language Models are Human-Level Prompt Engineers (arXiv 2211.01910);
    `breath` ("Take a deep breath and work on this problem step-by-step.") in Yang et al. 2023, Large Language Models as
    Optimizers (arXiv 2309.03409); `logically` ("Let's think about this logically.") is one of those that Kojima et al.
    compare. `answer-first` asks for the answer on the first line and the steps behind it, the control of Wei et al.
    2022, Chain-of-Thought Prompting (arXiv 2201.11903, section 3.3): what reasoning after the answer cannot do. `tags`
    asks for the reasoning in <thinking> and the answer in <answer> tags. With these two the primary scorer's extractor
    reads the answer from that line or those tags (`data["extractor"]`); where a reply has none, from all of it.

    Follows Kojima et al. 2022, Large Language Models are Zero-Shot Reasoners (arXiv 2205.11916). There the cue stands
    behind `A:`, and a second call reads the answer out of the reasoning: `cot | extract`.

    Example: `cot`
    """
    if not cue.strip():
        raise InputError('cot: the cue is empty; leave it out for "Let\'s think step by step.", or give one')
    named = _NAMED.get(cue)
    if named is None and _NAME.fullmatch(cue):
        raise InputError(f"cot: there is no cue {cue!r}; {nearest(cue, _NAMED)}; a cue of your own has several words")
    if named is None:
        return Edit(lambda prompt, _context: prompt.with_cue(cue))
    then = Wrap(lambda program, context: _reading(program, named.part, context)) if named.part else None
    return Edit(lambda prompt, _context: prompt.with_cue(named.cue), then)


def _reading(program: Program, part: str, context: Context) -> Program:
    """The program, with the answer read from a part of its reply."""
    within, read = build_extractor(part), context.extractor
    if read is None:
        return program  # nothing reads answers: a judge or a check of the whole text scores the output

    async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
        return _read(await program(inputs, lm), within, read)

    return run


def _read(output: Output, within: Extractor, read: Extractor) -> Output:
    found = within(output.text)
    if found is None or output.answer is not None or output.data.get("abstained") is True:
        return output
    data = {**output.data, "extractor": read.identity}
    return renewed(msgspec.structs.replace(output, answer=read(found), data=data), found)
