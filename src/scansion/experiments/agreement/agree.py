"""How far raters agree: a judge with people, with itself when the order is swapped, with answers that need no judge;
several raters among themselves; a run's scorer with the marks people gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from msgspec import structs

from scansion.errors import InputError, nearest
from scansion.experiments.agreement.bounds import Guess, in_long, unread_of
from scansion.experiments.agreement.constant_answers import constants, span
from scansion.experiments.agreement.judgements import (
    Cell,
    LabelSpec,
    Reading,
    Table,
    TableData,
    Unreadable,
    number_of,
    read_table,
    scaled,
)
from scansion.experiments.agreement.report import AgreeReport, ManyRaters, RaterPair, Span

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.stats.jackknife import Coefficient

__all__ = ["agree", "agree_in_run", "rater_pair"]

_MOST_PAIRED = 6  # raters of whom every two are compared
_MOST_KINDS = 200  # different labels of which a table is made
_FEW_ITEMS = 20  # below, intervals of the chance-corrected coefficients of several raters are too narrow


def agree(data: TableData, spec: LabelSpec | None = None, **columns: Any) -> AgreeReport:
    """How far the raters of a table agree; `columns` are the fields of a LabelSpec (`human` and `judge` stand for `a`
    and `b`).

        agree("labels.csv", a="human", b="judge")
        agree("labels.csv", raters=("ann", "bob", "cleo"), scale="ordinal")
        agree("labels.csv", human="human", judge="judge", correct=True)

    Raises InputError for columns that are not there, labels that do not fit what is asked, and, to correct, a labelled
    part that is too small.
    """
    spec = spec or _spec(columns)
    table = read_table(data)
    if spec.item or spec.rater or spec.label:
        return _long(table, spec)
    if spec.raters:
        return _wide(table, spec)
    if not (spec.a and spec.b):
        raise InputError(f"{table.label}: whose labels are compared? Name two columns with --a and --b, or --raters")
    return _two(table, spec)


def _spec(columns: dict[str, Any]) -> LabelSpec:
    """The spec that Python's keywords say."""
    import msgspec

    named = {{"human": "a", "judge": "b"}.get(name, name): value for name, value in columns.items()}
    try:
        return msgspec.convert(named, LabelSpec)
    except msgspec.ValidationError as error:
        raise InputError(f"agree: {error}") from None


def _two(table: Table, spec: LabelSpec) -> AgreeReport:
    """Two columns, and what else was named beside them."""
    from scansion.experiments.agreement.verdict_bias import lengths_of, longer_constant, swapped_of

    if spec.pair and not (spec.swapped or spec.length_a or spec.length_b):
        raise InputError(
            f"{table.label}: --pair names the labels of two outputs for --swapped or --length-a and --length-b; "
            "add these, or leave it out"
        )
    read = Reading(spec)
    a, b = (
        [read(cell) for cell in table.cells(name or "", f"--{flag}")] for flag, name in (("a", spec.a), ("b", spec.b))
    )
    groups = table.groups(spec.group)
    sides = (table.column(spec.a or "", "--a"), a), (table.column(spec.b or "", "--b"), b)
    if sides[0][0] == sides[1][0]:
        raise InputError(f"{table.label}: --a and --b name the same column {sides[0][0]!r}; name two")
    corrected = []
    if spec.correct:
        from scansion.experiments.agreement.correct import corrected_table

        corrected = [corrected_table(table, spec, sides)]
    pair = rater_pair(*sides, groups, spec)
    if not pair.n and not corrected:
        held = ", ".join(f"{text} ({count})" for text, count in list(pair.unreadable.items())[:5])
        raise InputError(f"{table.label}: no row has a readable label of both{f'; there are {held}' if held else ''}")
    lengths = lengths_of(table, spec, sides, groups)
    if spec.length_a:
        pair = structs.replace(pair, constants=[*pair.constants, *longer_constant(table, spec, (a, b), groups)])
    return AgreeReport(
        data=table.label,
        rows=len(table.rows),
        level=1 - spec.alpha,
        scale=spec.scale,
        pairs=[pair] if pair.n or pair.unscored or not corrected else [],
        swapped=swapped_of(table, spec, read, sides, groups),
        lengths=lengths,
        corrected=corrected,
        notes=_notes([pair], spec) + _rough(groups) + read.notes(),
    )


