"""Slices of a run: its figures and verdicts by tag, length, language, question and target, to see where it fails.

Two questions are answered, each with its own share of chance: where is a variant weaker or stronger than on the rest of
the rows, and where is one variant better or worse than another. Looked at in twenty slices, chance alone makes one of
them look bad; so the claims of each question share the run's alpha over all slices and variants (Holm, Scand J Statist
6:65, 1979, which holds however slices overlap). Unscored and error outcomes are filled in both ways, and a claim stands
only if it holds both times and without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from scansion.data.facets import FACETS, facet_values, input_text
from scansion.errors import InputError, nearest
from scansion.experiments.figures import Figures, VariantInfo, clusters_of, dependencies, exercised, read_figures
from scansion.experiments.flips import Flips, flips_between
from scansion.experiments.lab import Lab
from scansion.experiments.results import Comparison
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.summary import Rules, figures_result
from scansion.experiments.variants import find_variant, pair_with_baseline
from scansion.experiments.verdicts import Sides, compare_pairs, pair
from scansion.types import Example

if TYPE_CHECKING:
    from scansion.stats.slices import Rest

__all__ = ["LEAST", "Slice", "SliceComparison", "SliceMean", "Slices", "slices_of"]

_TEXT = 200  # characters of the input that stand beside a flip

LEAST = 20
"""How many examples a slice, and the rest of the rows, must have to be looked at."""

Standing = Literal["weaker", "stronger", "undecided"]


class Slice(Struct, frozen=True):
    """Some of the examples: those whose facet `by` has the value `name`; `n` of them."""

    by: str
    name: str
    n: int

    @property
    def label(self) -> str:
        """How it is named: `length: short (to 80)`."""
        return f"{self.by}: {self.name}"


class SliceMean(Struct, frozen=True):
    """A variant on a slice. `difference` = its mean there less that on the rest of the rows, with `rest_interval`.

    `bounds` count unscored and errors as all wrong and all right, `rest_bounds` as wrong in the slice and right outside
    it, and the other way round. `standing` says whether it is surely weaker or
    stronger than on the rest; `p_adjusted` and `rest_interval` allow for all slices and variants of the run.
    """

    slice: str
    variant: str
    n: int
    scored: int
    unscored: int
    errors: int
    mean: float | None
    interval: tuple[float, float] | None
    bounds: tuple[float, float] | None
    difference: float | None
    rest_interval: tuple[float, float] | None
    rest_bounds: tuple[float, float] | None
    p: float | None
    p_adjusted: float | None
    standing: Standing


class SliceComparison(Struct, frozen=True):
    """Two variants on a slice: `found` as in a run. `against` says that b is better there and worse over all rows, or
    the other way round."""

    slice: str
    found: Comparison
    against: bool = False


class Slices(Struct, frozen=True):
    """The slices of a run with their figures, those with a claim first. `flips` are the rows on which two variants
    differ, `overall` the comparisons over all rows.

    `small` counts slices with fewer than `least` examples in them or outside them, which are left out. `levels` of
    single intervals stand in each comparison; `level` is the run's.
    """

    run: str
    level: float
    least: int
    flips: list[Flips]
    slices: list[Slice]
    means: list[SliceMean]
    comparisons: list[SliceComparison]
    overall: list[Comparison]
    small: int = 0
    notes: list[str] = []


VariantFigures = tuple[str, Figures]
_Found = Sequence[Comparison]


class _Part(Struct, frozen=True):
    """A slice and the numbers of its rows, sorted."""

    slice: Slice
    rows: Any


def slices_of(
    lab: Lab,
    run: str | None = None,
    *,
    by: Sequence[str] = (),
    variants: tuple[str, str] | None = None,
    least: int = LEAST,
) -> Slices:
    """The slices of a run (the last unless named): by all facets, or by those named in `by`.

    Each variant is compared with the run's baseline, or the second of `variants` with the first. Raises InputError for
    a run without scores, a facet or variant that there is not, or where no slice has `least` examples.
    """
    record = lab.run_table.find(run)
    if not record.context["scorer_ids"]:
        raise InputError(f"{record.label} has no scores; `scansion score {record.label} -s SCORER` adds them")
    for name in by:
        if name not in FACETS:
            raise InputError(f"{name!r} is nothing to slice by; {nearest(name, FACETS)}")
    if least < 2:
        raise InputError(f"a slice needs 2 examples at least, not {least}")
    infos, pairs = _asked(record, variants)
    examples = _examples(lab, record)
    parts, small = _parts(record, examples, by, least)
    if not parts:
        what = f"by {', '.join(by)}" if by else "by any facet"
        raise InputError(f"{record.label} has no slice {what} with {least} examples in and outside it; see --least")
    figures = {info.index: read_figures(lab, record, info.index, record.context["scorer_ids"][0]) for info in infos}
    names = {info.index: info.name for info in infos}
    means = _means(parts, {names[i]: f for i, f in figures.items()}, Rules.of(record))
    couples = [((names[a], figures[a]), (names[b], figures[b])) for a, b in pairs]
    overall = _overall(lab, record, couples)
    comparisons = _comparisons(record, parts, couples, overall)
    return Slices(
        run=record.label,
        level=1 - record.plan["alpha"],
        least=least,
        flips=_flips(record, examples, couples),
        slices=[part.slice for part in parts],
        means=sorted(means, key=_by_claim),
        comparisons=sorted(comparisons, key=_by_interest),
        overall=overall,
        small=small,
        notes=_notes(record, comparisons),
    )


def _asked(record: RunRecord, names: tuple[str, str] | None) -> tuple[list[VariantInfo], list[tuple[int, int]]]:
    """The variants that are shown, and the pairs that are compared."""
    infos = VariantInfo.of(record)
    if names is None:
        return infos, pair_with_baseline(record.plan["baseline"], infos)
    a, b = (find_variant(name, infos) for name in names)
    if a.index == b.index:
        raise InputError(f"two variants are compared, and both names mean {a.name!r}")
    return [a, b], [(a.index, b.index)]


def _examples(lab: Lab, record: RunRecord) -> dict[int, Example]:
    """The examples of a run by row."""
    query = (
        "SELECT row, body FROM rows WHERE dataset = ? AND row IN (SELECT row FROM members WHERE run = ?) ORDER BY row"
    )
    return {row: unpack(body, Example) for row, body in lab.db.execute(query, (record.dataset, record.id))}


def _flips(
    record: RunRecord, examples: dict[int, Example], pairs: Sequence[tuple[VariantFigures, VariantFigures]]
) -> list[Flips]:
    """The rows on which each two variants differ."""
    columns = _columns(record, examples.values())
    texts = {row: (each.id, input_text(each, columns)[:_TEXT]) for row, each in examples.items()}
    return [flips_between(a, b, texts, record.plan["pass_mark"]) for a, b in pairs]


def _columns(record: RunRecord, examples: Iterable[Example]) -> frozenset[str]:
    """The columns that the variants put in their prompts; where that is not known, all but the target and the like."""
    used = {column for variant in record.context["variants"] for column in (variant.get("columns") or {}).values()}
    there = {column for example in examples for column in example.inputs}
    return frozenset(used & there or there - set(record.context.get("roles", ())))


def _parts(record: RunRecord, rows: dict[int, Example], by: Sequence[str], least: int) -> tuple[list[_Part], int]:
    """The slices that are large enough, and how many are not."""
    import numpy as np

    numbers, examples = np.array(list(rows), dtype=np.int64), list(rows.values())
    parts: list[_Part] = []
    seen, small = set(), 0
    for facet, values in facet_values(examples, by, _columns(record, examples)).items():
        places: dict[str, list[int]] = {}
        for i, found in enumerate(values):
            for name in found:
                places.setdefault(name, []).append(i)
        for name, where in sorted(places.items()):
            if len(where) == len(examples) or tuple(where) in seen:
                continue  # all rows are no slice, and the rows of another are none of their own
            seen.add(tuple(where))
            if min(len(where), len(examples) - len(where)) < least:
                small += 1
                continue
            parts.append(_Part(Slice(facet, name, len(where)), numbers[where]))
    return parts, small


def _means(parts: Sequence[_Part], figures: dict[str, Figures], rules: Rules) -> list[SliceMean]:
    """All variants on all slices, and against the rest of the rows."""
    from scansion.stats.multiple import holm, holm_levels

    cells = [(part, name, each) for part in parts for name, each in figures.items()]
    first = [_rest(part, each, 1 - rules.alpha) for part, _, each in cells]
    ps = [found[0].p if found[0].p is not None else 1.0 for found in first]
    levels = [1 - alpha for alpha in holm_levels(ps, rules.alpha)]
    return [
        _mean(part, name, each, (rules, adjusted, _rest(part, each, level)))
        for (part, name, each), adjusted, level in zip(cells, holm(ps), levels, strict=True)
    ]


def _mean(part: _Part, name: str, figures: Figures, given: tuple[Rules, float, list[Rest]]) -> SliceMean:
    import numpy as np

    rules, adjusted, rests = given
    here = _only(figures, np.isin(figures.row, part.rows))
    found, rest = figures_result(name, here, rules), rests[0]
    return SliceMean(
        slice=part.slice.label,
        variant=name,
        n=part.slice.n,
        scored=found.scored,
        unscored=found.unscored,
        errors=found.errors,
        mean=found.mean,
        interval=found.interval,
        bounds=found.bounds,
        difference=rest.difference,
        rest_interval=(rest.lo, rest.hi) if rest.lo is not None and rest.hi is not None else None,
        rest_bounds=_rest_bounds(rests),
        p=rest.p,
        p_adjusted=adjusted if rest.p is not None else None,
        standing=_standing(rests),
    )


def _rest(part: _Part, figures: Figures, level: float) -> list[Rest]:
    """The slice against the rest: as scored, and with what is missing filled in against the slice and in its favour."""
    import numpy as np

    from scansion.stats.slices import against_rest

    figures = exercised(figures)
    inside, scored = np.isin(figures.row, part.rows), figures.state == 0
    joint = clusters_of(dependencies(figures))

    def compared(values: Any, keep: Any) -> Rest:
        labels = None if joint is None else joint[keep]
        weights = None if figures.weight is None else figures.weight[keep]
        return against_rest(values[keep], inside[keep], clusters=labels, weights=weights, level=level)

    if scored.all() or not scored.any():
        return [compared(figures.value, scored)]
    ends = min(0.0, float(figures.value[scored].min())), max(1.0, float(figures.value[scored].max()))
    filled = [np.where(scored, figures.value, np.where(inside, ends[k], ends[1 - k])) for k in (0, 1)]
    return [compared(figures.value, scored), *(compared(values, np.ones_like(scored)) for values in filled)]


def _rest_bounds(rests: Sequence[Rest]) -> tuple[float, float] | None:
    low, high = rests[1 % len(rests)].difference, rests[-1].difference
    return None if low is None or high is None else (low, high)


def _standing(rests: Sequence[Rest]) -> Standing:
    """What holds each time."""
    if all(rest.hi is not None and rest.hi < 0 for rest in rests):
        return "weaker"
    return "stronger" if all(rest.lo is not None and rest.lo > 0 for rest in rests) else "undecided"


def _only(figures: Figures, keep: Any) -> Figures:
    """The outcomes of `figures` in some places."""
    return Figures(
        row=figures.row[keep],
        trial=figures.trial[keep],
        state=figures.state[keep],
        value=figures.value[keep],
        request=figures.request[keep],
        group=None if figures.group is None else figures.group[keep],
        weight=None if figures.weight is None else figures.weight[keep],
    )


def _compared(record: RunRecord, sides: Sequence[Sides]) -> list[Comparison]:
    plan = record.plan
    return compare_pairs(sides, alpha=plan["alpha"], margin=plan["margin"], seed=plan["seed"])


def _comparisons(
    record: RunRecord, parts: Sequence[_Part], pairs: Sequence[tuple[VariantFigures, VariantFigures]], overall: _Found
) -> list[SliceComparison]:
    """All comparisons on all slices, at one error rate together."""
    asked = [(part, i) for part in parts for i in range(len(pairs))]
    found = _compared(record, [_sides(*pairs[i], part) for part, i in asked])
    return [
        SliceComparison(part.slice.label, each, {each.verdict, overall[i].verdict} == {"better", "worse"})
        for (part, i), each in zip(asked, found, strict=True)
    ]


def _overall(lab: Lab, record: RunRecord, pairs: Sequence[tuple[VariantFigures, VariantFigures]]) -> list[Comparison]:
    """The comparisons over all rows; of a run that stopped when decided its own, which allow for that."""
    if record.plan.get("until"):
        found = {(each.a, each.b): each for each in lab.result(record.label).comparisons}
        if all((a[0], b[0]) in found for a, b in pairs):
            return [found[a[0], b[0]] for a, b in pairs]
    return _compared(record, [_sides(*couple) for couple in pairs])


def _sides(a: VariantFigures, b: VariantFigures, part: _Part | None = None) -> Sides:
    """Two variants side by side, on a slice or on all rows."""
    import numpy as np

    here = [f if part is None else _only(f, np.isin(f.row, part.rows)) for _, f in (a, b)]
    return Sides(a[0], b[0], pair(here[0], here[1]))


def _by_claim(mean: SliceMean) -> tuple[Any, ...]:
    order = {"weaker": 0, "stronger": 1, "undecided": 2}
    return order[mean.standing], mean.difference if mean.difference is not None else 0.0


def _by_interest(each: SliceComparison) -> tuple[Any, ...]:
    """Verdicts that go against the whole first, then losses, gains, and the undecided by how many rows flipped."""
    order = {"worse": 1, "better": 2, "not worse": 3, "equivalent": 3, "undecided": 4}
    flips = sum(each.found.flips) if each.found.flips is not None else 0
    return 0 if each.against else order[each.found.verdict], -flips


def _notes(record: RunRecord, comparisons: Sequence[SliceComparison]) -> list[str]:
    rough = Counter(each.found.caution for each in comparisons if each.found.caution)
    notes = [f"{caution} (in {plain} of the comparisons by slice)" for caution, plain in rough.most_common()]
    if not record.plan.get("until"):
        return notes
    return [
        *notes,
        "the run stopped when it was decided: intervals and claims of slices do not allow for that, and are a guide",
    ]
