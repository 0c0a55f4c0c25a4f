"""Confidence sequences as Waudby-Smith and Ramdas print them (arXiv 2010.09686), in plain numpy.

What ours is measured by. The authors' package `confseq` does not build on every machine; these are its two main
methods with its defaults, one array operation a line. `values` are in 0 .. 1. Bench only; `scansion.stats.sequence`
shares no code with it.
"""

from __future__ import annotations

import math

import numpy as np


def _plug_in(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and variance estimates before each value, with half a value at 1/2 added."""
    i = np.arange(1, values.shape[-1] + 1)
    means = (0.5 + np.cumsum(values, axis=-1)) / (i + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2, axis=-1)) / (i + 1)
    first = np.ones((*values.shape[:-1], 1))
    return np.concatenate([first / 2, means[..., :-1]], -1), np.concatenate([first / 4, variances[..., :-1]], -1)


def bets(values: np.ndarray, alpha: float) -> np.ndarray:
    """The predictable plug-in bets."""
    i = np.arange(1, values.shape[-1] + 1)
    return np.sqrt(2 * math.log(2 / alpha) / (_plug_in(values)[1] * i * np.log1p(i)))


def empirical_bernstein(values: np.ndarray, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Theorem 2: the predictable plug-in empirical Bernstein sequence; lower and upper ends, running intersection."""
    bet = np.minimum(bets(values, alpha), 0.5)
    psi = -np.log1p(-bet) - bet
    staked = np.cumsum(bet, axis=-1)
    centre = np.cumsum(bet * values, axis=-1) / staked
    half = (math.log(2 / alpha) + np.cumsum((values - _plug_in(values)[0]) ** 2 * psi, axis=-1)) / staked
    return np.maximum.accumulate(centre - half, axis=-1), np.minimum.accumulate(centre + half, axis=-1)


def hedged_grid(values: np.ndarray, alpha: float = 0.05, breaks: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Theorem 3: hedged capital against each of `breaks` + 1 means; the ends of those not rejected so far."""
    means = np.linspace(0.0, 1.0, breaks + 1)
    bet, bar = bets(values, alpha), math.log(2 / alpha)
    up, down, alive = np.zeros(breaks + 1), np.zeros(breaks + 1), np.ones(breaks + 1, dtype=bool)
    with np.errstate(divide="ignore"):
        most_up, most_down = 0.5 / means, 0.5 / (1.0 - means)
    lows, highs = np.empty(len(values)), np.empty(len(values))
    for i, value in enumerate(values):
        gap = value - means
        up += np.log1p(np.minimum(bet[i], most_up) * gap)
        down += np.log1p(-np.minimum(bet[i], most_down) * gap)
        alive &= np.maximum(up, down) < bar
        kept = np.flatnonzero(alive)
        lows[i], highs[i] = means[kept[0]], means[kept[-1]]
    return lows, highs


def hedged_at(values: np.ndarray, mean: float, alpha: float = 0.05) -> np.ndarray:
    """Whether `mean` was left out by then, from below or above, by hedged capital: [..., draws]."""
    bet = bets(values, alpha)
    up = np.log1p(np.minimum(bet, 0.5 / mean) * (values - mean))
    down = np.log1p(-np.minimum(bet, 0.5 / (1 - mean)) * (values - mean))
    found = np.maximum(np.cumsum(up, axis=-1), np.cumsum(down, axis=-1)) >= math.log(2 / alpha)
    return np.maximum.accumulate(found, axis=-1)
