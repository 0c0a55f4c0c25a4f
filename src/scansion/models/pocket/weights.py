"""From a model's folder to the matrices that the network multiplies by, in float32.

What can be done once is done here: the gains of the norms are folded into the matrices behind them, the scale of the
attention into the queries, and the matrices that share an input stand side by side.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.errors import InputError
from scansion.models.pocket.folder import Folder, Stored, tensors

__all__ = ["Layer", "Matrix", "Weights", "load_weights"]

Matrix = NDArray[np.float32]

_TYPES: dict[str, Any] = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}


class Layer(Struct, frozen=True):
    """One layer: `qkv` [width, 3 width], `out` [width, width], `gate_up` [width, 2 inner], `down` [inner, width]."""

    qkv: Matrix
    out: Matrix
    gate_up: Matrix
    down: Matrix


class Weights(Struct, frozen=True):
    """`embedding` [vocabulary, width], the layers, and `head` [width, vocabulary]."""

    embedding: Matrix
    layers: tuple[Layer, ...]
    head: Matrix


def load_weights(folder: Folder) -> Weights:
    """The weights of a model. Raises InputError where a tensor is missing or of another shape."""
    file = folder.path / "model.safetensors"
    shape, data, found = folder.shape, file.read_bytes(), tensors(file)

    def read(name: str, *sizes: int) -> Matrix:
        stored = found.get(f"model.{name}.weight")
        if stored is None or stored.shape != sizes:
            there = "missing" if stored is None else f"of shape {list(stored.shape)}"
            raise InputError(f"{file}: model.{name}.weight is {there}; config.json says {list(sizes)}")
        return _array(data, stored, file)

    embedding = read("embed_tokens", shape.vocabulary, shape.width)
    layers = tuple(_layer(f"layers.{i}", folder, read) for i in range(shape.layers))
    head = np.ascontiguousarray((embedding * read("norm", shape.width)).T)
    return Weights(embedding, layers, head)


def _layer(name: str, folder: Folder, read: Any) -> Layer:
    width, inner = folder.shape.width, folder.shape.inner
    before, after = read(f"{name}.input_layernorm", width), read(f"{name}.post_attention_layernorm", width)
    query, key, value, out = (read(f"{name}.self_attn.{n}_proj", width, width) for n in "qkvo")
    query = query / math.sqrt(folder.shape.head)
    gate, up = (read(f"{name}.mlp.{n}_proj", inner, width) for n in ("gate", "up"))
    down = read(f"{name}.mlp.down_proj", width, inner)
    return Layer(
        _transposed(np.concatenate([query, key, value]) * before),
        _transposed(out),
        _transposed(np.concatenate([gate, up]) * after),
        _transposed(down),
    )


def _transposed(matrix: Matrix) -> Matrix:
    return np.ascontiguousarray(matrix.T, dtype=np.float32)


def _array(data: bytes, stored: Stored, file: Path) -> Matrix:
    kind = _TYPES.get(stored.dtype)
    if kind is None:
        raise InputError(f"{file}: tensors of type {stored.dtype} are not read; save it as float16")
    if stored.stop > len(data) or stored.stop - stored.start != math.prod(stored.shape) * int(kind[-1]):
        raise InputError(f"{file}: it is cut short or damaged")
    raw = np.frombuffer(data, kind, math.prod(stored.shape), stored.start).reshape(stored.shape)
    if stored.dtype == "BF16":  # the upper half of a float32
        return (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32)
