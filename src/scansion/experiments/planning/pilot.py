"""What the pairs of a run show of the pairs to come: their spread, their dependence, what the unscored may hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.experiments.figures import clusters_of
from scansion.experiments.verdicts import Pairing

if TYPE_CHECKING:
    from scansion.stats.power import Expected

__all__ = ["Pilot", "pilot_of"]


class Pilot(Struct, frozen=True):
    """The pairs of a run as a plan takes them.

    `expected` is one pair's shares or spread, missing outcomes counted against the claim, and `effect` the design
    effect of their dependence. `lost` is what the missing take from a difference at worst. `difference` (b less a),
    `rates` and `flips` are over the `scored` pairs of all `pairs`, the latter two for 0/1 scores alone. `rows` are the
    examples, `units` the independent clusters of pairs (None: every 0/1 pair stands alone), and `rough` says that these
    are so few that what depends on them is mostly guessed.
    """

    expected: Expected
    effect: float
    lost: float
    difference: float
    rates: tuple[float, float] | None
    flips: float | None
    scored: int
    pairs: int
    rows: int
    units: int | None
    rough: bool


def pilot_of(sides: Pairing, *, worse: bool | None = None) -> Pilot | None:
    """The pilot that a run's pairs are; None with fewer than two scored.

    `worse` says that the claim is of a worse b, so that the missing count for it (None: as the difference seen lies).
    """
    import numpy as np

    from scansion.stats.units import is_binary

    keep = (sides.state_a == 0) & (sides.state_b == 0)
    if int(keep.sum()) < 2:
        return None
    a, b = sides.value_a[keep], sides.value_b[keep]
    difference = _mean(b - a, None if sides.weight is None else sides.weight[keep])
    worse = difference < 0.0 if worse is None else worse
    filled = _filled(sides, worse)
    expected, effect = _expected(sides, *filled)
    lost = abs(difference - _mean(filled[1] - filled[0], sides.weight)) if not keep.all() else 0.0
    binary = is_binary(a, b)
    units, rough = _units(sides, binary)
    return Pilot(
        expected=expected,
        effect=effect,
        lost=lost,
        difference=difference,
        rates=(float(a.mean()), float(b.mean())) if binary else None,
        flips=float(np.mean(a != b)) if binary else None,
        scored=int(a.size),
        pairs=int(keep.size),
        rows=sides.rows,
        units=units,
        rough=rough,
    )


def _units(sides: Pairing, binary: bool) -> tuple[int | None, bool]:
    """The independent clusters of pairs, scored or not, and whether they are few."""
    from scansion.stats.caution import of_clusters
    from scansion.stats.units import gather, sample

    data = sample((sides.state_a,), sides.weight, clusters_of(sides.labels))
    units = gather(data.columns[0], data)
    if data.labels is None:
        return None if binary else units.count, False
    return units.count, bool(of_clusters(units.kish))


def _mean(values: Any, weights: Any) -> float:
    import numpy as np

    return float(np.average(values, weights=weights))


def _filled(sides: Pairing, worse: bool) -> tuple[Any, Any]:
    """Both sides' values, the missing at the end that speaks against the claim."""
    import numpy as np

    known = np.concatenate([v[s == 0] for v, s in ((sides.value_a, sides.state_a), (sides.value_b, sides.state_b))])
    low, high = min(0.0, float(known.min())), max(1.0, float(known.max()))
    for_a, for_b = (low, high) if worse else (high, low)
    return np.where(sides.state_a == 0, sides.value_a, for_a), np.where(sides.state_b == 0, sides.value_b, for_b)


def _expected(sides: Pairing, a: Any, b: Any) -> tuple[Expected, float]:
    """What is expected of a pair, and the design effect."""
    import numpy as np

    from scansion.stats.newcombe import Table
    from scansion.stats.paired import compare
    from scansion.stats.power import Graded
    from scansion.stats.units import is_binary

    found = compare(a, b, clusters=clusters_of(sides.labels), weights=sides.weight)
    spread = found.sd or 0.0
    if not is_binary(a, b):
        plain = float(np.std(b - a, ddof=1))
        return Graded(_mean(b - a, sides.weight), plain), (spread / plain) ** 2 if plain > 0.0 and spread > 0.0 else 1.0
    # half a pair more each way: no flip seen is not none to come (Agresti and Min, Stat Med 24:729, 2005)
    total, both = a.size + 1.0, float(np.dot(a, b))
    down, up = float(a.sum()) - both + 0.5, float(b.sum()) - both + 0.5
    table = Table(both / total, down / total, up / total, (a.size + 1.0 - both - down - up) / total)
    seen = (down + up - 1.0) / a.size - ((up - down) / a.size) ** 2
    effect = spread * spread / seen if seen > 0.0 else 1.0
    return table, effect if sides.labels or sides.weight is not None else 1.0
