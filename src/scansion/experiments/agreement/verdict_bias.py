"""What moves a judge of two outputs besides their quality: the order in which they are shown, and their length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scansion.errors import InputError
from scansion.experiments.agreement.constant_answers import constant, span
from scansion.experiments.agreement.judgements import LabelSpec, Reading, Sides, Table, is_blank, number_of
from scansion.experiments.agreement.report import ConstantAnswer, Lengths, Span, Swapped
from scansion.scorers._texts import as_text

__all__ = ["lengths_of", "longer_constant", "swapped_of"]

Rated = tuple[str, Sequence[Any]]
"""A rater's name and labels, one a row."""


def swapped_of(
    table: Table, spec: LabelSpec, read: Reading, sides: tuple[Rated, Rated], groups: Sequence[int] | None
) -> Swapped | None:
    """The judge held against itself with the outputs swapped; None where no such column was named."""
    if spec.swapped is None:
        return None
    from scansion.stats.position_bias import position_bias

    (_, human), (name, given) = sides
    turned = [read(cell) for cell in table.cells(spec.swapped, "--swapped")]
    places = Sides.of(spec, [*given, *turned], table.label)
    if not spec.mapped:
        turned = [places.flipped(each) for each in turned]
    codes = [(places.code(x), places.code(y)) for x, y in zip(given, turned, strict=True)]
    kept = [at for at, pair in enumerate(codes) if None not in pair]
    _check_read(table, spec, turned, [code for _, code in codes])
    if not kept:
        raise InputError(f"{table.label}: no row has a verdict in both orders that can be read; see --pair and --map")
    clusters = None if groups is None else [groups[at] for at in kept]
    found = position_bias(
        [codes[at][0] for at in kept], [codes[at][1] for at in kept], clusters=clusters, level=1 - spec.alpha
    )
    truth = [places.code(each) for each in human]
    marked = [at for at in kept if truth[at] is not None]
    right = [[codes[at][order] == truth[at] for at in marked] for order in (0, 1)]
    missing = len(codes) - len(kept)
    return Swapped(
        judge=name,
        n=found.n,
        unscored=missing,
        consistent=found.consistent_share,
        consistent_interval=span(found.consistent_interval),
        consistent_bounds=(found.consistent / len(codes), (found.consistent + missing) / len(codes)),
        follows=found.follows_share,
        follows_interval=span(found.follows_interval),
        follows_bounds=((found.first + found.second) / len(codes), (found.first + found.second + missing) / len(codes)),
        first=found.first,
        second=found.second,
        mixed=found.mixed,
        lean=found.first_share,
        lean_interval=span(found.first_interval),
        lean_bounds=_lean_bounds(codes),
        p=found.p,
        labelled=len(marked),
        right_given=sum(right[0]),
        right_swapped=sum(right[1]),
        right_both=sum(x and y for x, y in zip(*right, strict=True)),
    )


def _lean_bounds(codes: Sequence[tuple[int | None, int | None]]) -> Span:
    """How much more often the place shown first is named, whatever the verdicts that could not be read were."""
    read = {(0, 1): 1, (0, 2): -1, (1, 1): -1, (1, 2): 1}  # of order and output: whether it was shown first
    known = sum(read.get((order, code), 0) for pair in codes for order, code in enumerate(pair) if code is not None)
    missing = sum(code is None for pair in codes for code in pair)
    return (known - missing) / (2 * len(codes)), (known + missing) / (2 * len(codes))


def _check_read(table: Table, spec: LabelSpec, cells: Sequence[Any], codes: Sequence[int | None]) -> None:
    """Raises InputError for a column of which most cells are no verdicts: another one was meant."""
    said = [cell for cell, code in zip(cells, codes, strict=True) if isinstance(cell, str) and code is None]
    if 2 * len(said) > sum(cell is not None for cell in cells):
        raise InputError(
            f"{table.label}: --swapped {spec.swapped} holds {said[0][:40]!r} and the like, which is no verdict; "
            "name the judge's column, or say --pair FIRST,SECOND"
        )


def lengths_of(
    table: Table, spec: LabelSpec, sides: tuple[Rated, Rated], groups: Sequence[int] | None
) -> list[Lengths]:
    """How often the longer output wins with the judge, and with people; empty where no lengths were named."""
    sizes = _sizes(table, spec)
    if sizes is None:
        return []
    places = Sides.of(spec, [*sides[0][1], *sides[1][1]], table.label)
    (people, human), (name, judge) = sides
    asked = [at for at, label in enumerate(human) if label is not None]
    return [
        _lengths((name, judge), sizes, (places, range(len(judge))), groups, spec),
        _lengths((people, human), sizes, (places, asked), groups, spec),
    ]


