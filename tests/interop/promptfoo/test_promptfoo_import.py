"""Results of promptfoo become a project that gives the same verdicts again, or says what it could not carry over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.cli import main
from scansion.errors import InputError
from scansion.interop.promptfoo import Project, open_project

KIND = {"type": "llm-rubric", "value": "is kind"}


def result(test: int, values: dict[str, Any], output: str, *found: tuple[dict[str, Any], bool], column: int = 0) -> Any:
    """One result as promptfoo writes it; `found` are the assertions with whether each held."""
    passed = all(held for _, held in found)
    parts = [{"pass": held, "score": float(held), "reason": "r", "assertion": a} for a, held in found]
    return {
        "promptIdx": column,
        "testIdx": test,
        "vars": values,
        "testCase": {"vars": values, "assert": [a for a, _ in found]},
        "prompt": {"raw": "x", "label": "x"},
        "provider": {"id": "p"},
        "response": {"output": output},
        "success": passed,
        "score": float(passed),
        "failureReason": 0 if passed else 1,
        "gradingResult": {"pass": passed, "score": float(passed), "componentResults": parts},
    }


def imported(folder: Path, *results: Any, columns: int = 1) -> tuple[Project, Any]:
    """The project of these results, and what it gives when it is run."""
    prompts = [{"raw": f"ask {i} {{{{q}}}}", "label": f"ask {i} {{{{q}}}}", "provider": "p"} for i in range(columns)]
    document = {"evalId": "e", "results": {"version": 3, "prompts": prompts, "results": list(results)}}
    (folder / "out.json").write_text(json.dumps(document), encoding="utf-8")
    project = open_project(folder / "out.json")
    project.write(folder / "mine")
    return project, scansion.run(folder / "mine" / "experiment.yaml", lab=folder / ".scansion")


def figures(ran: Any) -> list[tuple[int, int, int]]:
    return [(v.scored - v.wrong, v.wrong, v.errors + v.unscored) for v in ran.variants]


def test_lines_of_results_hold_no_templates_and_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(result(0, {"q": "a"}, "x")) + "\n", encoding="utf-8")
    assert main(["import", str(path), "-o", str(tmp_path / "mine")]) == 2
    assert "no templates; import the .json" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
    path.write_text('{"promptIdx": 0, "testIdx": 0}\n[1]\n', encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        open_project(path)


def test_a_rubric_that_is_left_out_takes_its_verdict_with_it(tmp_path: Path) -> None:
    cut = {"type": "llm-rubric", "value": "is short", "transform": "output.x"}
    told = {"type": "llm-rubric", "value": "mentions {{q}}"}
    project, ran = imported(tmp_path, *(result(i, {"q": f"q{i}"}, f"o{i}", (cut, True), (told, False)) for i in (0, 1)))
    assert figures(ran) == [(0, 2, 0)]
    assert any("llm-rubric assertion with a transform" in line for line in project.skipped)


def test_the_trials_of_a_repeated_test_keep_their_verdicts(tmp_path: Path) -> None:
    held = [True, True, False, False, True, False]
    found = [result(i, {"q": str(i // 3)}, ["same", "other"][i // 3], (KIND, held[i])) for i in range(6)]
    project, ran = imported(tmp_path, *found)
    assert project.trials == 3
    assert figures(ran) == [(3, 3, 0)]
    assert project.skipped == ()


def test_the_opposite_of_a_rubric_and_one_that_stands_twice(tmp_path: Path) -> None:
    rude = {"type": "not-llm-rubric", "value": "is rude"}
    _, ran = imported(tmp_path, result(0, {"q": "a"}, "o", (rude, True), (KIND, True), (KIND, True)))
    assert figures(ran) == [(1, 0, 0)]


def test_two_verdicts_on_one_text_are_noted(tmp_path: Path) -> None:
    project, _ = imported(tmp_path, *(result(i, {"q": str(i)}, "same", (KIND, i == 0)) for i in range(2)))
    assert project.skipped == (f"a judge said two things of one text; the first is kept: {tmp_path}/out.json (test 2)",)


def test_rubrics_without_their_verdicts_are_named(tmp_path: Path) -> None:
    odd = result(1, {"q": "b"}, "p", (KIND, True))
    odd["gradingResult"]["componentResults"] *= 2
    project, _ = imported(tmp_path, result(0, {"q": "a"}, "o", (KIND, True)), odd)
    assert project.skipped == (f"rubrics without a verdict for each: {tmp_path}/out.json (test 2)",)
    del odd["gradingResult"]
    (tmp_path / "none").mkdir()
    project, ran = imported(tmp_path / "none", odd)
    assert project.skipped[0].startswith("llm-rubric assertion (a recording does not hold")
    assert figures(ran) == [(0, 0, 1)]


def test_one_test_that_stands_twice_is_two_rows(tmp_path: Path) -> None:
    wants = {"type": "contains", "value": "a"}
    tests = [("a", "a"), ("a", "a"), ("b", "b"), ("c", "ca")]
    found = [result(i, {"q": q}, text, (wants, "a" in text)) for i, (q, text) in enumerate(tests)]
    project, ran = imported(tmp_path, *found)
    assert project.trials == 1
    assert figures(ran) == [(3, 1, 0)]
    assert len({row["id"] for row in project.rows}) == 4


def test_one_that_stands_twice_among_repeated_ones(tmp_path: Path) -> None:
    found = [result(i, {"q": "a" if i < 4 else "b"}, f"o{i % 2}", (KIND, i % 2 == 0)) for i in range(6)]
    project, ran = imported(tmp_path, *found)
    assert (project.trials, len(project.rows)) == (2, 3)
    assert figures(ran) == [(3, 3, 0)]


def test_a_test_that_was_answered_otherwise_is_not_carried_over(tmp_path: Path) -> None:
    tests = [("1", "A", "A"), ("1", "B", "B"), ("2", "A", "A"), ("2", "A", "B")]
    found = [
        result(i, {"q": q}, said, ({"type": "contains", "value": wanted}, said == wanted))
        for i, (q, said, wanted) in enumerate(tests)
    ]
    project, ran = imported(tmp_path, *found)
    assert figures(ran) == [(2, 1, 0)]
    assert [line.rpartition("(")[2] for line in project.skipped] == ["test 2)"]
    assert project.skipped[0].startswith("not carried over: a test that asks what another asks")


def alike(folder: Path, *results: Any) -> Path:
    """Results of two prompts that send one text, and of a third."""
    raws = ["Say {{q}}", "Say {{ q }}", "Other {{q}}"]
    prompts = [{"raw": raw, "label": raw, "provider": "p"} for raw in raws]
    path = folder / "out.json"
    document = {"evalId": "e", "results": {"version": 3, "prompts": prompts, "results": list(results)}}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_of_two_columns_that_send_one_text_the_first_is_carried_over(tmp_path: Path) -> None:
    wants = {"type": "contains", "value": "1"}
    found = [
        result(i, {"q": f"q{i}"}, f"o{i} {column}", (wants, column == 1), column=column)
        for i in (3, 4)
        for column in (2, 1, 0)
    ]
    project = open_project(alike(tmp_path, *found))
    project.write(tmp_path / "mine")
    ran = scansion.run(tmp_path / "mine" / "experiment.yaml", lab=tmp_path / ".scansion")
    assert figures(ran) == [(0, 2, 0), (0, 2, 0)]
    assert (
        [prompt for _, prompt, _ in project.variants] == [p.name for p in project.prompts] == ["prompt-1", "prompt-3"]
    )
    [line] = project.skipped
    assert line.startswith("column prompt-2 | p (it asks what an earlier column asks and was answered otherwise)")


def test_results_of_which_no_test_is_left_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [result(0, {"q": "a"}, said, (KIND, True)) for said in ("x", "y")]
    path = alike(tmp_path, *found)
    assert main(["import", str(path), "-o", str(tmp_path / "mine")]) == 2
    assert "out.json: no test of it can be carried over; " in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_an_answer_does_not_stand_in_for_an_error(tmp_path: Path) -> None:
    broken = {**result(0, {"q": "a"}, "x", (KIND, True)), "failureReason": 2, "response": {"error": "boom"}}
    fine = result(1, {"q": "a"}, "x", (KIND, True))
    broken["testCase"]["assert"] = [{"type": "contains", "value": "x"}]
    project, _ = imported(tmp_path, broken, fine, result(2, {"q": "b"}, "y", (KIND, True)))
    assert any("not carried over" in line for line in project.skipped)


def test_a_folder_with_a_space_is_named_in_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(tmp_path, result(0, {"q": "a"}, "x", ({"type": "contains", "value": "x"}, True)))
    assert main(["import", str(tmp_path / "out.json"), "-o", str(tmp_path / "my dir")]) == 0
    assert f"cd '{tmp_path}/my dir' && " in capsys.readouterr().out


CODE = {"type": "javascript", "value": "output.length < 3"}


def test_what_was_found_of_an_assertion_that_is_left_out_stands_for_the_recorded_outputs(tmp_path: Path) -> None:
    holds = {"type": "contains", "value": "o"}
    found = [result(i, {"q": str(i)}, f"o{i}", (holds, True), (CODE, i == 0)) for i in range(3)]
    project, ran = imported(tmp_path, *found)
    assert figures(ran) == [(1, 2, 0)]
    assert any(line.startswith("javascript assertion") for line in project.skipped)


def test_of_other_outputs_it_is_not_known_whether_a_left_out_assertion_holds(tmp_path: Path) -> None:
    holds = {"type": "contains", "value": "ask"}
    imported(tmp_path, *(result(i, {"q": str(i)}, f"ask{i}", (holds, True), (CODE, True)) for i in range(2)))
    (tmp_path / "new.txt").write_text("ask again {{q}}", encoding="utf-8")
    new = scansion.run(
        prompts=tmp_path / "new.txt",
        data=tmp_path / "mine" / "data.jsonl",
        scorers="assertions",
        models="echo",
        lab=tmp_path / ".scansion",
    )
    assert figures(new) == [(0, 0, 2)]
    assert new.variants[0].unscored_reasons == {"assertion left out": 2}


def test_two_findings_on_one_output_leave_it_unscored(tmp_path: Path) -> None:
    slow = {"type": "latency", "threshold": 5}
    found = [result(i, {"q": str(i // 2)}, "o", (slow, held)) for i, held in enumerate([True, False, True, True])]
    _, ran = imported(tmp_path, *found)
    assert figures(ran) == [(2, 0, 2)]
