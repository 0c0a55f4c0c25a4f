"""Few-shot prompting: worked examples from the data stand in the prompt."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.specs import Spec
from scansion.techniques._algebra import Context, Edit, technique
from scansion.techniques._fitting import Fitting
from scansion.techniques._illustrative import illustrations
from scansion.techniques._shots import (
    AsTheyStand,
    Order,
    Rows,
    Selection,
    Ways,
    by_variable,
    first,
    named,
    rows_for_shots,
    sampled,
    variables_of,
)
from scansion.techniques._similar_shots import Method, Similar, rows_to_search

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["shots"]

Listed = Literal["first", "random", "named"]
By = Listed | Method


@technique("shots", "few_shot")
def shots(
    k: int | Literal["max"] | None = None,
    by: By | None = None,
    ids: Sequence[str | int] = (),
    seed: int | None = None,
    source: str | None = None,
    *,
    diverse: Literal["mmr"] | None = None,
    balance: Literal["label"] | None = None,
    order: Order | None = None,
    fit: bool = False,
    tokens: int | None = None,
    embedder: str | None = None,
    illustrative: str | None = None,
) -> Edit:
    """Puts `k` rows with their targets into the prompt: where its template says `shots`, else as turns before the last
    user turn. The rows come from the dev part of the data, without a split from all of it (the rows that the run is
    about among them; the first 100,000), or from the file `source`. Rows without a target or a value that the prompt
    needs are passed over. The example itself and its near-duplicates, alike in each of the prompt's variables, are
    never shown: the next row takes their place, or none for named rows. (Another question about the same text is no
    near-duplicate.)

    `by` is `first` (in the order of the data; so unless told), `random` (drawn once by `seed`, by default the run's,
    and the same for every example), `named` (those with `ids`), or, for each example those most like it, by the values
    of the prompt's variables: `bm25` (rare words in common), `embedding` (a light one of our own: hashed words and
    parts of words; or that of the model `embedder`, whose calls are recorded and budgeted), `hybrid` (both rankings
    fused). Then `diverse=mmr` passes over rows that are much like those chosen before, and the shots stand with the
    nearest last, or in the `order` `near-first`, `random` or `data`. `balance=label` takes as many of each target.

    With k=max there are as many as fit what the model can read, with `fit=true` fewer than k where k do not fit:
    max_tokens, else a quarter of it (at most 4,096), is left for the reply. Tokens are counted by models that count,
    else taken as 3 bytes. `tokens` says what fits where the model's own limit is not known or shall not be used up.

    `illustrative=FILE` shows the rows of a file of made-up examples, which are to show the form and must not be
    like any row of the data.

    `data` holds `shots` (the ids in the order shown), `shots_left_out` where not all fitted, and where they stand:
    `shots_at` (the place of the first message) or `shots_text`.

    Follows Brown et al. 2020, Language Models are Few-Shot Learners (arXiv 2005.14165); for those like the example Liu
    et al. 2021, What Makes Good In-Context Examples for GPT-3? (arXiv 2101.06804); for diverse ones Ye et al. 2022,
    Complementary Explanations for Effective In-Context Learning (arXiv 2211.13892).

    Example: `shots(4, by=random) | cot`
    """
    names = tuple(map(str, ids))
    asked = _Asked(k, by or ("named" if ids else "first"), names, seed, source)
    asked = structs.replace(
        asked, diverse=diverse, balance=balance, order=order, fit=fit, tokens=tokens, embedder=embedder
    )
    if illustrative is not None:
        if asked != _Asked() or by is not None:
            raise InputError(f"shots: illustrative={illustrative} shows that file as it is; leave all else out")
        return Edit(lambda prompt, context: prompt.with_shots(illustrations(prompt, context, illustrative)))
    asked = asked.checked()
    return Edit(asked.edited, embedders=(embedder,) if embedder else ())


class _Asked(Struct, frozen=True):
    """What the arguments say."""

    k: int | str | None = None
    by: str = "first"
    ids: tuple[str, ...] = ()
    seed: int | None = None
    source: str | None = None
    diverse: str | None = None
    balance: str | None = None
    order: Order | None = None
    fit: bool = False
    tokens: int | None = None
    embedder: str | None = None

    @property
    def similar(self) -> bool:
        """Whether each example has shots of its own, those most like it."""
        return self.by in typing.get_args(Method)

    @property
    def count(self) -> int | None:
        """How many shots at most, None for as many as fit."""
        return None if self.k == "max" else int(self.k or len(self.ids))

    def checked(self) -> _Asked:
        """The same. Raises InputError for what does not go together."""
        if (self.by == "named") != bool(self.ids):
            raise InputError("shots: ids and by=named belong together, such as shots(ids=[a1, b7])")
        if self.count is not None and self.count < 1:
            raise InputError("shots: say how many, at least one, such as shots(4)")
        if self.ids and self.count != len(self.ids):
            raise InputError(f"shots: k is {self.k} and ids names {len(self.ids)}; leave k out")
        if self.ids and self.balance:
            raise InputError("shots: balance=label chooses rows, and ids names them; leave one of them out")
        self._check_similar()
        if self.seed is not None and "random" not in (self.by, self.order):
            raise InputError("shots: seed goes with by=random or order=random")
        if self.tokens is not None and not (self.fit or self.k == "max"):
            raise InputError("shots: tokens bounds how many fit: it goes with k=max or fit=true")
        if self.tokens is not None and self.tokens < 1:
            raise InputError(f"shots: tokens is {self.tokens}; say how many fit, prompt and reply together")
        return self

    def _check_similar(self) -> None:
        alike = "by=bm25, by=embedding or by=hybrid"
        if self.diverse and not self.similar:
            raise InputError(f"shots: diverse=mmr chooses among the rows most like the example; it goes with {alike}")
        if self.order in ("near-last", "near-first") and not self.similar:
            raise InputError(f"shots: order={self.order} is by likeness to the example; it goes with {alike}")
        if self.embedder and self.by not in ("embedding", "hybrid"):
            raise InputError("shots: embedder goes with by=embedding or by=hybrid")

    def edited(self, prompt: Prompt, context: Context) -> Prompt:
        """The prompt with shots. Raises InputError where there are too few rows."""
        seed = context.seed if self.seed is None else self.seed
        order = self.order or ("near-last" if self.similar else None)
        fitting = Fitting(self.tokens) if self.fit or self.count is None else None
        ways = Ways(self.balance is not None, order, seed, fitting)
        choose = self._similar if self.similar else self._listed
        return prompt.with_shots(choose(prompt, context, ways))

    def _similar(self, prompt: Prompt, context: Context, ways: Ways) -> Selection:
        if not variables_of(prompt):
            raise InputError(f"shots: by={self.by} compares inputs, and the prompt has none; use by=random")
        rows = rows_to_search(context, self.source, prompt, self.count)
        ranker = Similar(typing.cast(Method, self.by), self.embedder, self.diverse is not None, ways.balanced)
        spec = self._spec(ways)
        return Selection(spec, self.count, rows, ways, ranker, f"{spec}#{rows.mark()}")

    def _listed(self, prompt: Prompt, context: Context, ways: Ways) -> Selection:
        rows, mapping = rows_for_shots(context, self.source, prompt.variables)
        if self.by == "named":
            chosen = named(rows, self.ids, context.kept if self.source is None else None)
        elif self.by == "first":
            chosen = first(rows, self.count, ways.balanced)
        else:
            chosen = sampled(rows, self.count, ways.seed, ways.balanced)
        held = Rows(by_variable(chosen, mapping), variables_of(prompt))
        return Selection(self._spec(ways), self.count, held, ways, AsTheyStand())

    def _spec(self, ways: Ways) -> str:
        """The technique's text with what decides the choice."""
        given: dict[str, Any] = {"ids": list(self.ids)} if self.ids else {"by": self.by}
        if "random" in (self.by, self.order):
            given["seed"] = ways.seed
        for name in ("source", "diverse", "balance", "order", "fit", "tokens", "embedder"):
            if getattr(self, name):
                given[name] = getattr(self, name)
        return Spec("shots", () if self.ids else (self.k,), given).text
