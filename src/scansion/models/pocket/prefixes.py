"""Prompts that were read lately, so that equal ones and equal beginnings are read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from scansion.models.pocket.network import CHUNK
from scansion.models.pocket.weights import Matrix

__all__ = ["Prefixes", "Read"]

_MOST = 96 << 20  # bytes that are kept


class Read(Struct, frozen=True):
    """A prompt that was read: keys and values [layers, heads, positions, head], and its last state [1, width]."""

    tokens: tuple[int, ...]
    keys: Matrix
    values: Matrix
    last: Matrix


class Prefixes:
    """The prompts read last, found by themselves or by their first chunks."""

    def __init__(self) -> None:
        self._whole: OrderedDict[tuple[int, ...], Read] = OrderedDict()
        self._parts: dict[int, tuple[int, ...]] = {}
        self._bytes = 0

    def whole(self, tokens: tuple[int, ...]) -> Read | None:
        """This very prompt."""
        found = self._whole.get(tokens)
        if found is not None:
            self._whole.move_to_end(tokens)
        return found

    def part(self, tokens: Sequence[int], most: int) -> tuple[int, Read | None]:
        """The prompt with the longest common beginning, and its length: whole chunks, at most `most` positions."""
        length, found = 0, None
        for end, name in _parts(tokens):
            read = self._whole.get(self._parts.get(name, ()))
            if end > most or read is None or read.tokens[:end] != tuple(tokens[:end]):
                break
            length, found = end, read
        return length, found

    def keep(self, read: Read) -> None:
        """Keep a prompt, and forget the oldest where there are too many."""
        self._whole[read.tokens] = read
        self._bytes += read.keys.nbytes + read.values.nbytes
        for _, name in _parts(read.tokens):
            self._parts[name] = read.tokens
        while self._bytes > _MOST and len(self._whole) > 1:
            _, old = self._whole.popitem(last=False)
            self._bytes -= old.keys.nbytes + old.values.nbytes
            self._forget(old.tokens)

    def _forget(self, tokens: tuple[int, ...]) -> None:
        for _, name in _parts(tokens):
            if self._parts.get(name) == tokens:
                del self._parts[name]


def _parts(tokens: Sequence[int]) -> list[tuple[int, int]]:
    """The ends of the whole chunks of a prompt, each with the hash of all up to there."""
    found, name = [], 0
    for end in range(CHUNK, len(tokens) + 1, CHUNK):
        name = hash((name, *tokens[end - CHUNK : end]))
        found.append((end, name))
    return found
