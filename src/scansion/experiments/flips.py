"""Flips: the rows that one variant got right and the other wrong. They are what a difference is made of, and what a
person reads first."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from scansion.experiments.figures import Figures

__all__ = ["Flip", "Flips", "flips_between"]


class Flip(Struct, frozen=True):
    """An example (and trial) that flipped, with the start of its input."""

    id: str
    trial: int
    input: str


class Flips(Struct, frozen=True):
    """What flipped from `a` to `b`, in the order of rows: `lost` was right in a alone, `gained` in b alone. `open`
    counts the pairs that are unscored or an error on a side, and may be flips or not."""

    a: str
    b: str
    lost: list[Flip]
    gained: list[Flip]
    open: int


def flips_between(
    a: tuple[str, Figures], b: tuple[str, Figures], examples: Mapping[int, tuple[str, str]], pass_mark: float
) -> Flips:
    """The flips of two named variants of a run; right is a score of `pass_mark` or more. `examples` are the id and the
    text of each row."""
    import numpy as np

    place_a, place_b = (figures.row.astype(np.int64) << 16 | figures.trial for _, figures in (a, b))
    _, left, right = np.intersect1d(place_a, place_b, assume_unique=True, return_indices=True)
    scored = (a[1].state[left] == 0) & (b[1].state[right] == 0)
    was, now = a[1].value[left] >= pass_mark, b[1].value[right] >= pass_mark
    places = list(zip(a[1].row[left].tolist(), a[1].trial[left].tolist(), strict=True))
    lost, gained = (
        [Flip(examples[places[at][0]][0], places[at][1], examples[places[at][0]][1]) for at in np.flatnonzero(which)]
        for which in (scored & was & ~now, scored & ~was & now)
    )
    return Flips(a[0], b[0], lost, gained, int((~scored).sum()))
