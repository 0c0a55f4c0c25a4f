"""Tokens per second of the pocket engine, and of CTranslate2 on the same weights, by turns in one sitting.

    .venv/bin/python bench/pocket.py [--model src/scansion/models/pocket/weights/small] [--ct2 FOLDER/bin/python]

Prompts of 60 tokens, all different, and replies of 60 at temperature 1, so many at once as the column says; prompts are
read within the time, and no reply may end by itself. `--ct2` names an interpreter that has ctranslate2 and numpy; it
runs int8 with two threads inside a batch. Each round is a fresh process; the median of the rounds is shown, after a
first batch that warms up. `load` is the time from opening the folder to the first token, imports apart. Tokens per
second of processor time, at 64, say what a busy machine hides. Machines drift: compare only what ran in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = (1, 8, 64, 128)
LENGTH = 60
REPEATS = 3


def prompts(count: int, salt: int) -> list[list[int]]:
    """So many prompts of tokens, no two alike."""
    return [[3, *(6 + (i + salt) * j * 31 % 1000 for j in range(1, LENGTH - 1)), 4] for i in range(1, count + 1)]


def ours(folder: str, _work: str) -> dict[str, float]:
    """The engine's figures."""
    from scansion.models.pocket.draw import Prompt
    from scansion.models.pocket.engine import ROWS, Engine
    from scansion.models.pocket.folder import open_folder
    from scansion.models.pocket.network import Network
    from scansion.models.pocket.vocabulary import Vocabulary
    from scansion.models.pocket.weights import load_weights

    start = time.perf_counter()
    opened = open_folder(Path(folder))
    vocabulary = Vocabulary(opened.path / "tokenizer.json")
    vocabulary.never = (*vocabulary.never, vocabulary.end)  # so that every reply has its 60 tokens
    engine = Engine(Network(load_weights(opened), opened.shape, ROWS + 1), vocabulary)
    engine.generate([Prompt((3, 20, 4), max_tokens=1)])
    found = {"load": time.perf_counter() - start}

    def batch(count: int, salt: int) -> int:
        asked = [Prompt(tuple(p), key=salt + i, max_tokens=LENGTH) for i, p in enumerate(prompts(count, salt))]
        return sum(reply.output_tokens for reply in engine.generate(asked))

    return found | speeds(batch)


def ct2(folder: str, work: str) -> dict[str, float]:
    """CTranslate2's figures, int8."""
    import ctranslate2  # type: ignore[import-not-found,unused-ignore]

    tokens = converted(Path(folder), work)
    start = time.perf_counter()
    generator = ctranslate2.Generator(work, device="cpu", compute_type="int8", inter_threads=1, intra_threads=2)
    ways = {"sampling_temperature": 1.0, "sampling_topk": 0, "include_prompt_in_result": False, "max_batch_size": 64}
    generator.generate_batch([tokens[:2]], max_length=1, **ways)
    found = {"load": time.perf_counter() - start}

    def batch(count: int, salt: int) -> int:
        asked = [[tokens[t] for t in p] for p in prompts(count, salt)]
        done = generator.generate_batch(asked, max_length=LENGTH, min_length=LENGTH, **ways)
        return sum(len(each.sequences_ids[0]) for each in done)

    return found | speeds(batch)


def speeds(batch: Any) -> dict[str, float]:
    """Tokens a second at each number of prompts at once; the best of a few repeats, since others only slow it."""
    batch(8, 1000)
    found: dict[str, float] = {}
    for count in AT_ONCE:
        rates = []
        for repeat in range(REPEATS):
            start, used = time.perf_counter(), time.process_time()
            drawn = batch(count, 7 * count + 211 * repeat)
            rates.append(drawn / (time.perf_counter() - start))
            if count == 64:
                found["cpu"] = max(found.get("cpu", 0), drawn / (time.process_time() - used))
        found[str(count)] = max(rates)
    return found


def converted(folder: Path, work: str) -> list[str]:
    """Write a folder's weights as CTranslate2 takes them; the names of its tokens."""
    import numpy as np
    from ctranslate2.specs import common_spec, transformer_spec  # type: ignore[import-not-found,unused-ignore]

    config = json.loads((folder / "config.json").read_text())
    data = (folder / "model.safetensors").read_bytes()
    at = 8 + int.from_bytes(data[:8], "little")

    def read(entry: Any) -> Any:
        first, last = entry["data_offsets"]
        return np.frombuffer(data[at + first : at + last], "<f2").reshape(entry["shape"]).astype(np.float32)

    header = json.loads(data[8:at])
    weights = {name.removeprefix("model."): read(e) for name, e in header.items() if name != "__metadata__"}
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        activation=common_spec.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
        rotary_base=config["rope_theta"],
    )
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = decoder.projection.weight = weights["embed_tokens.weight"]
    decoder.layer_norm.gamma = weights["norm.weight"]
    for number, layer in enumerate(decoder.layer):
        own = {n.split(".", 2)[2]: w for n, w in weights.items() if n.startswith(f"layers.{number}.")}
        layer.self_attention.layer_norm.gamma = own["input_layernorm.weight"]
        joint = np.concatenate([own[f"self_attn.{n}_proj.weight"] for n in "qkv"])
        layer.self_attention.linear[0].weight, layer.self_attention.linear[1].weight = (
            joint,
            own["self_attn.o_proj.weight"],
        )
        layer.ffn.layer_norm.gamma = own["post_attention_layernorm.weight"]
        layer.ffn.linear_0.weight, layer.ffn.linear_0_noact.weight = (
            own["mlp.gate_proj.weight"],
            own["mlp.up_proj.weight"],
        )
        layer.ffn.linear_1.weight = own["mlp.down_proj.weight"]
    tokens = ["<pad>", "<end>", *(f"t{i}" for i in range(2, config["vocab_size"]))]
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<pad>", "<end>", "<pad>"
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(work)
    return tokens


def contender(python: str, name: str, model: str) -> dict[str, float]:
    """One contender's figures, from a process of its own."""
    with tempfile.TemporaryDirectory() as work:
        words = [python, __file__, "--model", model, "--contender", name, "--work", work]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr}")
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "src/scansion/models/pocket/weights/small"))
    parser.add_argument("--ct2", help="an interpreter that has ctranslate2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", choices=["ours", "ct2"], help=argparse.SUPPRESS)
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender:
        print(json.dumps({"ours": ours, "ct2": ct2}[args.contender](args.model, args.work)))
        return
    pythons = {"ours": sys.executable} | ({"ct2": args.ct2} if args.ct2 else {})
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
    for _ in range(args.rounds):
        for name, python in pythons.items():
            rounds[name].append(contender(python, name, args.model))
    print("| engine | load, s | " + " | ".join(f"{n} at once, tokens/s" for n in AT_ONCE) + " | per CPU s at 64 |")
    print("| --- " * (3 + len(AT_ONCE)) + "|")
    for name, found in rounds.items():
        speeds = " | ".join(f"{median(each[str(n)] for each in found):,.0f}" for n in AT_ONCE)
        used = median(each["cpu"] for each in found)
        print(f"| {name} | {median(each['load'] for each in found):.3f} | {speeds} | {used:,.0f} |")


if __name__ == "__main__":
    main()
