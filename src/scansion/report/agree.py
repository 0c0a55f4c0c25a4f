"""How far raters agree, as plain text for 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scansion.experiments.agreement.report import AgreeReport, CorrectedMean, Lengths, ManyRaters, RaterPair, Swapped
from scansion.report.figures import NONE, Scale, coefficient, coefficient_span, plural, probability
from scansion.report.table import Column, grid
from scansion.report.text import cut, one_line, wrap

__all__ = ["render"]

_SHARE = Scale()
_MOST_KINDS = 8  # labels of a confusion table that is shown
_WIDEST_LABEL = 14


def render(report: AgreeReport, width: int = 80) -> str:
    """The whole report; each part that was asked for is a block."""
    wide = len(report.pairs) > 1
    blocks = [
        wrap(
            one_line(f"agreement in {report.data}: {plural(report.rows, 'row')}, intervals at {100 * report.level:g}%"),
            width,
        ),
        _pairs(report, width),
        *(
            []
            if wide
            else [block for pair in report.pairs for block in (_confusion(pair, width), _constants(pair, width))]
        ),
        _many(report.many, report.scale, width) if report.many else [],
        _swapped(report.swapped, width) if report.swapped else [],
        _lengths(report.lengths, width),
        *(_corrected(each, width) for each in report.corrected),
        [line for note in report.notes for line in wrap("note: " + one_line(note), width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _pairs(report: AgreeReport, width: int) -> list[str]:
    if not report.pairs:
        return []
    if len(report.pairs) == 1:
        return _pair(report.pairs[0], report.scale, width)
    columns = [
        Column("raters", [one_line(f"{p.a} with {p.b}") for p in report.pairs], right=False),
        Column("items", [f"{p.n:,}" for p in report.pairs]),
        Column("equal", [_SHARE.mean(p.equal) for p in report.pairs]),
        Column("interval", [_SHARE.span(p.equal_interval) for p in report.pairs]),
        Column("kappa", [coefficient(p.kappa) for p in report.pairs]),
        Column("interval", [coefficient_span(p.kappa_interval) for p in report.pairs]),
    ]
    lines = grid(columns, width)
    for pair in report.pairs:
        if pair.unscored:
            bounds = f": equal {_SHARE.span(pair.equal_bounds)}, kappa {coefficient_span(pair.kappa_bounds)}"
            lines += wrap(f"{one_line(pair.a)} with {one_line(pair.b)}: {_open(pair)}{bounds}", width)
    return lines


def _pair(pair: RaterPair, scale: str, width: int) -> list[str]:
    agreed = round((pair.equal or 0.0) * pair.n)
    lines = [
        one_line(f"{pair.b} agrees with {pair.a} on {agreed:,} of {pair.n:,}"),
        *grid(
            [
                Column("", ["equal", "Cohen's kappa", f"Krippendorff's alpha, {scale}"], right=False),
                Column("value", [_SHARE.mean(pair.equal), coefficient(pair.kappa), coefficient(pair.alpha)]),
                Column(
                    "interval",
                    [
                        _SHARE.span(pair.equal_interval),
                        coefficient_span(pair.kappa_interval),
                        coefficient_span(pair.alpha_interval),
                    ],
                ),
                *_bounds(pair),
            ],
            width,
        ),
    ]
    if pair.unscored:
        lines += wrap(_open(pair), width)
    if pair.unlabelled:
        lines += wrap(one_line(f"not labelled by {pair.a}, and not counted: {plural(pair.unlabelled, 'row')}"), width)
    if pair.kappa is None and pair.n:
        why = "both gave one same label throughout" if len(pair.kinds) == 1 else "too many different labels"
        lines += wrap(f"kappa is not defined: {why}", width)
    elif pair.kappa_interval is not None and _chance(pair):
        lines += wrap("chance alone could agree as well (kappa's interval or bounds reach 0)", width)
    return lines


def _chance(pair: RaterPair) -> bool:
    return (
        min(pair.kappa_interval[0] if pair.kappa_interval else 0, pair.kappa_bounds[0] if pair.kappa_bounds else 0) <= 0
    )


def _bounds(pair: RaterPair) -> list[Column]:
    if not pair.unscored:
        return []
    return [
        Column(
            "bounds",
            [_SHARE.span(pair.equal_bounds), coefficient_span(pair.kappa_bounds), coefficient_span(pair.alpha_bounds)],
        )
    ]


def _open(pair: RaterPair) -> str:
    said = ", ".join(f"{text or 'blank'} ({count})" for text, count in list(pair.unreadable.items())[:4])
    return one_line(f"unscored: {pair.unscored:,}, {cut(said, 50)}; bounds: if all of these were wrong, and all right")


def _confusion(pair: RaterPair, width: int) -> list[str]:
    kinds = [cut(one_line(kind), _WIDEST_LABEL) for kind in pair.kinds]
    if not 2 <= len(kinds) <= _MOST_KINDS:
        where = "their table is in --json" if pair.confusion else "no table is made of so many"
        return [f"{len(kinds):,} different labels: {where}"] if len(kinds) > 2 else []
    columns = [
        Column(cut(one_line(f"{pair.a} \\ {pair.b}"), 24), kinds, right=False),
        *(Column(kind, [f"{row[at]:,}" for row in pair.confusion]) for at, kind in enumerate(kinds)),
    ]
    return grid(columns, width)


def _constants(pair: RaterPair, width: int) -> list[str]:
    if not pair.constants:
        return []
    gaps = [
        NONE if c.difference is None else f"{100 * c.difference:+.1f} {_SHARE.span(c.difference_interval)}"
        for c in pair.constants
    ]
    columns = [
        Column("without a judge", [cut(one_line(c.answer), 26) for c in pair.constants], right=False),
        Column("items", [f"{c.n:,}" for c in pair.constants]),
        Column("equal", [_SHARE.mean(c.equal) for c in pair.constants]),
        Column("the judge is better by, points", gaps),
    ]
    if pair.unscored:
        columns.append(Column("bounds", [_SHARE.span(c.difference_bounds) for c in pair.constants]))
    return grid(columns, width)


def _many(many: ManyRaters, scale: str, width: int) -> list[str]:
    columns = [
        Column(f"{len(many.raters)} raters", ["Fleiss' kappa", f"Krippendorff's alpha, {scale}"], right=False),
        Column("value", [coefficient(many.fleiss), coefficient(many.alpha)]),
        Column("interval", [coefficient_span(many.fleiss_interval), coefficient_span(many.alpha_interval)]),
    ]
    if many.unscored:
        columns.append(Column("bounds", [coefficient_span(many.fleiss_bounds), coefficient_span(many.alpha_bounds)]))
    lines = grid(columns, width)
    lines += wrap(
        f"over {plural(many.items, 'item')} that two or more labelled, {plural(many.ratings, 'label')}", width
    )
    if many.unscored:
        lines += wrap(f"unscored: {plural(many.unscored, 'label')}; bounds: if they had agreed least, and most", width)
    return lines


def _swapped(found: Swapped, width: int) -> list[str]:
    lines = [one_line(f"{found.judge} with the outputs swapped: {plural(found.n, 'pair')} judged in both orders")]
    lines.append(f"  same output both times  {_SHARE.mean(found.consistent)} {_SHARE.span(found.consistent_interval)}")
    lines.append(f"  followed the place      {_SHARE.mean(found.follows)} {_SHARE.span(found.follows_interval)}")
    lines.append(f"    the first {found.first:,}, the second {found.second:,}; a tie once {found.mixed:,}")
    if found.lean is not None:
        p = "" if found.p is None else f", {probability(found.p)}"
        span = "" if found.lean_interval is None else " " + _SHARE.span(found.lean_interval)
        lines.append(f"  first less second       {100 * found.lean:+.1f} points{span}{p}")
    if found.unscored:
        lines += wrap(
            f"  unscored: {plural(found.unscored, 'pair')}; bounds: same output both times "
            f"{_SHARE.span(found.consistent_bounds)}, followed the place {_SHARE.span(found.follows_bounds)}, "
            f"first less second {_SHARE.span(found.lean_bounds)}",
            width,
        )
    if found.labelled:
        lines += wrap(
            f"  right of {found.labelled:,} labelled: {found.right_given:,} in the given order, "
            f"{found.right_swapped:,} swapped, {found.right_both:,} in both",
            width,
        )
    return [*lines, *_suspicion(found, width)]


def _suspicion(found: Swapped, width: int) -> list[str]:
    """A hint where the verdicts look as if they were mapped back once too often, or too seldom."""
    if found.consistent is None or found.follows is None or found.n < 10 or found.follows <= found.consistent:
        return []
    hint = "most verdicts follow the place: if --swapped names outputs already, add --mapped; if places, leave it out"
    return wrap(hint, width)


def _lengths(found: Sequence[Lengths], width: int) -> list[str]:
    if not found:
        return []
    columns = [
        Column("length", [cut(one_line(f.rater), 20) for f in found], right=False),
        Column("longer wins", [_SHARE.mean(f.longer_share) for f in found]),
        Column("interval", [_SHARE.span(f.longer_interval) for f in found]),
        Column("2nd wins", [_SHARE.mean(f.win_rate) for f in found]),
        Column("at equal length", [f"{_SHARE.mean(f.controlled)} {_SHARE.span(f.controlled_interval)}" for f in found]),
    ]
    lines = grid(columns, width)
    for each in found:
        p = "" if each.p is None else f" ({probability(each.p)} for one half)"
        lines += wrap(
            one_line(f"{each.rater}: the longer won {each.longer:,} of {each.decided:,}{p}{_open_lengths(each)}"), width
        )
    return lines


def _open_lengths(found: Lengths) -> str:
    if not found.unscored:
        return ""
    return (
        f"; unscored: {found.unscored:,}; bounds: longer wins {_SHARE.span(found.longer_bounds)}, 2nd wins "
        f"{_SHARE.span(found.win_bounds)}, at equal length {_SHARE.span(found.controlled_bounds)}"
    )


def _corrected(found: CorrectedMean, width: int) -> list[str]:
    scale = Scale(all(0 <= v <= 1 for v in (found.human, found.judge, found.corrected)))
    title = ": ".join(part for part in (found.variant, found.of) if part)
    columns = [
        Column(
            "",
            [f"{found.labelled:,} human labels", f"{found.n - found.unreadable:,} of the judge", "corrected"],
            right=False,
        ),
        Column("mean", [scale.mean(v) for v in (found.human, found.judge, found.corrected)]),
        Column("interval", [scale.span(v) for v in (found.human_interval, found.judge_interval, found.interval)]),
    ]
    if found.unreadable:
        columns.append(Column("bounds", [NONE, scale.span(found.judge_bounds), scale.span(found.bounds)]))
    return [*wrap(one_line(title), width), *grid(columns, width), *_said(found, width)]


def _said(found: CorrectedMean, width: int) -> Iterator[str]:
    if found.narrower is not None:
        change = f"{abs(100 * found.narrower):.0f}% {'narrower' if found.narrower >= 0 else 'wider'}"
        worth = (
            f": as good as about {plural(found.worth, 'human label')}" if found.worth and found.narrower > 0.02 else ""
        )
        yield from wrap(f"the corrected interval is {change} than the labels' alone{worth}", width)
    if found.narrower is not None and found.narrower < 0.02:
        yield from wrap("this judge adds nothing to the labels", width)
    if found.unreadable:
        count = plural(found.unreadable, "judgement")
        yield from wrap(
            f"unreadable: {count}, which count as the judge's mean; bounds: as its lowest, its highest", width
        )
    yield from wrap("it holds if the labelled items were drawn by chance from all of them", width)
