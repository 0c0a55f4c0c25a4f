"""Two-stage answer extraction: a second call that asks for the answer to what the first one reasoned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scansion.errors import InputError
from scansion.scorers import Extractor
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._transcript import further, with_reply
from scansion.techniques._way_out import renewed
from scansion.types import Completion, Output, Request, Sampling

__all__ = ["extract"]


@technique("extract", "two_stage", "answer_extraction")
def extract(
    cue: str = "\nTherefore, the answer is", by: Extractor | None = None, max_tokens: int | None = None
) -> Wrap:
    """Sends the transcript back with `cue` behind it; the second reply is the output.

    On a completion prompt transcript and cue are one text, nothing stripped or put between; on a chat prompt the reply
    is an assistant turn as it came, and the cue a user turn. The second call samples as the prompt does, with at most
    `max_tokens` tokens where given. With `by` the answer is read from the second reply here. `data["reasoning"]` holds
    the first reply, `data["extractor"]` what `by` is.

    Follows Kojima et al. 2022, Large Language Models are Zero-Shot Reasoners (arXiv 2205.11916), section 2.1.

    Example: `cot | extract("\\nTherefore, the answer (arabic numerals) is")`
    """
    if not cue:
        raise InputError('extract: the cue is empty; give one, such as extract("\\nTherefore, the answer is")')
    limit = Sampling(max_tokens=max_tokens)

    def wrap(program: Program, context: Context) -> Program:
        sampling = context.sampling.merged(limit)

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            first = await program(inputs, lm)
            request = further("extract", first.messages, cue, cue, sampling)
            return _concluded(first, request, await lm(request), by)

        return run

    return Wrap(wrap, plus=1)


def _concluded(first: Output, request: Request, reply: Completion, by: Extractor | None) -> Output:
    data = {name: value for name, value in first.data.items() if name != "extractor"}
    if by is not None:
        data["extractor"] = by.identity
    output = Output(
        text=reply.text,
        answer=by(reply.text) if by is not None else None,
        messages=with_reply(request, reply.text),
        logprobs=reply.logprobs,
        finish_reason=reply.finish_reason,
        data={**data, "reasoning": first.text},
    )
    return renewed(output)
