"""Training rows: items packed into rows of three lengths, an item never seeing another one's tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.mixture import draw
from training.source import Source
from training.tokenizer import PAD, encode

__all__ = ["BATCH_TOKENS", "LENGTHS", "Batch", "shard"]

LENGTHS = (192, 384, 768)
FILLERS = (0.87, 0.08, 0.05)  # where short items go: some fill up the long rows
BATCH_TOKENS = 6144
SHARD_ITEMS = 8192
EARLY_SHARDS = 4
PROMPT_WEIGHT = 0.1


@dataclass(frozen=True)
class Batch:
    """Rows of one length. `ids`: tokens, uint16 (rows, length); `weights`: what each counts as a target, float32;
    `parts`: which item of its row a token belongs to, uint8, 0 for padding."""

    ids: np.ndarray
    weights: np.ndarray
    parts: np.ndarray


def shard(tokenizer: Tokenizer, number: int) -> list[Batch]:
    """The batches of one shard of items, in a fixed random order."""
    lanes: dict[int, list[tuple[list[int], list[bool]]]] = {length: [] for length in LENGTHS}
    shuffler = random.Random(number)
    for at in range(SHARD_ITEMS):
        ids, learned = encode(tokenizer, draw(Source(f"{number} {at}"), early=number < EARLY_SHARDS))
        fitting = [length for length in LENGTHS if len(ids) <= length]
        lane = shuffler.choices(LENGTHS, FILLERS)[0]
        if fitting:
            lanes[max(lane, fitting[0])].append((ids, learned))
    batches = [batch for length, items in lanes.items() for batch in _batches(_packed(items, length), length, shuffler)]
    shuffler.shuffle(batches)
    return batches


def _packed(items: list[tuple[list[int], list[bool]]], length: int) -> list[list[tuple[list[int], list[bool]]]]:
    """Rows of items, each at most `length` tokens: the longest first, each into the fullest row that has room."""
    room: dict[int, list[list[tuple[list[int], list[bool]]]]] = {}
    rows = []
    for item in sorted(items, key=lambda item: -len(item[0])):
        size = len(item[0])
        free = next((left for left in range(size, length + 1) if room.get(left)), None)
        row = room[free].pop() if free is not None else []
        if free is None:
            rows.append(row)
        row.append(item)
        room.setdefault((length if free is None else free) - size, []).append(row)
    return rows


def _batches(rows: list[list[tuple[list[int], list[bool]]]], length: int, shuffler: random.Random) -> list[Batch]:
    shuffler.shuffle(rows)
    size = BATCH_TOKENS // length
    return [_batch(rows[at : at + size], length) for at in range(0, len(rows) - size + 1, size)]


def _batch(rows: list[list[tuple[list[int], list[bool]]]], length: int) -> Batch:
    ids = np.full((len(rows), length), PAD, np.uint16)
    weights = np.zeros((len(rows), length), np.float32)
    parts = np.zeros((len(rows), length), np.uint8)
    for row, items in enumerate(rows):
        at = 0
        for part, (tokens, learned) in enumerate(items, 1):
            here = slice(at, at + len(tokens))
            ids[row, here], parts[row, here] = tokens, part
            weights[row, here] = np.where(learned, 1.0, PROMPT_WEIGHT)
            weights[row, at] = 0.0  # the first token of an item follows from nothing
            at += len(tokens)
    return Batch(ids, weights, parts)


def opened_shard(path: Path, number: int) -> list[Batch]:
    """`shard` with the tokenizer at `path`, for a worker process."""
    from training.tokenizer import opened

    return shard(opened(path), number)
