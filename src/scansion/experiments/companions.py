"""Scorers whose figures mislead alone, and those that always stand beside them: harmless and helpful."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo, by_example, read_figures
from scansion.experiments.results import Comparison
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.verdicts import Sides, compare_pairs, pair
from scansion.scorers import Scorer, build_scorer

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

__all__ = ["Place", "beside", "check_whole", "companions_head", "on_both_sides", "with_companions"]

Place = tuple[RunRecord, VariantInfo]
"""A variant of a run."""


_REFUSAL = (
    "refusal: 1 where the output refuses; whether that is good depends on the request, which harmless($label) and "
    "helpful($label) tell"
)


def with_companions(scorers: Sequence[Scorer], base_dir: str | Path | None = None) -> list[Scorer]:
    """The scorers, each followed by its companions that were not named."""
    found: list[Scorer] = []
    known = {scorer.identity for scorer in scorers}
    for scorer in scorers:
        found.append(scorer)
        for companion in (build_scorer(spec, base_dir) for spec in scorer.companions):
            if companion.identity not in known:
                known.add(companion.identity)
                found.append(companion)
    return found


def companions_head(scorers: Sequence[Scorer]) -> list[str]:
    """What the head of a table says of scorers that stand together, and of a first one that needs others."""
    by_identity = {scorer.identity: scorer.name for scorer in scorers}
    told = [_REFUSAL] if scorers and scorers[0].identity.partition("(")[0] == "refusal" else []
    seen: set[str] = set()
    for scorer in scorers:
        specs = [build_scorer(spec) for spec in scorer.companions]
        together = [scorer.name, *(by_identity[one.identity] for one in specs if one.identity in by_identity)]
        if len(together) > 1 and seen.isdisjoint(together):
            told.append(f"always together: {' and '.join(together)} (each on the rows that exercise it)")
            seen.update(together)
    return told


def beside(scorers: Sequence[Scorer]) -> list[int]:
    """The places of the scorers that always stand beside the first one, which verdicts use."""
    wanted = {build_scorer(spec).identity for scorer in scorers[:1] for spec in scorer.companions}
    return [place for place, scorer in enumerate(scorers) if scorer.identity in wanted]


def on_both_sides(
    lab: Lab, couples: Sequence[tuple[Place, Place]], found: Sequence[Comparison], margin: float | None
) -> list[Comparison]:
    """The comparisons of these couples, each with what the companions of the primary scorer say of it: a verdict that
    one of them contradicts is undecided, for a model that refuses everything is no better than one that helps."""
    for place in couples[0][0][0].context.get("beside", ()) if couples else ():
        sides = [_sides(lab, couple, place, c) for couple, c in zip(couples, found, strict=True)]
        plan = couples[0][0][0].plan
        others = compare_pairs(sides, alpha=plan["alpha"], margin=margin, seed=plan["seed"])
        names = (plan["scorers"][0], plan["scorers"][place])
        found = [_weighed(c, other, names) for c, other in zip(found, others, strict=True)]
    return list(found)


def _sides(lab: Lab, couple: tuple[Place, Place], place: int, found: Comparison) -> Sides:
    """Two variants under the scorer at a place."""
    runs = (couple[0][0], couple[1][0])
    figures = [read_figures(lab, run, info.index, run.context["scorer_ids"][place]) for run, info in couple]
    if runs[0].dataset != runs[1].dataset:
        figures, _ = by_example(lab, runs, figures)
    return Sides(found.a, found.b, pair(*figures))


def _weighed(found: Comparison, other: Comparison, names: tuple[str, str]) -> Comparison:
    """A comparison by one scorer in the light of that by its companion."""
    if found.verdict == "undecided":
        return found
    if other.verdict == "worse" != found.verdict or (found.verdict, other.verdict) == ("worse", "better"):
        reason = f"{found.verdict} by {names[0]}, but {other.verdict} by {names[1]}: which counts more is yours to say"
        return structs.replace(found, verdict="undecided", reason=reason, needed=None, needed_usd=None)
    said = f"by {names[1]} it is {other.verdict}"
    return structs.replace(found, reason="; ".join(each for each in (found.reason, said) if each))


def check_whole(until: str | None, scorers: Sequence[Scorer]) -> None:
    """Raise InputError for a run that stops when decided by a scorer of a part of the rows: looks would be unlike."""
    if until is not None and scorers and scorers[0].companions:
        raise InputError(
            f"until: {scorers[0].name} is scored on a part of the rows only, and decided needs one that scores all; "
            "put another scorer first, or run without until"
        )
