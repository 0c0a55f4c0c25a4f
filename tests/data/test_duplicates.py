"""Ids that occur twice are found in little memory; equal hashes of different ids are told apart."""

import random
import tracemalloc

import pytest

from scansion.data import open_dataset, write_jsonl
from scansion.data.duplicates import Seen
from scansion.errors import InputError


def write(path, ids):
    path.write_text("".join(f'{{"id":"{i}"}}\n' for i in ids))
    return open_dataset(path)


@pytest.mark.parametrize(
    ("n", "first", "second"),
    [(2, 0, 1), (100, 3, 99), (40_000, 5, 39_999), (40_000, 20_000, 20_001), (70_000, 0, 16_384)],
)
def test_both_lines_are_named(tmp_path, n, first, second):
    ids = [f"q{i}" for i in range(n)]
    ids[second] = ids[first]
    data = write(tmp_path / "d.jsonl", ids)
    with pytest.raises(InputError) as caught:
        list(data.rows())
    path = tmp_path / "d.jsonl"
    assert str(caught.value) == f"{path}:{second + 1}: id 'q{first}' is also in {path}:{first + 1}; ids must differ"


def test_rows_without_ids_may_repeat(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"q": 1}\n' * 3)
    assert len({r.example.id for r in open_dataset(path).rows()}) == 1


def test_integer_and_text_ids_are_the_same_id(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": 1}\n{"id": "1"}\n')
    with pytest.raises(InputError, match="id '1' is also in"):
        list(open_dataset(path).rows())


def test_200_000_ids_in_little_memory(tmp_path):
    path = tmp_path / "d.jsonl"
    write_jsonl(path, ({"id": f"question-{i}"} for i in range(200_000)))
    data = open_dataset(path)
    import numpy  # noqa: F401  counted apart

    tracemalloc.start()
    try:
        assert sum(1 for _ in data.rows()) == 200_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8e6


def test_equal_hashes_of_different_ids_are_no_duplicates(tmp_path, monkeypatch):
    import scansion.data.dataset as module

    monkeypatch.setattr(module, "hash", lambda text: len(text), raising=False)
    data = write(tmp_path / "d.jsonl", [f"{'x' * (i % 7)}{i}" for i in range(60)])
    assert sum(1 for _ in data.rows()) == 60
    data = write(tmp_path / "e.jsonl", ["aa", "bb", "a", "aa"])
    with pytest.raises(InputError, match=r"e\.jsonl:4: id 'aa' is also in .*e\.jsonl:1"):
        list(data.rows())


def test_seen_finds_exactly_the_repeats():
    rng = random.Random(7)
    values = [rng.getrandbits(64) - 2**63 for _ in range(90_000)]
    repeats = set(rng.sample(values, 40))
    values += sorted(repeats)
    rng.shuffle(values)
    seen, found = Seen(), set()
    for value in values:
        found |= seen.add(value)
    assert found | seen.finish() == repeats
