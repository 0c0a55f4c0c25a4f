"""Every format gives back what was written, and `at` gives what streaming gave."""

import csv
import gzip
import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.data import DataSpec, Position, open_dataset, write_jsonl, write_parquet
from scansion.errors import InputError
from scansion.types import Example, hexdigest

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(SCALAR, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=6)
OBJECT = st.dictionaries(TEXT.filter(lambda k: k.lower() not in ("id", "inputs")), VALUE, min_size=1, max_size=4)
SPACE = st.text(" \t\r\n", max_size=4)


def check_all_ways_in(path, rows, spec=None):
    """Stream, start at each row, and find rows in any order: all the same examples, equal to `rows`."""
    data = open_dataset(spec or path)
    streamed = list(data.rows())
    assert [r.example.inputs for r in streamed] == rows
    assert [r.example.row for r in streamed] == list(range(len(rows)))
    positions = [r.position for r in streamed]
    backwards = positions[::-1] + positions[:1]
    assert data.at(backwards) == [*streamed[::-1], streamed[0]]
    for n in {0, len(rows) // 2, len(rows) - 1}:
        assert list(data.rows(positions[n])) == streamed[n:]
    return data, streamed


def one_target(rows):
    names = {k for r in rows for k in r if k.replace(" ", "").lower() in ("target", "answer", "output", "label")}
    return len(names) < 2


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(OBJECT, min_size=1, max_size=8).filter(one_target), gz=st.booleans(), blank=st.data())
def test_jsonl_round_trip(tmp_path_factory, rows, gz, blank):
    path = tmp_path_factory.mktemp("j") / ("rows.jsonl" + ".gz" * gz)
    lines = b"".join(
        msgspec.json.encode(r) + blank.draw(st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n \t\n"])) for r in rows
    )
    path.write_bytes(gzip.compress(lines) if gz else lines)
    _, streamed = check_all_ways_in(path, rows)
    assert [r.example.id for r in streamed] == [hexdigest(r)[:12] for r in rows]
    if not gz:
        for row in streamed:
            line = lines[row.offset :].split(b"\n")[0]
            assert json.loads(line) == row.example.inputs
            assert lines[: row.offset].count(b"\n") == row.line - 1


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(OBJECT, min_size=1, max_size=6).filter(one_target), indent=st.sampled_from([None, 1]), pad=SPACE)
def test_json_list_round_trip(tmp_path_factory, rows, indent, pad):
    path = tmp_path_factory.mktemp("l") / "rows.json"
    text = pad + json.dumps(rows, indent=indent, ensure_ascii=False) + pad
    path.write_text(text, encoding="utf-8", newline="")
    _, streamed = check_all_ways_in(path, rows)
    for row in streamed:
        assert path.read_bytes()[row.offset :].startswith(b"{")
        assert path.read_bytes()[: row.offset].count(b"\n") == row.line - 1


def test_json_list_longer_than_what_is_read_at_once(tmp_path):
    rows = [{"q": "é" * n, "n": n} for n in (10, 70_000, 3, 200_000, 1)] + [{"q": str(i)} for i in range(5000)]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    check_all_ways_in(path, rows)
    packed = tmp_path / "rows.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    check_all_ways_in(packed, rows)


@settings(max_examples=50, deadline=None)
@given(
    header=st.lists(TEXT.map(lambda t: "c" + t), min_size=2, max_size=4, unique=True),
    cells=st.data(),
    ends=st.sampled_from(["\n", "\r\n"]),
    kind=st.sampled_from([("csv", ","), ("tsv", "\t")]),
    bom=st.booleans(),
    gz=st.booleans(),
)
def test_csv_round_trip(tmp_path_factory, header, cells, ends, kind, bom, gz):
    tricky = st.text(st.sampled_from('a,"\t\r\n é漢;\x00\u2028\x85'), max_size=8)
    rows = cells.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(header, tricky)), min_size=1, max_size=6))
    suffix, delimiter = kind
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *([r[h] for h in header] for r in rows)])
    raw = b"\xef\xbb\xbf" * bom + text.getvalue().encode()
    path = tmp_path_factory.mktemp("c") / (f"rows.{suffix}" + ".gz" * gz)
    path.write_bytes(gzip.compress(raw) if gz else raw)
    data, streamed = check_all_ways_in(path, rows)
    assert data.columns == tuple(header)
    if not gz:
        assert all(raw[: r.offset].count(b"\n") == r.line - 1 for r in streamed)


def test_csv_values_stay_text_and_long_cells_are_read(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f'n,text\n007,"{"x" * 300_000}"\n1.50,\n\n,y\n')
    rows = [r.example.inputs for r in open_dataset(path).rows()]
    assert rows == [{"n": "007", "text": "x" * 300_000}, {"n": "1.50", "text": ""}, {"n": "", "text": "y"}]


