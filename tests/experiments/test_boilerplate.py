"""Boilerplate of stored runs, from the command to the scorer; scorers that always stand together."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scansion.cli import main

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
KIND = "I hear you, and you are not alone in this."


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in a folder of its own; gives its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def called(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return called


def replayed(folder: Path, answers: dict[str, list[str]], labels: list[str] | None = None) -> list[str]:
    """Prompts, rows and recordings in `folder`, and the words of a run over them."""
    count = len(next(iter(answers.values())))
    rows = [{"id": f"n{i}", "topic": f"thing {i * 7919 % 1000}", "label": (labels or ["safe"])[i % len(labels or [1])]}
            for i in range(count)]  # fmt: skip
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "tell.txt").write_text("Tell me of {{topic}}", encoding="utf-8")
    models = []
    for name, said in answers.items():
        lines = [
            {"messages": [{"role": "user", "content": f"Tell me of {row['topic']}"}], "completion": text}
            for row, text in zip(rows, said, strict=True)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        models += ["-m", f"replay:{name}.jsonl"]
    return ["run", "-p", "tell.txt", "-d", "rows.jsonl", *models]


def plain(i: int) -> str:
    return " ".join(f"w{(i * 31 + k * 17) % 997}" for k in range(12))


def test_phrases_go_from_the_command_to_a_file_to_the_scorer(run: Any, tmp_path: Path) -> None:
    fond = [f"{plain(i)} {KIND}" if i % 2 else plain(i) for i in range(20)]
    code, _, err = run(*replayed(tmp_path, {"fond": fond, "dry": [plain(i + 500) for i in range(20)]}))
    assert code == 0, err
    code, out, err = run("boilerplate", "-o", "phrases.txt", "--json")
    assert (code, err) == (0, "wrote phrases.txt\n")
    found = json.loads(out)
    [phrase] = found["phrases"]
    assert phrase["text"] == "i hear you and you are not alone in this"
    assert (phrase["outputs"], phrase["inputs"], phrase["share"]) == (10, 10, 0.25)
    assert phrase["interval"][0] < 0.25 < phrase["interval"][1]
    assert list(phrase["by_variant"].values()) == [0.5, 0.0]
    assert (found["outputs"], found["inputs"], found["marked"]) == (40, 20, 10)
    code, out, _ = run("boilerplate", "--variant", "tell | replay:dry.jsonl")
    assert "No phrase recurs" in out
    code, out, _ = run("score", "-s", "no_boilerplate(phrases.txt)", "--json")
    assert [variant["mean"] for variant in json.loads(out)["variants"]] == [0.5, 1.0]


def test_wrong_words_are_one_line(run: Any, tmp_path: Path) -> None:
    run(*replayed(tmp_path, {"one": [plain(i) for i in range(3)]}))
    for words, said in [
        (["boilerplate", "--least", "1"], "--least is 1"),
        (["boilerplate", "--words", "1"], "--words is 1"),
        (["boilerplate", "--variant", "none"], "no variant"),
        (["boilerplate", "-o", "rows.jsonl"], "data of a run"),
        (["score", "-s", "no_boilerplate(none.txt)"], "cannot be read"),
    ]:
        code, _, err = run(*words)
        assert (code, err.count("\n")) == (2, 1), words
        assert said in err
    (tmp_path / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    code, _, err = run("score", "-s", "no_boilerplate(empty.txt)")
    assert code == 2
    assert "has no phrase" in err
    listed = run("score", "-s", 'no_boilerplate(["W0 W17 w34"])', "--json")[1]
    assert json.loads(listed)["variants"][0]["mean"] == pytest.approx(2 / 3)


def test_an_edited_file_is_another_scorer(run: Any, tmp_path: Path) -> None:
    run(*replayed(tmp_path, {"one": [f"{plain(i)} {KIND}" for i in range(3)]}))
    (tmp_path / "p.txt").write_text("you are not alone  # 3 outputs\n", encoding="utf-8")
    assert json.loads(run("score", "-s", "no_boilerplate(p.txt)", "--json")[1])["variants"][0]["mean"] == 0.0
    (tmp_path / "p.txt").write_text("nobody says this\n", encoding="utf-8")
    assert json.loads(run("score", "-s", "no_boilerplate(p.txt)", "--json")[1])["variants"][0]["mean"] == 1.0


def test_harmless_brings_helpful_along_and_rows_of_the_other_are_in_no_bounds(run: Any, tmp_path: Path) -> None:
    refusing = ["I can't help with that."] * 20
    mixed = ["I can't help with that." if i % 2 else "Gladly: it is blue." for i in range(20)]
    words = replayed(tmp_path, {"refusing": refusing, "mixed": mixed}, ["safe", "unsafe"])
    code, out, err = run(*words, "-s", "harmless($label)", "--json")
    assert code == 0, err
    document = json.loads(out)
    first, second = document["variants"]
    assert list(first["scores"]) == ["harmless($label)", "helpful($label)"]
    assert (first["mean"], first["bounds"], first["scored"], first["unscored"]) == (1.0, [1.0, 1.0], 10, 10)
    assert first["unscored_reasons"] == {"not exercised": 10}
    assert [v["scores"]["helpful($label)"]["mean"] for v in (first, second)] == [0.0, 1.0]
    assert document["comparisons"][0]["n"] == 10
    assert "always together: harmless($label) and helpful($label)" in document["head"][0]
    code, out, _ = run("score", "-s", "helpful($label)", "--json")
    rescored = json.loads(out)
    assert rescored["scorers"] == ["helpful($label)", "harmless($label)"]
    assert rescored["comparisons"][0]["verdict"] == "better"
    assert "always together" in rescored["head"][0]


def test_a_refuser_is_never_better_by_one_side_alone(run: Any, tmp_path: Path) -> None:
    sides = {"helper": ["Gladly: it is blue."] * 60, "refuser": ["I can't help with that."] * 60}
    run(*replayed(tmp_path, sides, ["safe", "unsafe"]), "-s", "harmless($label)")
    for scorer, verdict in (("harmless($label)", "better"), ("all(helpful($label), no_loops)", "worse")):
        document = json.loads(run("score", "-s", scorer, "--json")[1])
        [found] = document["comparisons"]
        assert len(document["scorers"]) == 2
        assert (found["verdict"], found["needed"]) == ("undecided", None)
        assert found["reason"].startswith(f"{verdict} by {scorer}, but ")
        assert not any("surely" in note for note in document["notes"])
        document = json.loads(run("compare", *(v["name"] for v in document["variants"]), "--json")[1])
        assert document["comparisons"][0]["verdict"] == "undecided"
    assert "misleads without harmless($label)" in " ".join(run("frontier", "--by", "calls")[1].split())


def test_labels_that_cannot_serve_are_refused_by_run_and_score_alike(run: Any, tmp_path: Path) -> None:
    words = replayed(tmp_path, {"a": ["No."] * 4}, ["safe", "unsafe"])
    wrong = {
        "harmless($label, unsafe=bad)": "no row is labelled 'bad'; there are safe, unsafe",
        "harmless($id)": "safe or unsafe is wanted",
    }
    for scorer, said in wrong.items():
        code, _, err = run(*words, "-s", scorer)
        assert (code, said in err, ".jsonl: " in err) == (2, True, True), err
    run(*words, "-s", "refusal")
    for scorer, said in wrong.items():
        code, _, again = run("score", "-s", scorer)
        assert (code, said in again, ".jsonl: " in again) == (2, True, True), again
    assert "line 1 (harmless($id): " in again
    assert code == 2


def test_refusals_alone_are_said_to_be_neither_good_nor_bad(run: Any, tmp_path: Path) -> None:
    words = replayed(tmp_path, {"a": ["No."] * 4}, ["safe", "unsafe"])
    for scorers, told in ((["-s", "refuses"], True), (["-s", "no_loops", "-s", "refusal"], False)):
        document = json.loads(run(*words, *scorers, "--json")[1])
        assert any("whether that is good depends on the request" in line for line in document["head"]) is told


def test_a_verdict_that_both_sides_allow_stands_and_names_the_other(run: Any, tmp_path: Path) -> None:
    wise = ["I can't help with that." if i % 2 else "Gladly: it is blue." for i in range(60)]
    sides = {"lax": ["Gladly: it is blue."] * 60, "wise": wise}
    document = json.loads(run(*replayed(tmp_path, sides, ["safe", "unsafe"]), "-s", "harmless($label)", "--json")[1])
    [found] = document["comparisons"]
    assert found["verdict"] == "better"
    assert "by helpful($label) it is " in found["reason"]


def test_a_run_that_stops_when_decided_wants_a_scorer_of_all_rows(run: Any, tmp_path: Path) -> None:
    words = replayed(tmp_path, {"a": ["No."] * 4, "b": ["Yes."] * 4}, ["safe", "unsafe"])
    code, _, err = run(*words, "-s", "harmless($label)", "--until", "decided")
    assert code == 2
    assert "scored on a part of the rows only" in err
    run(*words, "-s", "no_loops", "--until", "decided")
    code, _, err = run("score", "-s", "harmless($label)")
    assert code == 2
    assert "scored on a part of the rows only" in err


def test_what_over_trained_models_say_is_found_in_their_real_outputs(run: Any, tmp_path: Path) -> None:
    source = REAL / "constitutional_ai" / "rl_samples.jsonl.gz"
    if not source.exists():
        pytest.skip("the recorded outputs are not beside the project: ../shared/data/constitutional_ai")
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    said = {"RLMADISON": "you are not alone", "HHRLHF": "i'm sorry i won't respond"}
    for model, phrase in said.items():
        mine = [record for record in records if record["model"] == model]
        if not mine:
            continue
        folder = tmp_path / model
        folder.mkdir()
        run(*[w.replace("rows.jsonl", f"{model}/rows.jsonl").replace("tell.txt", f"{model}/tell.txt")
              .replace(f"replay:{model}", f"replay:{model}/{model}")
              for w in replayed(folder, {model: [record["samples"][0] for record in mine]})])  # fmt: skip
        found = json.loads(run("boilerplate", "--json", "--least", "4", "--words", "4")[1])
        assert any(phrase in one["text"] for one in found["phrases"]), [one["text"] for one in found["phrases"]]
