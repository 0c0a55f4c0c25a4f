"""By what the outcomes of another tool's run are scored: a score that stands in them, or a scorer of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from scansion.errors import InputError
from scansion.experiments.compare import score_now
from scansion.scorers import build_scorer
from scansion.types import Output, Score

if TYPE_CHECKING:
    from scansion.interop.foreign import ForeignOutcome, ForeignRun

__all__ = ["Marker", "marker"]


class Marker(Struct, frozen=True):
    """How outcomes are scored: by a score that stands in them, or by a scorer of ours. `others` are further scores.
    `pass_mark` is None where none is stated."""

    name: str
    score: Callable[[ForeignRun, ForeignOutcome], Score]
    pass_mark: float | None = None
    others: tuple[str, ...] = ()


def marker(a: ForeignRun, b: ForeignRun, scorer: str | None) -> Marker:
    """The score of that name in both runs, or else the scorer of ours of that text; without one the first in both.

    Raises InputError for a name that fits neither, and where there is nothing to score by.
    """
    shared = [name for name in a.scorers if name in b.scorers]
    if scorer is not None and scorer not in shared:
        parts = [name for name in shared if name.endswith(f".{scorer}")]
        scorer = parts[0] if len(parts) == 1 else scorer
    if scorer is not None and scorer not in shared:
        for run, other in ((a, b), (b, a)):
            if scorer in run.scorers:
                raise InputError(f"{scorer!r} is a scorer of {run.label} alone; {other.label} has {_listed(other)}")
        return _ours(scorer, [*a.scorers, *b.scorers])
    if not shared:
        raise InputError(
            f"{a.label} has {_listed(a)} and {b.label} {_listed(b)}; name a scorer for their outputs with -s, such as "
            "-s exact"
        )
    name = scorer if scorer is not None else shared[0]

    def score(_: ForeignRun, outcome: ForeignOutcome) -> Score:
        return outcome.scores.get(name) or Score(None, "no score")

    return Marker(name, score, others=tuple(each for each in shared if each != name))


def _listed(run: ForeignRun) -> str:
    return "the scores " + ", ".join(map(repr, run.scorers)) if run.scorers else "no scores"


def _ours(spec: str, theirs: Sequence[str]) -> Marker:
    """A scorer of Scansion's, which reads the outputs."""
    try:
        built = build_scorer(spec)
    except InputError as error:
        names = ", ".join(dict.fromkeys(theirs))
        known = f"{spec!r} is no score in the files ({names}), nor a scorer: " if names else ""
        raise InputError(f"{known}{error}") from None

    def score(run: ForeignRun, outcome: ForeignOutcome) -> Score:
        output = outcome.output or Output("")
        if built.measured:
            took = {"latency": outcome.latency, "cost_usd": outcome.cost_usd}
            output = structs.replace(output, data={**output.data, **took})
        return score_now(built, output, outcome.example, f"{run.label}: {outcome.example.id}")

    return Marker(built.name, score, built.pass_mark)
