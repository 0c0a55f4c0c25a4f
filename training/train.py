"""Trains one model: python -m training.train small OUT [--minutes 90 | --tokens 150e6].

Works on a CPU (bfloat16 where it has the instructions) or a GPU; stops and resumes at a checkpoint. The learning rate
is held until `--decay` of the training is left and then falls to nothing, so that a stopped run can go on for longer.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training import tokenizer
from training.model import SHAPES, Llama
from training.rows import Batch, opened_shard

WARM_UP = 150
BATCHES_A_STEP = 2
RATE = {"small": 2e-3, "tiny": 5e-3}


@dataclass
class Progress:
    """Where a training is: kept in the checkpoint."""

    step: int = 0
    tokens: int = 0
    shard: int = 0
    batch: int = 0
    seconds: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tokens", type=float, default=150e6, help="how much to train in all")
    parser.add_argument("--minutes", type=float, help="or how long, this time counted in")
    parser.add_argument("--decay", type=float, default=0.35, help="share of the training in which the rate falls")
    parser.add_argument("--save", type=float, default=5.0, help="minutes between checkpoints")
    train(parser.parse_args())


def train(args: argparse.Namespace) -> None:
    """Train until done; write OUT/checkpoint.pt as it goes."""
    args.out.mkdir(parents=True, exist_ok=True)
    if not (args.out / "tokenizer.json").exists():
        tokenizer.learn(args.out / "tokenizer.json")
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Llama(SHAPES[args.size]).to(device)
    optimizers = _optimizers(model, RATE[args.size])
    progress = _resumed(args, model, optimizers)
    compiled = torch.compile(model, dynamic=False)
    began, saved, shown = time.monotonic(), time.monotonic(), 0.0
    before = progress.seconds
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    for group in _steps(args.out / "tokenizer.json", progress):
        done = _done(args, progress)
        if done >= 1 or stopped:
            break
        rate = RATE[args.size] * _share(progress.step, done, args.decay)
        loss = _step(compiled, optimizers, group, rate, device)
        progress.step += 1
        progress.tokens += sum(int((batch.parts > 0).sum()) for batch in group)
        progress.seconds = before + time.monotonic() - began
        shown = loss if not shown else 0.98 * shown + 0.02 * loss
        if progress.step % 50 == 0:
            _tell(progress, shown, done)
        if time.monotonic() - saved > args.save * 60:
            saved = time.monotonic()
            _save(args, model, optimizers, progress)
    _save(args, model, optimizers, progress)


def _tell(progress: Progress, loss: float, done: float) -> None:
    minutes, speed = progress.seconds / 60, progress.tokens / progress.seconds
    amount = f"{progress.tokens / 1e6:.1f}M tokens, {speed:.0f}/s"
    print(f"{minutes:.1f} min, step {progress.step}, {amount}, loss {loss:.4f}, {done:.1%} done", flush=True)


def _done(args: argparse.Namespace, progress: Progress) -> float:
    return progress.seconds / 60 / args.minutes if args.minutes else progress.tokens / args.tokens


def _share(step: int, done: float, decay: float) -> float:
    """The share of the learning rate."""
    return min(1.0, (step + 1) / WARM_UP, max(0.0, (1 - done) / decay))


def _optimizers(model: Llama, rate: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan 2024) for the matrices between embeddings, AdamW for the rest."""
    inner = [p for name, p in model.named_parameters() if name.endswith("_proj.weight")]
    outer = [p for name, p in model.named_parameters() if not name.endswith("_proj.weight")]
    muon = torch.optim.Muon(inner, lr=rate, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    adam = torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    return [muon, adam]


def _step(model: Any, optimizers: list[torch.optim.Optimizer], group: list[Batch], rate: float, device: str) -> float:
    """One step over a group of batches; gives the mean loss of what the assistant says."""
    weight = sum(float(batch.weights[:, 1:].sum()) for batch in group)
    learned = sum(int((batch.weights[:, 1:] == 1).sum()) for batch in group)
    total = 0.0
    for batch in group:
        ids, parts = (torch.from_numpy(part.astype("int64")).to(device) for part in (batch.ids, batch.parts))
        with torch.autocast(device, torch.bfloat16):
            losses = model(ids, parts, torch.from_numpy(batch.weights).to(device))
        (losses[0] / weight).backward()
        total += losses[1].item()
    nn.utils.clip_grad_norm_([p for o in optimizers for g in o.param_groups for p in g["params"]], 1.0)
    for optimizer in optimizers:
        for params in optimizer.param_groups:
            params["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return total / learned


def _steps(path: Path, progress: Progress) -> Iterator[list[Batch]]:
    """Groups of batches from where the training is; the next shard is made meanwhile by another process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        coming: Future[list[Batch]] = pool.submit(opened_shard, path, progress.shard)
        while True:
            batches = coming.result()
            coming = pool.submit(opened_shard, path, progress.shard + 1)
            for at in range(progress.batch, len(batches) - BATCHES_A_STEP + 1, BATCHES_A_STEP):
                yield batches[at : at + BATCHES_A_STEP]
                progress.batch = at + BATCHES_A_STEP
            progress.shard, progress.batch = progress.shard + 1, 0


def _save(args: argparse.Namespace, model: Llama, optimizers: list[torch.optim.Optimizer], progress: Progress) -> None:
    state = {
        "model": model.state_dict(),
        "optimizers": [o.state_dict() for o in optimizers],
        "progress": vars(progress),
    }
    path = args.out / "checkpoint.pt"
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    (args.out / "progress.json").write_text(json.dumps({"size": args.size, **vars(progress)}))


def _resumed(args: argparse.Namespace, model: Llama, optimizers: list[torch.optim.Optimizer]) -> Progress:
    """What the checkpoint holds, if there is one."""
    path = args.out / "checkpoint.pt"
    if not path.exists():
        return Progress()
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, known in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(known)
    return Progress(**state["progress"])


if __name__ == "__main__":
    main()
