"""Comparisons of what is there already give what a run gives, and say what they lack."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

import scansion
from scansion.data import DataSpec
from scansion.errors import InputError
from scansion.experiments.compare import Terms, compare_runs, compare_table, compare_variants
from scansion.report.table import render


def same(a: Any, b: Any) -> bool:
    return (a.difference, a.interval, a.p, a.verdict, a.n) == (b.difference, b.interval, b.p, b.verdict, b.n)


def test_variants_runs_and_tables_give_the_runs_verdict(project: Any) -> None:
    whole = project.run()
    apart = [project.run(prompts=[name]).run for name in ("direct.txt", "think.txt")]
    with project.lab() as lab:
        rows = [(v.example.id, v.example.target, v.variant, v.output.text) for v in lab.views(whole.run)]
        [variants] = compare_variants(lab, whole.run, "direct", "think").comparisons
        [runs] = compare_runs(lab, *apart).comparisons
    with (project.folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["gold", "direct", "think"])
        for one, two in zip(rows[::2], rows[1::2], strict=True):
            writer.writerow([one[1], one[3], two[3]])
    table = DataSpec(path="table.csv", target="gold")
    [columns] = compare_table(table, "direct", "think", scorer="numeric").comparisons
    [again] = scansion.compare("direct", "think", table="table.csv", target="gold", scorer="numeric").comparisons
    for found in (variants, runs, columns, again):
        assert same(found, whole.comparisons[0])


def test_marks_of_any_form_are_compared_without_a_scorer(project: Any) -> None:
    project.write("marks.csv", "id,a,b\n1,0,true\n2,wrong,1\n3,1,right\n4,0,yes\n5,,1\n")
    result = compare_table("marks.csv", "a", "b")
    [found] = result.comparisons
    assert found.flips == (0, 3)
    assert [v.errors for v in result.variants] == [1, 0]
    assert found.bounds == pytest.approx((0.6, 0.8))
    with pytest.raises(InputError, match="same column"):
        compare_table("marks.csv", "a", "a")
    project.write("texts.csv", "a,b\nhello,1\n")
    with pytest.raises(InputError, match=r"texts.csv:2: a holds 'hello', which is no mark"):
        compare_table("texts.csv", "a", "b")


def test_a_margin_lets_small_differences_be_equivalent(project: Any) -> None:
    rows = "\n".join(f"{i},{i % 2},{i % 2}" for i in range(400))
    project.write("marks.csv", f"id,a,b\n{rows}\n")
    [plain] = compare_table("marks.csv", "a", "b").comparisons
    [found] = compare_table("marks.csv", "a", "b", terms=Terms(margin=0.05)).comparisons
    assert (plain.verdict, found.verdict) == ("undecided", "equivalent")


def test_runs_scored_differently_are_not_compared(project: Any) -> None:
    one = project.run(prompts=["direct.txt"]).run
    two = project.run(prompts=["think.txt"], scorers=["exact"]).run
    with project.lab() as lab, pytest.raises(InputError, match="scansion score"):
        compare_runs(lab, one, two)


def test_runs_over_two_versions_of_the_data_pair_by_id(project: Any) -> None:
    one = project.run(prompts=["direct.txt"]).run
    lines = (project.folder / "rows.jsonl").read_text().splitlines()
    project.write("rows.jsonl", "\n".join(reversed(lines[10:])))
    two = project.run(prompts=["think.txt"]).run
    with project.lab() as lab:
        [found] = compare_runs(lab, one, two).comparisons
    assert found.n == 50
    assert found.flips is not None
    assert found.flips[0] == 0


def test_scoring_anew_makes_a_run_of_its_own(project: Any) -> None:
    import asyncio

    from scansion.experiments.rescore import rescore

    first = project.run()
    calls = sum(project.asked.values())
    with project.lab() as lab:
        again = asyncio.run(rescore(lab, first.run, ["max_words(1)", "numeric"]))
        assert again.scorers == ["max_words(1)", "numeric"]
        assert again.variants[0].mean == pytest.approx(52 / 60)
        assert again.variants[0].scores["numeric"].mean == first.variants[0].mean
        assert lab.result(first.run).scorers == ["numeric"]
    assert sum(project.asked.values()) == calls


def test_runs_are_compared_variant_by_variant(project: Any) -> None:
    one, two = project.run(limit=30).run, project.run(trials=2).run
    with project.lab() as lab:
        result = compare_runs(lab, one, two)
    assert [(c.a, c.b) for c in result.comparisons] == [
        (f"direct ({one})", f"direct ({two})"),
        (f"think ({one})", f"think ({two})"),
    ]
    assert [c.difference for c in result.comparisons] == [0.0, 0.0]
    assert len(result.variants) == 4


def test_a_comparison_says_the_part_and_the_looks_at_it_and_is_none(project: Any) -> None:
    split = {"dev": 0.5, "test": 0.5}
    one = project.run(split=split, part="test", prompts=["direct.txt"]).run
    two = project.run(split=split, part="test").run
    for _ in range(2):
        with project.lab() as lab:
            found = [compare_variants(lab, two, "direct", "think"), compare_runs(lab, one, two)]
        for result in found:
            assert result.looks is not None
            assert (result.looks.count, result.looks.new, result.split) == (2, False, "test")
            assert "no new look at this test set: 2 looks so far" in render(result)
    dev = project.run(part="dev").run
    with project.lab() as lab:
        result = compare_variants(lab, dev, "direct", "think")
        with pytest.raises(InputError, match="share no example"):
            compare_runs(lab, dev, two)
    assert (result.looks, result.split) == (None, "dev")


def test_a_comparison_of_a_part_with_the_whole_counts_the_looks_at_the_part(project: Any) -> None:
    whole = project.run(prompts=["direct.txt"]).run
    test = project.run(part="test", prompts=["think.txt"]).run
    with project.lab() as lab:
        result = compare_runs(lab, whole, test)
    assert result.looks is not None
    assert (result.looks.count, result.split) == (1, "")


def test_a_flag_adds_to_the_gates_of_a_file(project: Any) -> None:
    from scansion.experiments.plan import load_plan

    project.write("e.yaml", "prompts: direct.txt\ndata: rows.jsonl\nscorers: exact\ngates: [fail-under 0.5]\n")
    assert load_plan("e.yaml", gates=("fail-under 0.9",)).gates == ("fail-under 0.5", "fail-under 0.9")


def test_a_prompt_without_a_column_is_remarked(project: Any) -> None:
    project.write("slip.txt", "Add one to {number}")
    assert any("uses no column" in note for note in project.run(prompts=["slip.txt"], limit=5).notes)


def test_targets_of_rows_that_a_run_has_not_shown_do_not_matter(project):
    rows = [json.loads(line) for line in (project.folder / "rows.jsonl").read_text().splitlines()]
    other = [{**row, "answer": "7"} if at == 40 else row for at, row in enumerate(rows)]
    project.write("other.jsonl", "".join(json.dumps(row) + "\n" for row in other))
    project.run()
    project.run(data="other.jsonl")
    project.run(data="other.jsonl", limit=5)
    with project.lab() as lab:
        with pytest.raises(InputError, match="share has another target"):
            compare_runs(lab, "r1", "r2")
        assert compare_runs(lab, "r1", "r3").comparisons[0].n == 5
