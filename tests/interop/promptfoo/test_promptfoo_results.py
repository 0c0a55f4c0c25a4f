"""Results that promptfoo wrote: read with its own counts, compared, and refused where they are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scansion.errors import InputError
from scansion.interop.foreign import ForeignRun, compare_foreign
from scansion.interop.promptfoo_results import PASS, SCORE, is_results, open_results, read_promptfoo


def written(path: Path, document: Any) -> Path:
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(line) + "\n" for line in document)
    else:
        text = json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(document, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def document(here: Path) -> Any:
    return json.loads((here / "zoo" / "results.json").read_text(encoding="utf-8"))


def figures(run: ForeignRun) -> list[tuple[str, int, int, int]]:
    return [
        (
            v.name,
            sum(o.scores[PASS].value == 1 for o in v.outcomes if not o.error),
            sum(o.scores[PASS].value == 0 for o in v.outcomes if not o.error),
            sum(bool(o.error) for o in v.outcomes),
        )
        for v in run.variants
    ]


def test_counts_and_scores_are_promptfoos_own(here: Path, document: Any) -> None:
    run = read_promptfoo(here / "zoo" / "results.json")
    columns = document["results"]["prompts"]
    known = [tuple(c["metrics"][f"test{k}Count"] for k in ("Pass", "Fail", "Error")) for c in columns]
    assert [found[1:] for found in figures(run)] == known
    assert [v.name for v in run.variants] == ["chat | a", "several | a", "chat | b"]
    for variant, column in zip(run.variants, columns, strict=True):
        total = sum(o.scores[SCORE].value or 0 for o in variant.outcomes if not o.error)
        assert total == pytest.approx(column["metrics"]["score"])
    assert run.scorers[:2] == [PASS, SCORE]
    assert {"tone", "form"} <= set(run.scorers)


def test_outcomes_hold_what_came(here: Path) -> None:
    outcomes = read_promptfoo(here / "zoo" / "results.json").variants[0].outcomes
    first = next(o for o in outcomes if o.example.inputs["country"] == "France")
    assert first.output is not None
    assert first.output.text == "Paris"
    assert first.output.finish_reason == "stop"
    assert first.example.target == "Paris"
    assert first.usage is not None
    assert first.usage.output_tokens > 0
    assert first.latency == 0.005
    assert first.cost_usd is None
    wrong = next(o for o in outcomes if not o.error and o.scores[PASS].value == 0)
    assert wrong.scores[PASS].explanation
    (failed,) = [o for o in outcomes if o.error]
    assert failed.output is None
    assert "Cost assertion" in failed.message


def test_variants_compare_side_by_side(here: Path) -> None:
    result = compare_foreign(read_promptfoo(here / "zoo" / "results.json"))
    assert [(v.scored - v.wrong, v.wrong, v.errors) for v in result.variants] == [(10, 3, 1), (4, 9, 1), (10, 3, 1)]
    (worse, same) = result.comparisons
    assert worse.difference == pytest.approx(-6 / 13)
    assert worse.flips == (6, 0)
    assert same.difference == 0
    assert [v.scores[SCORE].mean for v in result.variants] == pytest.approx(
        [11.249162 / 13, 7.838784 / 13, 11.249162 / 13]
    )


def test_two_files_pair_by_the_values_of_a_test(tmp_path: Path, here: Path, document: Any) -> None:
    document["results"]["results"].reverse()
    other = written(tmp_path / "later.json", document)
    result = compare_foreign(read_promptfoo(here / "zoo" / "results.json"), read_promptfoo(other))
    assert [c.difference for c in result.comparisons] == [0, 0, 0]
    assert [c.n for c in result.comparisons] == [14, 14, 14]


def test_yaml_and_jsonl_say_the_same(tmp_path: Path, here: Path, document: Any) -> None:
    plain = figures(read_promptfoo(here / "zoo" / "results.json"))
    as_yaml = written(tmp_path / "out.yaml", document)
    lines = written(tmp_path / "out.jsonl", document["results"]["results"])
    assert is_results(as_yaml)
    assert is_results(lines)
    assert figures(read_promptfoo(as_yaml)) == plain
    assert [found[1:] for found in figures(read_promptfoo(lines))] == [found[1:] for found in plain]


def test_a_repeated_test_is_one_example_with_trials(tmp_path: Path, document: Any) -> None:
    listed = document["results"]["results"]
    again = [{**r, "testIdx": r["testIdx"] + 100} for r in listed]
    document["results"]["results"] = listed + again
    run = read_promptfoo(written(tmp_path / "twice.json", document))
    outcomes = run.variants[0].outcomes
    assert len(outcomes) == 28
    assert len({o.example.id for o in outcomes}) == 14
    assert {o.trial for o in outcomes} == {0, 1}


def cell(text: str, passed: bool, **more: Any) -> dict[str, Any]:
    return {"text": text, "pass": passed, "score": float(passed), "latencyMs": 20, "namedScores": {}, **more}


def table(version: int) -> dict[str, Any]:
    head = {
        "prompts": [{"raw": "A {{x}}", "label": "A {{x}}", "provider": p} for p in ("openai:m", "openai:n")],
        "vars": ["x"],
    }
    failed = cell("", False, failureReason=2)
    usage = {"total": 3, "prompt": 2, "completion": 1}
    asserted = {"vars": {"x": "2"}, "assert": [{"type": "equals", "value": "{{x}}"}]}
    body = [
        {"vars": ["1"], "test": {"vars": {"x": "1"}}, "outputs": [cell("1", True, cost=0.5), cell("2", False)]},
        {
            "vars": ["2"],
            "test": asserted,
            "outputs": [cell("2", True, tokenUsage=usage), failed],
        },
    ]
    return {
        "evalId": None,
        "results": {"version": version, "results": [{"vars": {}}], "table": {"head": head, "body": body}},
    }


@pytest.mark.parametrize("version", [1, 2])
def test_the_tables_of_older_versions(tmp_path: Path, version: int) -> None:
    path = written(tmp_path / "old.json", table(version))
    assert is_results(path)
    run = read_promptfoo(path)
    assert figures(run) == [("prompt-1 | openai:m", 2, 0, 0), ("prompt-1 | openai:n", 0, 1, 1)]
    one, two = run.variants[0].outcomes
    assert (one.cost_usd, two.cost_usd) == (0.5, None)
    assert two.usage is not None
    assert (two.usage.input_tokens, two.usage.output_tokens) == (2, 1)
    assert two.example.target == "2"


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        ("a.json", '{"evalId": "x", "results": {"version": 3}}', True),
        ("a.json", '{"results": {"version": 2}}', True),
        ("a.json", '{"version": 2, "status": "success", "eval": {}, "results": {}}', False),
        ("a.json", '{"results": [1]}', False),
        ("a.yaml", "evalId: x\nresults:\n  version: 3\n", True),
        ("a.yaml", "prompts: [a]\n", False),
        ("a.jsonl", '{"promptIdx": 0, "testIdx": 0}\n', True),
        ("a.jsonl", '{"prompt": "x"}\n', False),
        ("a.csv", "evalId,results\n", False),
    ],
)
def test_results_are_known_by_their_beginning(tmp_path: Path, name: str, text: str, known: bool) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert is_results(tmp_path / name) is known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "no results of promptfoo"),
        ('{"results": 1}', "no results of promptfoo"),
        ('{"results": {"version": 3, "results": []}}', "neither a list of results nor a table"),
        ('{"results": {"prompts": [{}], "results": [{"promptIdx": 4, "testIdx": 0}]}}', "a result is of prompt 4"),
        ('{"results": {', "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.json: ") as found:
        open_results(path)
    assert said in str(found.value)


def test_metrics_called_as_our_scores_are_do_not_take_their_place(tmp_path: Path, document: Any) -> None:
    for each in document["results"]["results"]:
        each["namedScores"] = {"score": 3, "pass": 7}
    run = read_promptfoo(written(tmp_path / "named.json", document))
    assert run.scorers == [PASS, SCORE, "metric-score", "metric-pass"]
    scores = next(o.scores for o in run.variants[0].outcomes if not o.error)
    assert scores[SCORE].value is not None
    assert scores[SCORE].value <= 1
    assert (scores["metric-score"].value, scores["metric-pass"].value) == (3, 7)
