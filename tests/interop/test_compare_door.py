"""The door to comparisons: settings that are known, files that are, and one clear line for all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.cli import main
from scansion.data import DataSpec
from scansion.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("one,two,gold\n" + "1,2,2\n" * 8)
    Path("out.json").write_text(json.dumps({"evalId": "e", "results": {"version": 3, "results": results()}}))
    return tmp_path


def results(repeated: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """Five tests under two prompts; those in `repeated` have the values of the test before."""
    return [
        {
            "promptIdx": prompt,
            "testIdx": test,
            "vars": {"q": f"q{test - (test in repeated)}"},
            "prompt": {"raw": f"p{prompt}", "label": f"p{prompt}"},
            "provider": {"id": "x"},
            "response": {"output": "yes"},
            "success": prompt == 1 or test % 2 == 0,
            "score": 1,
        }
        for prompt in (0, 1)
        for test in range(5)
    ]


def test_a_data_spec_is_a_table() -> None:
    spec = DataSpec(path="t.csv", target="gold")
    for found in (
        scansion.compare("one", "two", table=spec, scorer="exact"),
        scansion.compare("one", "two", table=DataSpec(path="t.csv"), target="gold", scorer="exact"),
        scansion.compare("one", "two", table=Path("t.csv"), target="gold", scorer="exact"),
    ):
        assert found.comparisons[0].flips == (0, 8)


@pytest.mark.parametrize(
    ("sides", "settings", "said"),
    [
        (("out.json",), {"target": "x"}, "'target' is no setting of a comparison of files; they are scorer, names"),
        (("out.json",), {"budget": "2usd"}, "'budget' is no setting"),
        (("one", "two"), {"table": "t.csv", "budget": "2usd"}, "'budget' is no setting of a comparison of columns"),
        (("r1", "r2"), {"scorer": "exact"}, "'scorer' is no setting of a comparison of runs or variants"),
    ],
)
def test_a_setting_that_is_not_known_is_said(sides: tuple[str, ...], settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        scansion.compare(*sides, **settings)


def test_one_test_that_stands_twice_is_an_example_of_its_own() -> None:
    Path("twice.json").write_text(json.dumps({"results": {"version": 3, "results": results(repeated=(3,))}}))
    result = scansion.compare("twice.json")
    assert [(v.n, v.trials, v.scored, v.unreached) for v in result.variants] == [(5, 1, 5, 0)] * 2
    assert (result.complete, result.notes, result.comparisons[0].flips) == (True, [], (0, 2))


def test_what_is_wrong_with_two_files_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x.json", "y.json"):
        Path(name).write_text("{}")
    for words, said in (
        (["x.json", "y.json"], "x.json is neither an Inspect log nor promptfoo's results"),
        (["t.csv", "t.csv"], "compare: t.csv is a table; give one and name two of its columns with --a and --b"),
        (["out.json", "--a", "prompt-2", "--b", "prompt-2"], "--a and --b name one variant, 'prompt-2 | x'; there are"),
        (["out.json", "--b", "prompt-1"], "'prompt-1 | x' is the first, which others are compared with; name another"),
    ):
        assert main(["compare", *words]) == 2
        error = capsys.readouterr().err
        assert said in error, error
        assert error.count("\n") == 1


@pytest.mark.parametrize(("scale", "wrong"), [(1, [1, 0]), (10, [0, 0])])
def test_scores_on_another_scale_have_no_pass_mark(scale: int, wrong: list[int]) -> None:
    rows = [{**row, "score": scale * (0.5 if row["promptIdx"] == row["testIdx"] == 0 else 1)} for row in results()]
    Path("out.json").write_text(json.dumps({"evalId": "e", "results": {"version": 3, "results": rows}}))
    found = scansion.compare("out.json", scorer="score")
    assert [v.wrong for v in found.variants] == wrong
    assert (found.variants[1].zero_wrong_bound is None) == (scale == 10)
