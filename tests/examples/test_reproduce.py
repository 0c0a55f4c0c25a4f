"""The reproductions give the published figures, item by item, from the recorded outputs."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "examples" / "reproduce"
RECORDS = ROOT.parent / "shared" / "data"


def reproduce(script: str, data: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, SCRIPTS / script, "--data", data, "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def recorded(folder: str) -> Path:
    if not (RECORDS / folder).is_dir():
        pytest.skip(f"the recorded outputs are not beside the project: ../shared/data/{folder}")
    return RECORDS / folder


def test_zero_shot_cot_reproduces_every_item_of_the_recorded_sets() -> None:
    data = recorded("zero_shot_cot")
    document = reproduce("zero_shot_cot.py", data)
    expected = json.loads((RECORDS / "expected.json").read_text())
    files = sorted(f.name.removesuffix(".jsonl.gz") for f in data.glob("*.jsonl.gz"))
    assert sorted(f"{r['dataset']}.{r['method']}" for r in document["rows"]) == files
    for row in document["rows"]:
        cell = expected[f"zero_shot_cot/{row['dataset']}/{row['method']}"]
        assert (row["n"], row["correct"], row["recorded_correct"]) == (cell["n"], cell["correct"], cell["correct"])
        assert (row["items_differing"], row["paper"]) == (0, cell["paper_table1"])
    verdicts = {c["dataset"]: c["verdict"] for c in document["comparisons"]}
    assert verdicts["multiarith"] == verdicts["last_letters"] == verdicts["strategyqa"] == "better"
    assert len(verdicts) == len(files) / 2


def test_bbh_reproduces_every_cell_of_the_recorded_tasks() -> None:
    document = reproduce("bbh.py", recorded("bbh_codex"))
    expected = {k: v for k, v in json.loads((RECORDS / "expected.json").read_text()).items() if k.startswith("bbh")}
    rows = {f"bbh_codex/{r['dataset']}/{r['method']}": r for r in document["rows"]}
    assert rows.keys() == expected.keys()
    for key, cell in expected.items():
        assert (rows[key]["n"], rows[key]["correct"]) == (cell["n"], cell["correct"]), key
        assert rows[key]["recorded_correct"] == cell["correct"]
        assert rows[key]["items_differing"] is None
    assert {c["dataset"]: c["verdict"] for c in document["comparisons"]}["navigate"] == "better"


def write_log(folder: Path, dataset: str, method: str, records: list[dict[str, Any]]) -> None:
    folder.mkdir(exist_ok=True)
    with gzip.open(folder / f"{dataset}.{method}.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)


def record(item: int, question: str, answer: str, gold: str, pred: str) -> dict[str, Any]:
    return {
        "item_id": f"set:{item}",
        "question": question,
        "gold": gold,
        "completion_1": answer,
        "pred": pred,
        "correct": pred == gold,
    }


ANSWERS = {
    "singleeq": (" 1,234.5 pens.", "1234.5"),
    "addsub": (" $-3.", "-3"),
    "gsm8k": (" 12. So 13", "12"),
    "commonsensqa": ("the Bank", "B"),
    "object_tracking": (" So (C), not A", "C"),
    "coin_flip": (' "No," it is.', "no"),
}


def test_sets_that_are_not_here_are_read_by_their_rules(tmp_path: Path) -> None:
    for dataset, (answer, read) in ANSWERS.items():
        direct = [record(1, "One?", answer, read, read), record(2, "Two? ", "?", read, "")]
        cot = [{**r, "completion_1": " Hm: so. ", "completion_2": r["completion_1"]} for r in direct]
        write_log(tmp_path, dataset, "zero_shot", direct)
        write_log(tmp_path, dataset, "zero_shot_cot", cot)
    document = reproduce("zero_shot_cot.py", tmp_path)
    assert sorted(r["dataset"] for r in document["rows"]) == sorted([*ANSWERS, *ANSWERS])
    assert {(r["n"], r["correct"], r["items_differing"]) for r in document["rows"]} == {(2, 1, 0)}
    assert [c["n"] for c in document["comparisons"]] == [2] * 6


def test_a_question_asked_twice_and_answered_otherwise_keeps_both_answers(tmp_path: Path) -> None:
    rows = [
        record(1, "Same?", " yes", "yes", "yes"),
        record(2, "Same?", " no", "yes", "no"),
        record(3, "Else?", "", "no", ""),
    ]
    write_log(tmp_path / "data", "coin_flip", "zero_shot", rows)
    cot = [{**r, "completion_2": r["completion_1"]} for r in rows]
    write_log(tmp_path / "data", "coin_flip", "zero_shot_cot", cot)
    document = reproduce("zero_shot_cot.py", tmp_path / "data")
    assert [(r["n"], r["correct"], r["items_differing"]) for r in document["rows"]] == [(3, 1, 0), (3, 1, 0)]
    [comparison] = document["comparisons"]
    assert (comparison["n"], comparison["difference"]) == (3, 0.0)


def test_one_method_alone_is_run_and_compared_with_nothing(tmp_path: Path) -> None:
    write_log(tmp_path / "data", "gsm8k", "zero_shot", [record(1, "One?", " 5", "5", "5")])
    document = reproduce("zero_shot_cot.py", tmp_path / "data", "--keep", str(tmp_path / "kept"))
    assert [(r["method"], r["correct"]) for r in document["rows"]] == [("zero_shot", 1)]
    assert document["comparisons"] == []
    [prompt] = (tmp_path / "kept").glob("gsm8k/*/zero_shot.prompty")
    assert prompt.read_text().endswith("Q: {{question}}\nA: The answer (arabic numerals) is\n")


def test_a_missing_folder_is_named_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, SCRIPTS / "bbh.py", "--data", tmp_path / "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no such folder" in done.stderr
