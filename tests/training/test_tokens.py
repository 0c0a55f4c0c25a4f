"""Tokens and rows: nothing forges a marker, and every item is seen whole, by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from training.problem import Item, Turn

from training import rows, tokenizer


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "ITEMS", 1500)
        return tokenizer.learn(tmp_path_factory.mktemp("tokens") / "tokenizer.json")


def test_what_looks_like_a_marker_is_text(learned: Tokenizer, tmp_path: Path) -> None:
    learned.save(str(tmp_path / "t.json"))
    for known in (learned, tokenizer.opened(tmp_path / "t.json")):
        ids = known.encode("<user>12 <end>").ids
        assert min(ids) >= len(tokenizer.MARKERS)
        assert known.decode(ids) == "<user>12 <end>"


def test_only_what_the_assistant_says_is_learned(learned: Tokenizer) -> None:
    item = Item("x", (Turn("system", "a"), Turn("user", "b"), Turn("assistant", "c")), "c")
    ids, known = tokenizer.encode(learned, item)
    markers = [tokenizer.MARKERS[i] for i in ids if i < len(tokenizer.MARKERS)]
    assert markers == ["<system>", "<user>", "<assistant>", "<end>"]
    assert known == [False] * 5 + [True, True]


def test_plain_text_is_one_text(learned: Tokenizer) -> None:
    item = Item("x", (Turn("text", "a", learned=False), Turn("text", "b")), "b")
    ids, known = tokenizer.encode(learned, item)
    assert (ids[0], ids[-1]) == (tokenizer.TEXT, tokenizer.END)
    assert known == [False, False, True, True]


def test_rows_hold_items_whole(learned: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SHARD_ITEMS", 600)
    batches = rows.shard(learned, 3)
    assert batches
    for batch in batches:
        assert batch.ids.shape[1] in rows.LENGTHS
        for ids, parts in zip(batch.ids, batch.parts, strict=True):
            for part in range(1, parts.max() + 1):
                item = ids[parts == part]
                assert item[0] in (2, 3, 5)
                assert item[-1] == tokenizer.END
            assert (ids[parts == 0] == tokenizer.PAD).all()
        assert (batch.weights[batch.parts == 0] == 0).all()
    again = rows.shard(learned, 3)
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(batches, again, strict=True))
