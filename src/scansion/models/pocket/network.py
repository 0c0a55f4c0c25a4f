"""The transformer: Llama's layers (Touvron and others 2023) in numpy, float32.

Each row's result is the same, to the last bit, whatever is computed beside it: rows go through the matrix products in
multiples of `TILE`, where BLAS computes every row alike; attention is computed for each draw alone, over its own
length; sums over padded lengths are taken in blocks from the start, so that zeros behind them change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scansion.models.pocket.folder import Shape
from scansion.models.pocket.weights import Layer, Matrix, Weights

__all__ = ["CHUNK", "TILE", "Network", "padded"]

TILE = 16  # rows: of fewer, BLAS takes other paths to the same sums
ROOM = 256  # positions that every slot has room for at first
CHUNK = 32  # positions that a prompt is read by, and the block of every sum over positions

Attend = Callable[[int, Matrix, Matrix, Matrix], Matrix]


def padded(count: int, to: int) -> int:
    """`count` rounded up to a multiple of `to`."""
    return -(-count // to) * to


class Network:
    """A model's computation on a cache of keys and values, which holds `slots` texts.

    `keys` and `values` are [layers, slots, heads, room, head]. `room` grows with the longest text, to the context.
    """

    def __init__(self, weights: Weights, shape: Shape, slots: int) -> None:
        self.shape = shape
        self._weights = weights
        self._slots = slots
        self._used: set[int] = set()  # slots that anything was ever written to
        self._cosines, self._sines = _rotations(shape)
        self.keys = self.values = np.empty((shape.layers, slots, shape.heads, 0, shape.head), np.float32)
        self._scores = self._chances = np.empty((slots, shape.heads, 0), np.float32)
        self.reserve(ROOM)

    def reserve(self, positions: int) -> None:
        """See that every slot has room for so many positions; room doubles as it grows."""
        shape, old = self.shape, self.keys.shape[3]
        if positions <= old:
            return
        room = min(padded(max(positions, 2 * old), CHUNK), padded(shape.context, CHUNK))
        size = (shape.layers, self._slots, shape.heads, room, shape.head)
        keys, values = np.empty(size, np.float32), np.empty(size, np.float32)
        for slot in self._used:  # memory that is never written to is never taken
            keys[:, slot, :, :old], values[:, slot, :, :old] = self.keys[:, slot], self.values[:, slot]
        self.keys, self.values = keys, values
        self._scores = np.empty((self._slots, shape.heads, room), np.float32)
        self._chances = np.empty_like(self._scores)

    def put(self, slot: int, keys: Matrix, values: Matrix) -> None:
        """Write into a slot, from its beginning, what was read before: [layers, heads, positions, head]."""
        end = keys.shape[2]
        self.reserve(end)
        self._used.add(slot)
        self.keys[:, slot, :, :end], self.values[:, slot, :, :end] = keys, values

    def read(self, slot: int, tokens: Sequence[int], start: int) -> Matrix:
        """Read `tokens` from position `start` (a multiple of CHUNK, read before) on into a slot.

        Returns the last layer's states [positions from `start`, width].
        """
        count = len(tokens) - start
        rows = padded(count, CHUNK)
        self.reserve(start + rows)
        self._used.add(slot)
        ids = np.zeros(rows, np.intp)
        ids[:count] = tokens[start:]
        places = np.arange(start, start + rows)

        def attend(layer: int, queries: Matrix, keys: Matrix, values: Matrix) -> Matrix:
            self.keys[layer, slot, :, start : start + rows] = keys.transpose(1, 0, 2)
            self.values[layer, slot, :, start : start + rows] = values.transpose(1, 0, 2)
            return self._look_back(layer, slot, queries, start)

        return self._through(ids, places, attend)[:count]

    def _look_back(self, layer: int, slot: int, queries: Matrix, start: int) -> Matrix:
        """Attention of the queries [rows, heads, head] to what stands before each, a chunk of rows at a time."""
        found = np.empty((len(queries), self.shape.width), np.float32)
        keys, values = self.keys[layer, slot], self.values[layer, slot]
        for at in range(0, len(queries), CHUNK):
            end = start + at + CHUNK
            scores = queries[at : at + CHUNK].transpose(1, 0, 2) @ keys[:, :end].transpose(0, 2, 1)
            scores[:, :, end - CHUNK :] += _LATER
            scores -= scores.max(axis=2, keepdims=True)
            np.exp(scores, out=scores)
            mixed = (scores @ values[:, :end]) / scores.sum(axis=2, keepdims=True)
            found[at : at + CHUNK] = mixed.transpose(1, 0, 2).reshape(CHUNK, -1)
        return found

    def step(self, slots: Sequence[int], lengths: Sequence[int], tokens: Sequence[int]) -> Matrix:
        """Add one token to each of several slots, which hold `lengths` positions; the states [slots, width]."""
        count = len(slots)
        self.reserve(max(lengths) + 1)
        rows = padded(count, TILE)
        ids, places = np.zeros(rows, np.intp), np.zeros(rows, np.intp)
        ids[:count], places[:count] = tokens, lengths
        index = np.array(slots)
        ends = [length + 1 for length in lengths]
        mixed = np.zeros((rows, self.shape.heads, 1, self.shape.head), np.float32)
        self._scores[:count] = -np.inf

        def attend(layer: int, queries: Matrix, keys: Matrix, values: Matrix) -> Matrix:
            held_keys, held_values = self.keys[layer], self.values[layer]
            held_keys[index, :, places[:count]] = keys[:count]
            held_values[index, :, places[:count]] = values[:count]
            scores, asked = self._scores, queries[..., None]
            for row, (slot, end) in enumerate(zip(slots, ends, strict=True)):
                np.matmul(held_keys[slot, :, :end], asked[row], out=scores[row, :, :end, None])
            chances = self._softmax(count, padded(max(ends), CHUNK))
            for row, (slot, end) in enumerate(zip(slots, ends, strict=True)):
                np.matmul(chances[row, :, :, :end], held_values[slot, :, :end], out=mixed[row])
            return mixed.reshape(rows, -1)

        return self._through(ids, places, attend)[:count]

    def _softmax(self, count: int, end: int) -> Matrix:
        """The chances [count, heads, 1, room] of the scores; beyond `end` there is nothing."""
        scores, chances = self._scores[:count, :, :end], self._chances[:count, :, :end]
        np.subtract(scores, scores.max(axis=2, keepdims=True), out=chances)
        np.exp(chances, out=chances)
        blocks = chances.reshape(-1, end // CHUNK, CHUNK).sum(axis=2)
        sums = np.add.reduce(np.ascontiguousarray(blocks.T), axis=0)
        chances /= sums.reshape(count, -1, 1)
        return self._chances[:count, :, None]

    def logits(self, states: Matrix) -> Matrix:
        """The logits [rows, vocabulary] of states [rows, width]."""
        count = len(states)
        rows = np.zeros((padded(count, TILE), self.shape.width), np.float32)
        rows[:count] = states
        return (rows @ self._weights.head)[:count]

    def _through(self, ids: np.ndarray, places: np.ndarray, attend: Attend) -> Matrix:
        """Tokens at their places through all layers; the normed states, without the last norm's gain."""
        states = self._weights.embedding[ids]
        cosines, sines = self._cosines[places][:, None], self._sines[places][:, None]
        for number, layer in enumerate(self._weights.layers):
            queries, keys, values = self._split(self._normed(states) @ layer.qkv, cosines, sines)
            states += attend(number, queries, keys, values) @ layer.out
            with np.errstate(over="ignore"):
                states += _gated(self._normed(states), layer)
        return self._normed(states)

    def _normed(self, states: Matrix) -> Matrix:
        squares = np.einsum("ij,ij->i", states, states) / np.float32(self.shape.width)
        normed: Matrix = states * (1 / np.sqrt(squares + np.float32(self.shape.epsilon)))[:, None]
        return normed

    def _split(self, joint: Matrix, cosines: Matrix, sines: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        """Queries, keys, values [rows, heads, head], the first two turned by their positions."""
        heads, half = self.shape.heads, self.shape.head // 2
        parts = joint.reshape(len(joint), 3 * heads, 2 * half)
        first, second = parts[:, : 2 * heads, :half], parts[:, : 2 * heads, half:]
        turned = np.empty((len(joint), 2 * heads, 2 * half), np.float32)
        np.subtract(first * cosines, second * sines, out=turned[..., :half])
        np.add(second * cosines, first * sines, out=turned[..., half:])
        return turned[:, :heads], turned[:, heads:], parts[:, 2 * heads :]


_LATER = np.triu(np.full((CHUNK, CHUNK), -np.inf, np.float32), 1)


def _gated(states: Matrix, layer: Layer) -> Matrix:
    """The feed-forward part (SwiGLU: Shazeer 2020)."""
    joint = states @ layer.gate_up
    inner = joint.shape[1] // 2
    gate, up = joint[:, :inner], joint[:, inner:]
    opened = np.exp(-gate)  # infinite for a gate far below 0, which is then shut
    opened += 1
    np.divide(gate, opened, out=opened)
    opened *= up
    found: Matrix = opened @ layer.down
    return found


def _rotations(shape: Shape) -> tuple[Matrix, Matrix]:
    """Cosines and sines [context, head / 2] of the rotary positions (Su and others 2021)."""
    half = shape.head // 2
    speeds = shape.base ** -(np.arange(half) / half)
    angles = np.outer(np.arange(padded(shape.context, CHUNK)), speeds)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
