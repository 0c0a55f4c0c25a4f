"""Logs of Inspect are read as they are, and two of them give a verdict; `sums.eval` was made by Inspect 0.3.285."""

from __future__ import annotations

import json
import math
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scansion
from scansion.cli import main
from scansion.errors import InputError
from scansion.interop.inspect_logs import is_log, read_inspect
from scansion.types import Score, Usage

HERE = Path(__file__).parent


def sample(id: Any, value: Any = "C", **more: Any) -> dict[str, Any]:
    found = {
        "id": id,
        "epoch": 1,
        "input": f"question {id}",
        "target": "yes",
        "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": "yes"}}]},
        "scores": {"match": {"value": value, "answer": "yes", "history": []}},
        "model_usage": {"m": {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}},
        "events": [{"event": "model", "anything": [1, 2]}],
    }
    return {**found, **more}


def write(path: Path, samples: list[dict[str, Any]], **log: Any) -> str:
    """A log in JSON with these samples."""
    spec = {"task": path.stem, "model": "m", "dataset": {"name": "d"}, "config": {"epochs": 1}, **log.pop("eval", {})}
    document = {"version": 2, "status": "success", "eval": spec, "samples": samples, **log}
    path.write_text(json.dumps(document))
    return str(path)


def test_a_log_that_inspect_made_is_read_without_its_package() -> None:
    run = read_inspect(HERE / "sums.eval")
    assert list(run.scorers) == ["match", "includes"]
    [variant] = run.variants
    assert (variant.name, variant.planned, variant.trials) == ("sums | mockllm/model", 4, 1)
    outcomes = {each.example.id: each for each in variant.outcomes}
    assert [outcomes[id].scores["match"].value for id in "1234"] == [0.0, 1.0, 0.0, 1.0]
    first = outcomes["2"]
    assert first.output is not None
    assert (first.output.text, first.output.finish_reason, first.example.target) == ("2", "stop", "2")
    assert first.example.inputs == {"n": 1, "input": "What is 1+1?"}
    assert first.usage == Usage(13, 2, cached_tokens=3, reasoning_tokens=1)
    assert first.latency > 0


VALUES = [
    ("C", 1.0),
    ("P", 0.5),
    ("I", 0.0),
    ("N", None),
    ("yes", 1.0),
    ("0.25", 0.25),
    (True, 1.0),
    (3, 3.0),
    (math.nan, None),
    ("blue", None),
]


@pytest.mark.parametrize(("value", "number"), VALUES)
def test_values_become_the_numbers_that_inspect_makes_of_them(tmp_path: Path, value: Any, number: Any) -> None:
    run = read_inspect(write(tmp_path / "a.json", [sample(1, value)]))
    score = run.variants[0].outcomes[0].scores["match"]
    assert score.value == number
    assert (score.unscored is None) == (number is not None)


def test_reasons_parts_errors_and_epochs_are_kept(tmp_path: Path) -> None:
    parts = {"parts": {"value": {"words": 2, "short": True}, "explanation": "few"}}
    samples = [
        sample(1, scores=parts),
        sample(1, epoch=2, scores={"parts": {"value": math.nan, "reason": "grader_failed"}}),
        sample(2, scores={}, error={"message": "boom", "traceback": "", "traceback_ansi": ""}),
        sample("b", input="attachment://ab", attachments={"ab": "a long text"}, target=["x", "y"]),
    ]
    run = read_inspect(write(tmp_path / "a.json", samples, eval={"config": {"epochs": 2}}))
    one, two, three, four = run.variants[0].outcomes
    assert one.scores == {"parts.words": Score(2.0, None, "few"), "parts.short": Score(1.0, None, "few")}
    assert (two.trial, two.scores["parts"].unscored) == (1, "grader_failed")
    assert (three.error, three.message) == ("sample error", "boom")
    assert (four.example.inputs["input"], four.example.target) == ("a long text", ["x", "y"])


