"""Revision by principles: the model criticises its output by a principle of a constitution, then rewrites it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._constitution import Principle, read_constitution
from scansion.techniques._transcript import further, replied, with_reply
from scansion.techniques._way_out import renewed
from scansion.types import Completion, Output, Sampling, hexdigest

__all__ = ["revise"]


@technique("revise", "constitutional", "critique_revision")
def revise(
    constitution: str = "shipped",
    rounds: int | None = None,
    critique: bool = True,
    principles: Sequence[str] | str | None = None,
    model: str | None = None,
) -> Wrap:
    """In each of `rounds` rounds asks for a critique of the output by one principle and then for a new text without
    what it found; with `critique=false` for the new text alone.

    `constitution` is a YAML file of principles, `shipped` Scansion's own (honesty, harm, privacy, kindness, and plain
    quality); what it says is part of the identity, not its name. The principle of a round (1 round unless said) is
    drawn by the run's seed and the inputs, none twice before all were used; or they are `principles`, in that order, a
    round each. `model` is another model that criticises and rewrites. The requests go on from the program's own
    conversation: on a chat prompt as turns, on a completion prompt behind `CritiqueRequest:` and `RevisionRequest:`, as
    in the paper. The output's transcript is the program's request with the last text as its reply. Two calls a round,
    one without critique; none for an output that abstains. `data["steps"]` holds the draft, and each critique and
    revision with the principle that it is `about`.

    The file: `principles:`, under it a name each, with `critique` and `revision`, which ask for the two.

    Follows Bai et al. 2022, Constitutional AI (arXiv 2212.08073), section 3.1.

    Example: `revise(shipped, rounds=2)`
    """
    read = read_constitution(constitution)
    names = (principles,) if isinstance(principles, str) else tuple(principles or ())
    if principles is not None and not names:
        raise InputError("revise: principles is empty; name some, or leave it out to have them drawn")
    count = rounds if rounds is not None else len(names) or 1
    if count < 1:
        raise InputError(f"revise: rounds is {count}; it must be 1 or more")
    if names and count != len(names):
        raise InputError(f"revise: rounds is {count} and principles names {len(names)}; leave rounds out")
    pool = read.chosen(names) if names else list(read.principles.values())
    mute = next((p.name for p in pool if not p.critique.strip()), None) if critique else None
    if mute is not None:
        raise InputError(f"revise: {constitution}: the principle {mute!r} has no `critique`; add it, or critique=false")

    def wrap(program: Program, context: Context) -> Program:
        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            draft = await program(inputs, lm)
            if draft.data.get("abstained") is True:
                return draft
            chosen = pool if names else drawn(pool, count, hexdigest(context.seed, dict(inputs)))
            talk = _Talk(draft, context.sampling)
            return await talk.revised(chosen, critique, lm if model is None else lm.using(model))

        return run

    models = (model,) if model is not None else ()
    return Wrap(wrap, plus=count * (2 if critique else 1), models=models, source=read.digest)


def drawn(pool: Sequence[Principle], count: int, seed: str) -> list[Principle]:
    """`count` principles in an order drawn by `seed`, none twice before all were used."""
    draw = random.Random(seed)
    found: list[Principle] = []
    while len(found) < count:
        found += draw.sample(pool, len(pool))
    return found[:count]


class _Form(Struct, frozen=True):
    """What stands before a request and before its reply in the text of a base model."""

    before: str
    after: str


_CRITIQUE = _Form("\n\nCritiqueRequest: ", "\n\nCritique:")
_REVISION = _Form("\n\nRevisionRequest: ", "\n\nRevision:")


class _Talk:
    """The conversation of one outcome, from the draft on."""

    def __init__(self, draft: Output, sampling: Sampling) -> None:
        self._draft, self._sampling = draft, sampling
        self._so_far = draft.messages
        before: list[dict[str, Any]] = draft.data.get("steps", [])
        begun = bool(before) and before[-1].get("text") == draft.text
        self._steps = [*before, *([] if begun else [{"step": "draft", "text": draft.text}])]

    async def revised(self, principles: Sequence[Principle], critique: bool, lm: Any) -> Output:
        """The output after a round by each principle."""
        reply: Completion | None = None
        for principle in principles:
            if critique:
                said = await self._ask(lm, principle.critique, _CRITIQUE)
                self._steps.append({"step": "critique", "about": principle.name, "text": said.text, "aside": True})
            reply = await self._ask(lm, principle.revision, _REVISION)
            self._steps.append({"step": "revision", "about": principle.name, "text": reply.text, "revises": True})
        return self._output(reply)

    async def _ask(self, lm: Any, wish: str, form: _Form) -> Completion:
        wish = wish.strip()
        request = further("revise", self._so_far, wish, f"{form.before}{wish}{form.after}", self._sampling)
        reply: Completion = await lm(request)
        self._so_far = with_reply(request, reply.text)
        return reply

    def _output(self, reply: Completion | None) -> Output:
        draft = self._draft
        if reply is None:
            return draft
        data = {name: value for name, value in draft.data.items() if name != "extractor"}
        output = Output(
            text=reply.text,
            messages=replied(draft, reply.text),
            logprobs=reply.logprobs,
            finish_reason=reply.finish_reason,
            data={**data, "steps": self._steps},
        )
        return renewed(output)
