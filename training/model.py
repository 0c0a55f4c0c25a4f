"""The transformer in plain PyTorch, Llama-shaped, its weights named as Hugging Face names them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, silu

__all__ = ["SHAPES", "Llama", "Shape"]


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int = 1024
    max_position_embeddings: int = 1024
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    @property
    def head(self) -> int:
        return self.hidden_size // self.num_attention_heads

    def config(self) -> dict[str, object]:
        """What Hugging Face's LlamaConfig takes."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            **asdict(self),
            "num_key_value_heads": self.num_attention_heads,
            "head_dim": self.head,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": True,
            "torch_dtype": "float16",
            "bos_token_id": None,
            "eos_token_id": 1,
            "pad_token_id": 0,
        }


SHAPES = {
    "small": Shape(hidden_size=192, num_hidden_layers=6, num_attention_heads=3, intermediate_size=512),
    "tiny": Shape(hidden_size=96, num_hidden_layers=5, num_attention_heads=3, intermediate_size=288),
}


class _Norm(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.eps = shape.rms_norm_eps
        self.weight = nn.Parameter(torch.ones(shape.hidden_size))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (wide * (wide.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight).to(x.dtype)


class _Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size, self.heads, self.head = shape.hidden_size, shape.num_attention_heads, shape.head
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(size, size, bias=False) for _ in range(4))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: Tensor) -> Tensor:
        rows, length, size = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(rows, length, self.heads, self.head).transpose(1, 2)

        q, k, v = (
            _turned(split(self.q_proj(x)), cos, sin),
            _turned(split(self.k_proj(x)), cos, sin),
            split(self.v_proj(x)),
        )
        # Written out: on a CPU the fused attention's backward pass is several times slower at these lengths.
        seen = (q @ k.transpose(-1, -2) * self.head**-0.5 + bias).softmax(-1)
        return self.o_proj((seen.to(v.dtype) @ v).transpose(1, 2).reshape(rows, length, size))  # type: ignore[no-any-return]


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions, the two halves of a head turned against each other."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class _Mlp(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size, inner = shape.hidden_size, shape.intermediate_size
        self.gate_proj, self.up_proj = nn.Linear(size, inner, bias=False), nn.Linear(size, inner, bias=False)
        self.down_proj = nn.Linear(inner, size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))  # type: ignore[no-any-return]


class _Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = _Norm(shape)
        self.self_attn = _Attention(shape)
        self.post_attention_layernorm = _Norm(shape)
        self.mlp = _Mlp(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, bias)
        return x + self.mlp(self.post_attention_layernorm(x))  # type: ignore[no-any-return]


class Llama(nn.Module):
    """Tokens in, loss out; `state_dict` is what `convert` writes."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = _Norm(shape)
        turns = shape.rope_theta ** (-torch.arange(0, shape.head, 2) / shape.head)
        angles = torch.arange(shape.max_position_embeddings)[:, None] * turns
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self._start()

    def _start(self) -> None:
        nn.init.normal_(self.embed_tokens.weight, std=0.02)
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)
            elif name.endswith("_proj.weight"):
                nn.init.normal_(weight, std=0.6 * weight.shape[1] ** -0.5)

    def forward(self, ids: Tensor, parts: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the losses of all targets, and the plain sum of those that are learned in full.

        ids, parts: int64 (rows, length); weights: float32 (rows, length), those of each token as a target.
        """
        length = ids.shape[1]
        kind = torch.bfloat16 if torch.is_autocast_enabled(ids.device.type) else torch.float32
        seen = (parts[:, None, :, None] == parts[:, None, None, :]).tril()
        bias = torch.zeros_like(seen, dtype=kind).masked_fill(~seen, -1e4)
        cos, sin = self.cos[:length].to(kind), self.sin[:length].to(kind)  # type: ignore[index]
        x = self.embed_tokens(ids).to(kind)
        for layer in self.layers:
            x = layer(x, cos, sin, bias)
        logits = self.norm(x[:, :-1]) @ self.embed_tokens.weight.T.to(kind)
        losses = cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        wanted = weights[:, 1:].flatten()
        return torch.stack([(losses * wanted).sum(), (losses * (wanted == 1)).sum()])
