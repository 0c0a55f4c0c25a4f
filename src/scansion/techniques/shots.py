"""Few-shot prompting: worked examples from the data stand in the prompt."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any, Literal

from scansion.errors import InputError
from scansion.specs import Spec
from scansion.techniques._algebra import Context, Edit, technique
from scansion.techniques._shots import Selection, by_variable, first, named, rows_for_shots, sampled

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["shots"]


@technique("shots", "few_shot")
def shots(
    k: int | None = None,
    by: Literal["first", "random", "named"] | None = None,
    ids: Sequence[str | int] = (),
    seed: int | None = None,
    source: str | None = None,
) -> Edit:
    """Puts `k` rows with their targets into the prompt: where its template says `shots`, else as turns before the last
    user turn.

    `by` is `first` (in the order of the data), `random` (drawn once by `seed`, by default the run's, and the same for
    every example) or `named` (those with `ids`). The rows come from the dev part of the data, without a split from
    all of it (the rows that the run is about among them), or from the file `source`. A row whose inputs are those of
    the example itself is never shown: the next one takes its place, or none for named rows.

    Follows Brown et al. 2020, Language Models are Few-Shot Learners (arXiv 2005.14165).

    Example: `shots(4, by=random) | cot`
    """
    how = by or ("named" if ids else "first")
    if (how == "named") != bool(ids):
        raise InputError("shots: ids and by=named belong together, such as shots(ids=[a1, b7])")
    names = tuple(map(str, ids))
    count = len(names) if k is None else k
    if count < 1:
        raise InputError("shots: say how many, at least one, such as shots(4)")
    if names and count != len(names):
        raise InputError(f"shots: k is {count} and ids names {len(names)}; leave k out")

    def edit(prompt: Prompt, context: Context) -> Prompt:
        rows, mapping = rows_for_shots(context, source)
        drawn = context.seed if seed is None else seed
        if how == "named":
            chosen = named(rows, names)
        else:
            chosen = first(rows, count) if how == "first" else sampled(rows, count, drawn)
        return prompt.with_shots(
            Selection(_spec(count, how, names, drawn, source), count, by_variable(chosen, mapping))
        )

    return Edit(edit)


def _spec(k: int, how: str, ids: Sequence[str], seed: int, source: str | None) -> str:
    """The technique's text with what decides the choice."""
    given: dict[str, Any] = {"ids": list(ids)} if ids else {"by": how}
    if how == "random":
        given["seed"] = seed
    if source is not None:
        given["source"] = source
    return Spec("shots", () if ids else (k,), given).text
