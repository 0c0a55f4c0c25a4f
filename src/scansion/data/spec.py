"""What a user says of a data set."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["DataSpec"]


class DataSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A data file and what its columns mean: the `data:` mapping of an experiment, or just its path.

    `target`, `id`, `group`, `weight`, `tags` and `rationale` each name a column; `inputs` maps a template variable to
    a column where their names do not agree. What is None is found by the column's name (see `columns.find_roles`).
    `corrections` puts in the corrected targets that stand in the lab (a run does; a data set alone knows no lab).
    """

    path: str
    target: str | None = None
    id: str | None = None
    group: str | None = None
    weight: str | None = None
    tags: str | None = None
    rationale: str | None = None
    inputs: dict[str, str] = {}
    corrections: bool = False
