"""What a comparison of raters found, as structs: the JSON document of `scansion agree`."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["AgreeReport", "ConstantAnswer", "CorrectedMean", "Lengths", "ManyRaters", "RaterPair", "Span", "Swapped"]

Span = tuple[float, float]


class ConstantAnswer(Struct, frozen=True):
    """What a judge that always gives one `answer` would score against the first rater, over `n` items: the share of
    equal labels with its interval. `difference` is the real judge's share less it, with its interval, two-sided p-value
    and bounds: if all that the judge left unscored were wrong, and all right."""

    answer: str
    n: int
    equal: float
    interval: Span | None
    difference: float | None
    difference_interval: Span | None
    difference_bounds: Span
    p: float | None


class RaterPair(Struct, frozen=True):
    """The agreement of `b` (the judge) with `a` (people) over the `n` items with a readable label of both.

    `unlabelled` items have none of `a` and count nowhere (of two people or several raters: of either). `unscored` have
    one of `a` and none of `b`; `unreadable` says
    what stood there. `equal_bounds`, `kappa_bounds` and `alpha_bounds` are what would be if all of these were wrong,
    and all right. `alpha` is Krippendorff's on the report's scale. `confusion[i][j]` counts items that `a` called
    `kinds[i]` and `b` called `kinds[j]` (empty with more than 200 kinds). `constants` are answers that need no
    judge.
    """

    a: str
    b: str
    n: int
    unlabelled: int
    unscored: int
    unreadable: dict[str, int]
    equal: float | None
    equal_interval: Span | None
    equal_bounds: Span | None
    kappa: float | None
    kappa_interval: Span | None
    kappa_bounds: Span | None
    alpha: float | None
    alpha_interval: Span | None
    alpha_bounds: Span | None
    kinds: list[str]
    confusion: list[list[int]]
    constants: list[ConstantAnswer]


class ManyRaters(Struct, frozen=True):
    """The agreement of several raters over the `items` that two or more labelled, with `ratings` in all.

    `unscored` labels could not be read; the `_bounds` are what would be if each had been as far from the others' labels
    of its item as any label given lies, and as near. `fleiss` and `alpha` are 1 where all agree and 0 where chance
    would do as well.
    """

    raters: list[str]
    items: int
    ratings: int
    unscored: int
    fleiss: float | None
    fleiss_interval: Span | None
    fleiss_bounds: Span | None
    alpha: float | None
    alpha_interval: Span | None
    alpha_bounds: Span | None


class Swapped(Struct, frozen=True):
    """A judge asked twice about each pair, the second time with the outputs swapped; verdicts mapped back.

    Of `n` pairs with two readable verdicts (`unscored` lack one): the share that named the same output both times, with
    bounds; the share that followed the place (`first` the place shown first both times, `second` the other; `mixed`
    were a tie once); `lean` is how much more often the place shown first is named than the other (-1 to 1). Bounds are
    over all ways the verdicts that could not be read may have gone. Against the
    first rater, over `labelled` pairs: right in the given order, in the swapped one, and in both.
    """

    judge: str
    n: int
    unscored: int
    consistent: float | None
    consistent_interval: Span | None
    consistent_bounds: Span
    follows: float | None
    follows_interval: Span | None
    follows_bounds: Span
    first: int
    second: int
    mixed: int
    lean: float | None
    lean_interval: Span | None
    lean_bounds: Span
    p: float | None
    labelled: int
    right_given: int
    right_swapped: int
    right_both: int


class Lengths(Struct, frozen=True):
    """How often the longer output wins with one rater: `longer` of `decided` pairs (no tie, different lengths), the
    share with its interval and p-value; the second output's win rate, and what is left of it at equal lengths.

    `unscored` pairs have no verdict that can be read, a judge's blank among them; bounds count
    these as won by the shorter output and by the longer, or by the first and by the second.
    """

    rater: str
    n: int
    unscored: int
    decided: int
    longer: int
    longer_share: float | None
    longer_interval: Span | None
    longer_bounds: Span | None
    p: float | None
    win_rate: float | None
    win_interval: Span | None
    win_bounds: Span | None
    controlled: float | None
    controlled_interval: Span | None
    controlled_bounds: Span | None


class CorrectedMean(Struct, frozen=True):
    """The mean human label over all `n` items, of which `labelled` have one and the judge looked at all.

    `human` is the mean of the labels alone, `judge` that of the judge alone (with bounds for the `unreadable`),
    `corrected` the one with the other's help. `bounds` span its intervals with the unreadable judgements at the judge's
    mean, its lowest and its highest.

    `narrower` is the share of the interval's width saved, `worth` how many human labels alone would be as good.
    """

    variant: str
    of: str
    n: int
    labelled: int
    unreadable: int
    human: float
    human_interval: Span | None
    judge: float
    judge_interval: Span | None
    judge_bounds: Span | None
    corrected: float
    interval: Span
    bounds: Span
    weight: float
    narrower: float | None
    worth: int | None
    method: str


class AgreeReport(Struct, frozen=True):
    """All that `scansion agree` found in `data`. `level` is that of every interval, `scale` that of alpha; `notes` are
    lines a person must read."""

    data: str
    rows: int
    level: float
    scale: str
    pairs: list[RaterPair]
    many: ManyRaters | None = None
    swapped: Swapped | None = None
    lengths: list[Lengths] = []
    corrected: list[CorrectedMean] = []
    notes: list[str] = []