def _wide(table: Table, spec: LabelSpec) -> AgreeReport:
    """Several columns, one a rater."""
    _no_two(spec, "--raters")
    names = [table.column(name, "--raters") for name in spec.raters]
    if len(set(names)) < len(names) or len(names) < 2:
        raise InputError(f"{table.label}: --raters names two or more different columns, not {','.join(spec.raters)}")
    read = Reading(spec)
    columns = {name: [read(cell) for cell in table.cells(name, "--raters")] for name in names}
    report = _several(table, spec, columns, table.groups(spec.group))
    return structs.replace(report, notes=report.notes + read.notes())


def _long(table: Table, spec: LabelSpec) -> AgreeReport:
    """One judgement a row."""
    _no_two(spec, "--item, --rater and --label")
    if not (spec.item and spec.rater and spec.label) or spec.raters:
        raise InputError(f"{table.label}: one judgement a row needs --item, --rater and --label, and no --raters")
    from scansion.scorers._texts import as_text

    read = Reading(spec)
    items, raters = (
        [as_text(c) for c in table.cells(n, f)] for n, f in ((spec.item, "--item"), (spec.rater, "--rater"))
    )
    number = {item: at for at, item in enumerate(dict.fromkeys(items))}
    columns: dict[str, list[Cell]] = {name: [None] * len(number) for name in dict.fromkeys(raters)}
    if len(columns) < 2:
        raise InputError(f"{table.label}: {spec.rater} names one rater, and agreement takes two")
    seen: dict[tuple[str, str], int] = {}
    for at, (item, rater, cell) in enumerate(zip(items, raters, table.cells(spec.label, "--label"), strict=True)):
        if (before := seen.setdefault((item, rater), at)) != at:
            raise InputError(f"{table.where(at)}: {rater} labelled {item} in {table.where(before)} already; keep one")
        columns[rater][number[item]] = read(cell)
    groups, first = table.groups(spec.group), dict(zip(reversed(items), range(len(items) - 1, -1, -1), strict=True))
    of_item = None if groups is None else [groups[first[item]] for item in number]
    report = _several(table, spec, columns, of_item)
    return structs.replace(report, notes=report.notes + read.notes())


def _no_two(spec: LabelSpec, given: str) -> None:
    fields = (("--a", spec.a), ("--b", spec.b), ("--swapped", spec.swapped), ("--length-a", spec.length_a))
    for name, value in (*fields, ("--length-b", spec.length_b), ("--pair", spec.pair), ("--correct", spec.correct)):
        if value:
            raise InputError(f"agree: {name} is for two columns (--a and --b) and not for {given}; leave one out")


def _several(table: Table, spec: LabelSpec, columns: dict[str, list[Cell]], groups: list[int] | None) -> AgreeReport:
    pairs = []
    if len(columns) <= _MOST_PAIRED:
        pairs = [_peers(one, other, groups, spec) for one, other in combinations(columns.items(), 2)]
    many = _many(columns, groups, spec)
    if many.ratings == 0:
        raise InputError(f"{table.label}: no item has a label of two raters; agreement needs some")
    notes = _notes(pairs, spec) + _few(many) + _rough(groups)
    return AgreeReport(table.label, len(table.rows), 1 - spec.alpha, spec.scale, pairs, many, notes=notes)


def rater_pair(
    one: tuple[str, Sequence[Cell]], other: tuple[str, Sequence[Cell]], groups: Sequence[int] | None, spec: LabelSpec
) -> RaterPair:
    """How far the second rater agrees with the first; cells are paired by position. See `RaterPair`."""
    from scansion.stats.agreement import agreement, confusion

    level = 1 - spec.alpha
    cells = list(zip(one[1], other[1], strict=True))
    kept = [at for at, (x, y) in enumerate(cells) if isinstance(x, str) and isinstance(y, str)]
    a, b = ([str(side[at]) for at in kept] for side in (one[1], other[1]))
    open_ = [(x, y) for x, y in cells if x is not None and _unscored(x, y)]
    unread = unread_of(open_, [each for each in one[1] if isinstance(each, str)] or b)
    clusters = None if groups is None else [groups[at] for at in kept]
    found, alpha = agreement(a, b, clusters=clusters, level=level), _alpha(a, b, clusters, spec)
    equal, kappa, alphas = _pair_bounds(a, b, unread, spec)
    kinds = _ordered([*a, *b], spec)
    table = confusion(a, b, kinds) if len(kinds) <= _MOST_KINDS else None
    return RaterPair(
        a=one[0],
        b=other[0],
        n=found.n,
        unlabelled=sum(x is None for x in one[1]),
        unscored=len(open_),
        unreadable=_unreadable(open_),
        equal=found.share,
        equal_interval=span(found.share_interval),
        equal_bounds=equal,
        kappa=found.kappa,
        kappa_interval=span(found.kappa_interval),
        kappa_bounds=kappa,
        alpha=alpha.value,
        alpha_interval=span(alpha.interval),
        alpha_bounds=alphas,
        kinds=kinds,
        confusion=[list(row) for row in table.counts] if table is not None else [],
        constants=constants((a, b), unread, clusters, level),
    )


