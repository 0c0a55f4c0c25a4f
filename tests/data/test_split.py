"""Parts are stable, of the sizes asked for, and keep groups together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data import open_dataset, split_of
from scansion.errors import InputError
from scansion.types import Example

HALVES = {"dev": 0.5, "test": 0.5}


def part(id, group=None, seed=0, parts=HALVES):
    return split_of(Example(id, {}, group=group), parts, seed)


def test_the_deal_is_fixed_for_all_time():
    assert "".join(part(f"q{i}")[0] for i in range(24)) == "ddtdtdtdtdtdtdttddtttttt"
    assert [part("q1", seed=s)[0] for s in range(8)] != [part("q1")[0]] * 8


def test_sizes_are_as_asked():
    parts = {"dev": 0.2, "test": 0.3}
    names = [part(f"q{i}", parts=parts) for i in range(20_000)]
    for name, share in {"dev": 0.2, "test": 0.3, "": 0.5}.items():
        assert abs(names.count(name) / 20_000 - share) < 0.015


def test_new_rows_and_new_columns_of_rows_with_ids_move_nothing():
    old = [{"id": i, "q": f"{i}?"} for i in range(200)]
    new = [{"id": -i, "q": "new"} for i in range(1, 50)] + [{**row, "note": "x"} for row in old]
    before = {r.example.id: split_of(r.example, HALVES) for r in open_dataset(old).rows()}
    after = {r.example.id: split_of(r.example, HALVES) for r in open_dataset(new).rows()}
    assert before == {id: after[id] for id in before}


def test_rows_without_ids_keep_their_part_when_others_come():
    old = [{"q": f"{i}?", "a": i} for i in range(100)]
    before = [split_of(r.example, HALVES) for r in open_dataset(old).rows()]
    again = [{"a": r["a"], "q": r["q"]} for r in old]  # the order of columns says nothing
    after = [split_of(r.example, HALVES) for r in open_dataset([{"q": "0", "a": 0}, *again]).rows()]
    assert after[1:] == before


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.integers(0, 5))
def test_a_group_stays_together(a, b, group, seed):
    assert part(a, group, seed) == part(b, group, seed)


@given(st.text(max_size=8), st.integers())
def test_a_full_sum_leaves_no_row_out(id, seed):
    assert part(id, seed=seed, parts={"a": 0.7, "b": 0.2, "c": 0.1}) in ("a", "b", "c")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "no parts"),
        ({"dev": 0.6, "test": 0.5}, "the parts dev, test sum to 1.1"),
        ({"dev": 0}, "part 'dev' is 0; a part is a fraction"),
        ({"dev": -0.5}, "part 'dev' is -0.5"),
        ({"dev": 2}, "part 'dev' is 2"),
        ({"dev": float("nan")}, "part 'dev' is nan"),
        ({"dev": "half"}, "part 'dev' is 'half'"),
        ({"dev": True}, "part 'dev' is True"),
    ],
)
def test_wrong_parts(parts, message):
    with pytest.raises(InputError) as caught:
        part("x", parts=parts)
    assert message in str(caught.value)
