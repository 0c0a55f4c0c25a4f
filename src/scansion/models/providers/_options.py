"""Which options of a spec a provider has a use for."""

from __future__ import annotations

from collections.abc import Iterable

from scansion.errors import InputError, nearest
from scansion.models.registry import ModelSpec

__all__ = ["check_options"]


def check_options(spec: ModelSpec, takes: Iterable[str]) -> None:
    """Raise InputError for an option that this provider has no use for."""
    for name in spec.options:
        if name not in takes:
            hint = nearest(name, takes)
            raise InputError(f"model {spec.spec!r}: {spec.provider} has no use for option {name!r}; {hint}")