def _peers(
    one: tuple[str, Sequence[Cell]], other: tuple[str, Sequence[Cell]], groups: Sequence[int] | None, spec: LabelSpec
) -> RaterPair:
    """Two of several raters, none of whom is the judge: an item that either left blank was not given to both."""
    asked = [None if y is None else x for x, y in zip(one[1], other[1], strict=True)]
    return rater_pair((one[0], asked), other, groups, spec)


def _pair_bounds(
    a: Sequence[str], b: Sequence[str], unread: Sequence[str], spec: LabelSpec
) -> tuple[Span | None, Span | None, Span | None]:
    """The bounds of the share of equal labels, of kappa and of alpha: whatever the labels that could not be read beside
    those of `unread` were."""
    from scansion.stats.agreement import agreement

    whole = [*a, *unread]
    plain = Guess.of(whole, spec, nominal=True, also=b)  # kappa is least with the first rater's most frequent label
    worst, best = agreement(whole, [*b, *(plain.worst([x]) for x in unread)]), agreement(whole, [*b, *unread])
    guess = Guess.of([*a, *b, *unread], spec)
    ends = [_alpha(whole, [*b, *said], None, spec) for said in ([guess.worst([x]) for x in unread], unread)]
    return (
        _bounds(worst.share, best.share),
        _bounds(worst.kappa, best.kappa),
        _bounds(ends[0].value, ends[1].value),
    )


def _alpha(a: Sequence[Any], b: Sequence[Any], clusters: Sequence[int] | None, spec: LabelSpec) -> Coefficient:
    """Krippendorff's alpha of two raters of the same items."""
    from scansion.stats.krippendorff import krippendorff_alpha

    items = [*range(len(a)), *range(len(a))]
    twice = None if clusters is None else [*clusters, *clusters]
    return krippendorff_alpha(items, scaled([*a, *b], spec), spec.scale, clusters=twice, level=1 - spec.alpha)


def _ordered(labels: Sequence[str], spec: LabelSpec) -> list[str]:
    """The different labels: as `spec` names them, else numbers by size, else by the alphabet."""
    kinds = dict.fromkeys(labels)
    named = [each for each in spec.labels if each in kinds]
    numbers = {each: number_of(each) for each in kinds}
    rest = sorted(
        (each for each in kinds if each not in named),
        key=lambda each: (numbers[each] is None, numbers[each] or 0.0, each),
    )
    return [*named, *rest]


def _unscored(x: Cell, y: Cell) -> bool:
    return isinstance(x, Unreadable) or not isinstance(y, str)


def _unreadable(cells: Sequence[tuple[Cell, Cell]]) -> dict[str, int]:
    """What stood where no label could be read, the most frequent first."""
    said = [each for pair in cells for each in pair if not isinstance(each, str)]
    return dict(Counter(each.text if isinstance(each, Unreadable) else "blank" for each in said).most_common(10))


