"""The experiment as Python writes it: a plan with a `run` method, and one door to every comparison."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from msgspec import structs

from scansion.data import DataSpec
from scansion.errors import InputError
from scansion.experiments.compare import Terms, compare_runs, compare_table, compare_variants
from scansion.experiments.lab import Lab
from scansion.experiments.plan import Plan, load_plan, make_plan
from scansion.experiments.results import RunResult
from scansion.experiments.runner import run

__all__ = ["Experiment", "check_settings", "compare"]


class Experiment:
    """A plan that can be run.

    `Experiment("experiment.yaml")` reads a file, `Experiment(prompts=..., models=..., data=..., scorers=...)` takes a
    plan's fields. Raises InputError for what is wrong with either.
    """

    def __init__(self, path: str | Path | None = None, **fields: Any) -> None:
        self.plan: Plan = load_plan(path, **fields) if path is not None else make_plan(**fields)

    def run(self, *, lab: str | Path | None = None, **options: Any) -> RunResult:
        """Run it and wait for its figures; takes what `scansion.run` takes."""
        return run(self.plan, lab=lab, **options)


def compare(
    a: Any, b: Any, *, table: str | Path | DataSpec | None = None, lab: str | Path | None = None, **settings: Any
) -> RunResult:
    """The verdict on `b` against `a`: two prompts, two columns of a results `table`, two runs, or two variants.

    With `data` the two are prompts, and the rest are what `scansion.run` takes. Else nothing is asked of any model:

    `settings` are `margin` and `until` ("decided": where would looking in a drawn order have stopped?); for a table
    also `scorer`, `alpha`, `no_answer` and what a DataSpec takes (`target`, `group` ...); for variants `run` (the last
    unless named).
    """
    if "data" in settings:
        return run(prompts=[a, b], lab=lab, **settings)
    if table is not None:
        scorer = settings.pop("scorer", None)
        terms = Terms(**{name: settings.pop(name) for name in Terms.__struct_fields__ if name in settings})
        fields = DataSpec.__struct_fields__
        check_settings(
            settings, fields, "columns; they are scorer, margin, alpha, no_answer, until and those of a DataSpec"
        )
        spec = table if isinstance(table, DataSpec) else DataSpec(path=str(table))
        return compare_table(structs.replace(spec, **settings), a, b, scorer=scorer, terms=terms)
    check_settings(settings, ("run", "margin", "until"), "runs or variants; they are run, margin, until, lab")
    with Lab.find(lab, create=False) as opened:
        if opened.is_run(a) and opened.is_run(b):
            return compare_runs(opened, a, b, margin=settings.get("margin"), until=settings.get("until"))
        return compare_variants(opened, settings.pop("run", None), a, b, **settings)


def check_settings(settings: Collection[str], known: Collection[str], of: str) -> None:
    """Raises InputError that begins the sentence `of` for a setting that is not known."""
    for name in settings:
        if name not in known:
            raise InputError(f"compare: {name!r} is no setting of a comparison of {of}")
