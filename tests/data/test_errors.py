"""What is wrong with a file is said in one line with its place."""

import gzip

import pytest

from scansion.data import open_dataset
from scansion.errors import InputError

CASES = [
    # name, bytes, message
    ("d.jsonl", b'{"q": 1}\n{"q": "caf\xe9"}\n',
     "d.jsonl:2: not UTF-8 (byte 0xe9 at column 11); save the file as UTF-8"),
    ("d.jsonl", b'{"q": 1}\n[1]\n', "d.jsonl:2: a list where a JSON object is needed, such as {\"question\": \"...\"}"),
    ("d.jsonl", b'"x"\n', "d.jsonl:1: a string where a JSON object is needed"),
    ("d.jsonl", b'{"q": 1}\n{"q": \n', "d.jsonl:2: not JSON (expecting value at column 6)"),
    ("d.jsonl", b"{'q': 1}\n", "d.jsonl:1: not JSON (expecting property name enclosed in double quotes at column 2)"),
    ("d.jsonl", b'{"q": NaN}\n', "d.jsonl:1: NaN is not JSON; write null or a number"),
    ("d.jsonl", b'{"q": -Infinity}\n', "d.jsonl:1: -Infinity is not JSON"),
    ("d.jsonl", b'{"q": "\\ud800"}\n', "d.jsonl:1: not JSON that can be kept (half of a surrogate pair); mend"),
    ("d.jsonl", b'{"q": 1e999}\n', "d.jsonl:1: not JSON that can be kept (Number out of range); mend this row"),
    ("d.jsonl", b'{"q": ' + b"[" * 100_000 + b"\n", "d.jsonl:1: nested too deeply"),
    ("d.jsonl", b'{"q": 1} {"q": 2}\n', "d.jsonl:1: not JSON (extra data at column 10)"),
    ("d.jsonl", b"", "d.jsonl has no rows"),
    ("d.jsonl", b"\n \n", "d.jsonl has no rows"),
    ("d.jsonl", '{"q": 1}\n'.encode("utf-16"), "d.jsonl:1: not UTF-8 (byte 0xff at column 1)"),
    ("d.jsonl.gz", b"not gzip", "d.jsonl.gz is not a gzip file"),
    ("d.jsonl.gz", gzip.compress(b'{"q": 1}\n' * 999, mtime=0)[:-9], "d.jsonl.gz is not a whole gzip file"),
    ("d.json", b'{"q": 1}', "d.json:1: a .json data file must be a list of objects; one object a line belongs in a .j"),
    ("d.json", b'[{"q": 1}\n {"q": 2}]', "d.json:2: '{' where a comma or the closing ] is needed"),
    ("d.json", b'[{"q": 1},\n', "d.json:2: the list is cut off after a comma; close it with ]"),
    ("d.json", '[{"ü": 1}, {"q" 2}]'.encode(), "d.json:1: not JSON (expecting ':' delimiter at column 17); mend the l"),
    ("d.json", b'[{"q": 1}, {"q": "\xff"}]', "d.json:1: not UTF-8 (byte 0xff at column 19)"),
    ("d.json", b'[{"q": 1}\n', "d.json:2: the list is cut off where a comma or the closing ] is needed"),
    ("d.json", b'[{"q": 1}, ]', "d.json:1: a comma stands before the closing ]; take it out"),
    ("d.json", b'[{"q": 1}, 7]', "d.json:1: "),
    ("d.json", b'[{"q": 1}]\n\nx', "d.json:3: text after the list's closing ]"),
    ("d.json", b'[\n{"q": 1},\n{"q": nope}]', "d.json:3: not JSON (expecting value at column 7)"),
    ("d.json", b'[\n{"q": 1},\n{"q": "x\n', "d.json:3: not JSON (invalid control character at column 9)"),
    ("d.json", b'[\n{"q": 1},\n{"q": "x', "d.json:3: not JSON (unterminated string starting at column 7)"),
    ("d.json", b'[\n{"q": 1,\n "p": 2\n "r": 3}\n]', "d.json:4: not JSON (expecting ',' delimiter at column 2)"),
    ("d.json", b'[\n{"q":\n "\xe9"}]', "d.json:3: not UTF-8 (byte 0xe9 at column 3)"),
    ("d.json", b'[{"q": NaN}]', "d.json:1: NaN is not JSON"),
    ("d.json", b'[\n{"q": "\xe9"}]', "d.json:2: not UTF-8 (byte 0xe9 at column 8)"),
    ("d.json", b"[]", "d.json has no rows"),
    ("d.json", b" ", "d.json has no rows"),
    ("d.csv", b"", "d.csv is empty; give it a header and rows"),
    ("d.csv", b"q,a\n", "d.csv has no rows"),
    ("d.csv", b"q,a,q\n1,2,3\n", "d.csv:1: the header names 'q' more than once; rename one"),
    ("d.csv", b"q,a\n1,2\n1,2,3\n", "d.csv:3: 3 cells where the header has 2 columns; put cells that hold commas in"),
    ("d.csv", b"q,a\n1\n", "d.csv:2: 1 cell where the header has 2 columns"),
    ("d.csv", b'q,a\n"x\ny",2\n1\n', "d.csv:4: 1 cell where"),
    ("d.csv", b"q,a\n1,2\ncaf\xe9,3\n", "d.csv:3: not UTF-8 (byte 0xe9 at column 4); save the file as UTF-8"),
    ("d.csv", b'q,a\n1,2\n"x,3\n4,5\n', "d.csv:3: a quoted cell that starts in this row is not closed"),
    ("d.csv", b'q,a\n"x"y,3\n', "d.csv:2: text after a closing quote"),
    ("d.csv", b"q,a\r1,2\r", "d.csv:1: a bare carriage return"),
    ("d.csv", b"q;a\n1;2\n", "d.csv:1: the columns stand between semicolons; save with commas"),
    ("d.tsv", b"q,a\n1,2\n", "d.tsv:1: the columns stand between commas; save with tabs"),
    ("d.tsv", b"q\ta\n1\t2\t3\n", "d.tsv:2: 3 cells where the header has 2 columns; put cells that hold tabs"),
    ("d.xlsx", b"", "d.xlsx: unknown data format; use .jsonl, .ndjson, .json, .csv, .tsv (each also .gz) or .parquet"),
    ("d.parquet.gz", b"", "d.parquet.gz: unknown data format"),
    ("d", b"", "d: unknown data format"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), CASES, ids=[f"{n}-{c[:24]!r}" for n, c, _ in CASES])
def test_faults_are_named(tmp_path, monkeypatch, name, content, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(open_dataset(name).rows())
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_fault_far_down_is_found_when_reached(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("q,a\n" + "1,2\n" * 5000 + "1\n")
    rows = open_dataset(path).rows()
    assert next(rows).line == 2
    with pytest.raises(InputError, match=r"d\.csv:5002: 1 cell"):
        list(rows)


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match=r"row\.csv not found; did you mean 'rows\.csv'\?"):
        open_dataset("row.csv", base_dir=tmp_path)
    with pytest.raises(InputError, match=r"none/row\.csv not found"):
        open_dataset("none/row.csv", base_dir=tmp_path)
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(InputError, match=r"dir\.csv is not a file"):
        open_dataset("dir.csv", base_dir=tmp_path)
    with pytest.raises(InputError, match="path is empty"):
        open_dataset("")
