"""Vectors as calls hold them: float32 numbers, little-endian, as bytes; in base64 where they are written as JSON."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

__all__ = ["packed", "unpacked"]


def packed(numbers: Sequence[float]) -> bytes:
    """Numbers as a Completion's `vector`. Raises OverflowError for one beyond float32."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def unpacked(vector: bytes | str) -> list[float]:
    """The numbers of a `vector`, or of its base64. Raises ValueError for what is none."""
    data = base64.b64decode(vector, validate=True) if isinstance(vector, str) else vector
    if len(data) % 4:
        raise ValueError("not a whole number of float32 numbers")
    return list(struct.unpack(f"<{len(data) // 4}f", data))
