"""Which options of a spec a provider has a use for."""

from __future__ import annotations

from collections.abc import Iterable

from scansion.errors import InputError, nearest
from scansion.models.registry import ModelSpec

__all__ = ["batch_of", "check_options", "yes_or_no"]


def check_options(spec: ModelSpec, takes: Iterable[str]) -> None:
    """Raise InputError for an option that this provider has no use for."""
    for name in spec.options:
        if name not in takes:
            hint = nearest(name, takes)
            raise InputError(f"model {spec.spec!r}: {spec.provider} has no use for option {name!r}; {hint}")


def batch_of(spec: ModelSpec) -> int | None:
    """How many texts one request for embeddings may hold; None where the spec does not say. Raises InputError."""
    stated = spec.options.get("batch")
    if stated is None:
        return None
    if not stated.isascii() or not stated.isdecimal() or int(stated) < 1:
        raise InputError(f"model {spec.spec!r}: batch is a whole number of texts from 1, not {stated!r}")
    return int(stated)


def yes_or_no(spec: ModelSpec, option: str) -> bool:
    """Whether an option is set to true; false where it is not there. Raises InputError for another word."""
    stated = spec.options.get(option, "false")
    if stated not in ("true", "false"):
        raise InputError(f"model {spec.spec!r}: {option} is true or false, not {stated!r}")
    return stated == "true"
