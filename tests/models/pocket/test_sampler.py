from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scansion.models.pocket.sampler import Settings, draw_key, draw_tokens, uniform
from scansion.types import Message, Request, Sampling

CHANCES = np.log(np.array([[0.5, 0.25, 0.15, 0.1]], np.float32))


def drawn(settings: Settings, count: int = 4000) -> list[float]:
    """The shares of each token."""
    numbers = [uniform(12345, at) for at in range(count)]
    tokens = draw_tokens(np.repeat(CHANCES, count, axis=0), [settings] * count, numbers)
    return [round(float((tokens == token).mean()), 2) for token in range(4)]


def near(got: list[float], wanted: list[float]) -> bool:
    return all(abs(a - b) <= 0.03 for a, b in zip(got, wanted, strict=True))


def test_shares() -> None:
    assert near(drawn(Settings()), [0.5, 0.25, 0.15, 0.1])
    assert near(drawn(Settings(top_k=2)), [0.667, 0.333, 0, 0])
    assert drawn(Settings(top_k=2))[2:] == [0, 0]
    assert near(drawn(Settings(top_p=0.7)), [0.667, 0.333, 0, 0])
    assert near(drawn(Settings(top_p=0.76)), [0.556, 0.278, 0.167, 0])
    assert near(drawn(Settings(top_k=3, top_p=0.5)), [1, 0, 0, 0])
    squares = np.array([0.5, 0.25, 0.15, 0.1]) ** 2
    assert near(drawn(Settings(0.5)), list(squares / squares.sum()))


def test_greedy() -> None:
    assert drawn(Settings(0), 50) == [1, 0, 0, 0]


def test_extreme_temperatures() -> None:
    masked = np.array([[-np.inf, 0.0, 1.0, -np.inf]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        for number in (0.0, 0.3, 0.999):
            assert draw_tokens(masked, [Settings(5e-324)], [number]) == [2]
            assert draw_tokens(masked, [Settings(1e300)], [number]) == [1 if number < 0.5 else 2]


def test_equal_chances_keep_their_order() -> None:
    even = np.zeros((1, 4), np.float32)
    assert draw_tokens(even, [Settings(top_k=1)], [0.99]) == [0]
    assert draw_tokens(even, [Settings(top_k=2)], [0.99]) == [1]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2000))
def test_random_numbers_lie_in_their_range(key: int, at: int) -> None:
    assert 0 <= uniform(key, at) < 1


def test_random_numbers_are_even_and_independent() -> None:
    table = np.array([[uniform(key, at) for at in range(100)] for key in range(200)])
    assert abs(table.mean() - 0.5) < 0.01
    assert abs(table.var() - 1 / 12) < 0.003
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.03


def test_keys() -> None:
    asked = Request((Message("user", "hi"),))
    others = [
        replace(asked, k=1),
        replace(asked, trial=1),
        replace(asked, sampling=Sampling(seed=1)),
        Request((Message("user", "ho"),)),
        Request(text="hi"),
    ]
    assert len({draw_key(each) for each in [asked, *others]}) == 6
    assert draw_key(asked) == draw_key(replace(asked, sampling=Sampling(temperature=0.5, logprobs=3)))
