"""How structs become the compressed blobs of the database: MessagePack, then Zstandard."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import zstandard

__all__ = ["pack", "unpack"]

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
_compressor = zstandard.ZstdCompressor(level=1, write_content_size=True)
_decompressor = zstandard.ZstdDecompressor()
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


def pack(value: Any) -> bytes:
    """`value` as a blob."""
    return _compressor.compress(_encoder.encode(value))


def unpack(blob: bytes, kind: type[T]) -> T:
    """The value of type `kind` that `pack` made this blob from."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    value: T = decoder.decode(_decompressor.decompress(blob))
    return value