def test_two_logs_give_a_verdict_on_what_both_have(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", [sample(i, "C" if i % 2 else "I") for i in range(30)])
    b = write(tmp_path / "b.json", [sample(i, "N" if i == 7 else "C") for i in range(5, 30)], status="cancelled")
    result = scansion.compare(a, b)
    [found] = result.comparisons
    assert (found.a, found.b, found.verdict, found.n, found.pairs) == ("a", "b", "better", 25, 24)
    assert found.flips == (0, 12)
    assert result.variants[1].unscored_reasons == {"no answer": 1}
    assert any("cancelled" in note for note in result.notes)
    assert any("5 examples are in a alone" in note for note in result.notes)
    assert scansion.compare(a, b, no_answer="wrong").comparisons[0].flips == (1, 12)


def test_a_scorer_of_ours_reads_the_outputs_of_a_log(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", [sample(i, target="no") for i in range(9)])
    b = write(tmp_path / "b.json", [sample(i, target="no") for i in range(9)])
    result = scansion.compare(a, b, scorer="exact")
    assert (result.scorers, [v.mean for v in result.variants]) == (["exact"], [0.0, 0.0])


def test_the_score_that_stands_for_a_log_is_the_first(tmp_path: Path) -> None:
    scores = {"other": {"value": 0.5}, "match": {"value": "C"}}
    results = {"scores": [], "headline": {"scorer": "match", "score": "match", "metric": "accuracy"}}
    path = write(tmp_path / "a.json", [sample(1, scores=scores)], results=results)
    assert list(read_inspect(path).scorers) == ["match", "other"]


def test_unfinished_logs_are_read_from_their_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        spec = {"task": "t", "model": "m", "dataset": {"sample_ids": [1, 2, 3]}, "config": {}}
        file.writestr("_journal/start.json", json.dumps({"version": 2, "eval": spec, "plan": {}}))
        for i in (1, 2):
            file.writestr(f"samples/{i}_epoch_1.json", json.dumps(sample(i)))
    result = scansion.compare(path, write(tmp_path / "b.json", [sample(i) for i in (1, 2, 3)]))
    assert [(v.n, v.scored, v.unreached) for v in result.variants] == [(3, 2, 1), (3, 3, 0)]
    assert any("1 of 3 planned outcomes" in note for note in result.notes)


def test_epochs_that_were_not_reached_are_planned(tmp_path: Path) -> None:
    three = {"config": {"epochs": 3}}
    whole = write(tmp_path / "a.json", [sample(i, epoch=e) for e in (1, 2, 3) for i in range(9)], eval=three)
    cut = [sample(i) for i in range(9)]
    named = {**three, "dataset": {"sample_ids": list(range(10))}}
    for log in ({"eval": three}, {"eval": named}, {"eval": three, "results": {"total_samples": 27}}):
        result = scansion.compare(whole, write(tmp_path / "b.json", cut, status="cancelled", **log))
        n = 10 if log["eval"] is named else 9
        assert [(v.n, v.trials, v.unreached) for v in result.variants] == [(9, 3, 0), (n, 3, 3 * n - 9)]
        assert not result.complete
        assert any(f"{3 * n - 9} of {3 * n} planned outcomes are not in it" in note for note in result.notes)
    with pytest.raises(InputError, match=r"sample 0: epoch 0; epochs count from 1"):
        read_inspect(write(tmp_path / "c.json", [sample(0, epoch=0)]))


def test_fields_that_are_null_hold_nothing(tmp_path: Path) -> None:
    nothing = {"metadata": None, "model_usage": None, "attachments": None, "input": None, "target": None}
    output = {"model": None, "choices": None, "completion": None}
    samples = [
        sample(1, **nothing),
        sample(2, output=output),
        sample(3, output=None),
        sample(4, error={"message": None}),
        sample(5, output={"choices": [{"message": None, "stop_reason": None}], "completion": None}),
    ]
    spec = {"dataset": None, "config": None, "task_args_passed": None, "solver": None}
    more = {"error": {"message": None}, "results": {"total_samples": None, "scores": None}, "invalidated": None}
    run = read_inspect(write(tmp_path / "a.json", samples, eval=spec, status="error", **more))
    one, two, three, four, five = run.variants[0].outcomes
    assert (one.usage, one.example.target, one.output is None) == (None, None, False)
    assert (two.output, three.output, four.error, four.message) == (None, None, "sample error", "")
    assert five.output is not None
    assert five.output.text == ""
    assert run.notes == ["the evaluation ended in an error"]


def test_ids_that_stand_for_other_questions_are_noted(tmp_path: Path) -> None:
    def log(name: str, text: str, **more: Any) -> str:
        return write(tmp_path / name, [sample(i, target="", input=f"{text} {i}", **more) for i in range(1, 20)])

    cats, dogs = log("cats.json", "cats"), log("dogs.json", "dogs")
    [note] = scansion.compare(cats, dogs).notes
    assert note == (
        "19 of the 19 examples that share an id in cats and dogs were asked something else there; "
        "if the ids only number the rows, other questions are paired"
    )
    assert scansion.compare(cats, cats).notes == []
    same = [log(f"{text}2.json", text, metadata={"question": "one"}) for text in ("Think", "Sum")]
    assert scansion.compare(*same).notes == []


def damaged(tmp_path: Path) -> Path:
    whole = bytearray((HERE / "sums.eval").read_bytes())
    at = bytes(whole).index(b"samples/1_epoch_1.json") + 200
    whole[at : at + 4] = b"\x00\x01\x02\x03"
    (tmp_path / "damaged.eval").write_bytes(whole)
    return tmp_path / "damaged.eval"


def test_what_is_wrong_with_a_log_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "cut.eval").write_bytes((HERE / "sums.eval").read_bytes()[:4000])
    (tmp_path / "text.eval").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.eval", "w") as file:
        file.writestr("a.txt", "a")
    cases = {
        "cut.eval": "cut off",
        "text.eval": "is no .eval log",
        "other.eval": "no header.json",
        "damaged.eval": "cannot be unpacked",
        "none.eval": "cannot be read",
    }
    damaged(tmp_path)
    for name, said in cases.items():
        with pytest.raises(InputError, match=said):
            read_inspect(tmp_path / name)
    with pytest.raises(InputError, match="holds no sample"):
        read_inspect(write(tmp_path / "empty.json", []))
    with pytest.raises(InputError, match="is no part of an Inspect log"):
        read_inspect(write(tmp_path / "odd.json", [{"id": [1]}]))


def test_logs_that_do_not_fit_each_other_are_not_compared(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", [sample(i) for i in range(4)])
    b = write(tmp_path / "b.json", [sample(i, target=str(i)) for i in range(4)])
    c = write(tmp_path / "c.json", [sample(i, scores={"f1": {"value": 1}}) for i in range(4)])
    d = write(tmp_path / "d.json", [sample(f"x{i}") for i in range(4)])
    twice = write(tmp_path / "twice.json", [sample(1), sample(1)])
    for other, said in (
        (b, "different examples"),
        (c, "name a scorer"),
        (d, "share no example"),
        (twice, "two outcome"),
    ):
        with pytest.raises(InputError, match=said):
            scansion.compare(a, other)
    with pytest.raises(InputError, match="alone"):
        scansion.compare(a, c, scorer="f1")
    with pytest.raises(InputError, match="give a second file"):
        scansion.compare(a)


def test_the_command_shows_the_verdict_and_holds_gates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "sums.eval", "a.eval")
    write(Path("b.json"), [sample(i, target=str(i)) for i in range(1, 5)])
    assert main(["compare", "a.eval", "b.json", "--require", "better"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("comparison: a.eval, b.json, 4 examples\nscored by match")
    assert "answered from the lab" not in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert main(["compare", "b.json", "a.eval", "-s", "match", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["difference"] == -0.5
    for words, said in (
        (["a.eval", "nope.eval"], "no such file"),
        (["a.eval", "b.json", "-d", "b.json"], "data (-d)"),
        (["a.eval", "b.json", "-m", "x/y"], "--model has no effect"),
        (["a.eval", "b.json", "-s", "nonsense"], "is no score in the files"),
        (["a.eval", "b.json", "a.eval"], "3 given"),
    ):
        assert main(["compare", *words]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert not Path(".scansion").exists()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_log_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.eval"
    path.write_bytes(raw)
    assert is_log(path)
    with pytest.raises(InputError):
        read_inspect(path)
