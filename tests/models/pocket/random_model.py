"""A small model with random weights, in the layout of the shipped ones, and its computation written out plainly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

MARKERS = ["<pad>", "<end>", "<system>", "<user>", "<assistant>", "<text>"]
VOCABULARY = 384


def build(folder: Path, *, width: int = 48, layers: int = 2, heads: int = 3, seed: int = 0, kind: str = "F16") -> Path:
    """Write a model to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    _tokenizer().save(str(folder / "tokenizer.json"))
    tensors = {"model.embed_tokens.weight": random.normal(size=(VOCABULARY, width)) * 0.3}
    tensors["model.norm.weight"] = 1 + random.normal(size=width) / 10
    for i in range(layers):
        for name, shape in _layer(width, 2 * width).items():
            scale = 0.15 if len(shape) > 1 else 0.1
            tensors[f"model.layers.{i}.{name}.weight"] = random.normal(size=shape) * scale + (len(shape) == 1)
    write_safetensors(folder / "model.safetensors", tensors, kind)
    (folder / "config.json").write_text(json.dumps(config(width, layers, heads)))
    return folder


def config(width: int, layers: int, heads: int) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 2 * width,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
    }


def _layer(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    square = {f"self_attn.{n}_proj": (width, width) for n in "qkvo"}
    return {
        **square,
        "mlp.gate_proj": (inner, width),
        "mlp.up_proj": (inner, width),
        "mlp.down_proj": (width, inner),
        "input_layernorm": (width,),
        "post_attention_layernorm": (width,),
    }


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 4,  # some numbers of the model's have no token
        special_tokens=MARKERS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = "The quick brown fox jumps over the lazy dog. What is the answer? The answer is 42 and there is no other."
    tokenizer.train_from_iterator([text] * 5, trainer)
    return tokenizer


def write_safetensors(file: Path, tensors: dict[str, Any], kind: str = "F16") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts, at = [], 0
    for name, tensor in tensors.items():
        data = _bytes(np.asarray(tensor, np.float32), kind)
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    head = json.dumps(header).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(parts))


def _bytes(tensor: Any, kind: str) -> bytes:
    if kind == "BF16":
        return (tensor.view(np.uint32) >> 16).astype("<u2").tobytes()  # type: ignore[no-any-return]
    return tensor.astype({"F16": "<f2", "F32": "<f4"}[kind]).tobytes()  # type: ignore[no-any-return]


def read_safetensors(file: Path) -> dict[str, Any]:
    """The float16 tensors of a file, as float64."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    found = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            raw = np.frombuffer(data[8 + length + first : 8 + length + last], "<f2")
            found[name.removeprefix("model.").removesuffix(".weight")] = raw.reshape(entry["shape"]).astype(float)
    return found


def plain_logits(folder: Path, tokens: list[int], heads: int) -> Any:
    """The logits of every position, step by step as the definition has it, in float64."""
    weights = read_safetensors(folder / "model.safetensors")
    states = weights["embed_tokens"][tokens]
    half = states.shape[1] // heads // 2
    angles = np.outer(np.arange(len(tokens)), 10000.0 ** -(np.arange(half) / half))
    layers = len({name.split(".")[1] for name in weights if name.startswith("layers.")})
    for i in range(layers):
        layer = {n.removeprefix(f"layers.{i}."): w for n, w in weights.items() if n.startswith(f"layers.{i}.")}
        states = states + _attention(_norm(states, layer["input_layernorm"]), layer, heads, angles)
        inner = _norm(states, layer["post_attention_layernorm"])
        gate = inner @ layer["mlp.gate_proj"].T
        states = states + (gate / (1 + np.exp(-gate)) * (inner @ layer["mlp.up_proj"].T)) @ layer["mlp.down_proj"].T
    return _norm(states, weights["norm"]) @ weights["embed_tokens"].T


def _norm(states: Any, gain: Any) -> Any:
    return states / np.sqrt((states**2).mean(1, keepdims=True) + 1e-5) * gain


def _attention(states: Any, layer: dict[str, Any], heads: int, angles: Any) -> Any:
    count, width = states.shape
    query, key, value = ((states @ layer[f"self_attn.{n}_proj"].T).reshape(count, heads, -1) for n in "qkv")
    mixed = np.zeros((count, heads, width // heads))
    for head in range(heads):
        q, k = _turned(query[:, head], angles), _turned(key[:, head], angles)
        for at in range(count):
            scores = k[: at + 1] @ q[at] / np.sqrt(q.shape[1])
            chances = np.exp(scores - scores.max())
            mixed[at, head] = chances / chances.sum() @ value[: at + 1, head]
    return mixed.reshape(count, width) @ layer["self_attn.o_proj"].T


def _turned(x: Any, angles: Any) -> Any:
    half = x.shape[1] // 2
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.concatenate([turned.real, turned.imag], axis=1)
