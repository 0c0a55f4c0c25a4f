"""Two recordings compare without their prompt: each recorded prompt finds its row."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.cli import main
from scansion.data import DataSpec
from scansion.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"q{i}", "kind": "sum", "question": f"What is {i} + 3?", "answer": i + 3} for i in range(30)]
    write("rows.jsonl", rows)
    return tmp_path


def write(name: str, lines: list[dict[str, Any]]) -> str:
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return f"replay:{name}"


def line(template: str, i: int, said: Any, **more: Any) -> dict[str, Any]:
    text = template.format(f"What is {i} + 3?")
    return {"messages": [{"role": "user", "content": text}], "completions": said, **more}


SUM, THINK = "Sum it up.\n{}", "Think, then answer: {} Well?"
SHOTS = "What is 0 + 3? 3\nWhat is 2 + 3? 5\n{}"


@pytest.mark.parametrize("template", [SUM, THINK, SHOTS, "{}"])
def test_recordings_of_two_prompts_pair_by_row(template: str) -> None:
    a = write("a.jsonl", [line(SUM, i, [str(i + 3 * (i % 2))]) for i in range(30)])
    b = write("b.jsonl", [line(template, i, [f"It is {i + 3}."], usage={"input_tokens": 9}) for i in range(30)])
    result = scansion.compare(a, b, data="rows.jsonl", scorer="numeric")
    [found] = result.comparisons
    assert (found.a, found.b, found.verdict, found.n) == ("a", "b", "better", 30)
    assert (found.flips, result.notes, result.variants[1].input_tokens) == ((0, 15), [], 270)


def test_repeats_are_trials_and_rows_asked_alike_count_once() -> None:
    twin = [{"id": "t1", "question": "Same?", "answer": "yes"}, {"id": "t2", "question": "Same?", "answer": "yes"}]
    write("twins.jsonl", [*twin, {"id": "t3", "question": "Else?", "answer": "no"}])
    a = write("a.jsonl", [{"prompt": p, "completions": [["yes"], ["no"]]} for p in ("Q: Same?", "Q: Else?")])
    b = write("b.jsonl", [{"prompt": p, "completions": [["yes"], [None]]} for p in ("Q: Same?", "Q: Else?")])
    result = scansion.compare(a, b, data="twins.jsonl", scorer="exact")
    assert [(v.n, v.trials, v.scored) for v in result.variants] == [(3, 2, 6), (3, 1, 3)]
    assert (result.comparisons[0].n, result.comparisons[0].pairs) == (3, 3)


def test_equal_rows_are_examples_of_their_own() -> None:
    write("twins.jsonl", [{"question": f"Is it {i // 2}?", "answer": str(i // 2)} for i in range(12)])
    a = write("a.jsonl", [{"prompt": f"Q: Is it {i}?", "completion": "0"} for i in range(6)])
    b = write("b.jsonl", [{"prompt": f"P: Is it {i}?", "completion": str(i)} for i in range(6)])
    plan = {"data": "twins.jsonl", "scorers": ["exact"], "lab": "lab"}
    for name in ("Q", "P"):
        Path(f"{name}.txt").write_text(name + ": {{question}}")
    variants = [{"name": n, "prompt": f"{n}.txt", "model": m} for n, m in (("Q", a), ("P", b))]
    ran = scansion.run(variants=variants, **plan).comparisons[0]
    found = scansion.compare(a, b, data="twins.jsonl", scorer="exact").comparisons[0]
    assert (found.n, found.flips, found.p, found.interval) == (12, (0, 10), ran.p, ran.interval)


def test_prompts_with_more_completions_than_others_lack_none() -> None:
    a = write("a.jsonl", [line(SUM, i, [str(i + 3)] * (5 if i == 0 else 1)) for i in range(20)])
    b = write("b.jsonl", [line(THINK, i, [str(i + 3 + i % 2)]) for i in range(20)])
    result = scansion.compare(a, b, data="rows.jsonl", scorer="numeric")
    assert [(v.n, v.scored, v.unreached) for v in result.variants] == [(20, 24, 0), (20, 20, 0)]
    assert (result.notes, result.complete, result.comparisons[0].n) == ([], True, 20)


def test_several_prompts_of_a_row_pair_by_prompt() -> None:
    both = [line(t, i, [str(i)]) for t in (SUM, THINK) for i in range(5)]
    a, b = write("a.jsonl", both), write("b.jsonl", both)
    result = scansion.compare(a, b, data="rows.jsonl", scorer="numeric")
    assert (result.comparisons[0].n, result.variants[0].interval_method) == (10, result.variants[1].interval_method)
    assert "cluster" in result.comparisons[0].test or result.comparisons[0].flips == (0, 0)


def test_models_of_one_recording_compare() -> None:
    lines = [line(SUM, i, [str(i + 3 * (m == "large"))], model=m) for m in ("small", "large") for i in range(9)]
    one = write("both.jsonl", lines)
    [found] = scansion.compare(one, data="rows.jsonl", scorer="numeric").comparisons
    assert (found.a, found.b, found.flips) == ("small", "large", (0, 9))
    apart = scansion.compare(f"{one}?model=large", f"{one}?model=small", data="rows.jsonl", scorer="numeric")
    assert apart.comparisons[0].flips == (9, 0)
    with pytest.raises(InputError, match="holds nothing of model 'huge'"):
        scansion.compare(f"{one}?model=huge", one, data="rows.jsonl", scorer="numeric")


def test_without_data_a_scorer_without_target_reads_equal_prompts() -> None:
    a = write("a.jsonl", [line(SUM, i, ["one two three"]) for i in range(12)])
    b = write("b.jsonl", [line(SUM, i, ["one"]) for i in range(14)])
    result = scansion.compare(a, b, scorer="max_words(2)")
    assert (result.comparisons[0].flips, result.comparisons[0].n) == ((0, 12), 12)


def test_the_column_can_be_named_and_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    a = write("a.jsonl", [line(SUM, i, [str(i)]) for i in range(5)])
    spec = DataSpec(path="rows.jsonl", inputs={"prompt": "question"})
    assert scansion.compare(a, a, data=spec, scorer="numeric").comparisons[0].n == 5
    write("other.jsonl", [{"id": "1", "question": "What is love?", "answer": "x"}])
    for words, said in (
        ([a, a, "-d", "rows.jsonl"], "name a scorer"),
        ([a, a, "-s", "numeric"], "give the data with -d"),
        ([a, a, "-s", "contains($must)"], "the column 'must'"),
        ([a, "rows.jsonl", "-s", "numeric", "-d", "rows.jsonl"], "is no recording"),
        ([a, "replay:none.jsonl", "-s", "numeric", "-d", "rows.jsonl"], "no recording at none.jsonl"),
        ([a, a, "-s", "numeric", "-d", "other.jsonl"], "no recorded prompt holds a row's text"),
        ([a, a, "-s", "numeric", "-s", "exact", "-d", "rows.jsonl"], "give -s once"),
        ([a, a, "-s", "numeric", "-d", "rows.jsonl", "--trials", "2"], "--trials has no effect"),
        ([a, "-s", "numeric", "-d", "rows.jsonl"], "give a second file"),
    ):
        assert main(["compare", *words]) == 2
        error = capsys.readouterr().err
        assert said in error, error
        assert error.count("\n") == 1


def test_what_the_page_shows_in_python_runs() -> None:
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    Path("results.csv").write_text("answer_v1,answer_v2,gold\n4,5,5\n5,5,5\n")
    for name in ("old", "new"):
        write(f"{name}.jsonl", [line(SUM, i, [str(i)]) for i in range(5)])
    write("rows.csv", [])
    Path("rows.csv").write_text("question,answer\n" + "".join(f"What is {i} + 3?,{i}\n" for i in range(5)))
    [snippet] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(snippet, {})


def test_a_forgotten_target_is_said_as_a_run_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    write("sums.jsonl", [{"question": f"What is {i} + 3?", "Gold Answer": i + 3} for i in range(3)])
    a, b = (write(f"{name}.jsonl", [line(SUM, i, [str(i + 3)]) for i in range(3)]) for name in "ab")
    words = ["compare", a, b, "-d", "sums.jsonl", "-s", "numeric"]
    assert main(words) == 2
    said = "sums.jsonl: no row has a target, and numeric needs one; name its column with --target (columns: question, "
    assert said in capsys.readouterr().err
    assert main([*words, "--target", "Gold Answer"]) == 0
