"""What a person must know of a run beside its figures, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scansion.experiments.figures import Figures, Totals
from scansion.experiments.results import VariantResult
from scansion.experiments.store.runs import RunRecord

__all__ = ["notes_of"]


def notes_of(
    run: RunRecord, variants: Sequence[VariantResult], figures: Sequence[Figures], totals: Sequence[Totals]
) -> list[str]:
    """The notes of a run, those on single variants after those on all."""
    score = f"score them with a scorer that fits, such as `scansion score {run.label} -s exact`"
    unscored = [] if run.plan["scorers"] else [f"no scorer: outputs only; {score}"]
    return [
        *unscored,
        *(note for v, f in zip(variants, figures, strict=True) for note in _repeats(v, f)),
        *(note for v, t in zip(variants, totals, strict=True) for note in _truncations(v, t, run)),
        *(note for v, kept in zip(variants, run.context["variants"], strict=True) for note in _served(v, kept)),
        *(f"{v['name']}: {note}" for v in run.context["variants"] for note in v.get("notes", ())),
        *run.context.get("notes", ()),
    ]


def _repeats(variant: VariantResult, figures: Figures) -> list[str]:
    from scansion.stats.clusters import count_distinct

    first = figures.request[figures.trial == 0]
    first = first[first != 0]
    repeated = int(first.size) - count_distinct(first)
    if not repeated:
        return []
    rows = "1 row asks" if repeated == 1 else f"{repeated} rows ask"
    return [f"{variant.name}: {rows} what another row asks; equal requests count as one cluster"]


def _truncations(variant: VariantResult, totals: Totals, run: RunRecord) -> list[str]:
    if not totals.truncated or run.plan["truncated"] == "score":
        return []
    remedy = "raise max_tokens, or score them too with `truncated: score` (--truncated score)"
    outputs = (
        "1 output was cut off at the token limit and is"
        if totals.truncated == 1
        else (f"{totals.truncated} outputs were cut off at the token limit and are")
    )
    return [f"{variant.name}: {outputs} unscored; {remedy}"]


def _served(variant: VariantResult, kept: Mapping[str, Any]) -> list[str]:
    """That more models answered than were asked: one was exchanged behind its name."""
    asked = {variant.model, *kept.get("further_models", ())}
    if len(variant.served_models) <= len(asked):
        return []
    return [
        f"{variant.name}: the server answered with {len(variant.served_models)} models: "
        + ", ".join(variant.served_models)
    ]