def _lengths(
    side: Rated,
    sizes: list[tuple[float, float]],
    of: tuple[Sides, Sequence[int]],
    groups: Sequence[int] | None,
    spec: LabelSpec,
) -> Lengths:
    """One rater's verdicts beside the lengths; `of`: what its labels mean, and the rows that it was asked about."""
    from scansion.stats.length_bias import LengthBias, length_bias

    name, labels = side
    codes = {at: of[0].code(labels[at]) for at in of[1]}
    kept, open_ = ([at for at, code in codes.items() if (code is None) == unread] for unread in (False, True))
    wins = {at: {1: 0.0, 2: 1.0}.get(codes[at] or 0, 0.5) for at in kept}

    def measured(rows: Sequence[int], verdicts: Sequence[float]) -> LengthBias:
        clusters = None if groups is None else [groups[at] for at in rows]
        a, b = ([sizes[at][side] for at in rows] for side in (0, 1))
        return length_bias(verdicts, a, b, clusters=clusters, level=1 - spec.alpha)

    found = measured(kept, list(wins.values()))
    ends = [measured([*kept, *open_], [*wins.values(), *([end] * len(open_))]) for end in (0.0, 1.0)]
    undecided = sum(sizes[at][0] != sizes[at][1] for at in open_)
    most = found.decided + undecided
    return Lengths(
        rater=name,
        n=found.n,
        unscored=len(open_),
        decided=found.decided,
        longer=found.longer,
        longer_share=found.longer_share,
        longer_interval=span(found.longer_interval),
        longer_bounds=(found.longer / most, (found.longer + undecided) / most) if most else None,
        p=found.p,
        win_rate=found.win_rate,
        win_interval=span(found.win_interval),
        win_bounds=_between(*(end.win_rate for end in ends)),
        controlled=found.controlled,
        controlled_interval=span(found.controlled_interval),
        controlled_bounds=_between(*(end.controlled for end in ends)),
    )


def _between(low: float | None, high: float | None) -> Span | None:
    return None if low is None or high is None else (low, high)


def _sizes(table: Table, spec: LabelSpec) -> list[tuple[float, float]] | None:
    """The lengths of both outputs, row by row."""
    if spec.length_a is None and spec.length_b is None:
        return None
    if spec.length_a is None or spec.length_b is None:
        missing = "--length-a" if spec.length_a is None else "--length-b"
        raise InputError(f"agree: {missing} is missing; the lengths of both outputs are compared")
    columns = [table.cells(name, flag) for name, flag in ((spec.length_a, "--length-a"), (spec.length_b, "--length-b"))]
    numbers = [[number_of(as_text(cell)) if not is_blank(cell) else None for cell in column] for column in columns]
    if all(value is not None and value >= 0 for column in numbers for value in column):
        return [(float(x or 0), float(y or 0)) for x, y in zip(*numbers, strict=True)]
    shares = [sum(_is_number(cell) for cell in column) / len(column) for column in columns]
    if min(shares) < 0.5 < max(shares):
        lengths, texts = (spec.length_a, spec.length_b) if shares[0] > shares[1] else (spec.length_b, spec.length_a)
        raise InputError(
            f"{table.label}: {lengths} holds numbers and {texts} text; name two columns of lengths, or two of outputs"
        )
    given = [value is not None for column in numbers for value in column]
    if 2 * sum(given) > len(given):  # a column of lengths with gaps or slips
        raise InputError(
            f"{table.label}: {spec.length_a} and {spec.length_b} hold lengths in some rows and none in others; "
            "fill them in, or name the columns of the outputs"
        )
    written = [[0.0 if is_blank(cell) else float(len(as_text(cell))) for cell in column] for column in columns]
    return list(zip(*written, strict=True))


def _is_number(cell: Any) -> bool:
    """Whether a cell holds a number; words that stand for marks, such as yes, are none."""
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return not is_blank(cell)


def longer_constant(
    table: Table, spec: LabelSpec, labels: tuple[Sequence[Any], Sequence[Any]], groups: Sequence[int] | None
) -> list[ConstantAnswer]:
    """What always choosing the longer output would score, where one is longer."""
    sizes = _sizes(table, spec) or []
    human, judge = labels
    places = Sides.of(spec, [*human, *judge], table.label)
    uneven = [at for at, (a, b) in enumerate(sizes) if a != b and isinstance(human[at], str)]
    kept, open_ = ([at for at in uneven if isinstance(judge[at], str) == read] for read in (True, False))
    if not kept:
        return []
    own = [
        [float(places.code(human[at]) == (1 if sizes[at][0] > sizes[at][1] else 2)) for at in rows]
        for rows in (kept, open_)
    ]
    right = [float(human[at] == judge[at]) for at in kept]
    clusters = None if groups is None else [groups[at] for at in kept]
    return [constant("the longer", (own[0], own[1]), right, clusters, 1 - spec.alpha)]