def _bounds(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (min(low, high), max(low, high))


def _many(columns: dict[str, list[Cell]], groups: Sequence[int] | None, spec: LabelSpec) -> ManyRaters:
    """The coefficients of several raters, with bounds where labels could not be read."""
    from scansion.stats.fleiss import fleiss_kappa
    from scansion.stats.krippendorff import krippendorff_alpha

    said = [cell for cells in columns.values() for cell in cells if isinstance(cell, str)]
    plain, guess = Guess.of(said, spec, nominal=True), Guess.of(said, spec)

    def figures(fill: int) -> tuple[Coefficient, Coefficient]:
        (items, labels), (of, values) = in_long(columns, plain, fill), in_long(columns, guess, fill)
        inside = [None if groups is None else [groups[item] for item in each] for each in (items, of)]
        return (
            fleiss_kappa(items, labels, clusters=inside[0], level=1 - spec.alpha),
            krippendorff_alpha(of, scaled(values, spec), spec.scale, clusters=inside[1], level=1 - spec.alpha),
        )

    fleiss, alpha = figures(0)
    unscored = sum(isinstance(cell, Unreadable) for cells in columns.values() for cell in cells)
    (worst_f, worst_a), (best_f, best_a) = (figures(-1), figures(1)) if unscored else ((fleiss, alpha), (fleiss, alpha))
    return ManyRaters(
        raters=list(columns),
        items=alpha.items,
        ratings=alpha.ratings,
        unscored=unscored,
        fleiss=fleiss.value,
        fleiss_interval=span(fleiss.interval),
        fleiss_bounds=_bounds(worst_f.value, best_f.value),
        alpha=alpha.value,
        alpha_interval=span(alpha.interval),
        alpha_bounds=_bounds(worst_a.value, best_a.value),
    )


def _notes(pairs: Sequence[RaterPair], spec: LabelSpec) -> list[str]:
    """What a person must know of the labels."""
    notes = []
    for pair in (each for each in pairs if each.confusion):
        mine = {kind for kind, row in zip(pair.kinds, pair.confusion, strict=True) if sum(row)}
        theirs = {kind: sum(column) for kind, column in zip(pair.kinds, zip(*pair.confusion, strict=True), strict=True)}
        strange = [f"{kind} ({count})" for kind, count in theirs.items() if count and kind not in mine]
        if strange and not spec.labels and spec.scale == "nominal":
            notes.append(
                f"{pair.b} says what {pair.a} never does: {', '.join(strange[:5])}; counted as disagreement. "
                "Say which labels are readable with --labels, or what one means with --map OLD=NEW"
            )
    return notes


def _few(many: ManyRaters) -> list[str]:
    if many.items >= _FEW_ITEMS:
        return []
    return [
        f"{many.items} items: below {_FEW_ITEMS} the intervals of Fleiss' kappa and alpha are too narrow (down to 85%)"
    ]


def _rough(groups: Sequence[int] | None) -> list[str]:
    """What to say where few groups hold the rows."""
    from scansion.stats.caution import of_clusters

    count = len(set(groups or ()))
    said = of_clusters(count) if groups is not None and count < len(groups) else ""
    return [f"{count} groups: {said}"] if said else []


def agree_in_run(
    lab: Lab, name: str | None = None, *, scorer: str | None = None, spec: LabelSpec | None = None
) -> AgreeReport:
    """How far a run's scorer (the primary one unless named) agrees with the marks that people gave its outcomes, and
    people with each other. With `spec.correct` the share of right outcomes is estimated for each variant.

    Outcomes of one example are a group. Raises InputError for no such run or scorer, and where nothing is marked.
    """
    from scansion.experiments.agreement.marks import corrected_run, marks_of

    spec = spec or LabelSpec()
    marks = marks_of(lab, name, scorer)
    if not marks.people:
        raise InputError(
            f"{marks.run} has no outcome marked by a person; mark some in `scansion show {marks.run}` with m"
        )
    if spec.a is not None and spec.a not in marks.people:
        raise InputError(
            f"{marks.run}: no outcome is marked by {spec.a!r}; {nearest(spec.a, list(marks.people))} (--human NAME)"
        )
    judge = (marks.scorer, marks.found)
    pairs = [rater_pair(each, judge, marks.rows, spec) for each in marks.people.items()] if marks.scorer else []
    pairs += [_peers(x, y, marks.rows, spec) for x, y in combinations(marks.people.items(), 2)]
    several = {**marks.people, **({marks.scorer: marks.found} if marks.scorer else {})}
    many = _many(several, marks.rows, spec) if len(marks.people) > 1 else None
    corrected, notes = corrected_run(lab, marks, spec) if spec.correct else ([], [])
    return AgreeReport(
        data=marks.run,
        rows=len(marks.rows),
        level=1 - spec.alpha,
        scale=spec.scale,
        pairs=pairs,
        many=many,
        corrected=corrected,
        notes=[*notes, *(_few(many) if many else []), *_rough(marks.rows)],
    )
