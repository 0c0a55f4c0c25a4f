"""A model's folder in Hugging Face layout: its shape, its size and what tells it from another. Nothing is loaded.

The folder holds `config.json` (a Llama configuration), `model.safetensors` and `tokenizer.json`. The safetensors
format: 8 bytes of length (little endian), that many bytes of JSON that name each tensor's type, shape and place, then
the raw data (https://huggingface.co/docs/safetensors, "Format").
"""

from __future__ import annotations

from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from scansion.errors import InputError

__all__ = ["SHIPPED", "Folder", "Shape", "Stored", "open_folder", "shipped", "tensors"]

SHIPPED = ("small", "tiny")
"""The models that the package holds."""

_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_MOST_HEADER = 100_000_000  # bytes of JSON in a safetensors file, by its specification


class Shape(Struct, frozen=True):
    """The numbers of a Llama-shaped transformer; `head` is the width of one attention head, `context` in tokens."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    context: int
    epsilon: float
    base: float

    @property
    def head(self) -> int:
        """The width of one attention head."""
        return self.width // self.heads


class Stored(Struct, frozen=True):
    """A tensor in a safetensors file: its type, its shape, its first and last byte in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


class Folder(Struct, frozen=True):
    """A model that can be loaded. `digest` is that of its files (32 hexadecimal digits), `parameters` their number."""

    path: Path
    shape: Shape
    parameters: int
    digest: str


_Size = Annotated[int, Meta(ge=1)]
_Place = Annotated[int, Meta(ge=0)]


class _Config(Struct):
    """What is read of `config.json`; the defaults are those of Hugging Face's LlamaConfig."""

    model_type: str
    hidden_size: _Size
    num_hidden_layers: _Size
    num_attention_heads: _Size
    intermediate_size: _Size
    vocab_size: _Size
    max_position_embeddings: _Size = 2048
    num_key_value_heads: _Size | None = None
    head_dim: _Size | None = None
    rms_norm_eps: float = 1e-6
    rope_theta: float | None = None
    rope_parameters: dict[str, Any] | None = None
    rope_scaling: dict[str, Any] | None = None
    hidden_act: str = "silu"
    attention_bias: bool = False
    mlp_bias: bool = False
    tie_word_embeddings: bool = False


class _Tensor(Struct):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[_Place, _Place]


def shipped(name: str) -> Path:
    """The folder of a model that the package holds."""
    return Path(__file__).parent / "weights" / name


def open_folder(path: Path) -> Folder:
    """The model in `path`. Reads its files once for the digest (some 10 ms for 6 MB).

    Raises InputError for a folder that is not there, lacks a file, or holds a model of another kind.
    """
    for name in _FILES:
        if not (path / name).is_file():
            missing = f"no {name} in it" if path.is_dir() else "no such folder"
            raise InputError(f"{path}: {missing}; a model's folder holds {', '.join(_FILES)}")
    shape = _shape(path / "config.json")
    parameters = sum(prod(t.shape) for t in tensors(path / "model.safetensors").values())
    return Folder(path, shape, parameters, _digest(path))


def tensors(file: Path) -> dict[str, Stored]:
    """The tensors of a safetensors file by name. Raises InputError for a file that is none."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = stream.read(length) if length <= _MOST_HEADER else b""
    try:
        raw = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        raw.pop("__metadata__", None)
        found = {name: msgspec.json.decode(value, type=_Tensor) for name, value in raw.items()}
    except msgspec.MsgspecError as error:
        raise InputError(f"{file}: no safetensors file: {error}") from None
    at = 8 + length
    return {n: Stored(t.dtype, t.shape, at + t.data_offsets[0], at + t.data_offsets[1]) for n, t in found.items()}


def _shape(file: Path) -> Shape:
    try:
        config = msgspec.json.decode(file.read_bytes(), type=_Config)
    except msgspec.MsgspecError as error:
        raise InputError(f"{file}: no configuration of a Llama-shaped model: {error}") from None
    _check(config, file)
    parameters = config.rope_parameters or {}
    base = config.rope_theta or float(parameters.get("rope_theta", 10_000.0))
    return Shape(
        config.hidden_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.intermediate_size,
        config.vocab_size,
        config.max_position_embeddings,
        config.rms_norm_eps,
        base,
    )


def _check(config: _Config, file: Path) -> None:
    """Raises InputError for what this engine does not compute."""
    rope = {**(config.rope_parameters or {}), **(config.rope_scaling or {})}
    kind = rope.get("rope_type", rope.get("type", "default"))
    wanted = {
        "model_type is not llama": config.model_type != "llama",
        "num_key_value_heads differs from num_attention_heads": (
            config.num_key_value_heads or config.num_attention_heads
        )
        != config.num_attention_heads,
        "hidden_act is not silu": config.hidden_act != "silu",
        "there are biases": config.attention_bias or config.mlp_bias,
        "the embeddings are not tied": not config.tie_word_embeddings,
        "hidden_size is no even multiple of num_attention_heads": config.hidden_size % (2 * config.num_attention_heads)
        != 0,
        "head_dim is not hidden_size / num_attention_heads": config.head_dim is not None
        and config.head_dim * config.num_attention_heads != config.hidden_size,
        "the rotary positions are scaled": kind != "default",
    }
    for problem, there in wanted.items():
        if there:
            raise InputError(f"{file}: {problem}; pocket/ runs models of the shape that it ships")


def _digest(path: Path) -> str:
    found = blake2b(digest_size=16)
    for name in _FILES:
        data = (path / name).read_bytes()
        found.update(b"%b %d\n" % (name.encode(), len(data)))
        found.update(data)
    return found.hexdigest()