@pytest.mark.parametrize("groups", [3000, 500])
def test_parquet(tmp_path, groups):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"id": f"r{i}", "q": f"é {i}", "n": i, "tags": ["a", "b"], "answer": i / 2} for i in range(2500)]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=groups)
    data, streamed = check_all_ways_in(path, rows)
    assert data.columns == ("id", "q", "n", "tags", "answer")
    assert streamed[7].example == Example("r7", rows[7], 3.5, tags=("a", "b"), row=7)
    assert (streamed[7].line, streamed[7].offset) == (8, -1)
    assert data.at([Position(2400, -1, 2401), Position(3, -1, 4)]) == [streamed[2400], streamed[3]]
    with pytest.raises(InputError, match="row 3001: no row is there"):
        data.at([Position(3000, -1, 3001)])


def test_parquet_faults(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 no PAR1")
    with pytest.raises(InputError, match=r"rows\.parquet cannot be read as Parquet"):
        open_dataset(path)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"pip install 'scansion\[parquet\]'"):
        open_dataset(path)


def test_rows_in_memory():
    data = open_dataset([{"question": "a", "Answer": 1}, {"question": "b", "Answer": 2}])
    first, second = data.rows()
    assert first.example.target == 1
    assert list(data.rows(second.position)) == [second]
    assert data.at([second.position, first.position]) == [second, first]
    assert (data.name, data.path, data.target_column) == ("data", None, "Answer")
    assert (
        data.fingerprint == open_dataset([{"question": "a", "Answer": 1}, {"question": "b", "Answer": 2}]).fingerprint
    )
    for rows, message in [([], "no rows"), ([{"a": 1}, 3], "row 2 is not a mapping"), ([{1: 2}], "row 1 is not a map")]:
        with pytest.raises(InputError, match=message):
            open_dataset(rows)
    with pytest.raises(InputError, match="row 1: a value cannot be written as JSON"):
        list(open_dataset([{"a": object()}]).rows())


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_examples_written_are_read_back(tmp_path, name):
    examples = [
        Example("a", {"q": "x\u2028y"}, {"k": [1]}, "because", ("t", "u"), "g", 2.5, 0),
        Example("b", {"q": "z"}, row=1),
    ]
    path = tmp_path / name
    assert write_jsonl(path, examples) == 2
    data = open_dataset(path)
    assert [r.example for r in data.rows()] == examples
    assert (data.columns, data.name) == (("q",), "out")
    assert data.match(["Q"]) == {"Q": "q"}


def test_writing_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.jsonl"
    write_jsonl(path, [{"a": 1}])

    def rows():
        yield {"a": 2}
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_jsonl(path, rows())
    with pytest.raises(InputError, match="row 1 has no JSON form"):
        write_jsonl(path, [{"a": object()}])
    assert path.read_text() == '{"a":1}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]
    with pytest.raises(InputError, match="cannot write"):
        write_jsonl(tmp_path / "none" / "out.jsonl", [{"a": 1}])


def test_equal_rows_make_equal_gzip_files(tmp_path):
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_jsonl(tmp_path / name, [{"a": 1}] * 10)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_write_parquet(tmp_path):
    path = tmp_path / "out.parquet"
    rows = [{"q": f"é{i}", "n": i} | ({"late": 1} if i == 9 else {}) for i in range(5000)]
    assert write_parquet(path, rows) == 5000
    assert [r.example.inputs for r in open_dataset(path).rows()] == [{"late": None, **r} for r in rows]
    with pytest.raises(InputError, match=r"rows 4097 to 4098 do not fit one table \(new columns b\)"):
        write_parquet(tmp_path / "x.parquet", [{"a": 1}] * 4097 + [{"b": 1}])
    with pytest.raises(InputError, match=r"rows 1 to 2 do not fit"):
        write_parquet(tmp_path / "x.parquet", [{"a": 1}, {"a": "x"}])
    with pytest.raises(InputError, match="no rows"):
        write_parquet(tmp_path / "x.parquet", [])
    assert [p.name for p in tmp_path.iterdir()] == ["out.parquet"]


def test_paths_names_and_identity(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "My.Rows.JSONL"
    path.write_text('{"q": 1}\n')
    data = open_dataset(DataSpec("sub/My.Rows.JSONL"), base_dir=tmp_path)
    assert (data.name, data.label, data.path) == ("My.Rows", "sub/My.Rows.JSONL", path)
    monkeypatch.chdir(tmp_path)
    assert open_dataset("sub/My.Rows.JSONL").fingerprint == open_dataset(Path(path)).fingerprint == data.fingerprint
    before = data.content_digest()
    path.write_text('{"q": 12}\n')
    assert data.content_digest() != before
    assert open_dataset(path).fingerprint != open_dataset(DataSpec(str(path), target="q")).fingerprint


def test_data_are_opened_by_their_class(tmp_path: Path) -> None:
    from scansion import Dataset

    (tmp_path / "a.jsonl").write_text('{"q": "x", "answer": "y"}\n')
    assert [r.example.target for r in Dataset.open("a.jsonl", base_dir=tmp_path).rows()] == ["y"]
    assert Dataset.open([{"q": "x"}]).columns == ("q",)
