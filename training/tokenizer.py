"""The tokenizer: byte-level BPE with single digits, its markers first, learned from training items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from training.mixture import draw
from training.problem import Item, Turn
from training.source import Source

__all__ = ["END", "MARKERS", "PAD", "encode", "learn", "opened"]

MARKERS = ("<pad>", "<end>", "<system>", "<user>", "<assistant>", "<text>")
PAD, END, _SYSTEM, _USER, _ASSISTANT, TEXT = range(len(MARKERS))
SIZE = 1024
ITEMS = 60_000


def learn(path: Path) -> Tokenizer:
    """Learn the tokenizer and write it to `path`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=list(MARKERS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    tokenizer.encode_special_tokens = True
    tokenizer.save(str(path))
    return tokenizer


def opened(path: Path) -> Tokenizer:
    """The tokenizer at `path`; what looks like a marker in a text is text."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def _texts() -> Iterator[str]:
    for seed in range(ITEMS):
        for turn in draw(Source(f"tokenizer {seed}")).turns:
            yield turn.text


def encode(tokenizer: Tokenizer, item: Item) -> tuple[list[int], list[bool]]:
    """The item's tokens, and which of them are learned: what the assistant says, with its end."""
    ids: list[int] = []
    learned: list[bool] = []
    for at, turn in enumerate(item.turns):
        said = tokenizer.encode(turn.text).ids
        marker, ended = _around(turn, first=at == 0, last=at == len(item.turns) - 1)
        ids += [*marker, *said, *ended]
        known = turn.learned and turn.role in ("assistant", "text")
        learned += [False] * len(marker) + [known] * (len(said) + len(ended))
    return ids, learned


def _around(turn: Turn, first: bool, last: bool) -> tuple[list[int], list[int]]:
    """The markers before and after a turn."""
    if turn.role == "text":
        return ([TEXT] if first else []), ([END] if last else [])
    return [MARKERS.index(f"<{turn.role}>")], ([END] if turn.role == "assistant" else [])
