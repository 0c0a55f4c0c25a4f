"""Slices of a run in a terminal: what is sure, then the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from scansion.experiments.flips import Flip, Flips
from scansion.experiments.slices import SliceComparison, SliceMean, Slices
from scansion.report.figures import NONE, Scale, count, plural
from scansion.report.names import shortener
from scansion.report.sentences import is_outside
from scansion.report.table import Column, grid
from scansion.report.text import cut, hanging, one_line

__all__ = ["render", "said", "scale_of"]

_CLAIMS = 4  # sentences of one kind that stand above the tables
_KINDS = ("lost", "gained")
_FLIPS = 3  # flips of one kind that are named


def scale_of(slices: Slices) -> Scale:
    """Percent, unless a mean lies outside 0 to 1."""
    return Scale(all(0 <= m.mean <= 1 for m in slices.means if m.mean is not None))


def _shown(slices: Slices) -> Slices:
    """The slices with their names as they are shown."""
    names = {m.variant for m in slices.means}
    short = shortener({name.split(" | ")[-1] for name in names})
    shown = {name: one_line(short(name)) for name in names}
    means = [structs.replace(m, slice=one_line(m.slice), variant=shown[m.variant]) for m in slices.means]
    comparisons = [
        structs.replace(
            c, slice=one_line(c.slice), found=structs.replace(c.found, a=shown[c.found.a], b=shown[c.found.b])
        )
        for c in slices.comparisons
    ]
    overall, flips = (
        [structs.replace(c, a=shown[c.a], b=shown[c.b]) for c in of] for of in (slices.overall, slices.flips)
    )
    return structs.replace(slices, means=means, comparisons=comparisons, overall=overall, flips=flips)


def said(slices: Slices) -> list[str]:
    """What holds beyond chance, a sentence each; then what is to be known of the tables."""
    scale = scale_of(slices)
    weak = list(_weak(slices, scale))
    weak = weak or ["No variant is surely weaker on a slice than on the rest."]
    return [*_counted(slices), *_first(list(_verdicts(slices, scale))), *_first(weak), *_remarks(slices)]


def _first(claims: Sequence[str]) -> list[str]:
    """The first of many sentences; the tables have the rest."""
    more = len(claims) - _CLAIMS
    return [*claims[:_CLAIMS], *([f"{more} more like this in the tables below."] if more > 0 else [])]


def _counted(slices: Slices) -> Iterator[str]:
    """How often each variant is better, worse ..., over the slices."""
    for whole in slices.overall:
        those = [c.found.verdict for c in slices.comparisons if (c.found.a, c.found.b) == (whole.a, whole.b)]
        counts = [f"{verdict} in {those.count(verdict)}" for verdict in dict.fromkeys(those)]
        start = f"`{whole.b}` against `{whole.a}`: {whole.verdict} on all rows"
        yield f"{start}; of {plural(len(those), 'slice')} {', '.join(counts)}"


def _verdicts(slices: Slices, scale: Scale) -> Iterator[str]:
    """Verdicts of slices that are news: that the comparison over all rows does not have."""
    overall = {(whole.a, whole.b): whole.verdict for whole in slices.overall}
    for each in slices.comparisons:
        found = each.found
        known = overall.get((found.a, found.b)) == found.verdict
        if known or found.verdict not in ("better", "worse") or found.difference is None:
            continue
        against = ", against the verdict on all rows" if each.against else ""
        yield (
            f"{each.slice}: `{found.b}` is {found.verdict} than `{found.a}`{against}: "
            f"{scale.difference(found.difference)} {scale.span(found.interval)}, {plural(found.n, 'example')}"
        )


def _weak(slices: Slices, scale: Scale) -> Iterator[str]:
    for mean in slices.means:
        if mean.standing == "weaker" and mean.difference is not None:
            yield (
                f"{mean.slice}: `{mean.variant}` is weaker than on the rest: "
                f"{scale.difference(mean.difference)} {scale.span(mean.rest_interval)}, {plural(mean.n, 'example')}"
            )


def _remarks(slices: Slices) -> Iterator[str]:
    yield (
        f"Claims allow for all {count(len(slices.slices))} slices at {100 * slices.level:.4g}% together "
        "(Holm); intervals of means stand alone."
    )
    if slices.small:
        yield f"Left out: {plural(slices.small, 'slice')} with fewer than {slices.least} examples in or outside it."
    if any(is_outside(each.found) for each in slices.comparisons):
        yield (
            "Differences are over the examples scored on both sides, their bounds over all, whichever way the unscored "
            "went: so one may lie outside its bounds."
        )
    open_ = [f"{m.slice} (`{m.variant}`)" for m in slices.means if _is_open(m)]
    if open_:
        more = f" and {count(len(open_) - _CLAIMS)} more" if len(open_) > _CLAIMS else ""
        yield (
            "Weaker or stronger among the scored alone, and open with what is unscored: "
            f"{', '.join(open_[:_CLAIMS])}{more}."
        )
    yield from slices.notes


def _is_open(mean: SliceMean) -> bool:
    """Whether only the unscored and error outcomes stand in the way of a claim."""
    span = mean.rest_interval
    return mean.standing == "undecided" and span is not None and not span[0] <= 0 <= span[1]


def _means_table(means: Sequence[SliceMean], scale: Scale) -> list[Column]:
    """One variant on all slices."""
    columns = [
        Column(one_line(f"{means[0].variant} on"), [m.slice for m in means], right=False),
        Column("n", [count(m.n) for m in means]),
        Column("mean", [scale.mean(m.mean) for m in means]),
        Column("interval", [scale.span(m.interval) for m in means]),
    ]
    if any(m.unscored or m.errors for m in means):
        columns.append(Column("bounds", [scale.span(m.bounds) for m in means]))
    rest = [_points(m.difference, scale) for m in means]
    said = ["" if m.standing == "undecided" else f" {m.standing}" for m in means]
    wide = max(map(len, rest))
    return [*columns, Column("to the rest", [f"{x:>{wide}}{s}" for x, s in zip(rest, said, strict=True)], right=False)]


def _points(difference: float | None, scale: Scale) -> str:
    return NONE if difference is None else scale.difference(difference).removesuffix(" points")


def _flips_table(comparisons: Sequence[SliceComparison], scale: Scale) -> list[Column]:
    found = [each.found for each in comparisons]
    columns = [Column("slice", [each.slice for each in comparisons], right=False)]
    columns.append(Column("n", [count(each.n) for each in found]))
    bounds = any(each.bounds is not None and each.bounds[0] < each.bounds[1] for each in found)
    if any(each.flips for each in found):
        columns += _flip_columns([each.flips for each in found], bounds)
    columns.append(Column("by" if bounds else "difference", [_points(each.difference, scale) for each in found]))
    columns.append(Column("interval", [scale.span(each.interval) for each in found]))
    if bounds:
        columns.append(Column("bounds", [scale.span(each.bounds) for each in found]))
    columns.append(Column("verdict", [each.verdict for each in found], right=False))
    return columns


def _flip_columns(flips: Sequence[tuple[int, int] | None], narrow: bool) -> list[Column]:
    """Lost and gained, in one column where there is little room."""
    if narrow:
        return [Column("flips", [NONE if each is None else "/".join(map(count, each)) for each in flips])]
    return [Column(_KINDS[at], [NONE if each is None else count(each[at]) for each in flips]) for at in (0, 1)]


def render(slices: Slices, width: int = 80) -> str:
    """The slices as text for a terminal of `width` cells, ended by a newline."""
    slices = _shown(slices)
    scale = scale_of(slices)
    lines = [f"run {slices.run}: {plural(len(slices.slices), 'slice')}", ""]
    for flips in slices.flips:
        lines += [*_flipped(flips, width), ""]
    lines += [line for text in said(slices) for line in hanging(text, width)]
    for a, b in dict.fromkeys((each.found.a, each.found.b) for each in slices.comparisons):
        those = [each for each in slices.comparisons if (each.found.a, each.found.b) == (a, b)]
        heading = f"`{b}` against `{a}`, by slice (flips: lost, right in `{a}` alone, and gained):"
        lines += ["", *hanging(heading, width), *grid(_flips_table(those, scale), width)]
    in_order = {one_line(s.label): i for i, s in enumerate(slices.slices)}
    means = sorted(slices.means, key=lambda m: in_order.get(m.slice, 0))  # a slice's variants stand together
    for name in dict.fromkeys(m.variant for m in slices.means):
        lines += ["", *grid(_means_table([m for m in means if m.variant == name], scale), width)]
    return "\n".join(lines) + "\n"


def _flipped(flips: Flips, width: int) -> list[str]:
    """The flips of two variants: how many, and the first of either kind."""
    head = f"flips, `{flips.b}` against `{flips.a}`: {count(len(flips.lost))} lost, {count(len(flips.gained))} gained"
    if flips.open:
        head += f"; {count(flips.open)} more may be: unscored or an error on a side"
    named = [
        f"  {kind:<6} {_flip(each)}"
        for kind, of in zip(_KINDS, (flips.lost, flips.gained), strict=True)
        for each in of[:_FLIPS]
    ]
    return [*hanging(head, width), *(cut(line, width) for line in named)]


def _flip(flip: Flip) -> str:
    trial = f" (trial {flip.trial + 1})" if flip.trial else ""
    return f"{one_line(flip.id)}{trial}: {one_line(flip.input)}"
