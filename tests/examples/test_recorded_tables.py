"""On the recorded sets, what compares without a run says what the run says: bare tables of outputs or of marks, and two
recordings."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.data import DataSpec
from scansion.experiments.results import Comparison

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT.parent / "shared" / "data"


def records(folder: str, *names: str) -> list[list[dict[str, Any]]]:
    """The records of a set's files; skips where they are not beside the project."""
    paths = [RECORDS / folder / f"{name}.jsonl.gz" for name in names]
    for path in paths:
        if not path.exists():
            pytest.skip(f"the recorded outputs are not beside the project: ../shared/data/{folder}/{path.name}")
    return [[json.loads(line) for line in gzip.open(path)] for path in paths]


@pytest.fixture
def zero_shot_cot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module that reproduces the paper's table, for its cues and extractors and its run."""
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "reproduce"))
    yield importlib.import_module("zero_shot_cot")
    for name in ("zero_shot_cot", "_common"):
        sys.modules.pop(name, None)


def table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def recording(path: Path, calls: Iterable[tuple[str, str]]) -> str:
    lines = [json.dumps({"prompt": prompt, "completion": text}) for prompt, text in calls]
    path.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
    return f"replay:{path}"


def figures(found: Comparison) -> tuple[Any, ...]:
    return found.difference, found.p, *(found.interval or ())


def check_same(found: Comparison, wanted: Comparison) -> None:
    """That a comparison says what another does, its figures to rounding."""
    assert (found.verdict, found.n, found.flips) == (wanted.verdict, wanted.n, wanted.flips)
    assert figures(found) == pytest.approx(figures(wanted), abs=1e-12)


@pytest.mark.parametrize("dataset", ["multiarith", "bigbench_date", "last_letters"])
def test_two_methods_compare_as_their_run_does(dataset: str, zero_shot_cot: Any, tmp_path: Path) -> None:
    direct, cot = records("zero_shot_cot", f"{dataset}.zero_shot", f"{dataset}.zero_shot_cot")
    (ask, extractor), _ = zero_shot_cot.SETS[dataset]
    scorer = f"exact(by={extractor}, strip=false)"
    _, ran = zero_shot_cot.run_set(tmp_path / "run", {"zero_shot": direct, "zero_shot_cot": cot}, ask, scorer)

    second = {r["item_id"]: r["completion_2"] for r in cot}
    rows = [(r["item_id"], r["question"], r["gold"], r["completion_1"], second[r["item_id"]]) for r in direct]
    path = table(tmp_path / "answers.csv", ["id", "question", "gold", "a", "b"], rows)
    columns = scansion.compare(
        "a", "b", table=path, target="gold", group="question", scorer=scorer, no_answer="wrong"
    ).comparisons[0]
    check_same(columns, ran)

    right = {r["item_id"]: int(r["correct"]) for r in cot}
    marked = [(r["question"], int(r["correct"]), right[r["item_id"]]) for r in direct]
    path = table(tmp_path / "marks.csv", ["question", "a", "b"], marked)
    check_same(scansion.compare("a", "b", table=path, group="question").comparisons[0], ran)


def test_two_recordings_compare_as_the_run_of_their_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [items] = records("gsm8k_openai_2021", "solutions")
    monkeypatch.chdir(tmp_path)
    systems = ["6b_verification", "175b_finetuning"]
    asked = "Solve it.\n\n{}"
    models = [
        recording(tmp_path / f"{s}.jsonl", [(asked.format(r["question"]), r[s]["solution"]) for r in items])
        for s in systems
    ]
    (tmp_path / "solve.txt").write_text(asked.format("{{question}}"))
    path = table(
        tmp_path / "rows.csv",
        ["id", "question", "gold", *systems],
        [(r["item"], r["question"], r["gold"], *(r[s]["solution"] for s in systems)) for r in items],
    )
    data = DataSpec(path="rows.csv", target="gold", id="id")
    ran = scansion.run(prompts=["solve.txt"], models=models, data=data, scorers=["numeric"]).comparisons[0]
    replayed = scansion.compare(*models, data=data, scorer="numeric")
    columns = scansion.compare(*systems, table=path, target="gold", scorer="numeric").comparisons[0]
    check_same(replayed.comparisons[0], ran)
    check_same(columns, ran)
    assert replayed.notes == []


def test_prompts_with_shots_find_their_rows(tmp_path: Path) -> None:
    direct, cot = records("bbh_codex", "direct", "cot")
    prefixes = json.loads(gzip.decompress((RECORDS / "bbh_codex" / "prompt_prefixes.json.gz").read_bytes()))
    for task in sorted({r["task"] for r in direct}):
        items = [r for r in direct if r["task"] == task]
        reasoned = [r for r in cot if r["task"] == task]
        a = recording(
            tmp_path / "a.jsonl", [(prefixes[f"direct/{task}"] + r["question"], r["completion"]) for r in items]
        )
        b = recording(
            tmp_path / "b.jsonl", [(prefixes[f"cot/{task}"] + r["question"], r["completion"]) for r in reasoned]
        )
        rows = [(r["item"], r["question"].removeprefix("Q: ").removesuffix("\nA:"), r["gold"]) for r in items]
        path = table(tmp_path / "rows.csv", ["id", "question", "gold"], rows)
        scorer = 'exact(by=either(then(after("the answer is "), trim(".")), trim(".")))'
        result = scansion.compare(a, b, data=DataSpec(path=str(path), target="gold", id="id"), scorer=scorer)
        assert result.comparisons[0].n == len(items), task
        assert result.notes == [], task
