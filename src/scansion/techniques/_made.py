"""What the factory of a technique makes, before it has a name."""

from __future__ import annotations

import typing
from typing import Any

from msgspec import Struct

from scansion.specs import no_technique

__all__ = ["Made"]


class Made(Struct, frozen=True):
    """An Edit or a Wrap. It has a name, and so a place in a pipeline, once its factory is registered."""

    def __or__(self, right: Any) -> typing.NoReturn:
        raise no_technique("... | ...", self)

    def __ror__(self, left: Any) -> typing.NoReturn:
        raise no_technique(f"{getattr(left, 'name', left)} | ...", self)
