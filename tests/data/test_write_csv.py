"""What is written as CSV reads back as the same text, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data import open_dataset
from scansion.data.writer import write_csv
from scansion.errors import InputError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8), end=st.sampled_from(["csv", "tsv", "csv.gz"]))
def test_texts_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{end}"
    assert write_csv(path, [{"one": "x" + a, "two, or \t": b} for a, b in rows]) == len(rows)
    found = [row.example.inputs for row in open_dataset(path).rows()]
    assert found == [{"one": "x" + a, "two, or \t": b} for a, b in rows]


def test_values_of_other_kinds_are_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, [{"a": None, "b": True, "c": 0.1, "d": {"k": ["v"]}, "e": 7}])
    assert path.read_text(encoding="utf-8").splitlines()[1] == ',true,0.1,"{""k"":[""v""]}",7'


def test_rows_that_differ_leave_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(InputError, match="row 2 and row 1 differ in the column 'b'"):
        write_csv(path, [{"a": 1}, {"a": 1, "b": 2}])
    with pytest.raises(InputError, match="no rows"):
        write_csv(path, [])
    assert list(tmp_path.iterdir()) == []
