"""Whether a variant's shots, which must fit, were shown at all."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from scansion.experiments.lab import Lab
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.runs import RunRecord

__all__ = ["shots_notes"]

_MUST_FIT = ("shots(max", "fit=", "tokens=")  # in a technique with shots: that not all of them may find room


class _Data(Struct):
    """Of an output, what its program says of itself."""

    data: dict[str, Any] = {}


def shots_notes(lab: Lab, run: RunRecord) -> list[str]:
    """A note on each variant whose shots fitted in no example. Outputs are read up to the first that was shown one."""
    return [
        f"{variant['name']}: no shot fitted in any example, so it is the prompt without shots; raise tokens"
        for index, variant in enumerate(run.context["variants"])
        if "shots(" in variant["technique"] and any(part in variant["technique"] for part in _MUST_FIT)
        if _none_shown(lab, run, index)
    ]


def _none_shown(lab: Lab, run: RunRecord, variant: int) -> bool:
    """Whether there are outputs that tell of shots, and all tell of none."""
    query = (
        "SELECT o.output FROM members m JOIN outcomes o ON o.id = m.outcome "
        "WHERE m.run = ? AND m.variant = ? AND o.output IS NOT NULL ORDER BY m.row, m.trial"
    )
    told = False
    for (output,) in lab.db.execute(query, (run.id, variant)):
        shots = unpack(output, _Data).data.get("shots")
        if shots:
            return False
        told = told or shots == []
    return told
