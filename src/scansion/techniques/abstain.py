"""An honest way out: the prompt says what to answer where the answer cannot be known."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from scansion.errors import InputError
from scansion.techniques._algebra import Context, Edit, Program, Wrap, technique
from scansion.techniques._way_out import renewed
from scansion.types import Output

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["abstain"]


@technique("abstain", "way_out", "selective_answering")
def abstain(
    word: str = "unsure", instruction: str = "If the answer is not given or cannot be worked out, say {word}."
) -> Edit:
    """Offers `word` as the answer to what cannot be known, and recognises it in the reply.

    `instruction`, with the word where it has `{word}`, ends a chat prompt as a cue does and begins a completion prompt.
    A reply abstains whose answer in the end is the word: all of it, its last sentence or line, or what it says behind
    "the answer is", in tags, in JSON, or where the primary scorer's extractor reads the answer; and one that opens with
    the word and then only says why. Case, quotes and punctuation do not count, and a mere mention is no answer. After
    `extract` and `revise` the last reply decides.

    `data["abstained"]` is then true, `answer` none and no scorer scores the outcome: it is unscored as `abstained`,
    neither right nor wrong (`abstained: wrong` in a plan counts it as wrong). A row whose target is the word has no
    answer, under whatever scorer of targets: to abstain there is right, and an answer, also that of a variant without
    `abstain` in the same run, is wrong. `data["way_out"]` is the word. Reports show how many were answered (coverage)
    beside the accuracy on these, and list the rows that nothing answered. No further call.

    Follows Kamath et al. 2020, Selective Question Answering under Domain Shift (arXiv 2006.09462), for coverage, and
    Rajpurkar et al. 2018, Know What You Don't Know (arXiv 1806.03822), for questions that have no answer.

    Example: `abstain(unsure) | cot`
    """
    if not any(sign.isalnum() for sign in word):
        raise InputError("abstain: the word is empty; give what a reply shall say, such as abstain(unsure)")
    if "{word}" not in instruction and word.casefold() not in instruction.casefold():
        raise InputError(f"abstain: the instruction does not offer {word!r}; put {{word}} where the word belongs")
    said = instruction.replace("{word}", word)
    then = Wrap(lambda program, context: _asked(program, context, word), ways_out=(word,))
    return Edit(lambda prompt, _context: _offering(prompt, said), then)


def _offering(prompt: Prompt, instruction: str) -> Prompt:
    """The prompt with the instruction: a base model goes on from the end, so there it stands at the beginning."""
    if prompt.kind == "chat":
        return prompt.with_cue(instruction)
    marks = ("{{", "{%", "{#")
    plain = f"{{% raw %}}{instruction}{{% endraw %}}" if any(mark in instruction for mark in marks) else instruction
    lines = instruction.count("\n") + 2
    template = f"{plain}\n\n{prompt.template}"
    return msgspec.structs.replace(prompt, template=template, first_line=prompt.first_line - lines)


def _asked(program: Program, context: Context, word: str) -> Program:
    read = context.extractor

    async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
        output = await program(inputs, lm)
        answer = read(output.text) if output.answer is None and read is not None else output.answer
        return renewed(msgspec.structs.replace(output, data={**output.data, "way_out": word}), answer)

    return run
