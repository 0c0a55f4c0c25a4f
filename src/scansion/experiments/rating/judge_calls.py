"""What a judge's votes took."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["JudgeCalls"]


class JudgeCalls(Struct, frozen=True):
    """What a judge was asked about the variants of a run: `pairs` of outputs, of which `equal` ones are ties that were
    not asked about. `missing` pairs lack an output. `order` verdicts changed with the order and are ties, `unreadable`
    ones have none; `panel_order` are single verdicts of a panel's judges that changed. `cost_usd` is what the calls
    cost if asked afresh, `spent_usd` what they cost now (None: no price known)."""

    judge: str
    pairs: int
    equal: int
    missing: int
    order: int
    unreadable: int
    calls: int
    recorded_calls: int
    cost_usd: float | None
    spent_usd: float | None
    panel_order: int = 0
