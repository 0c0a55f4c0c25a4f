"""Columns of a table: cells of every type read as targets are, rows that repeat others, assertions of the rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.errors import InputError

GAPS = [None, *range(1, 20)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(rows: list[dict[str, Any]], name: str = "t.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


@pytest.mark.parametrize(
    ("scorer", "cell"),
    [
        ("json(equal=true)", {"a": 1, "b": [True, None]}),
        ("exact", True),
        ("exact", False),
        ("exact", 7),
        ("exact", 0.5),
        ("exact", "plain text"),
        ("numeric", 1e3),
    ],
)
def test_a_cell_that_equals_the_target_is_right(scorer: str, cell: Any) -> None:
    path = table([{"a": cell, "b": "other", "gold": cell}] * 5)
    first, second = scansion.compare("a", "b", table=path, target="gold", scorer=scorer).variants
    assert (first.mean, second.mean or 0.0) == (1.0, 0.0)


def test_whole_numbers_that_a_gap_made_floats_are_whole() -> None:
    rows = [{"a": float(i), "b": i, "gold": i} for i in range(20)]
    means = [v.mean for v in scansion.compare("a", "b", table=table(rows), target="gold", scorer="exact").variants]
    assert means == [1.0, 1.0]
    rows = [{"a": i, "b": str(i), "gold": float(i)} for i in range(20)]
    means = [v.mean for v in scansion.compare("a", "b", table=table(rows), target="gold", scorer="exact").variants]
    assert means == [1.0, 0.0]


def test_a_parquet_column_with_a_gap_compares() -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    columns = {"a": pyarrow.array(GAPS, pyarrow.float64()), "b": [*range(19), 0], "gold": list(range(20))}
    parquet.write_table(pyarrow.table(columns), "t.parquet")
    result = scansion.compare("a", "b", table="t.parquet", target="gold", scorer="exact")
    assert [(v.mean, v.errors) for v in result.variants] == [(1.0, 1), (0.95, 0)]


def test_a_blank_cell_is_empty_with_a_scorer_and_without() -> None:
    Path("t.csv").write_text("a,b,gold\n" + "1, ,1\n" * 3 + "1,1,1\n" * 9)
    for settings in ({}, {"target": "gold", "scorer": "exact"}):
        result = scansion.compare("a", "b", table="t.csv", **settings)
        assert [(v.mean, v.errors, v.error_kinds) for v in result.variants] == [
            (1.0, 0, {}),
            (1.0, 3, {"empty cell": 3}),
        ]


def test_rows_that_repeat_others_are_remarked_unless_they_are_grouped() -> None:
    rows = [{"q": f"q{i // 2}", "a": i % 2, "b": 1} for i in range(12)]
    [note] = scansion.compare("a", "b", table=table(rows)).notes
    assert note == (
        "12 of 12 rows equal another in all columns but the compared ones; they count as independent: where they are "
        "one question asked several times, name its column with --group"
    )
    assert scansion.compare("a", "b", table="t.jsonl", group="q").notes == []
    for alone in ([{"a": 0, "b": 1}] * 5, [{"gold": 1, "a": 0, "b": 1}] * 5, [{"q": i, "a": 0, "b": 1} for i in "xyz"]):
        target = "gold" if "gold" in alone[0] else None
        assert scansion.compare("a", "b", table=table(alone), target=target).notes == []


def test_rows_that_repeat_others_but_for_their_id_are_remarked() -> None:
    rows = [{"id": i, "q": f"q{i // 2}", "a": i % 2, "b": 1} for i in range(12)]
    [note] = scansion.compare("a", "b", table=table(rows)).notes
    assert note.startswith("12 of 12 rows equal another in all columns but the compared ones and the id; they count")
    plain = [{"id": i, "a": i % 2, "b": 1} for i in range(12)]
    assert scansion.compare("a", "b", table=table(plain)).notes == []


def test_marks_on_another_scale_have_no_pass_mark() -> None:
    rows = [{"a": a, "b": b} for a, b in ((7, 8), (6, 9), (3, 10))]
    variants = scansion.compare("a", "b", table=table(rows)).variants
    assert [(v.wrong, v.zero_wrong_bound) for v in variants] == [(0, None)] * 2
    variants = scansion.compare("a", "b", table=table([{"a": 1, "b": 0.5}] * 5)).variants
    assert [(v.wrong, v.zero_wrong_bound is None) for v in variants] == [(0, False), (5, True)]


def test_intervals_of_shares_end_where_shares_do() -> None:
    rows = [{"a": a, "b": b, "scaled": 10 * b} for a, b in ((0.1, 0.5), (0.5, 1.0), (0.0, 1.0))]
    result = scansion.compare("a", "b", table=table(rows))
    for variant in result.variants:
        assert variant.interval is not None
        assert variant.mean is not None
        assert 0.0 <= variant.interval[0] < variant.mean < variant.interval[1] <= 1.0
    [found] = result.comparisons
    assert found.interval is not None
    assert found.difference is not None
    assert -1.0 <= found.interval[0] < found.difference < found.interval[1] <= 1.0
    scaled = scansion.compare("a", "scaled", table=table(rows))
    assert scaled.variants[1].interval is not None
    assert scaled.variants[1].interval[1] > 10.0
    assert scaled.comparisons[0].interval is not None
    assert scaled.comparisons[0].interval[1] > 1.0


def test_assertions_of_rows_score_where_no_model_is_needed() -> None:
    wanted = [{"type": "equals", "value": "x"}]
    path = table([{"assert": wanted, "n": i, "a": "x", "b": "y"} for i in range(5)])
    result = scansion.compare("a", "b", table=path, scorer="assertions")
    assert [v.mean for v in result.variants] == [1.0, 0.0]
    path = table([{"assert": [{"type": "llm-rubric", "value": "kind"}], "a": "x", "b": "y"}])
    with pytest.raises(InputError, match="'assertions' asks a model, and this comparison makes no calls"):
        scansion.compare("a", "b", table=path, scorer="assertions")


def test_a_preview_counts_the_judges_that_rows_name_and_embeds_nothing() -> None:
    import asyncio

    from scansion.experiments.plan import make_plan
    from scansion.experiments.preview import preview
    from scansion.scorers import build_scorer

    assert build_scorer("assertions").uses_model
    Path("judge.py").write_text("def judge(request):\n    raise AssertionError\n")
    Path("vectors.py").write_text("def say(request):\n    raise AssertionError\n")
    asked = [{"type": "llm-rubric", "value": "kind", "provider": "python:judge:judge"}]
    alike = [{"type": "similar", "value": "kind"}, *asked]
    plain = [{"type": "contains", "value": ""}]
    rows = [{"n": n, "assert": wanted} for n, wanted in enumerate((asked, alike, plain))]
    Path("p.txt").write_text("Say {{n}}")
    plan = make_plan(
        prompts=["p.txt"],
        models=["python:vectors:say"],
        data=table(rows),
        scorers=["assertions(embedder=pocket/small)"],
    )
    assert asyncio.run(preview(plan)).calls == 5


def test_a_preview_prices_a_judge_by_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from scansion.experiments.plan import make_plan
    from scansion.experiments.preview import preview

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    asked = [{"type": "llm-rubric", "value": "kind", "provider": "openai/gpt-4o"}]
    Path("p.txt").write_text("Say {{n}}")
    data = table([{"n": n, "assert": asked} for n in range(400)])
    cost = asyncio.run(
        preview(make_plan(prompts=["p.txt"], models=["echo"], data=data, scorers=["assertions"]))
    ).cost_usd
    assert cost is not None
    assert cost > 1


def test_a_forgotten_target_is_said_as_a_run_says_it() -> None:
    path = table([{"Gold Answer": "4", "v1": "4", "v2": "5"}])
    said = r"t.jsonl: no row has a target, and exact needs one; name its column with --target \(columns: Gold A"
    with pytest.raises(InputError, match=said):
        scansion.compare("v1", "v2", table=path, scorer="exact")
    assert scansion.compare("v1", "v2", table=path, scorer="exact", target="Gold Answer").comparisons[0].n == 1
    assert scansion.compare("v1", "v2", table=path, scorer="max_words(3)").comparisons[0].n == 1
